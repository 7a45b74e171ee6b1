# SPDX-License-Identifier: BSD-2-Clause
"""topo run, ps and stop when all goes well."""
import json
import os
import signal

from harness import PAIR, check, check_equal, check_in, finish, process_gone, read_until


def case_detach_returns_when_all_is_up(world):
    out = world.detach()
    for line in ("pair: building the system image", "the kernel runs", "device: started",
                 "driver: user space reached", "connection device -> driver: up",
                 "all up: 2 VMs, 1 connection", "topo console driver"):
        check_in(line, out)
    system = world.system()
    check_equal(system["state"], "up")
    check_equal([(vm["name"], vm["state"]) for vm in system["vms"]],
                [("device", "up"), ("driver", "up")])
    check_equal(system["connections"],
                [{"device": "device", "driver": "driver", "state": "up", "sessions": 1,
                  "devices": [{"type": "net", "state": "ready", "backends": 1},
                              {"type": "blk", "state": "ready", "backends": 1}]}])
    world.good("stop")
    check(process_gone(system["pid"]) and process_gone(system["qemu_pid"]), "a process is left")
    check_equal(world.systems(), [])


def case_detach_leaves_the_terminal(world):
    """Whoever reads the output of topo run --detach must see its end."""
    process = world.start("run", "-d", world.scenario(PAIR))
    check_equal(finish(process)[0], 0)


def case_a_long_image_is_in_the_machine_s_ram(world):
    """QEMU loads no more than its beginning, and needs no file on the disk."""
    world.detach("#" * 100000 + "\n" + PAIR)
    log = world.good("logs", "--qemu")
    check_in("-kernel /dev/fd/", log)
    world.good("stop")
    world.detach(PAIR)
    check_in("/pair/image", world.good("logs", "--qemu"))


def case_machine_is_as_the_system_needs(world):
    world.detach(PAIR, "--gdb", "--icount", "--qemu-arg", "-d", "--qemu-arg", "int")
    log = world.good("logs", "--qemu")
    for part in ("-M virt,virtualization=on,gic-version=2,iommu=smmuv3 -cpu cortex-a72", "-nodefaults",
                 "-smp 2", "-m 64M", "/pair/gdb,server=on,wait=off -S", "-icount shift=0,sleep=off", "-d int"):
        check_in(part, log)


def case_dry_run(world):
    """It says what would run, and leaves nothing."""
    out = world.good("run", "--dry-run", "--icount", world.scenario(PAIR))
    check_in("would start: 2 VMs and 1 connection on 2 CPUs and 64 MiB", out)
    check_in(" -nodefaults ", out)
    check_in("/pair/image -icount shift=0,sleep=off\n", out)
    check_equal(world.systems(), [])
    check_equal(world.left(), [])
    check_equal(json.loads(world.good("ps", "--all", "--json")), [])
    world.bad(1, "run", "--dry-run", world.scenario("unbuildable\n"))


def case_vm_without_agent_is_up_when_it_runs(world):
    world.detach("vm plain\nvm other agent\nvm silent quiet\n")
    check_equal(world.vm("silent")["state"], "up")
    check_equal(world.vm("plain")["state"], "up")
    check_equal(world.vm("plain")["agent"], False)


def case_ps_as_text(world):
    check_equal(world.good("ps"), "no system runs\n")
    check_equal(world.systems(), [])
    world.detach(PAIR + "vm third\n")
    world.type_at("third", "poweroff\r", "has stopped: poweroff")
    out = world.good("ps", "pair")
    check_in("pair: up", out)
    check_in("VM third                    stopped: poweroff", out)
    check_in("connection device -> driver up", out)
    check_in("no system called nobody", world.bad(1, "ps", "nobody"))


def case_ps_tells_descriptions(world):
    """Whatever they hold: a check may have been switched off."""
    text = 'he said "<b>\\" \x1b[31m \u202e' + "é" * 150
    world.detach("vm one about=what it is for\nvm two about=" + text + "\nvm three\n")
    check_equal(world.vm("one")["description"], "what it is for")
    check_in('he said "<b>\\" \x1b[31m \u202eéé', world.vm("two")["description"])
    check_equal(world.vm("three")["description"], "")
    out = world.good("ps", "pair")
    check_in("VM one                      up\n     what it is for\n", out)
    check_in('     he said "<b>\\" \\x1b[31m \\xe2\\x80\\xaeéé', out)
    check(out.isprintable() or not set(out) & set("\x1b\u202e"), "a terminal would obey")


def case_ctrl_c_ends_all(world):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = world.foreground()
        qemu = world.system()["qemu_pid"]
        process.send_signal(number)
        status, out, _ = finish(process)
        check_equal(status, 0)
        check_in("ended", out)
        check(process_gone(qemu), "the machine is left")
        check_equal(world.left(), [])


