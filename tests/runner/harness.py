# SPDX-License-Identifier: BSD-2-Clause
"""A world for one case: a run directory, the programs, and the certainty that nothing is left of
them afterwards: no process, no directory, no word of a sanitizer."""
import fcntl
import functools
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
STATUS, STOP, CONSOLE, EXEC, OUTPUT, END = 1, 2, 4, 5, 16, 17  # of control.h
# What the leak checker writes of a process that a case kills while it is being looked through: no finding.
KILLED_AT_ITS_END = re.compile(r"==\d+==Unable to get registers from thread \d+\.$|\s*$")
KEPT_OPEN = []
PATIENCE = 300  # seconds after which whatever is waited for does not come, on a busy host too

PAIR = """
vm device agent
vm driver agent boot=0.1
connect device driver
"""


def check(condition, text):
    """assert, that python -O does not remove."""
    if not condition:
        raise AssertionError(text)


def check_in(part, whole):
    check(part in whole, f"{part!r} is not in {whole!r}")


def check_equal(found, wanted):
    check(found == wanted, f"{found!r} is not {wanted!r}")


def wait_until(question, text):
    """For what has no event that a test could wait for: the state of somebody else's process."""
    end = time.monotonic() + PATIENCE
    while not question():
        check(time.monotonic() < end, f"in vain waited until {text}")
        select.select([], [], [], 0.02)


def process_gone(pid):
    """Has it ended? One that nobody has reaped yet has."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def take_terminal():
    """Of a new session whose standard input is a terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, world, *args, columns=80, controls=False):
        """@controls: the command is told by a signal when its terminal is closed."""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen([world.program, *args], env=world.env, stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=take_terminal if controls else None)
        self.seen = ""
        world.terminals.append(self)

    def type(self, text):
        os.write(self.master, text.encode("latin1"))

    def read(self, patience):
        if not select.select([self.master], [], [], patience)[0]:
            return False
        self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        return True

    def expect(self, pattern):
        """Wait until @pattern has been shown; forget what came up to it."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            check(time.monotonic() < end, f"{pattern!r} is not shown: {self.seen[-400:]!r}")
            self.seen = self.seen[-4096:]
            self.read(1)

    def wait(self):
        """The exit status; what it shows until then is kept in seen."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            check(time.monotonic() < end, f"it does not end: {self.seen[-400:]!r}")
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.returncode

    def same_as_before(self):
        return termios.tcgetattr(self.slave) == self.before

    def close(self):
        os.close(self.master)
        os.close(self.slave)


def processes_below(directory):
    """Those of worlds in @directory, or of the one that is it, known by their environment."""
    mark = b"\0XDG_RUNTIME_DIR=" + directory.encode() + b"/"
    found = {}
    for entry in glob.glob("/proc/[0-9]*"):
        try:
            with open(entry + "/environ", "rb") as environ:
                if mark not in b"\0" + environ.read():
                    continue
            with open(entry + "/cmdline", "rb") as line:
                found[int(entry[6:])] = line.read().replace(b"\0", b" ").decode()
        except (OSError, ProcessLookupError):
            continue
    return found


def clear_up(directory):
    """End what runs in @directory until nothing does, and remove it."""
    while left := processes_below(directory):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        select.select([], [], [], 0.02)
    shutil.rmtree(directory, ignore_errors=True)


# Waits for the end of the process that has the other end of its standard input, however that ends.
UNDERTAKER = "import sys; sys.path.insert(0, sys.argv[1]); import harness; sys.stdin.read(); " \
    "harness.clear_up(sys.argv[2])"


@functools.cache
def suite_directory():
    """That of all worlds. What runs in it has sessions of its own and would outlive a suite that is killed."""
    directory = tempfile.mkdtemp(prefix="pv-runner-")
    KEPT_OPEN.append(subprocess.Popen([sys.executable, "-c", UNDERTAKER, HERE, directory],
                                      stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                      start_new_session=True))
    return directory


