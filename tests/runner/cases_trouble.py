# SPDX-License-Identifier: BSD-2-Clause
"""What the runner says and does when something goes wrong."""
import os
import signal
import struct
import subprocess

from harness import (CONSOLE, END, EXEC, OUTPUT, PAIR, STATUS, STOP, VERSION, check, check_equal,
                     check_in, finish, frame, process_gone, read_until, request, told_late,
                     wait_until)


def case_late_tells_who(world):
    scenario = "vm device agent\nvm driver agent hello=never\nconnect device driver never\n"
    text = told_late(world, scenario, "| Booting Linux as driver", "-d")
    check_in("not everything was up after ", text)
    check_in("VM driver: booting: its user space has not been reached", text)
    check(text.endswith("\ntopo:   --timeout SECONDS gives it longer\n"), text)
    check_in("| Booting Linux as driver", text)
    check_in("| VMM of driver speaks", text)
    check_in("connection device -> driver: down", text)
    check("VM device" not in text, text)
    check_equal(world.left(), [])


def case_late_connection(world):
    scenario = "vm device agent\nvm driver agent\nconnect device driver never\n"
    text = told_late(world, scenario, "connection device -> driver: down", "-d")
    check_in("connection device -> driver: down", text)
    check_in("the VMM of driver:\n      | VMM of driver speaks", text)
    check_in("the console of device, which serves:\n      | Booting Linux as device", text)


def case_late_device(world):
    """A session is not enough: each device needs a back end that is ready, and a driver."""
    for flag, device, why in (("stuck", "1 (blk)", "waiting: no back end stands behind it"),
                              ("fails", "1 (blk)", "failed: its back end refuses it"),
                              ("undriven", "0 (net)", "idle: no driver in its VM has started it")):
        scenario = f"vm device agent\nvm driver agent\nconnect device driver {flag}\n"
        text = told_late(world, scenario, f"{device}: {why}", "-d")
        check_in("not everything was up after", text)
        check_in(f"connection device -> driver: down\n    device {device}: {why}\n", text)
        check(text.count("    device ") == 1, text)
        check_in("the console of device, which serves:\n      | Booting Linux as device", text)


def case_late_vm_that_waits_for_its_disk(world):
    scenario = "vm device agent\nvm driver agent hello=never\nconnect device driver stuck\n"
    text = told_late(world, scenario,
                     "VM driver: booting: its user space has not been reached", "-d")
    check_in("VM driver: booting: its user space has not been reached", text)
    check_in("    device 1 (blk): waiting: no back end stands behind it\n"
             "    the console of device, which serves:\n", text)


def case_late_silent_vm(world):
    text = told_late(world, "vm a agent\nvm b agent quiet\n",
                     "VM b: booting: its user space has not been reached", "-d")
    check_in("VM b: booting: its user space has not been reached", text)
    check_in("its console: nothing", text)


def case_late_is_only_reported_in_the_foreground(world):
    """Not within the default limit of two minutes; --timeout makes it an error."""
    text = told_late(world, "vm a agent hello=never\n", "VM a: booting")
    check_in("VM a: booting", text)


def case_agent_of_another_version(world):
    text = told_late(world, "vm a agent hello=bad\n",
                     "its agent speaks version 9 of the protocol, not ", "-d")
    check_in("its agent speaks version 9 of the protocol, not ", text)


def case_vm_that_fails_at_boot(world):
    text = world.bad(1, "run", "-d", world.scenario("vm a agent\nvm b agent ends=fault\n"))
    check("not everything was up" not in text, "it waited for the time limit")
    check_in("pair cannot come up", text)
    check_in("VM b: failed: fault", text)
    check_in("| this is the end of b", text)


def case_vm_that_powers_off_at_boot(world):
    text = world.bad(1, "run", "-d", world.scenario("vm a agent\nvm b agent ends=poweroff\n"))
    check_in("VM b: stopped: poweroff", text)


