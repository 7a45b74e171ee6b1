# SPDX-License-Identifier: BSD-2-Clause
"""topo port: TCP connections into a VM, whose loopback is this machine's here."""
import contextlib
import ctypes
import glob
import os
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import (PATIENCE, check, check_equal, check_in, finish, process_gone, read_until,
                     wait_until)

PLAIN = """
vm device
vm driver agent
"""


@contextlib.contextmanager
def service(answer):
    """What listens in the VM: @answer(connection) for each one, in a thread. The port's number."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            threads.append(threading.Thread(target=answer, args=(connection,)))
            threads[-1].start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [accepting, *threads]:
            thread.join(PATIENCE)


def begin(world, number, *options, vm="driver"):
    """topo port to @number; the process, and the port that it listens at."""
    process = world.start("port", *options, vm, f"0:{number}")
    said = read_until(process.stdout, b"\n").decode()
    found = re.fullmatch(rf"127\.0\.0\.1:(\d+) leads to port {number} of VM {vm}\n", said)
    check(found, said)
    return process, int(found.group(1))


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.settimeout(PATIENCE)
    return connection


def be_refused(port):
    """A connection that nobody takes is broken, sometimes before it is whole."""
    try:
        with connect(port) as connection:
            check_equal(connection.recv(1), b"")
    except ConnectionResetError:
        pass


def receive_all(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def stop(process, number=signal.SIGINT):
    process.send_signal(number)
    check_equal(finish(process), (0, "", ""))


def echo(connection):
    """All that came, at its end, and only then: each direction has an end of its own."""
    with connection, contextlib.suppress(ConnectionResetError):
        connection.sendall(receive_all(connection))


def case_port_passes_bytes_and_ends(world):
    world.detach(PLAIN)
    data = random.Random(2).randbytes(60000)
    with service(echo) as number:
        process, port = begin(world, number)
        with connect(port) as connection:
            sender = threading.Thread(target=connection.sendall, args=(data,))
            sender.start()
            sender.join(PATIENCE)
            connection.shutdown(socket.SHUT_WR)
            check(receive_all(connection) == data, "the bytes are others")
        stop(process)
    wait_until(lambda: world.vm("driver")["commands"] == 0, "the agent runs nothing for it")


def case_port_tells_the_end_of_what_the_vm_sends(world):
    """The other direction goes on."""
    world.detach(PLAIN)
    heard = []

    def half(connection):
        with connection:
            connection.sendall(b"all of it")
            connection.shutdown(socket.SHUT_WR)
            heard.append(receive_all(connection))

    with service(half) as number:
        process, port = begin(world, number)
        with connect(port) as connection:
            check_equal(receive_all(connection), b"all of it")
            connection.sendall(b"still here")
        wait_until(lambda: heard, "the service has heard")
        stop(process)
    check_equal(heard, [b"still here"])


def case_port_many_at_once(world):
    """More than go on at a time: the others wait, none is lost, none gets another's bytes."""
    world.detach(PLAIN)
    with service(echo) as number:
        process, port = begin(world, number)
        connections = [connect(port) for _ in range(30)]
        for i, connection in enumerate(connections):
            connection.sendall(b"%d" % i * 100)
            connection.shutdown(socket.SHUT_WR)
        for i, connection in enumerate(connections):
            check_equal(receive_all(connection), b"%d" % i * 100)
            connection.close()
        stop(process, signal.SIGTERM)


def case_port_leaves_commands_to_others(world):
    """Several of one VM have no more between them than one has: a command is still run."""
    world.detach(PLAIN)
    with service(echo) as number, contextlib.ExitStack() as stack:
        process, port = begin(world, number)
        other, other_port = begin(world, number)
        for i in range(12):
            stack.enter_context(connect((port, other_port)[i % 2])).sendall(b"x")
        wait_until(lambda: world.vm("driver")["commands"] == 12, "all go on")
        be_refused(port)
        check_in(b"too many connections by topo port", read_until(process.stderr, b"\n"))
        check_equal(world.good("exec", "driver", "--", "echo", "runs"), "runs\n")
        stop(process)
        stop(other)


