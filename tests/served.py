# SPDX-License-Identifier: BSD-2-Clause
"""topo, as often as a suite likes: by the topo-server beside it, which has started already and calls
topo's main() for each run (tests/sanitized/server.c), or by a start of the program where there is none.

There are as many servers as runs at once, for each environment. end() ends all; with that they look for
leaks.
"""
import os
import socket
import struct
import subprocess
import threading

REQUEST_BYTES = 96 << 10
WORDS_MAX = 1000
# What is freed is kept back for so long, against use of it; ASan's own 256 MiB would never be used again.
QUARANTINE = ":quarantine_size_mb=16"

_lock = threading.Lock()
_idle = {}  # by program and environment


class Server:
    def __init__(self, program, env):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [program, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                env={**env, "ASAN_OPTIONS": env.get("ASAN_OPTIONS", "") + QUARANTINE},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self, message, streams, timeout):
        """The exit status as subprocess gives it; raises socket.timeout."""
        self.socket.settimeout(timeout)
        socket.send_fds(self.socket, [message], streams)
        answer = self.socket.recv(4)
        # What ends the process does so for the run that it is in.
        return struct.unpack("=i", answer)[0] & 255 if answer else self.process.wait()

    def end(self):
        """What it has to complain of, "" if nothing; with a run that has ended it is silent."""
        over = self.process.poll() is not None
        self.socket.close()
        with self.process.stderr as stream:
            said = stream.read().decode(errors="replace")
        status = self.process.wait()
        return "" if over or not status else said or f"exit status {status}"


def end():
    """End all servers; what they complain of, "" if nothing. Nothing runs any more."""
    servers = sum(_idle.values(), [])
    _idle.clear()
    return "\n".join(filter(None, [server.end() for server in servers]))


def _request(command, cwd):
    """None if it cannot be told to a server."""
    words = [os.fsencode(word) for word in [os.path.abspath(cwd or "."), *command]]
    message = b"".join(word + b"\0" for word in words)
    fits = len(message) <= REQUEST_BYTES and len(words) <= WORDS_MAX
    return message if fits and not any(b"\0" in word for word in words) else None


def _content(fd):
    return os.pread(fd, os.fstat(fd).st_size, 0)


def _run_served(program, env, message, given, timeout):
    """(exit status, standard output, standard error)"""
    idle = _idle.setdefault((program, *sorted(env.items())), [])
    with _lock:
        server = idle.pop() if idle else None
    server = server or Server(program, env)
    streams = [os.memfd_create("input") if given else os.open(os.devnull, os.O_RDONLY),
               os.memfd_create("output"), os.memfd_create("errors")]
    try:
        if given:
            os.pwrite(streams[0], given, 0)
        status = server.run(message, streams, timeout)
        return status, _content(streams[1]), _content(streams[2])
    except socket.timeout:
        server.process.kill()
        server.process.wait()
        raise
    finally:
        for stream in streams:
            os.close(stream)
        if server.process.poll() is None:
            idle.append(server)
        else:
            server.end()


def run(command, *, cwd=None, env=None, given=b"", text=True, timeout=60):
    """What subprocess.run gives for a command, whose first word is the program. @given is its standard
    input."""
    env = dict(os.environ if env is None else env)
    given = given.encode() if isinstance(given, str) else given
    message = _request(command, cwd)
    program = command[0] + "-server"
    try:
        if message and os.path.exists(program):
            status, out, err = _run_served(program, env, message, given, timeout)
        else:
            done = subprocess.run(command, cwd=cwd, env=env, input=given, capture_output=True,
                                  timeout=timeout, check=False)
            status, out, err = done.returncode, done.stdout, done.stderr
    except socket.timeout as error:
        raise subprocess.TimeoutExpired(command, timeout) from error
    if text:
        out, err = out.decode(errors="replace"), err.decode(errors="replace")
    return subprocess.CompletedProcess(command, status, out, err)
