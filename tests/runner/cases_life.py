# SPDX-License-Identifier: BSD-2-Clause
"""VMs that end and come back, by themselves and when they are asked to."""
import hashlib
import json
import os
import signal
import subprocess

from harness import (PAIR, Terminal, check, check_equal, check_in, finish, read_until,
                     wait_until)

SINGLE = "vm one agent\nvm other agent\n"


def state_of(world, vm):
    system = json.loads(world.good("ps", "--json"))[0]
    return next(entry for entry in system["vms"] if entry["name"] == vm)


def run(world, scenario):
    world.good("run", "-d", world.scenario(scenario))


def type_at(world, vm, text):
    """Commands of the test, typed at the console of a VM."""
    terminal = Terminal(world, "console", vm)
    terminal.expect("Booting Linux")
    terminal.type(text)
    return terminal


def case_stop_and_start(world):
    run(world, SINGLE)
    world.good("stop", "one")
    vm = state_of(world, "one")
    check_equal((vm["state"], vm["reason"]), ("stopped", "poweroff"))
    world.good("stop", "one")  # which is off already
    check_in("VM one is stopped: poweroff", world.bad(125, "exec", "one", "--", "true"))
    world.good("start", "one")
    vm = state_of(world, "one")
    check_equal((vm["state"], vm["restarts"], vm["last_end"]), ("up", 1, "poweroff"))
    check_equal(world.good("exec", "one", "--", "echo", "here"), "here\n")
    world.good("start", "one")  # which runs
    check_equal(state_of(world, "one")["restarts"], 1)
    log = world.good("logs")
    check_in("topo: VM one: stopped: poweroff", log)
    check_in("topo: VM one: booting", log)
    check_in("topo: VM one: up", log)


def case_stop_forced(world):
    run(world, SINGLE)
    world.good("stop", "--force", "one", "other")
    wait_until(world.nothing_runs, "the last VM's end ends all")


def case_stop_deaf(world):
    """A VM that does not power off has its cord pulled."""
    run(world, "vm one agent deaf\nvm other agent\n")
    world.good("stop", "--timeout", "0.3", "one")
    check_equal(state_of(world, "one")["reason"], "request")


def case_stop_always(world):
    """A VM whose policy would start it again stays off when it was stopped by name."""
    run(world, "vm one agent always\nvm other agent\n")
    world.good("stop", "one")
    check_equal((state_of(world, "one")["state"], state_of(world, "one")["reason"]),
                ("stopped", "request"))


def case_hardware(world):
    """What a VM has, and the faults of its DMA, which its VMM tells: in ps, events and run."""
    run(world, "vm one agent nic\nvm other agent\n")
    unit = {"name": "nic", "where": "PCI 0:17.2, interrupt 36", "dma": "confined",
            "messages": "forgeable", "faults": 0, "last_fault": None}
    check_equal(state_of(world, "one")["hardware"], [unit])
    check_equal(state_of(world, "other")["hardware"], [])
    check_in("up\n     nic (PCI 0:17.2, interrupt 36): DMA confined, MSIs forgeable\n     and 4 more\n",
             world.good("ps"))
    events = subprocess.Popen([world.program, "events"], env=world.env, stdout=subprocess.PIPE)
    world.processes.append(events)
    read_until(events.stdout, b"VM other")
    type_at(world, "one", "stream 00:11.2 faults 3 last 0x48001000\r")
    told = "DMA of nic faulted 3 times, last at 0x48001000\n"
    check_in(told, read_until(events.stdout, b"faulted").decode())
    check_equal(state_of(world, "one")["hardware"], [dict(unit, faults=3, last_fault=0x48001000)])
    check_in("up, " + told, world.good("ps"))


def case_restart(world):
    run(world, SINGLE)
    world.good("restart", "one")
    vm = state_of(world, "one")
    check_equal((vm["state"], vm["restarts"]), ("up", 1))
    check_in("request in 0 ms", vm["last_end"])
    world.good("restart", "--force", "one")
    check_equal(state_of(world, "one")["restarts"], 2)
    check_in("started again 2 times, after request", world.good("ps"))
    check_in("no VM", world.bad(1, "restart", "on"))
    check_in("which VM?", world.bad(2, "restart"))


