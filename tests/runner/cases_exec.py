# SPDX-License-Identifier: BSD-2-Clause
"""topo exec: as if the command ran here."""
import fcntl
import os
import random
import resource
import signal
import struct
import termios

from harness import (PAIR, Terminal, check, check_equal, check_in, finish, process_gone, read_until,
                     wait_until)


def case_exec_streams_and_status(world):
    world.detach()
    done = world.topo("exec", "driver", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    check_equal((done.returncode, done.stdout, done.stderr), (7, b"out\n", b"err\n"))
    check_equal(world.good("exec", "device", "true"), "")
    check_equal(world.topo("exec", "driver", "--", "/no/such/program").returncode, 127)
    check_equal(world.topo("exec", "driver", "--", "/etc/passwd").returncode, 126)
    check_equal(world.topo("exec", "driver", "--", "sh", "-c", "kill -9 $$").returncode, 137)
    check_equal(world.good("exec", "driver", "--", "printf", "%s|", "a b", "", "--", "-n"),
                "a b||--|-n|")


def case_exec_options_may_follow_the_vm(world):
    world.detach()
    check_equal(world.good("exec", "driver", "--timeout", "20", "--", "echo", "--timeout"),
                "--timeout\n")


def case_exec_options_end_at_the_command(world):
    """As where people come from: what follows a program is the program's."""
    world.detach()
    check_equal(world.good("exec", "driver", "sh", "-c", "echo $0 $1", "-h", "--help"), "-h --help\n")
    check_equal(world.good("exec", "driver", "-i", "--timeout=20", "echo", "--timeout", "--", "-t"),
                "--timeout -- -t\n")
    check_in("there is no option '-c'", world.bad(125, "exec", "driver", "-c", "sh"))


def case_exec_input(world):
    world.detach()
    data = random.Random(1).randbytes(50000)
    done = world.topo("exec", "driver", "--", "cat", stdin=data)
    check_equal((done.returncode, len(done.stdout)), (0, len(data)))
    check(done.stdout == data, "the bytes are others")


def case_exec_input_that_nobody_reads(world):
    world.detach()
    done = world.topo("exec", "driver", "--", "sh", "-c", "exec <&-; echo done; sleep 0.2",
                      stdin=b"x" * 200000)
    check_equal((done.returncode, done.stdout), (0, b"done\n"))
    process = world.start("exec", "driver", "--", "sleep", "100")
    process.stdin.write(b"y" * 100000)
    process.stdin.flush()
    wait_until(lambda: world.vm("driver")["commands"] == 1, "it runs")
    process.send_signal(signal.SIGTERM)
    check_equal(finish(process)[0], 128 + signal.SIGTERM)


def case_exec_large_output(world):
    world.detach()
    done = world.topo("exec", "driver", "--", "seq", "1", "300000")
    check_equal(done.returncode, 0)
    check(done.stdout == b"".join(b"%d\n" % i for i in range(1, 300001)), "the bytes are others")


def case_exec_binary_output(world):
    """Every byte, those that the line escapes among them."""
    world.detach()
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 200)"
    done = world.topo("exec", "driver", "--", "/usr/bin/python3", "-c", script)
    check(done.stdout == bytes(range(256)) * 200, "the bytes are others")


def case_exec_reader_that_is_slow(world, scenario=PAIR):
    """The command is stopped until its reader has caught up, and nothing is lost."""
    world.detach(scenario)
    process = world.start("exec", "driver", "--", "sh", "-c", "echo $$; exec seq 1 400000")
    first = read_until(process.stdout, b"\n")
    pid = int(first.split(b"\n")[0])

    def stopped():
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    wait_until(stopped, "the command is stopped")
    out, _ = process.communicate(timeout=60)
    check_equal(process.returncode, 0)
    check((first + out).split(b"\n", 1)[1] == b"".join(b"%d\n" % i for i in range(1, 400001)),
          "output was lost")


WINDOW = "vm driver agent window\n"