def case_ctrl_c_while_starting(world):
    process = world.foreground("vm slow agent hello=never\n", until=b"slow: started")
    process.send_signal(signal.SIGINT)
    check_equal(finish(process)[0], 130)
    check_equal(world.left(), [])


def case_ctrl_c_while_building(world):
    process = world.foreground("building 20\n" + PAIR, until=b"building")
    process.send_signal(signal.SIGTERM)
    check_equal(finish(process)[0], 143)
    check_equal(world.left(), [])


def case_ctrl_c_while_detaching(world):
    process = world.foreground("vm slow agent hello=never\n", "--detach", until=b"slow: started")
    runner = world.system()["pid"]
    check(runner != process.pid, "the runner is a process of its own")
    process.send_signal(signal.SIGINT)
    check_equal(finish(process)[0], 130)
    check(process_gone(runner), "the runner is left")
    check_equal(world.left(), [])


def case_system_ends_by_itself(world):
    process = world.foreground("vm one ends=poweroff\nvm two ends=reset\n", until=b"all up")
    status, out, _ = finish(process)
    check_equal(status, 0)
    check_in("all VMs have stopped", out)


def case_stop_from_elsewhere(world):
    process = world.foreground()
    world.good("stop", "pair")
    check_equal(finish(process)[0], 0)
    check_in("no system runs", world.bad(1, "stop"))


def case_stop_while_building(world):
    process = world.foreground("building 20\n" + PAIR, until=b"building")
    check_in("building", world.good("ps"))
    check_equal(world.systems()[0]["state"], "building")
    check_in("still being built", world.bad(125, "exec", "driver", "--", "true"))
    world.good("stop")
    check_equal(finish(process)[0], 143)


def case_stop_of_a_stubborn_machine(world):
    world.detach("stubborn\n" + PAIR)
    qemu = world.system()["qemu_pid"]
    world.good("stop")
    check(process_gone(qemu), "the machine is left")


def case_two_systems(world):
    world.detach(PAIR, name="first")
    world.detach("vm driver agent\n", name="second")
    check_equal([system["name"] for system in world.systems()], ["first", "second"])
    check_in("--name", world.bad(125, "exec", "driver", "--", "true"))
    check_in("first", world.bad(1, "stop"))
    check_equal(world.good("exec", "-n", "second", "driver", "--", "echo", "here"), "here\n")
    world.good("stop", "first")
    check_equal(world.good("exec", "driver", "--", "echo", "there"), "there\n")
    world.good("stop", "--all")
    check_equal(world.systems(), [])


def case_name_of_the_system(world):
    world.detach(PAIR, "--name", "other")
    check_equal(world.system()["name"], "other")
    world.good("stop", "--name", "other")
    check_in("cannot name a system", world.bad(2, "run", "-n", "../up", world.scenario(PAIR)))
    world.detach(PAIR, name="with space")
    check_equal(world.system()["name"], "with_space")


def case_log_directory_is_kept(world):
    logs = os.path.join(world.directory, "logs")
    world.detach(PAIR, "--log-dir", logs)
    check_equal(world.system()["log_directory"], logs)
    world.good("stop")
    with open(os.path.join(logs, "driver.log"), encoding="utf-8") as log:
        check_in("Booting Linux as driver", log.read())
    check_in("kernel.log", os.listdir(logs))


def case_long_run_directory(world):
    """Longer than the address of a socket may be."""
    world.runtime = os.path.join(world.runtime, "x" * 60, "y" * 60)
    os.makedirs(world.runtime, 0o700)
    world.env["XDG_RUNTIME_DIR"] = world.runtime
    world.detach()
    check_equal(world.good("exec", "driver", "--", "echo", "far"), "far\n")


def case_no_runtime_directory(world):
    world.env["XDG_RUNTIME_DIR"] = os.path.join(world.runtime, "none")
    error = world.bad(3, "run", world.scenario(PAIR))
    check_in("there is no directory to make it in", error)
    check_in("XDG_RUNTIME_DIR", error)


def case_progress_of_the_foreground(world):
    process = world.start("run", world.scenario(PAIR))
    out = read_until(process.stdout, b"Ctrl-C here ends the system").decode()
    check_in("topo: compiling", out)
    check_in("starting: 2 VMs and 1 connection on 2 CPUs and 64 MiB", out)


def case_usage(world):
    check_in("one FILE is needed", world.bad(2, "run"))
    check_in("no time limit", world.bad(2, "run", "--timeout", "soon", "x"))
    check_in("one FILE is needed", world.bad(2, "run", "x", "y"))
    for command in ("run", "ps", "stop", "logs", "console", "exec"):
        check_in("Usage: topo " + command, world.good(command, "--help"))
        check_in("Exit status", world.good(command, "--help"))
