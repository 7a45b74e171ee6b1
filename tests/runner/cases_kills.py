# SPDX-License-Identifier: BSD-2-Clause
"""Whatever is killed, when and in whatever order: nothing goes on, and the next system of that name runs."""
import os
import signal
import subprocess
import sys

from harness import (HERE, PAIR, Terminal, check, check_equal, check_in, finish, process_gone, processes_below,
                     read_until, wait_until)

STARTING = "vm slow agent hello=never\n"


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def wait_for_ending(world):
    """Until it is being stopped, or was so quickly that this was not seen."""
    wait_until(lambda: world.topo("ps").stdout.find(b"ending") >= 0 or world.nothing_runs(),
               "it is being stopped")


def kill(pid):
    """One that may have gone since."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def check_over(world, machine=None):
    """Nothing goes on of what was killed, it is told as having run, and its name is free."""
    if machine is not None:
        wait_until(lambda: process_gone(machine), "the machine has gone")
    check_equal(world.systems(), [])
    check_in("pair.camkes: ", world.good("ps", "--all"))
    check_equal(world.left(), [])
    world.detach()
    check_equal(world.good("exec", "driver", "--", "echo", "again"), "again\n")
    world.good("stop")
    check_equal(world.left(), [])


def case_kill_while_building(world):
    for _ in range(2):
        process = world.foreground("building 60\n" + PAIR, until=b"building")
        process.kill()
        finish(process)
        check_equal(world.systems(), [])
    world.detach()
    world.good("stop")
    check_equal(world.left(), [])


def case_kill_while_starting(world):
    for options in ((), ("--detach",)):
        process = world.foreground(STARTING, *options, until=b"slow: started")
        system = world.system()
        os.kill(system["pid"], signal.SIGKILL)
        status, _, err = finish(process)
        check(status != 0, "it has not come up")
        if options:
            check_in("topo: error", err)
        check_over(world, system["qemu_pid"])


def case_kill_while_stopping(world):
    """The runner waits for its machine; who has asked for the stop clears up."""
    world.detach("stubborn\n" + PAIR)
    system = world.system()
    os.kill(system["qemu_pid"], signal.SIGSTOP)
    stop = world.start("stop")
    wait_for_ending(world)
    kill(system["pid"])
    check_equal(finish(stop)[0], 0)
    check_over(world, system["qemu_pid"])


def case_kill_the_machine_early_and_late(world):
    for options in ((), ("--detach",)):
        process = world.foreground(STARTING, *options, until=b"slow: started")
        os.kill(world.system()["qemu_pid"], signal.SIGKILL)
        status, _, err = finish(process)
        check_equal(status, 1)
        check_in("the machine was killed by signal 9", err)
        check_over(world)
    world.detach("stubborn\n" + PAIR)
    machine = world.system()["qemu_pid"]
    os.kill(machine, signal.SIGSTOP)
    stop = world.start("stop")
    wait_for_ending(world)
    kill(machine)
    check_equal(finish(stop)[0], 0)
    check_over(world)


def case_kill_runner_and_machine(world):
    for first, second in (("pid", "qemu_pid"), ("qemu_pid", "pid")):
        world.detach()
        system = world.system()
        os.kill(system["pid"], signal.SIGSTOP)  # so that it sees nothing of what comes
        for name in (first, second):
            kill(system[name])
        wait_until(lambda pid=system["pid"]: process_gone(pid), "the runner has gone")
        check_over(world, system["qemu_pid"])


def begin_clients(world):
    """One of each that stays, each when it has said something."""
    clients = [world.start("exec", "driver", "--", "sh", "-c", "echo on; cat"),  # until its agent has gone
               world.start("logs", "--follow", "driver"), world.start("events")]
    for client, word in zip(clients, (b"on", b"Booting", b"VM driver")):
        read_until(client.stdout, word)
    console = Terminal(world, "console", "device")
    console.expect("Booting")
    return clients, console


def case_kill_clients(world):
    """Twice, stopped ones too: nothing of theirs is left in the runner, and the next ones are served."""
    world.detach()
    for stops in (False, True):
        clients, console = begin_clients(world)
        processes = clients + [console.process]
        for process in processes:
            if stops:
                process.send_signal(signal.SIGSTOP)
        for process in reversed(processes):
            process.kill()
            process.wait()
        wait_until(lambda: world.vm("driver")["commands"] == 0, "its command has ended")
    check_equal(world.good("exec", "driver", "--", "echo", "alive"), "alive\n")


def case_kill_runner_below_clients(world):
    """Each of them ends by itself and says so."""
    world.detach()
    clients, console = begin_clients(world)
    system = world.system()
    os.kill(system["pid"], signal.SIGKILL)
    for client in clients:
        check(finish(client)[0] != 0, client.args)
    check_in("the runner was killed", world.good("ps", "--all"))
    check(console.wait() != 0, "it takes that for the end of the VM")
    check(console.same_as_before(), "its terminal is not as it was")
    check_over(world, system["qemu_pid"])


def case_second_signal_does_not_wait(world):
    """The first asks a machine that is deaf, the second kills it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = world.foreground("stubborn\n" + PAIR)
        machine = world.system()["qemu_pid"]
        os.kill(machine, signal.SIGSTOP)
        process.send_signal(number)
        wait_for_ending(world)
        process.send_signal(number)
        check_equal(finish(process)[0], 0)
        check_over(world, machine)


def case_terminal_is_closed(world):
    """As when its window is: what runs in the foreground ends, what was detached stays."""
    world.detach("vm other agent\n", name="detached")
    terminal = Terminal(world, "run", world.scenario(PAIR), controls=True)
    terminal.expect("all up")
    machine = next(s for s in world.systems() if s["name"] == "pair")["qemu_pid"]
    os.close(terminal.slave)
    os.close(terminal.master)
    world.terminals.remove(terminal)
    terminal.process.wait(timeout=300)
    check(process_gone(machine), "the machine is left")
    check_equal([system["name"] for system in world.systems()], ["detached"])


def case_suspended_by_its_terminal(world):
    """Ctrl-Z: the runner waits, and goes on when it is told to; killed meanwhile it leaves nothing."""
    terminal = Terminal(world, "run", world.scenario(PAIR))
    terminal.expect("all up")
    runner, machine = world.system()["pid"], world.system()["qemu_pid"]
    for _ in range(2):
        check_equal(world.good("exec", "driver", "--", "echo", "on"), "on\n")
        os.kill(runner, signal.SIGSTOP)  # no SIGTSTP, which stops nobody whom no shell waits for
        wait_until(lambda: state_of(runner) == "T", "it stops")
        os.kill(runner, signal.SIGCONT)
    os.kill(runner, signal.SIGSTOP)
    terminal.process.kill()
    terminal.process.wait()
    check_over(world, machine)


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
import harness
with harness.World("inner") as world:
    world.detach("vm one agent result=" + world.directory + "/none\\n")
    print(world.directory, flush=True)
    sys.stdin.read()
"""


def case_killed_suite_leaves_nothing(world):
    """This suite, killed in a case: its systems, what runs in their VMs, and its directory go with it."""
    inner = subprocess.Popen([sys.executable, "-c", KILLED, HERE], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    world.processes.append(inner)
    directory = read_until(inner.stdout, b"\n").decode().strip()
    wait_until(lambda: "once wait" in "".join(processes_below(directory).values()), "much would be left")
    inner.kill()
    wait_until(lambda: not processes_below(directory) and not os.path.exists(directory), "all has gone")