def case_exec_through_the_window(world):
    """Each way, both at once, and more of it than the line would bring before the limit."""
    world.detach(WINDOW)
    data = random.Random(2).randbytes(6000000)
    done = world.topo("exec", "driver", "--", "cat", stdin=data)
    check_equal((done.returncode, len(done.stdout)), (0, len(data)))
    check(done.stdout == data, "the bytes are others")
    done = world.topo("exec", "driver", "--", "sh", "-c", 'echo "$0"; echo "$0" >&2', "a" * 3900)
    check_equal((done.stdout, done.stderr), (b"a" * 3900 + b"\n",) * 2)
    others = [world.start("exec", "driver", "--", "sh", "-c", f"yes {i} | head -c 1000000")
              for i in range(5)]
    for i, other in enumerate(others):
        check_equal(finish(other)[:2], (0, f"{i}\n" * 500000))


def case_exec_through_the_window_to_a_slow_reader(world):
    """As by the line; the window is larger, and fills while the command is told to stop."""
    case_exec_reader_that_is_slow(world, WINDOW)
    # Its agent is another one, which begins the window anew.
    world.good("exec", "driver", "--", "sh", "-c", "head -c 50000 /dev/zero")
    world.good("restart", "--force", "driver")
    check_equal(len(world.good("exec", "driver", "--", "sh", "-c", "yes | head -c 200000")), 200000)


def case_exec_without_a_file_for_the_window(world):
    """Where files may not be as large as the machine's RAM, the line does for all."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 20, limit[1]))
    try:
        world.detach(WINDOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    data = random.Random(1).randbytes(20000)
    check(world.topo("exec", "driver", "--", "cat", stdin=data).stdout == data, "others")


def case_exec_signals(world):
    world.detach()
    script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    process = world.start("exec", "driver", "--", "sh", "-c", script)
    read_until(process.stdout, b"ready")
    process.send_signal(signal.SIGINT)
    status, out, _ = finish(process)
    check_equal((status, out), (9, "caught\n"))
    process = world.start("exec", "driver", "--", "sh", "-c", "echo ready; exec sleep 100")
    read_until(process.stdout, b"ready")
    process.send_signal(signal.SIGHUP)
    check_equal(finish(process)[0], 128 + signal.SIGHUP)


def case_exec_ends_before_it_is_told_more(world):
    """The runner has told the end and hung up while there is input, and a signal, to send."""
    world.detach()
    process = world.start("exec", "driver", "--", "sh", "-c", "echo $$; exec sleep 100")
    pid = int(read_until(process.stdout, b"\n"))
    process.send_signal(signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: world.vm("driver")["commands"] == 0, "the runner has told the end")
    process.stdin.write(b"too late")
    process.stdin.flush()
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGCONT)
    check_equal(finish(process)[0], 128 + signal.SIGKILL)


def case_exec_third_interrupt_gives_up(world):
    world.detach()
    script = "trap '' INT; echo $$; while :; do sleep 0.05; done"
    process = world.start("exec", "driver", "--", "sh", "-c", script)
    pid = int(read_until(process.stdout, b"\n"))
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        # Two of a kind that meet would count once.
        wait_until(lambda: not pending(process.pid, signal.SIGINT), "the signal is taken")
    check_equal(finish(process)[0], 130)
    wait_until(lambda: process_gone(pid), "the command is killed")


def pending(pid, number):
    """Is the signal pending for the process?"""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return bool(int(fields["ShdPnd"], 16) >> (number - 1) & 1) if "ShdPnd" in fields else False


def case_exec_dies_with_its_caller(world):
    world.detach()
    process = world.start("exec", "driver", "--", "sh", "-c", "echo $$; exec sleep 100")
    pid = int(read_until(process.stdout, b"\n"))
    process.kill()
    wait_until(lambda: process_gone(pid), "the command is killed")
    wait_until(lambda: world.vm("driver")["commands"] == 0, "the runner forgets it")


def case_exec_time_limit_of_one_that_left_its_group(world):
    world.detach()
    leave = "import os, time; os.setpgid(0, os.getpgid(os.getppid())); time.sleep(1000)"
    world.bad(124, "exec", "--timeout", "1", "driver", "--", "python3", "-c", leave)


def case_exec_time_limit(world):
    world.detach()
    text = world.bad(124, "exec", "--timeout", "0.4", "driver", "--", "sleep", "100")
    check_in("time limit", text)
    check_in("seconds", world.bad(125, "exec", "--timeout", "x", "driver", "--", "true"))


def case_exec_several_at_once(world):
    world.detach()
    processes = [world.start("exec", vm, "--", "sh", "-c", f"cat; echo {vm}{i}; exit {i}")
                 for i in range(6) for vm in ("device", "driver")]
    for number, process in enumerate(processes):
        process.stdin.write(b"%d " % number)
    for number, process in enumerate(processes):
        status, out, _ = finish(process)
        i, vm = number // 2, ("device", "driver")[number % 2]
        check_equal((status, out), (i, f"{number} {vm}{i}\n"))


def case_exec_too_many(world):
    """The agent's sixteen; the seventeenth is told so, and the others go on."""
    world.detach()
    running = [world.start("exec", "driver", "--", "sh", "-c", "echo ready; cat")
               for _ in range(16)]
    for process in running:
        read_until(process.stdout, b"ready")
    check_in("too many commands", world.bad(125, "exec", "driver", "--", "true"))
    for process in running:
        check_equal(finish(process)[0], 0)
    world.good("exec", "driver", "--", "true")