def case_vm_that_fails_later(world):
    process = world.foreground(PAIR + "vm other\n")
    world.type_at("other", "fault\r", "has failed: vmm")
    check_equal(world.vm("other")["state"], "failed")
    check_in("pc 0x40", world.vm("other")["reason"])
    check_equal(world.vm("driver")["state"], "up")
    read_until(process.stdout, b"other: failed: vmm")
    world.type_at("driver", "poweroff\r", "has stopped: poweroff")
    check_equal(world.system()["connections"][0]["state"], "down")
    world.type_at("device", "poweroff\r", "has ended|has stopped")
    check_equal(finish(process)[0], 1)


def case_connection_goes_and_comes(world):
    process = world.foreground()
    world.type_at("driver", "down device\r", "down device")
    read_until(process.stdout, b"connection device -> driver: down")
    check_equal(world.system()["connections"][0]["state"], "down")
    world.type_at("driver", "up device\r", "up device")
    read_until(process.stdout, b"connection device -> driver: up")
    check_equal(world.system()["connections"][0]["sessions"], 2)


def case_back_end_goes_and_comes(world):
    process = world.foreground()
    world.type_at("driver", "device device/1 backend gone\r", "backend gone")
    read_until(process.stdout, b"connection device -> driver: down")
    connection = world.system()["connections"][0]
    check_equal((connection["state"], connection["sessions"]), ("down", 1))
    check_equal(connection["devices"][1], {"type": "blk", "state": "waiting", "backends": 1})
    check_in("connection device -> driver down: device 1 (blk) waiting", world.good("ps"))
    world.type_at("driver", "device device/1 backend full\r", "backend full")
    check_in("connection device -> driver down: device 1 (blk) full", world.good("ps"))
    world.type_at("driver", "device device/1 backend absent\r", "backend absent")
    check_in("connection device -> driver down: device 1 (blk) absent", world.good("ps"))
    world.type_at("driver", "device device/1 backend ready\r", "backend ready")
    read_until(process.stdout, b"connection device -> driver: up")
    check_equal(world.system()["connections"][0]["devices"][1]["backends"], 2)


def case_image_is_refused(world):
    text = world.bad(1, "run", world.scenario("vm a agent\nrefuse regions[3].page: overlap\n"))
    check_in("the kernel does not take the system image", text)
    check_in("| pv: image refused: regions[3].page: overlap", text)
    check_equal(world.left(), [])
    world.bad(1, "run", "-d", world.scenario("vm a agent\nrefuse it\n"))


def case_machine_that_crashes(world):
    text = world.bad(1, "run", world.scenario("vm a agent\nexit 3\n"))
    check_in("the machine ended with exit status 3", text)
    check_in("| fake: told to exit", text)


def case_machine_that_is_killed(world):
    process = world.foreground()
    os.kill(world.system()["qemu_pid"], signal.SIGKILL)
    status, _, text = finish(process)
    check_equal(status, 1)
    check_in("the machine was killed by signal 9", text)


def case_machine_that_is_switched_off(world):
    process = world.foreground()
    world.type_at("device", "machine-off 0\r", "has ended")
    status, _, text = finish(process)
    check_equal(status, 1)
    check_in("switched off while VMs were running", text)


def case_topology_with_errors(world):
    check_in("no file", world.bad(1, "run", "/nowhere.camkes"))
    check_in("cannot be built", world.bad(1, "run", world.scenario("unbuildable\n" + PAIR)))
    check_equal(world.left(), [])


def case_qemu_is_missing(world):
    world.env["PEERVISOR_QEMU"] = "/nowhere/qemu"
    text = world.bad(3, "run", world.scenario(PAIR))
    check_in("cannot run /nowhere/qemu", text)
    check_in("qemu-system-arm", text)
    check_in("tools/setup", text)


def case_qemu_is_too_old(world):
    world.env["FAKE_VERSION"] = "7.2.17 (Debian)"
    text = world.bad(3, "run", world.scenario(PAIR))
    check_in("version 7.2.17, which is too old: 10 is needed", text)
    world.env["PEERVISOR_QEMU"] = "/bin/echo"
    check_in("does not answer as QEMU does", world.bad(3, "run", world.scenario(PAIR)))


def case_name_is_in_use(world):
    world.detach()
    text = world.bad(1, "run", world.scenario(PAIR))
    check_in("a system called pair runs already", text)
    check_in("topo stop pair", text)
    check_equal(world.vm("driver")["state"], "up")