class World:
    """Everything that a case uses."""

    def __init__(self, name):
        self.name = name
        self.directory = tempfile.mkdtemp(dir=suite_directory(), prefix="world-")
        self.runtime = os.path.join(self.directory, "run")
        os.mkdir(self.runtime, 0o700)
        self.program = os.path.join(BUILD, "runner", "topo")
        sanitizer = os.path.join(self.directory, "sanitizer")
        self.env = dict(
            os.environ, XDG_RUNTIME_DIR=self.runtime, TMPDIR=self.directory,
            PEERVISOR_QEMU=os.path.join(HERE, "fake_qemu"),
            FAKE_AGENT=os.path.join(BUILD, "runner", "agent"),
            FAKE_HEALTH=os.path.join(BUILD, "runner", "health"), LC_ALL="C",
            FAKE_ONCE=os.path.join(BUILD, "runner", "once"),
            FAKE_POOLS=os.path.join(self.directory, "pools"),
            ASAN_OPTIONS=f"detect_leaks=1:log_path={sanitizer}",
            UBSAN_OPTIONS=f"print_stacktrace=1:log_path={sanitizer}")
        self.processes = []
        self.terminals = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.good("stop", "--all")
            for process in self.processes:
                if process.poll() is None:
                    process.kill()
                process.communicate()
            for terminal in self.terminals:
                if terminal.process.poll() is None:
                    terminal.process.kill()
                    terminal.process.wait()
                terminal.close()
            left = self.kill_left(20 if kind else 100)
            if kind is None:
                check(not left, f"processes are left: {left}")
                check_equal(self.left(), [])
                self.check_sanitizers()
        finally:
            self.kill_left(0)
            shutil.rmtree(self.directory, ignore_errors=True)
        return False

    def left(self):
        """What lies where running systems have their directories, but for what is kept of ended ones."""
        return [name for base in os.listdir(self.runtime)
                for name in os.listdir(os.path.join(self.runtime, base)) if name != ".ended"]

    def check_sanitizers(self):
        for path in glob.glob(os.path.join(self.directory, "sanitizer*")):
            with open(path, encoding="utf-8", errors="replace") as log:
                words = [line for line in log if not KILLED_AT_ITS_END.match(line)]
            if words:
                raise AssertionError("sanitizer: " + "".join(words)[:3000])

    def ours(self):
        """Processes of this world."""
        return processes_below(self.directory)

    def kill_left(self, turns):
        """What is still there a moment after the end; a kernel takes a while to reap."""
        left = self.ours()
        while left and turns:
            select.select([], [], [], 0.02)
            left = self.ours()
            turns -= 1
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return left

    def scenario(self, text, name="pair"):
        path = os.path.join(self.directory, name + ".camkes")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def topo(self, *args, stdin=b"", patience=PATIENCE):
        """Run a command to its end. The result's stdout and stderr are bytes."""
        return subprocess.run([self.program, *args], env=self.env, input=stdin,
                              capture_output=True, timeout=patience, check=False)

    def good(self, *args, **more):
        """A command that must succeed; its output as text."""
        done = self.topo(*args, **more)
        check(done.returncode == 0, f"{args}: exit {done.returncode}: "
              f"{done.stdout[-500:]!r} {done.stderr[-1500:]!r}")
        return done.stdout.decode("utf-8", "replace")

    def nothing_runs(self):
        """Of a runner that goes at this moment ps says so, with status 3."""
        done = self.topo("ps")
        return done.returncode == 0 and done.stdout == b"no system runs\n"

    def bad(self, status, *args, **more):
        """A command that must end with @status; its stderr as text."""
        done = self.topo(*args, **more)
        check(done.returncode == status, f"{args}: exit {done.returncode}, not {status}: "
              f"{done.stdout[-500:]!r} {done.stderr[-1500:]!r}")
        return done.stderr.decode("utf-8", "replace")

    def start(self, *args, **more):
        """Start a command; its output is piped, its input too unless given."""
        process = subprocess.Popen([self.program, *args], env=self.env,
                                   stdin=more.get("stdin", subprocess.PIPE),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.processes.append(process)
        return process

    def detach(self, text=PAIR, *args, name="pair"):
        """A system that is up."""
        return self.good("run", "--detach", *args, self.scenario(text, name))

    def foreground(self, text=PAIR, *args, until=b"all up"):
        """topo run in the foreground, when it has said @until."""
        process = self.start("run", *args, self.scenario(text))
        read_until(process.stdout, until)
        return process

    def systems(self):
        return json.loads(self.good("ps", "--json"))

    def system(self):
        found = self.systems()
        check_equal(len(found), 1)
        return found[0]

    def vm(self, name):
        return next(vm for vm in self.system()["vms"] if vm["name"] == name)

    def run_directory(self, name="pair"):
        return os.path.join(self.runtime, f"peervisor-{os.getuid()}", name)

    def control(self, data, name="pair"):
        """A connection to the runner's control socket that has sent @data."""
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(PATIENCE)
        peer.connect(os.path.join(self.run_directory(name), "control"))
        try:
            peer.sendall(data)
        except OSError:
            pass  # it did not want all of it
        return peer

    def type_at(self, vm, text, answer):
        """Type at a console and wait for its answer, then leave."""
        terminal = Terminal(self, "console", vm)
        terminal.expect("leaves it")
        terminal.type(text)
        terminal.expect(answer)
        terminal.type("\x1d")
        check_equal(terminal.wait(), 0)


def frame(kind, payload=b""):
    """A frame of topo/runner/control.h."""
    return struct.pack("=II", kind, len(payload)) + payload


def control_version():
    with open(os.path.join(ROOT, "topo/runner/control.h"), encoding="utf-8") as file:
        return int(re.search(r"#define CONTROL_VERSION (\d+)U", file.read()).group(1))


VERSION = control_version()


def request(kind, vm=b"", version=VERSION, more=b""):
    """The first frame of a connection to a runner."""
    return frame(kind, struct.pack("=IIHHI64s", version, 0, 0, 0, 0, vm) + more)


def read_until(stream, wanted):
    """Lines of @stream up to the one that holds @wanted."""
    end = time.monotonic() + PATIENCE
    seen = b""
    while wanted not in seen:
        check(select.select([stream], [], [], max(0, end - time.monotonic()))[0],
              f"{wanted!r} does not come: {seen[-500:]!r}")
        part = os.read(stream.fileno(), 65536)
        check(part, f"{wanted!r} does not come: {seen[-500:]!r}")
        seen += part
    return seen


def finish(process):
    """Wait for a started command: status, the rest of stdout and stderr as text."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def told_late(world, scenario, word, *options, name="pair"):
    """What `run` says at its time limit; with more time as long as that lacks `word`, since a busy
    host may not have come so far."""
    for seconds in ("4.5", "30", "200"):
        text = world.bad(1, "run", *options, "--timeout", seconds,
                         world.scenario(scenario, name))
        if word in text:
            break
    return text