def case_port_says_that_the_runner_is_full(world):
    """A connection that the runner has no room for ends with a word, as a command does."""
    world.detach(PLAIN)
    with service(echo) as number, contextlib.ExitStack() as stack:
        process, port = begin(world, number)
        path, = glob.glob(os.path.join(world.runtime, "**", "control"), recursive=True)
        for _ in range(64):
            visitor = stack.enter_context(socket.socket(socket.AF_UNIX))
            visitor.connect(path)
        visitor.settimeout(PATIENCE)
        check_in(b"no room for more than 64 connections", visitor.recv(4096))
        be_refused(port)
        check_in(b"no room for more than 64 connections", read_until(process.stderr, b"\n"))
        check_in("no room for more than 64 connections", world.bad(125, "exec", "driver", "true"))
        stack.close()
        wait_until(lambda: world.topo("exec", "driver", "true").returncode == 0, "there is room again")
        stop(process)


def case_port_slow_ones_hold_up_nobody(world):
    """One connection that is not read here, one that is not read there: the third goes on, and what
    the first was sent arrives whole."""
    world.detach(PLAIN)
    data = random.Random(3).randbytes(400000)
    done = threading.Event()

    def answer(connection):
        with connection:
            wish = connection.recv(1)
            if wish == b"g":
                connection.sendall(data)
            elif wish == b"e":
                connection.sendall(receive_all(connection))
            else:
                done.wait(PATIENCE)

    with service(answer) as number:
        process, port = begin(world, number)
        with connect(port) as slow, connect(port) as stuck:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(b"g")
            stuck.sendall(b"s")
            stuck.setblocking(False)
            sent = 0
            while select.select([], [stuck], [], 0)[1]:
                sent += stuck.send(b"x" * 65536)
                check(sent < 64 << 20, "what nobody takes is kept without bound")
            with connect(port) as third:
                third.sendall(b"e" + b"y" * 5000)
                third.shutdown(socket.SHUT_WR)
                check_equal(receive_all(third), b"y" * 5000)
            check(receive_all(slow) == data, "the bytes are others")
            done.set()
        stop(process)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def case_port_breaks_what_breaks(world):
    """A reset by the service is one at the client, and the other way round, for a service that writes."""
    world.detach(PLAIN)
    ended = []

    def answer(connection):
        if connection.recv(1) == b"r":
            reset(connection)
            return
        try:
            while True:
                connection.sendall(b"z" * 1000)
        except OSError as error:
            ended.append(error)
        connection.close()

    with service(answer) as number:
        process, port = begin(world, number)
        with connect(port) as connection:
            connection.sendall(b"r")
            try:
                check(False, f"it was given {connection.recv(10)!r}")
            except ConnectionResetError:
                pass
        connection = connect(port)
        connection.sendall(b"z")
        connection.recv(10)
        reset(connection)
        wait_until(lambda: ended, "the service hears of the reset")
        stop(process)


def uploads(world, breaks):
    """What a service that only reads hears when what it is sent breaks off by @breaks(process, connection)."""
    heard = []

    def answer(connection):
        with connection:
            try:
                heard.append(receive_all(connection))
            except ConnectionResetError as error:
                heard.append(error)

    with service(answer) as number:
        process, port = begin(world, number)
        connection = connect(port)
        connection.sendall(b"the first half")
        wait_until(lambda: world.vm("driver")["commands"] == 1, "it runs")
        breaks(process, connection)
        wait_until(lambda: heard, "the service hears of it")
        connection.close()
        process.kill()
        finish(process)
    check(isinstance(heard[0], ConnectionResetError), f"it takes {heard[0]!r} for all")


