# SPDX-License-Identifier: BSD-2-Clause
"""What VMMs count, as topo stats and topo top show it."""
import json
import os
import re
import signal

from harness import PAIR, Terminal, check, check_equal, check_in, wait_until

COUNTERS = {"waits": 1, "registers": 2, "doorbells": 3, "reads": 4, "writes": 5, "calls": 6,
            "faults": 7, "time_us": 1500000, "held_us": 250, "interrupts": 10}


def case_stats(world):
    world.good("run", "-d", world.scenario(PAIR))
    system = json.loads(world.good("stats", "--json"))
    check_equal(system["name"], "pair")
    check_equal(system["vms"], [{"name": name, "state": "up", "counters": COUNTERS}
                                for name in ("device", "driver")])
    check_equal(system["connections"], [
        {"device": "device", "driver": "driver", "state": "up", "sessions": 1, "pool": None,
         "traffic": {"kicks": 100, "calls": 10, "errors": 1}}])
    text = world.good("stats", "pair")
    check(re.search(r"\ndevice +3\.000 +0\.000 +10 +3 +2 +2 +4 +5 +6 +7\n", text), text)
    check(re.search(r"\ndevice -> driver +200 +20 +1 +1 +-\n", text), text)
    # Nothing of that is for people who read logs.
    for logs in (("logs",), ("logs", "--vmm", "driver")):
        check("counted" not in world.good(*logs), "counters in the log")
    check_in("no system called pai runs", world.bad(1, "stats", "pai"))
    check_in("one system at a time", world.bad(2, "stats", "pair", "pair"))


def case_one_system_by_name(world):
    """Every command of a system that runs takes --name, those that take it as an operand too."""
    world.good("run", "-d", world.scenario(PAIR))
    world.good("run", "-d", world.scenario(PAIR, "other"))
    for words in (("stats",), ("top", "--count", "1"), ("ps",), ("inspect", "driver"), ("logs",),
                  ("wait", "driver"), ("exec", "driver", "true")):
        check_in("other", world.good(*words, "-n", "other") if words[0] == "ps" else "other")
        check_equal(world.topo(words[0], "--name", "other", *words[1:]).returncode, 0)
    for words in (("stats",), ("top",), ("ps",), ("events",)):
        check_in("no system called nope runs", world.bad(1, *words, "-n", "nope"))
        check_in("one system at a time", world.bad(2, *words, "-n", "pair", "other"))


def case_stats_mute(world):
    """A VMM that does not answer, and one of a VM that is off, which does."""
    world.good("run", "-d", world.scenario(
        "vm device agent mute\nvm driver agent off\nvm third agent mute\n"
        "connect device driver never\nconnect device third\n"))
    system = json.loads(world.good("stats", "--json"))
    check_equal([(vm["state"], vm["counters"]) for vm in system["vms"]],
                [("up", None), ("stopped", COUNTERS), ("up", None)])
    check_equal([link["traffic"] for link in system["connections"]],
                [{"kicks": 100, "calls": 10, "errors": 1}, None])
    check(re.search(r"\ndevice( +-){10}\n", world.good("stats")), "a dash for each number")


POOLS = "vm device agent\nvm driver agent pools\nconnect device driver pool\n"


def pool_of(world, script):
    """What topo stats tells of the pool when the guest's program is that script."""
    with open(world.env["FAKE_POOLS"], "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + script)
    os.chmod(world.env["FAKE_POOLS"], 0o755)
    system = json.loads(world.good("stats", "--json"))
    check(system["vms"][1]["counters"] is not None, "its VMM tells nevertheless")
    return system["connections"][0]["pool"]


def case_stats_pools(world):
    """How much of a pool was in use at most is what the guest says of its own; null, if it says
    nothing, or nothing that can be."""
    world.good("run", "-d", world.scenario(POOLS))
    told = {"bytes": 8 << 20, "used_bytes": 12288}
    silent = {"bytes": 8 << 20, "used_bytes": None}
    wait_until(lambda: pool_of(world, "echo 90000000 12288\n") == told, "what the guest says")
    check(re.search(r"\ndevice -> driver +\d+ +\d+ +1 +1 +12\n", world.good("stats")), "in KiB")
    check("pool" not in world.good("top", "--interval", "0.1", "--count", "1"), "top asks no guest")
    all_of_it = f"echo 90000000 {8 << 20}\necho 90000001 4096\nexit 1\n"
    wait_until(lambda: pool_of(world, all_of_it)["used_bytes"] == 8 << 20, "all of it")
    for script in ("", "exit 127\n", "echo 90000001 4096\n", f"echo 90000000 {(8 << 20) + 1}\n",
                   "echo 90000000\n", "echo 90000000 -1\n", "echo 90000000 1x\n",
                   "echo 90000000 1 >&2\n", "kill -9 $$\n", "exec sleep 60\n"):
        check_equal(pool_of(world, script), silent)
    wait_until(lambda: pool_of(world, "echo 90000000 12288\n") == told, "the one that hung is gone")


def may_be_interrupted(pid):
    """Whether the process has a handler of SIGINT and lets it through."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        masks = dict(re.findall(r"^(Sig\w+):\s*([0-9a-f]{16})$", status.read(), re.M))
    bit = 1 << (signal.SIGINT - 1)
    return int(masks["SigCgt"], 16) & bit and not int(masks["SigBlk"], 16) & bit


def case_top(world):
    """Rates between two answers, on a terminal and elsewhere; interrupted, it ends well."""
    world.good("run", "-d", world.scenario(PAIR))
    text = world.good("top", "--interval", "0.1", "--count", "2")
    check_equal(text.count("\nVM "), 2)
    check("\33" not in text, "no control sequences where there is no terminal")
    rates = [float(rate) for rate in re.findall(r"\ndevice +([0-9.]+)% +0\.0%", text)]
    check(len(rates) == 2 and min(rates) > 0, text)
    top = Terminal(world, "top", "--interval", "0.1")
    top.expect(r"\x1b\[H\x1b\[J(?s:.*)device -> driver")
    top.process.send_signal(signal.SIGINT)
    check_equal(top.wait(), 0)
    check(top.same_as_before(), "the terminal is as it was")
    narrow = Terminal(world, "top", "--interval", "0.1", columns=40)
    narrow.expect(r"\x1b\[H\x1b\[J[^\r\n]*\r\nVM[^\r\n]{38}\r\ndevice")
    # A runner that hangs: who waits for its answer can be interrupted.
    runner = world.system()["pid"]
    os.kill(runner, signal.SIGSTOP)
    hangs = Terminal(world, "top", "--interval", "0.1")
    wait_until(lambda: may_be_interrupted(hangs.process.pid), "it waits for the runner")
    for stuck in (narrow, hangs):
        stuck.process.send_signal(signal.SIGINT)
        check_equal(stuck.wait(), 0)
    os.kill(runner, signal.SIGCONT)
    for arguments in (("--interval", "0"), ("--interval", "x"), ("--count", "0"), ("a", "b")):
        check_in("topo top: ", world.bad(2, "top", *arguments))
    check_in("no system called x runs", world.bad(1, "top", "x"))
