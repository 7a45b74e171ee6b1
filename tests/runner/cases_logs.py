# SPDX-License-Identifier: BSD-2-Clause
"""topo logs."""
import json
import os
import re
import signal

from harness import (CONSOLE, OUTPUT, PAIR, Terminal, check, check_equal, check_in, finish, frame,
                     read_until, request, told_late, wait_until)


def case_logs_of_each_kind(world):
    world.detach()
    check_equal(world.good("logs", "driver"), "Booting Linux as driver\r\n")
    check_equal(world.good("logs", "--vmm", "driver"),
                "VMM of driver speaks\nconnection device up\ndevice device/0 backend ready\n"
                "device device/1 backend ready\ndevice device/0 started\n"
                "device device/1 started\n")
    check_equal(world.good("logs", "--kernel"),
                "pv: kernel starts\npv: domains 2, vCPUs 2, CPUs 2\n")
    text = world.good("logs")
    for line in ("kernel: pv: kernel starts", "device: Booting Linux as device",
                 "driver.vmm: connection device up"):
        check_in(line, text)


def case_logs_follow(world):
    world.detach()
    process = world.start("logs", "--follow", "driver")
    read_until(process.stdout, b"Booting Linux as driver")
    world.type_at("driver", "a new line\r", "a new line")
    read_until(process.stdout, b"a new line")
    everything = world.start("logs", "-f")
    read_until(everything.stdout, b"driver: a new line")
    world.good("stop")
    for follower in (process, everything):
        check_equal(finish(follower)[0], 0)


def case_logs_follow_tells_a_broken_connection_from_the_end(world):
    world.detach()
    process = world.start("logs", "--follow", "driver")
    read_until(process.stdout, b"Booting Linux as driver")
    os.kill(world.system()["pid"], signal.SIGKILL)
    status, _, said = finish(process)
    check_equal(status, 3)
    check_in("the runner has gone", said)
    world.detach()