def case_port_half_an_upload_is_not_all_of_it(world):
    """A service that only reads is reset when the client, topo port or its VM's agent is killed."""
    world.detach(PLAIN)
    uploads(world, lambda process, connection: reset(connection))
    uploads(world, lambda process, connection: process.kill())
    uploads(world, lambda process, connection: stop(process))


def case_port_gives_up_what_is_gone(world):
    """A client that waits for nothing any more but keeps its connection holds no place in the VM when
    the service has gone; nor one that has sent all, and goes."""
    world.detach(PLAIN)
    done = threading.Event()

    def answer(connection):
        if connection.recv(1) == b"e":
            connection.shutdown(socket.SHUT_WR)
            done.wait(PATIENCE)
            reset(connection)
        else:
            done.wait(PATIENCE)
            connection.close()

    def none_runs():
        return world.vm("driver")["commands"] == 0

    with service(answer) as number:
        process, port = begin(world, number)
        with connect(port) as connection:
            connection.sendall(b"e")
            check_equal(receive_all(connection), b"")
            check(not none_runs(), "the other direction goes on")
            done.set()
            wait_until(none_runs, "the sender has seen that the service is gone")
        done.clear()
        connection = connect(port)
        connection.sendall(b"s")
        connection.shutdown(socket.SHUT_WR)
        wait_until(lambda: not none_runs(), "it runs")
        reset(connection)
        wait_until(none_runs, "topo port has seen that the client is gone")
        done.set()
        stop(process)


def case_port_where_nothing_listens(world):
    world.detach(PLAIN)
    # Bound, so that nobody else has it, without listening.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        number = held.getsockname()[1]
        process, port = begin(world, number)
        with connect(port) as connection:
            try:
                check(False, f"it was given {connection.recv(10)!r}")
            except ConnectionResetError:
                pass
    process.send_signal(signal.SIGINT)
    check_equal(finish(process), (0, "", f"topo: error: 127.0.0.1 port {number} of VM driver: "
                                          "Connection refused\n"))


def case_port_ends_with_its_vm(world):
    world.detach(PLAIN)
    with service(echo) as number:
        process, port = begin(world, number)
        with connect(port) as connection:
            world.good("stop", "--force", "driver")
            check_equal(finish(process)[0], 1)
            try:
                check_equal(connection.recv(10), b"")
            except ConnectionResetError:
                pass
        check_in("VM driver is stopped", world.bad(1, "port", "driver", f"0:{number}"))


def case_port_ends_with_the_system(world):
    world.detach(PLAIN)
    process, _ = begin(world, 80)
    world.good("stop")
    status, _, said = finish(process)
    check_equal(status, 1)
    check(said.startswith("topo: error: "), said)


def case_port_killed_takes_its_commands_with_it(world):
    world.detach(PLAIN)
    ended = threading.Event()

    def answer(connection):
        with connection:
            try:
                receive_all(connection)
            except ConnectionResetError:
                ended.set()

    with service(answer) as number:
        process, port = begin(world, number)
        with connect(port) as connection:
            connection.sendall(b"x")
            wait_until(lambda: world.vm("driver")["commands"] == 1, "it runs")
            process.kill()
            finish(process)
            check(ended.wait(PATIENCE), "the service does not hear of it")
        wait_until(lambda: world.vm("driver")["commands"] == 0, "the agent runs nothing for it")
    check(process_gone(process.pid), "it is there")


def process_fields(pid):
    """What /proc/PID/stat has behind the name: the state first."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()


def sleeps(pid):
    """How often it has waited for something."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read(), re.MULTILINE).group(1))


def sockets_of(process):
    directory = f"/proc/{process.pid}/fd"
    return sum(os.readlink(os.path.join(directory, name)).startswith("socket:") for name in os.listdir(directory))


