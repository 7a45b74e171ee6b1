# SPDX-License-Identifier: BSD-2-Clause
"""VMs whose command is not always run again: how it has ended."""
import os
import signal
import subprocess
import time

from harness import check, check_equal, check_in, finish, read_until, wait_until


def once(world, *words):
    """What the VM's init has started: the program that runs its command."""
    process = subprocess.Popen([world.env["FAKE_ONCE"], *words], stdin=subprocess.DEVNULL, env=world.env,
                               start_new_session=True)
    world.processes.append(process)
    return process


def case_command_that_is_done(world):
    """It is told when it ends, to who waits too; the same end is not told again."""
    result = os.path.join(world.directory, "result")
    job = ("sh", "-c", f"while [ ! -e {result}.go ]; do sleep 0.1; done")
    world.detach(f"vm one agent result={result}\nvm other agent\n")
    process = once(world, "no", result, *job)
    world.good("wait", "one")
    check_equal((world.vm("one")["command"], world.vm("one")["commands"]), ("running", 0))
    check_equal(world.vm("other")["command"], "")
    check_in("the command of one is running", world.bad(1, "wait", "-u", "done", "-t", "0.1", "one"))
    check_in("other has no command that ends", world.bad(1, "wait", "-u", "done", "other"))
    waiting = world.start("wait", "--until", "done", "one")
    listener = world.start("events")
    read_until(listener.stdout, b"other")
    with open(f"{result}.go", "w", encoding="ascii"):
        pass
    check_equal(finish(waiting)[0], 0)
    read_until(listener.stdout, b" up, command done\n")
    check_equal(world.vm("one")["command"], "done")
    check_in(" up, command done\n", world.good("ps"))
    check_in("topo: VM one: says that its command is done", world.good("logs"))
    check(process.poll() is None, "what runs it has ended, and is started again by an init")


def case_command_that_fails(world):
    """Its status is told; what is started again by an init runs nothing more."""
    result = os.path.join(world.directory, "result")
    once(world, "no", result, "sh", "-c", f"echo >> {result}.runs; exit 3")
    wait_until(lambda: os.path.exists(result), "its end is kept")
    again = once(world, "no", result, "sh", "-c", f"echo >> {result}.runs")
    world.detach(f"vm one agent result={result}\nvm other agent\n")
    text = world.bad(1, "wait", "--until", "done", "one")
    check_in("the command of one is failed (3)", text)
    check_in(" up, command failed (3)\n", world.good("inspect", "one"))
    check(again.poll() is None, "it does not stay")
    check_equal(os.path.getsize(f"{result}.runs"), 1)
    world.good("stop", "one")
    world.good("wait", "--until", "off", "one")
    check_equal(world.vm("one")["command"], "")


def case_command_again_after_a_failure(world):
    """Until it succeeds; or is killed together with what runs it, which passes the signal on."""
    result = os.path.join(world.directory, "result")
    once(world, "on-failure", result, "sh", "-c", f"echo >> {result}.runs; [ $(wc -l < {result}.runs) = 3 ]")
    world.detach(f"vm one agent result={result}\n")
    world.good("wait", "--until", "done", "one")
    check_equal(os.path.getsize(f"{result}.runs"), 3)
    other = os.path.join(world.directory, "other")
    process = once(world, "on-failure", other, "sh", "-c", f"echo > {other}.runs; exec sleep 1000")
    wait_until(lambda: os.path.exists(f"{other}.runs"), "it runs")
    process.send_signal(signal.SIGTERM)
    check_equal(process.wait(), 0)
    with open(other, encoding="ascii") as file:
        check_equal(file.read(), "killed 15\n")


def content(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def case_command_of_no_is_run_once_whatever_dies(world):
    """Also where what runs it is killed, and the command with it, and an init starts that again."""
    result = os.path.join(world.directory, "result")
    job = ("no", result, "sh", "-c", f"echo >> {result}.runs; exec sleep 1000")
    process = once(world, *job)
    wait_until(lambda: os.path.exists(f"{result}.runs"), "it runs")
    process.kill()
    process.wait()
    again = once(world, *job)
    wait_until(lambda: os.path.exists(result), "its end is kept")
    check_equal(content(result), "killed 9\n")
    check_equal(os.path.getsize(f"{result}.runs"), 1)
    check(again.poll() is None, "it does not stay")


def case_command_that_kills_its_group(world):
    """That is its own: who runs it keeps how it has ended."""
    result = os.path.join(world.directory, "result")
    process = once(world, "no", result, "sh", "-c", "kill -9 0")
    wait_until(lambda: os.path.exists(result) or process.poll() is not None, "it ends")
    check(process.poll() is None, "it has killed what runs it")
    check_equal(content(result), "killed 9\n")


def case_command_that_fails_is_run_each_second(world):
    """However many signals say meanwhile that a child has ended. What is told to end in between keeps the last end."""
    result = os.path.join(world.directory, "result")
    begin = time.monotonic()
    process = once(world, "on-failure", result, "sh", "-c", f"echo >> {result}.runs; exit 4")
    wait_until(lambda: os.path.exists(f"{result}.runs"), "it runs")
    for _ in range(200):
        process.send_signal(signal.SIGCHLD)
        time.sleep(0.005)
    pauses = os.path.getsize(f"{result}.runs") - 1
    check(pauses <= time.monotonic() - begin, f"{pauses} pauses")
    process.send_signal(signal.SIGTERM)
    check_equal(process.wait(), 0)
    check(content(result) in ("exited 4\n", "killed 15\n"), content(result))