def case_exec_on_a_line_that_loses_bytes(world):
    world.detach("loss 0.4\n" + PAIR)
    data = bytes(range(256)) * 4
    done = world.topo("exec", "driver", "--", "sh", "-c", "cat; echo \"$1\" >&2", "sh", "x" * 500,
                      stdin=data)
    check_equal((done.returncode, done.stderr), (0, b"x" * 500 + b"\n"))
    check(done.stdout == data, "the bytes are others")


def case_exec_refused(world):
    check_in("no system runs", world.bad(125, "exec", "driver", "--", "true"))
    world.detach(PAIR + "vm plain\n")
    text = world.bad(125, "exec", "drivr", "--", "true")
    check_in("there is no VM called 'drivr'; did you mean 'driver'?", text)
    check_in("device, driver, plain", text)
    check_in("VM plain has no agent", world.bad(125, "exec", "plain", "--", "true"))
    check_in("too long", world.bad(125, "exec", "driver", "--", "echo", "x" * 5000))
    check_in("are needed", world.bad(125, "exec", "driver"))
    world.type_at("driver", "poweroff\r", "has stopped")
    check_in("VM driver is stopped: poweroff", world.bad(125, "exec", "driver", "--", "true"))


def case_exec_when_the_vm_ends(world):
    world.detach()
    process = world.start("exec", "driver", "--", "sh", "-c", "echo ready; exec sleep 100")
    read_until(process.stdout, b"ready")
    world.type_at("driver", "poweroff\r", "has stopped")
    status, _, text = finish(process)
    check_equal(status, 125)
    check_in("VM driver has stopped: poweroff", text)


def case_exec_when_the_system_ends(world):
    world.detach()
    process = world.start("exec", "driver", "--", "sh", "-c", "echo ready; exec sleep 100")
    read_until(process.stdout, b"ready")
    world.good("stop")
    status, _, text = finish(process)
    check_equal(status, 125)
    check_in("the system has ended", text)


def case_exec_when_the_runner_is_killed(world):
    """The command ends with its input, that is, with its agent."""
    world.detach()
    process = world.start("exec", "driver", "--", "sh", "-c", "echo ready; exec cat")
    read_until(process.stdout, b"ready")
    os.kill(world.system()["pid"], signal.SIGKILL)
    check_equal(finish(process)[0], 125)
    world.detach()


def case_exec_has_input_when_the_runner_is_killed(world):
    """It finds both at once, and must not end by SIGPIPE."""
    world.detach()
    process = world.start("exec", "driver", "--", "sh", "-c", "echo ready; exec cat")
    read_until(process.stdout, b"ready")
    process.send_signal(signal.SIGSTOP)
    runner = world.system()["pid"]
    os.kill(runner, signal.SIGKILL)
    wait_until(lambda: process_gone(runner), "the runner has gone")
    process.stdin.close()
    process.stdin = None
    process.send_signal(signal.SIGCONT)
    check_equal(finish(process)[0], 125)
    world.detach()