def case_logs_are_bounded(world):
    """At 8 MiB a log starts anew; a follower misses nothing, others see both halves."""
    world.detach()
    process = world.start("logs", "-f", "driver")
    read_until(process.stdout, b"Booting")
    typist = world.control(request(CONSOLE, b"driver") + frame(OUTPUT, b"flood 9000000\r"))
    out = read_until(process.stdout, b"flood is over")
    typist.close()
    check(out.count(b"0123456789abcde\n") >= 9000000 // 16 - 1, "lines are missing")
    directory = world.run_directory()
    check_in("driver.log.1", os.listdir(directory))
    check(os.path.getsize(os.path.join(directory, "driver.log")) <= 8 << 20, "it is too large")
    check(len(world.good("logs", "driver")) > 9000000, "the older half is missing")


def case_logs_on_a_terminal_are_harmless(world):
    world.detach()
    world.type_at("driver", "control\r", "red")
    terminal = Terminal(world, "logs", "driver")
    check_equal(terminal.wait(), 0)
    check_in("?[31mred?", terminal.seen)
    check("\x1b" not in terminal.seen, terminal.seen)
    check_in("\x1b[31mred", world.good("logs", "driver"))
    check_in("?[31mred?", world.good("logs"))


def case_logs_of_vms_with_odd_names(world):
    """A VM may be called as a log of ours is."""
    world.detach("vm kernel agent\nvm system agent\nvm a.vmm agent\nvm a agent\n")
    for name in ("kernel", "system", "a.vmm", "a"):
        check_equal(world.good("logs", name), f"Booting Linux as {name}\r\n")
    check_in("pv: kernel starts\n", world.good("logs", "--kernel"))
    check_equal(world.good("logs", "--vmm", "a"), "VMM of a speaks\n")


def case_logs_of_vms_with_names_like_files(world):
    """A name that is taken is replaced by one that no VM can have."""
    names = ("kernel-1", "kernel", "kernel-2", "x.vmm", "system-3")
    world.detach("".join(f"vm {name} agent\n" for name in names))
    for name in names:
        check_equal(world.good("logs", name), f"Booting Linux as {name}\r\n")


def case_logs_of_several(world):
    """Each line behind its VM's name, in the order in which they came; coloured on a terminal."""
    world.detach(PAIR + "vm driver2 agent\n")
    world.type_at("device", "of the device\r", "of the device")
    world.type_at("driver", "of the driver\r", "of the driver")
    world.type_at("driver2", "of another\r", "of another")
    lines = world.good("logs", "device", "driver").splitlines()
    check_equal([re.sub(r"\[ *\d+\.\d+\]", "[T]", line) for line in lines],
                ["device | [T] Booting Linux as device", "driver | [T] Booting Linux as driver",
                 "device | [T] of the device", "driver | [T] of the driver"])
    check_equal(world.good("logs", "--tail", "1", "device", "driver").splitlines(), lines[-1:])
    check_in("driver.vmm | [", world.good("logs", "--vmm", "device", "driver"))
    terminal = Terminal(world, "logs", "device", "driver")
    check_equal(terminal.wait(), 0)
    check_in("\x1b[36mdevice |\x1b[0m [", terminal.seen)
    world.env["NO_COLOR"] = "1"
    terminal = Terminal(world, "logs", "device", "driver")
    check_equal(terminal.wait(), 0)
    check("\x1b" not in terminal.seen, terminal.seen)


def case_logs_of_several_with_long_names(world):
    """One more than a topology lets a VM have, up to what a status holds."""
    names = ["n" * length for length in (31, 50, 51, 60, 63)]
    world.detach("".join(f"vm {name} agent\n" for name in names))
    for name in names:
        check_in(f"VMM of {name} speaks", world.good("logs", "--vmm", name, names[0]))
        check_in(f"{name} | [", world.good("logs", name, names[0]))


def case_logs_of_several_followed(world):
    world.detach()
    process = world.start("logs", "-f", "--tail", "1", "device", "driver")
    read_until(process.stdout, b"Booting Linux as driver\n")  # so it has counted
    world.type_at("device", "first\r", "first")
    seen = read_until(process.stdout, b"first\n")
    world.type_at("driver", "second\r", "second")
    seen += read_until(process.stdout, b"second\n")
    check(b"Booting" not in seen, seen)
    world.good("stop")
    check_equal(finish(process)[0], 0)


def case_logs_tail_and_since(world):
    world.detach()
    world.type_at("driver", "one\rtwo\rprompt", "prompt")
    check_equal(world.good("logs", "--tail", "2", "driver"), "two\r\nprompt")
    check_equal(world.good("logs", "--tail", "0", "driver"), "")
    check_equal(world.good("logs", "--tail", "99", "driver"), world.good("logs", "driver"))
    check_equal(world.good("logs", "--tail", "1", "--kernel"), "pv: domains 2, vCPUs 2, CPUs 2\n")
    check_equal(len(world.good("logs", "--tail", "3").splitlines()), 3)
    check_in("Booting Linux as driver", world.good("logs", "--since", "9999", "driver"))
    check_equal(world.good("logs", "--since", "9999"), world.good("logs"))
    wait_until(lambda: world.good("logs", "--since", "0.001") == "", "the last line is older")


def case_logs_of_the_last_run(world):
    """What has ended can be looked at: logs, image, and how it ended."""
    check_in("none is kept", world.good("ps", "--all"))
    check_equal(json.loads(world.good("ps", "--all", "--json")), [])
    check_in("'pair'", world.bad(1, "ps", "--all", "pair"))
    world.detach()
    check_equal([system["state"] for system in json.loads(world.good("ps", "-a", "--json"))], ["up"])
    check_in("no run of pair", world.bad(1, "logs", "--last", "pair"))
    world.good("ps", "--all", "pair")
    world.type_at("driver", "last words\r", "last words")
    world.good("stop")
    check_equal(world.good("ps"), "no system runs\n")
    world.good("ps", "--all", "pair")
    check_in("'pear'", world.bad(1, "ps", "--all", "pear"))
    text = world.good("logs", "--last", "pair", "driver")
    check_equal(text, "Booting Linux as driver\r\nlast words\r\n")
    check_equal(world.good("logs", "--last", "pair", "--tail", "1", "driver"), "last words\r\n")
    check_in("driver | [", world.good("logs", "--last", "pair", "device", "driver"))
    check_in("pv: kernel starts", world.good("logs", "--last", "pair", "--kernel"))
    check_in("device: Booting", world.good("logs", "--last", "pair"))
    ended = json.loads(world.good("ps", "--all", "--json"))
    check_equal([(run["name"], run["state"], run["end"]) for run in ended],
                [("pair", "ended", "stopped")])
    check_in("pair.camkes: stopped\n     " + ended[0]["directory"], world.good("ps", "-a"))
    with open(os.path.join(ended[0]["directory"], "image"), encoding="utf-8") as image:
        check_equal(image.read(), PAIR)
    check(not {"control", "lock"} & set(os.listdir(ended[0]["directory"])), "they are no logs")
    check_in("did you mean 'driver'?", world.bad(1, "logs", "--last", "pair", "drive"))
    check_in("it has ended", world.bad(2, "logs", "--last", "pair", "--follow"))
    logs = os.path.join(world.directory, "logs")
    world.detach(PAIR, "--log-dir", logs)
    world.good("stop")
    check_equal(world.good("logs", "--last", "pair", "driver"), "Booting Linux as driver\r\n")
    check_equal(json.loads(world.good("ps", "-a", "--json", "pair"))[1]["log_directory"], logs)


def case_logs_of_what_was_killed(world):
    """The runner, its machine, and a system that never came up."""
    world.detach()
    os.kill(world.system()["pid"], signal.SIGKILL)
    wait_until(world.nothing_runs, "its lock is free")
    check_in("the runner was killed", world.good("ps", "-a"))
    check_equal(world.left(), [])
    world.detach(PAIR.replace("driver", "other"))
    check_equal(world.good("logs", "--last", "pair", "driver"), "Booting Linux as driver\r\n")
    check_in("the runner was killed", world.good("ps", "-a"))
    os.kill(world.system()["qemu_pid"], signal.SIGKILL)
    wait_until(world.nothing_runs, "the runner has ended")
    check_equal(world.good("logs", "--last", "pair", "other"), "Booting Linux as other\r\n")
    told_late(world, "vm one agent hello=never\n", "| Booting Linux as one", "--detach", name="late")
    check_in("Booting Linux as one", world.good("logs", "--last", "late", "one"))
    ends = [run["end"] for run in json.loads(world.good("ps", "-a", "--json"))]
    check_equal(ends[:2], ["the runner was killed", "the machine crashed"])
    check_equal(set(ends[2:]), {"not everything was up"})
    world.bad(1, "run", world.scenario("unbuildable\n", "never"))
    check_in("no run of never", world.bad(1, "logs", "--last", "never"))


def case_what_is_kept_is_no_longer_what_was_written(world):
    """A line too long for what it tells is cut, not two; no such time is none."""
    world.detach()
    world.good("stop")
    about = os.path.join(json.loads(world.good("ps", "-a", "--json"))[0]["directory"], "about")
    with open(about, "w", encoding="ascii") as file:
        for pad in range(1070, 1100):  # wherever a line is cut, one begins there
            file.write("topology " + "x" * (pad - 9) + "vm evil evil\n")
        file.write("started 18446744073709551615\nvm driver driver\nended 5 well\n")
    run = json.loads(world.good("ps", "-a", "--json"))[0]
    check_equal((run["topology"], run["started"], run["end"]), ("x" * 1023, "", "well"))
    check_in("began ?, ran", world.good("ps", "-a"))
    check_in("no VM called 'evil'", world.bad(1, "logs", "--last", "pair", "evil"))
    world.good("logs", "--last", "pair", "driver")


def case_what_is_kept_is_bounded(world):
    for number in range(10):
        world.detach("vm one agent\n", "--name", f"run{number}")
        world.good("stop")
    runs = json.loads(world.good("ps", "-a", "--json"))
    check_equal([run["name"] for run in runs], [f"run{number}" for number in range(2, 10)])
    check_equal([os.path.exists(os.path.join(run["directory"], "image")) for run in runs],
                [False] * 6 + [True] * 2)
    kept = os.path.dirname(runs[0]["directory"])
    check_equal(len(os.listdir(kept)), 8)


def case_what_is_kept_leaves_room(world):
    """The oldest goes for what is newer, an image for logs; the last run's logs stay."""
    def end_with(name, file, part):
        world.detach("vm one agent\n", "--name", name)
        path = os.path.join(world.run_directory(name), file)
        system = os.statvfs(os.path.dirname(path))
        os.truncate(path, int(system.f_blocks * system.f_frsize * part))  # a hole
        world.good("stop", name)
        return [(run["name"], os.path.exists(os.path.join(run["directory"], "image")))
                for run in json.loads(world.good("ps", "-a", "--json"))]

    check_equal(end_with("first", "image", 0.07), [("first", True)])
    check_equal(end_with("second", "image", 0.07), [("first", False), ("second", True)])
    check_equal(end_with("third", "kernel.log", 0.10),
                [("first", False), ("second", False), ("third", True)])
    check_equal(end_with("fourth", "kernel.log", 0.13), [("fourth", False)])


def case_logs_refused(world):
    check_in("no system runs", world.bad(1, "logs"))
    world.detach(PAIR)
    check_in("did you mean 'driver'?", world.bad(1, "logs", "drive"))
    check_in("one of them", world.bad(2, "logs", "--kernel", "driver"))
    check_in("--vmm of which", world.bad(2, "logs", "--vmm"))
    check_in("did you mean 'driver'?", world.bad(1, "logs", "device", "drive"))
    check_in("has no times", world.bad(2, "logs", "--kernel", "--since", "1"))
    check_in("a number of lines", world.bad(2, "logs", "--tail", "few"))
    check_in("no more than", world.bad(2, "logs", *["driver"] * 33))
