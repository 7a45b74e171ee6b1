# SPDX-License-Identifier: BSD-2-Clause
"""VMs that say themselves how well they are."""
import json
import os
import re
import resource

from harness import (check, check_equal, check_in, finish, process_gone, read_until,
                     wait_until)


class Service:
    """What a VM's check looks at: it succeeds while a file is there."""

    def __init__(self, world, words="it is\\033 ill"):
        self.file = os.path.join(world.directory, "good")
        self.check = os.path.join(world.directory, "check")
        with open(self.check, "w", encoding="ascii") as script:
            script.write(f"#!/bin/sh\n[ -e {self.file} ] && exit\n"
                         f"echo first; printf '{words}\\n\\n' >&2; exit 3\n")
        os.chmod(self.check, 0o755)

    def begin(self):
        with open(self.file, "w", encoding="ascii"):
            pass

    def end(self):
        os.unlink(self.file)


def case_health_is_waited_for(world):
    """A system is up when its VMs are healthy, not before; it is told when that changes."""
    service = Service(world)
    starting = world.start("run", "-d", world.scenario(f"vm one agent health={service.check}\n"
                                                       "vm other agent\n"))
    read_until(starting.stdout, b"one: says that it is unhealthy: exit status 3: it is? ill")
    check_equal((world.system()["state"], world.vm("one")["state"]), ("starting", "up"))
    waiting = world.start("wait", "--until", "healthy", "one")
    service.begin()
    check_equal(finish(starting)[0], 0)
    check_equal(finish(waiting)[0], 0)
    vm = world.vm("one")
    check_equal((vm["health"], vm["unhealthy"], vm["commands"]), ("healthy", "", 0))
    check_equal(world.vm("other")["health"], "none")
    check_in(" up, healthy\n", world.good("ps"))
    check_in(" up, healthy\n", world.good("inspect", "one"))
    listener = world.start("events")
    read_until(listener.stdout, b"other")
    service.end()
    read_until(listener.stdout, b" up, unhealthy: exit status 3: it is? ill")
    text = world.bad(1, "wait", "-u", "healthy", "-t", "0.1", "one")
    check_in("one does not say that it is healthy: exit status 3: it is? ill", text)
    check_equal(json.loads(world.good("inspect", "--json", "one"))["health"], "unhealthy")
    service.begin()
    read_until(listener.stdout, b" up, healthy")
    check_in("topo: VM one: says that it is healthy", world.good("logs"))
    world.good("stop", "one")
    check_equal(world.vm("one")["health"], "none")
    world.good("start", "one")
    world.good("wait", "--until", "healthy", "one")


def never_healthy(world, health, wanted):
    """It ends for want of that alone: on a busy host a VM may not be up yet, and then it has longer."""
    scenario = world.scenario(f"vm one agent health={health}\n")
    for seconds in ("3", "30", "200"):
        text = world.bad(1, "run", "-d", "--timeout", seconds, scenario)
        if wanted in text:
            return
    check_in(wanted, text)


def case_health_that_never_comes(world):
    never_healthy(world, Service(world).check, "VM one: up: it does not say that it is healthy")
    never_healthy(world, "/none", "VM one: up: it does not say that it is healthy: "
                  "exit status 127: /none: No such file")


def case_health_leaves_nothing_of_a_check(world):
    """What a check starts and does not wait for ends with it."""
    check_file = os.path.join(world.directory, "check")
    with open(check_file, "w", encoding="ascii") as script:
        script.write(f"#!/bin/sh\nsleep 600 & echo $! > {check_file}.pid\n")
    os.chmod(check_file, 0o755)
    world.good("run", "-d", world.scenario(f"vm one agent health={check_file}\n"))
    with open(f"{check_file}.pid", encoding="ascii") as file:
        left = int(file.read())
    wait_until(lambda: process_gone(left), "what the check left is killed")


def case_health_says_the_last_line_of_much(world):
    """Its check ends before what it wrote has been read."""
    check_file = os.path.join(world.directory, "check")
    with open(check_file, "w", encoding="ascii") as script:
        script.write("#!/bin/sh\nseq 10000; echo the last one; exit 3\n")
    os.chmod(check_file, 0o755)
    starting = world.start("run", "-d", world.scenario(f"vm one agent health={check_file}\n"))
    read_until(starting.stdout, b"says that it is unhealthy: exit status 3: the last one\n")
    world.good("stop")
    finish(starting)


def case_health_of_nobody(world):
    world.detach("vm one agent\n")
    check_in("one has no health check", world.bad(1, "wait", "--until", "healthy", "one"))
    check(" healthy" not in world.good("ps"), "it has one")


def case_health_check_that_is_killed(world):
    """A check that somebody in the VM kills is told of; the VM's next agent runs another."""
    service = Service(world)
    service.begin()
    world.detach(f"vm one agent health={service.check}\n")
    world.good("exec", "one", "--", "pkill", "-x", "-P",
               world.good("exec", "one", "--", "sh", "-c", "echo $PPID").strip(), "health")
    world.good("wait", "one")
    listener = world.start("events")
    read_until(listener.stdout, b" up, unhealthy: its check has ended with signal 15")
    world.good("restart", "one")
    world.good("wait", "--until", "healthy", "one")


def case_health_of_a_vm_that_can_start_nothing(world):
    """A check that cannot be started is tried again after a while, not at once for ever."""
    service = Service(world)
    service.begin()
    starting = world.start("run", "-d", world.scenario(f"vm one agent poor health={service.check}\n"))
    read_until(starting.stdout, b"one: says that it is unhealthy: the guest could not start")
    for _ in range(5):  # each is answered so too, and has the agent say hello
        check_in("the guest could not start", world.bad(125, "exec", "one", "true"))
    said = [line for line in world.good("logs").splitlines() if "says that it is" in line]
    check(len(said) <= 2, f"it is tried again and again: {said[:6]}")
    agent, = (pid for pid, line in world.ours().items() if line.startswith(world.env["FAKE_AGENT"]))
    resource.prlimit(agent, resource.RLIMIT_NOFILE,
                     (64, resource.prlimit(agent, resource.RLIMIT_NOFILE)[1]))
    check_equal(finish(starting)[0], 0)
    check_equal(world.vm("one")["health"], "healthy")


def case_health_that_changes_without_end(world):
    """A VM may say what it likes of itself as often as it likes: it is told once a second."""
    flood = world.env["FAKE_HEALTH"] = os.path.join(world.directory, "flood")
    with open(flood, "w", encoding="ascii") as script:
        script.write("#!/bin/sh\nfor i in $(seq 5000); do echo healthy; echo unhealthy $i; done\n"
                     "echo unhealthy last; exec sleep 1000\n")
    os.chmod(flood, 0o755)
    world.detach("vm one agent health=/none\n")
    listener = world.start("events")
    read_until(listener.stdout, b" up, unhealthy: last")
    told = [float(at) for at in re.findall(r"\[ *([0-9.]+)\] topo: VM one: says that it is",
                                           world.good("logs"))]
    check(len(told) >= 2, f"it is told when it changes: {told}")
    check(all(after - before > 0.9 for before, after in zip(told, told[1:])), f"too often: {told}")