def case_exec_on_a_terminal(world):
    """Ctrl-C reaches the command, and the terminal stays as it is."""
    world.detach()
    terminal = Terminal(world, "exec", "driver", "--", "sh", "-c",
                        "echo hello; read x; echo got $x; exec sleep 100")
    terminal.expect("hello")
    terminal.type("word\n")
    terminal.expect("got word")
    terminal.process.send_signal(signal.SIGINT)
    check_equal(terminal.wait(), 130)
    check(terminal.same_as_before(), "the terminal was changed")


def case_exec_terminal(world):
    """A terminal there and raw mode here: size, its changes, keys that are signals, exit status."""
    world.detach()
    script = """trap 'echo interrupted' INT
stty -echo; tty > /dev/null && echo is one; stty size
while read line; do
    case $line in size) stty size ;; sleep) echo sleeps; sleep 100 ;; *) echo "=$line" ;; esac
done
exit 7"""
    terminal = Terminal(world, "exec", "-it", "driver", "--", "sh", "-c", script, columns=91)
    terminal.expect(r"is one\r\n24 91\r\n")
    terminal.type("a b\r")
    terminal.expect(r"=a b\r\n")
    fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 47, 0, 0))
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.type("size\r")
    terminal.expect(r"31 47\r\n")
    terminal.type("sleep\r")
    terminal.expect("sleeps")
    terminal.type("\x03")
    terminal.expect(r"interrupted\r\n")
    terminal.type("\x04")
    check_equal(terminal.wait(), 7)
    check(terminal.same_as_before(), "the terminal is another")


def case_exec_terminal_is_restored(world):
    """By a signal to topo exec, which ends the command, and when the VM goes."""
    world.detach()
    terminal = Terminal(world, "exec", "-t", "driver", "--", "sh", "-c", "echo $$ ready; sleep 100")
    terminal.expect(r"ready")
    terminal.process.send_signal(signal.SIGTERM)
    check_equal(terminal.wait(), 128 + signal.SIGTERM)
    check(terminal.same_as_before(), "the terminal is another")
    wait_until(lambda: world.vm("driver")["commands"] == 0, "the command is gone")
    terminal = Terminal(world, "exec", "-t", "driver", "--", "sh", "-c", "echo $$ ready; sleep 100")
    terminal.expect(r"ready")
    terminal.process.send_signal(signal.SIGUSR1)
    check_equal(terminal.wait(), -signal.SIGUSR1)
    check(terminal.same_as_before(), "the terminal is another")
    terminal = Terminal(world, "exec", "-it", "driver", "--", "sh", "-c", "echo ready; sleep 100")
    terminal.expect(r"ready")
    world.type_at("driver", "poweroff\r", "has stopped")
    check_equal(terminal.wait(), 125)
    check(terminal.same_as_before(), "the terminal is another")


def case_exec_terminal_off_a_terminal(world):
    """Without one here it is of the usual size, and the end of the input is ^D."""
    world.detach()
    done = world.topo("exec", "--tty", "driver", "--", "sh", "-c", "cat > /dev/null; stty size",
                      stdin=b"x\n")
    check_equal((done.returncode, done.stdout), (0, b"x\r\n24 80\r\n"))
    # Behind an unfinished line the first ^D ends the line; nobody else's input is ended.
    for typed in (b"", b"x", b"x\n", b"one\nx"):
        done = world.topo("exec", "--tty", "driver", "--", "sh", "-c",
                          "cat > /dev/null; stty -icanon min 0 time 0; "
                          "dd bs=1 count=1 2>&1 | grep 'records in'", stdin=typed)
        check_in(b"0+0 records in", done.stdout)
    done = world.topo("exec", "-t", "driver", "--", "sh", "-c",
                      "stty -onlcr; i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i + 1)); done")
    check(done.stdout.endswith(b"".join(b"%d\n" % i for i in range(3000))), "output was lost")