def case_starts_off(world):
    """It is not waited for; nor is its connection."""
    run(world, "vm device agent\nvm driver agent off\nconnect device driver never\n")
    check_equal((state_of(world, "driver")["state"], state_of(world, "driver")["reason"]),
                ("stopped", "not started"))
    world.good("start", "driver")
    check_equal(state_of(world, "driver")["state"], "up")


def case_start_without_agent(world):
    """Nothing tells that its user space is reached: it is up when it runs."""
    run(world, "vm one agent\nvm two off\n")
    world.good("start", "two")
    check_equal(state_of(world, "two")["state"], "up")


def ask_slow(world, *words):
    """A command of the VM `one`, which goes off for it, but has not yet."""
    terminal = Terminal(world, "console", "one")
    terminal.expect("Booting Linux")
    process = world.start(*words, "--force", "one")
    terminal.expect("one goes off")
    return process


def ask_besides(world, *words):
    """A command that comes while the VM `one` goes off for another."""
    process = world.start(*words, *(["--force"] if words != ("start",) else []), "one")
    wait_until(lambda: socket_count(process) == 2 or process.poll() is not None, "it asks")
    check_equal(process.poll(), None)
    return process


def case_stop_and_restart_at_once(world):
    """What comes second is done second, and both are told what has come of it."""
    run(world, "vm one agent slow\nvm other agent\n")
    stop = ask_slow(world, "stop")
    restart = ask_besides(world, "restart")
    type_at(world, "other", "let-go one\r")
    check_equal(finish(stop), (0, "", ""))
    check_equal(finish(restart), (0, "", ""))
    check_equal((state_of(world, "one")["state"], state_of(world, "one")["restarts"]), ("up", 1))


def case_stop_and_start_at_once(world):
    """It is on as the start is asked for, and would be off for good."""
    run(world, "vm one agent slow\nvm other agent\n")
    stop = ask_slow(world, "stop")
    start = ask_besides(world, "start")
    type_at(world, "other", "let-go one\r")
    check_equal(finish(stop), (0, "", ""))
    check_equal(finish(start), (0, "", ""))
    check_equal(state_of(world, "one")["state"], "up")


def case_restart_and_stop_at_once(world):
    run(world, "vm one agent slow\nvm other agent\n")
    restart = ask_slow(world, "restart")
    stop = ask_besides(world, "stop")
    terminal = Terminal(world, "console", "one")
    terminal.expect("one goes off")
    other = type_at(world, "other", "let-go one\r")
    terminal.expect("one goes off")
    other.type("let-go one\r")
    check_equal(finish(stop), (0, "", ""))
    status, _, err = finish(restart)  # it has been up, or it has not
    check((status, err) == (0, "") or (status == 1 and "one is not up: stopped: request" in err), err)
    check_equal(state_of(world, "one")["state"], "stopped")


def case_stop_besides_one_that_is_killed(world):
    """Whoever has asked and is gone holds up nobody; what it has asked for is done."""
    run(world, "vm one agent slow\nvm other agent\n")
    stop = ask_slow(world, "stop")
    start = ask_besides(world, "restart")
    gone = ask_besides(world, "restart")
    for process in (stop, gone):
        process.kill()
        process.wait()
    type_at(world, "other", "let-go one\r")
    check_equal(finish(start), (0, "", ""))
    check_equal((state_of(world, "one")["state"], state_of(world, "one")["restarts"]), ("up", 1))


def case_system_ends_besides_requests(world):
    run(world, "vm one agent slow\nvm other agent\n")
    stop = ask_slow(world, "stop")
    restart = ask_besides(world, "restart")
    later = ask_besides(world, "stop")
    world.good("stop")
    check_equal(finish(stop), (0, "", ""))
    check_equal(finish(later), (0, "", ""))
    status, _, err = finish(restart)
    check_equal(status, 1)
    check_in("the system has ended", err)