def case_runner_is_killed(world):
    """Its machine goes with it, and the next run cleans up."""
    world.detach()
    system = world.system()
    os.kill(system["pid"], signal.SIGKILL)
    wait_until(lambda: process_gone(system["qemu_pid"]), "the machine has gone")
    check(os.path.exists(world.run_directory()), "the killed runner has left its directory")
    check_equal(world.systems(), [])
    check_in("no system runs", world.bad(125, "exec", "driver", "--", "true"))
    world.detach()
    check_equal(world.good("exec", "driver", "--", "echo", "again"), "again\n")


def case_runner_that_hangs_is_killed(world):
    world.detach()
    runner = world.system()["pid"]
    os.kill(runner, signal.SIGSTOP)
    done = world.topo("stop")
    check_equal(done.returncode, 0)
    check_in("does not end; it is killed", done.stderr.decode())
    check_equal(world.left(), [])


def case_waiter_is_killed(world):
    """A system that nobody waits for any more, and that is not up, ends."""
    process = world.foreground("vm slow agent hello=never\n", "-d", until=b"slow: started")
    runner = world.system()["pid"]
    process.kill()
    wait_until(lambda: process_gone(runner), "the runner has ended")
    check_equal(world.left(), [])


def case_directory_of_somebody_else(world):
    base = os.path.dirname(world.run_directory())
    os.mkdir(base)
    os.chmod(base, 0o777)
    text = world.bad(3, "run", world.scenario(PAIR))
    check_in("is not a directory that only you can use", text)
    world.bad(3, "ps")
    os.rmdir(base)
    os.symlink("/tmp", base)
    check_in("only you can use", world.bad(3, "run", world.scenario(PAIR)))
    os.unlink(base)


def case_log_directory_that_cannot_be(world):
    text = world.bad(3, "run", "--log-dir", "/dev/null/x", world.scenario(PAIR))
    check_in("cannot use the directory /dev/null/x", text)
    check_equal(world.left(), [])


def case_output_without_room(world):
    """Whoever asks a running system does not take a lost answer for an answer."""
    world.detach()
    with open("/dev/full", "wb") as full:
        for status, words in ((3, ["ps"]), (3, ["ps", "--json"]), (3, ["logs"]),
                              (3, ["logs", "driver"]), (3, ["console", "driver"]),
                              (125, ["exec", "driver", "--", "echo", "lost"])):
            done = subprocess.run([world.program, *words], env=world.env, stdout=full,
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            check_equal(done.returncode, status)
            check_in(b"cannot write", done.stderr)
            check_equal(len(done.stderr.splitlines()), 1)


def answer_to(world, data):
    """What the runner says to these bytes until it closes."""
    peer = world.control(data)
    answer = b""
    try:
        while part := peer.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    peer.close()
    return answer


def case_hostile_control_clients(world):
    world.detach()
    check_in(b"different versions", answer_to(world, request(STATUS, version=VERSION + 1)))
    check_in(b"different versions", answer_to(world, frame(STATUS)))
    check_in(b"no such request", answer_to(world, request(77)))
    check_in(b"no VM called", answer_to(world, request(CONSOLE, b"x" * 64)))
    check_in(b"no command", answer_to(world, request(EXEC, b"driver")))
    check_in(b"no command", answer_to(world, request(EXEC, b"driver", more=b"unended")))
    check_in(b"too long", answer_to(world, request(EXEC, b"driver", more=b"x\0" * 3000)))
    check_equal(answer_to(world, struct.pack("=II", STATUS, 1 << 30)), b"")
    # More than the credit, and frames that have no meaning here.
    too_much = frame(OUTPUT, b"x" * 8192)
    answer_to(world, request(CONSOLE, b"driver") + too_much)
    answer_to(world, request(EXEC, b"driver", more=b"sleep\x00100\0") + too_much * 20)
    answer_to(world, request(CONSOLE, b"driver") + frame(END))
    # A stop that never becomes whole, as many of them as there is room for, and more.
    peers = [world.control(request(STOP)[:size % 80]) for size in range(100)]
    for peer in peers:
        peer.close()
    check_equal(world.good("exec", "driver", "--", "echo", "alive"), "alive\n")