def case_port_waits_for_no_answer(world):
    """While the runner does not answer one connection, others are served."""
    world.detach(PLAIN)
    with service(echo) as number:
        process, port = begin(world, number)
        runner = world.system()["pid"]
        os.kill(runner, signal.SIGSTOP)
        try:
            wait_until(lambda: process_fields(runner)[0] == "T", "the runner has stopped")
            before = sockets_of(process)
            with connect(port) as first, connect(port) as second:
                wait_until(lambda: sockets_of(process) == before + 4, "two have one of the runner each")
                reset(first)
                wait_until(lambda: sockets_of(process) == before + 2, "the one that is gone is given up")
                second.sendall(b"2")
                second.shutdown(socket.SHUT_WR)
                os.kill(runner, signal.SIGCONT)
                check_equal(receive_all(second), b"2")
        finally:
            os.kill(runner, signal.SIGCONT)
        stop(process)


def case_port_says_that_many_fail_in_few_lines(world):
    """One a second at most, and how many there were besides."""
    world.detach(PLAIN)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        number = closed.getsockname()[1]
    process, port = begin(world, number)
    began = time.monotonic()
    for _ in range(40):
        be_refused(port)
    process.send_signal(signal.SIGINT)
    status, out, said = finish(process)
    lines = said.splitlines()
    check_equal((status, out), (0, ""))
    check_equal(sum(int(line.split()[2]) if " more connections failed" in line else 1 for line in lines), 40)
    check(len(lines) <= 2 * (time.monotonic() - began) + 3, said)


def case_port_without_descriptors_waits(world):
    """One that cannot be accepted is as soon as there is room, and until then nothing turns in a circle."""
    world.detach(PLAIN)
    with service(echo) as number:
        process, port = begin(world, number)
        limit = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE,
                         (len(os.listdir(f"/proc/{process.pid}/fd")), limit[1]))
        with connect(port) as connection:
            connection.sendall(b"x")
            connection.shutdown(socket.SHUT_WR)
            check_in(b"a connection has to wait: Too many open files (`ulimit -n`", read_until(process.stderr, b"\n"))
            before = sleeps(process.pid)
            wait_until(lambda: sleeps(process.pid) >= before + 3, "it sleeps between two looks")
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, limit)
            check_equal(receive_all(connection), b"x")
        stop(process)


def without_low_ports():
    """What a user may not who is not root."""
    PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE = 24, 10
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0)


def case_port_of_root(world):
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as first:
        if int(first.read()) <= 80:
            return  # here 80 is anybody's
    world.detach(PLAIN)
    done = subprocess.run([world.program, "port", "driver", "80:80"], env=world.env, capture_output=True,
                          preexec_fn=without_low_ports, timeout=PATIENCE, check=False)
    check_equal(done.returncode, 3)
    check_in("cannot listen at 127.0.0.1:80: Permission denied\ntopo:   ports below", done.stderr.decode())
    check_in("as 8080\n", done.stderr.decode())


def case_port_says_what_it_does_not_do(world):
    check_in("no system runs", world.bad(1, "port", "driver", "8080:80"))
    world.detach(PLAIN)
    check_in("there is no VM called 'drivr'", world.bad(1, "port", "drivr", "8080:80"))
    check_in("has no agent", world.bad(1, "port", "device", "0:80"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        said = world.bad(3, "port", "driver", f"{number}:80")
        check_in(f"cannot listen at 127.0.0.1:{number}: Address already in use\ntopo:   something listens", said)
        check_in("0 takes one that is free", said)
    check_in("Cannot assign requested address\ntopo:   no interface",
             world.bad(3, "port", "--address", "192.0.2.1", "driver", "0:80"))
    check_in("streams, which UDP is not", world.bad(2, "port", "driver", "53:53/udp"))
    for wrong in ("", ":", "80:", ":80", "0", "80:0", "65536:80", "80:65536", "x:80", "80x",
                  "1:2:3", "80/sctp", " 80", "80:+80"):
        check_in("is no port", world.bad(2, "port", "driver", wrong))
    for option in ("--address", "--to"):
        check_in("an address is written", world.bad(2, "port", option, "web", "driver", "1:2"))
    check_in("a VM and a port", world.bad(2, "port", "driver"))