def case_exec_across_restart(world):
    """A command in a VM that restarts fails and says so; the new agent takes the next one."""
    run(world, SINGLE)
    command = subprocess.Popen([world.program, "exec", "one", "--", "sh", "-c", "echo on; sleep 600"],
                               env=world.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    world.processes.append(command)
    check_equal(command.stdout.readline(), b"on\n")
    type_at(world, "one", "reset\r")
    _, err = command.communicate(timeout=300)
    check_equal(command.returncode, 125)
    check_in("VM one is restarting: reset", err.decode())
    wait_until(lambda: state_of(world, "one")["state"] == "up", "the VM is up again")
    check_equal(world.good("exec", "one", "--", "echo", "again"), "again\n")
    check_equal(state_of(world, "one")["last_end"], "reset in 0 ms")


def case_failure_comes_back(world):
    run(world, PAIR)
    type_at(world, "device", "crash\r")
    wait_until(lambda: state_of(world, "device")["restarts"] == 1
               and state_of(world, "device")["state"] == "up", "the VM is back")
    check_equal(json.loads(world.good("ps", "--json"))[0]["connections"][0]["state"], "down")
    type_at(world, "driver", "up device\r")
    wait_until(lambda: json.loads(world.good("ps", "--json"))[0]["connections"][0]["state"] == "up",
               "the connection is back")


def case_events(world):
    run(world, PAIR)
    listener = subprocess.Popen([world.program, "events", "--json"], env=world.env,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    world.processes.append(listener)
    first = []
    while not first or first[-1]["event"] != "now":
        first.append(json.loads(listener.stdout.readline()))
    check_equal([event["event"] for event in first], ["vm", "vm", "connection", "now"])
    check_equal({event["state"] for event in first[:3]}, {"up"})
    world.good("restart", "--force", "device")
    world.good("stop")
    events = [json.loads(line) for line in listener.stdout]
    states = [event["state"] for event in events
              if event["event"] == "vm" and event["name"] == "device"]
    check_equal(states, ["restarting", "booting", "up"])
    check("down" in [event["state"] for event in events if event["event"] == "connection"], events)
    check_equal(listener.wait(timeout=300), 0)
    check_in("no system runs", world.bad(1, "events"))


def case_wait(world):
    run(world, "vm one agent\nvm two agent off\nvm three agent\n")
    world.good("wait", "one", "three")
    check_in("two is not up: stopped: not started", world.bad(1, "wait", "--timeout", "0.2", "one", "two"))
    check_in("one is not off: up", world.bad(1, "wait", "--until", "off", "-t", "0.2", "one"))
    waiting = world.start("wait", "two")
    world.good("start", "two")
    check_equal(finish(waiting)[0], 0)
    waiting = world.start("wait", "-u", "off", "one", "three")
    wait_until(lambda: has_socket(waiting), "it connects")
    world.good("stop", "one")
    world.good("stop")
    check_equal(finish(waiting)[0], 0)
    check_in("no system runs", world.bad(1, "wait", "one"))
    check_in("which VM?", world.bad(2, "wait"))
    check_in("takes up, healthy, done or off", world.bad(2, "wait", "--until", "on", "one"))


def case_wait_for_what_fails(world):
    """One that has failed is not waited for, nor is one whose system has ended."""
    run(world, SINGLE)
    waiting = world.start("wait", "one", "--until", "off")
    type_at(world, "one", "fault\r")
    check_equal(finish(waiting)[0], 0)
    check_in("one is not up: failed: vmm", world.bad(1, "wait", "one"))
    world.good("stop")
    run(world, "vm one agent\nvm two agent off\n")
    waiting = world.start("wait", "two")
    read_events = world.start("events")
    read_until(read_events.stdout, b"VM two")
    world.good("stop")
    status, _, err = finish(waiting)
    check_equal(status, 1)
    check("the system has ended" in err or "no system runs" in err, err)


def case_inspect(world):
    run(world, "vm one agent facts about=what it is for\nvm two agent off\n")
    with open(os.path.join(world.run_directory(), "image"), "rb") as image:
        digest = hashlib.sha256(image.read()).hexdigest()
    told = json.loads(world.good("inspect", "--json", "one"))
    check(told["up_ms"] > 0, told)
    check_equal({key: told[key] for key in (
        "name", "state", "restarts", "ram_bytes", "addresses", "system", "image_sha256", "networks",
        "disks", "images", "ports", "forwards")}, {
            "name": "one", "state": "up", "restarts": 0, "ram_bytes": 96 << 20,
            "addresses": "10.0.0.2/24, 10.0.1.2/24", "system": "pair", "image_sha256": digest,
            "networks": [{"name": "net 0 of other", "text": "10.0.0.2/24"},
                         {"name": "net 0 of other", "text": "10.0.1.2/24"},
                         {"name": "net 0 of other", "text": "10.0.0.2/24"}],
            "ports": "127.0.0.1:2222 -> 10.0.2.15:22",
            "forwards": [{"name": "e1000e in slot 0:1.0", "text": "127.0.0.1:2222 -> 10.0.2.15:22"}],
            "disks": [{"name": "blk 0 of other", "text": "64 MiB, raw"}],
            "images": [{"name": "kernel", "text": 'a \x1b "Image"', "sha256": "00ff"}]})
    text = world.good("inspect", "one")
    for line in ("VM one                      up\n     what it is for\n", "  RAM        96 MiB\n",
                 "  address    net 0 of other: 10.0.0.2/24\n", "SHA-256 " + digest,
                 "  port       e1000e in slot 0:1.0: 127.0.0.1:2222 -> 10.0.2.15:22\n",
                 '  boots      kernel: a \\x1b "Image", SHA-256 00ff\n'):
        check_in(line, text)
    check_in("what it is for\n     10.0.0.2/24, 10.0.1.2/24\n     127.0.0.1:2222 -> 10.0.2.15:22\n", world.good("ps"))
    check("up for" not in world.good("inspect", "two"), "it is off")
    world.good("restart", "--force", "one")
    check_equal(json.loads(world.good("inspect", "--json", "one"))["restarts"], 1)
    check_in("did you mean 'one'?", world.bad(1, "inspect", "on"))
    check_in("one is needed", world.bad(2, "inspect"))
    os.remove(os.path.join(world.run_directory(), "image"))
    check_in("cannot read", world.bad(3, "inspect", "one"))


def socket_count(process):
    """How many connections to a runner it has begun."""
    fds = f"/proc/{process.pid}/fd"
    count = 0
    for fd in os.listdir(fds):
        try:
            count += os.readlink(os.path.join(fds, fd)).startswith("socket:")
        except FileNotFoundError:
            continue  # closed since
    return count


def has_socket(process):
    return socket_count(process) > 0


def case_wait_and_events_when_the_runner_is_killed(world):
    """Who is not told that the system has ended does not know that a VM is off."""
    run(world, SINGLE)
    listener = world.start("events")
    read_until(listener.stdout, b"other")
    waiting = world.start("wait", "--until", "off", "one")
    wait_until(lambda: has_socket(waiting), "it connects")
    os.kill(world.system()["pid"], signal.SIGKILL)
    for process in (waiting, listener):
        status, _, err = finish(process)
        check_equal(status, 3)
        check_in("the runner", err)
    run(world, SINGLE)  # which clears away what is left of the first


def case_wait_and_events_when_the_system_ends(world):
    run(world, SINGLE)
    listener = world.start("events", "--json")
    read_until(listener.stdout, b'"now"')
    waiting = world.start("wait", "--until", "off", "one")
    wait_until(lambda: has_socket(waiting), "it connects")
    world.good("stop")
    check_equal(finish(waiting)[0], 0)
    status, out, _ = finish(listener)
    check_equal((status, "now" in out), (0, False))
