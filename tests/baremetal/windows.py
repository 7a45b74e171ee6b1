# SPDX-License-Identifier: BSD-2-Clause
"""Register windows on the configuration space of real functions (QEMU's edu), which firmware has left
at work: when the kernel starts they decode memory and are bus masters.

  inside     what a VMM may read and write of its functions (vmm_windows.c): a base address stays in
             its aperture, words without a rule are as they were, of a word that two VMs have each
             writes its own bits, a function that is larger than its aperture is closed
  outside    what the functions then are, as an observer sees them: its VM's one is at work where the
             image says, nobody's and the closed one are at rest
"""
import socket
import threading

import abi
import machine
from cases import ICOUNT, Setup, config_of, place_rules, rule
from outside import Monitor
from smmu import EDU, WINDOWS, Qtest

LIMIT = 60
SLOTS = OWN, SHARED, CLOSED, NOBODYS = range(1, 5)
COMMAND, BAR, LINE = 1, 4, 15               # words
DECODE, INTX_OFF = 6, 1 << 10
MIB = 1 << 20
BASE = WINDOWS["MEMORY"] + 4 * MIB
EDU_ID = 0x010000ed


def leave(qtest):
    for slot in SLOTS:
        qtest.write32(config_of(slot) + 4 * COMMAND, DECODE)
        qtest.write32(config_of(slot) + 4 * LINE, 0xff)


def decoding(base, size):
    return place_rules(DECODE, base, size, INTX_OFF)


class Observer:
    """Has the machine, which has stopped before its first instruction, begin as firmware leaves it:
    leave(qtest)."""

    def __init__(self, path, leave):
        self.path, self.leave = path, leave
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path + ".qtest")
        self.listener.listen()
        self.qtest = None
        threading.Thread(target=self.begin, daemon=True).start()

    def options(self):
        return ["-S", "-qtest", f"unix:{self.path}.qtest", "-qtest-log", "none",
                "-qmp", f"unix:{self.path}.qmp,server=on,wait=off"]

    def begin(self):
        connection, _ = self.listener.accept()
        self.qtest = Qtest(connection)
        self.leave(self.qtest)
        monitor = Monitor(self.path + ".qmp")
        monitor.command("cont")
        monitor.close()

    def close(self):
        if self.qtest:
            self.qtest.close()
        self.listener.close()


def build(runner):
    setup = Setup(runner.programs, 1)
    one = setup.add("one", guest="guest_sleep", vmm="vmm_windows", reports=False, stops=None,
                    vmm_params=[BASE])
    two = setup.add("two", guest="guest_sleep", reports=False, stops=None)
    system = setup.system
    system.window(one, config_of(OWN), decoding(BASE, MIB))
    system.window(one, config_of(SHARED), [rule(LINE, 0xf0, 0x0f)])
    system.window(two, config_of(SHARED), [rule(LINE, 0x0f, 0xf0)])
    system.window(one, config_of(CLOSED), decoding(BASE + 2 * MIB, MIB // 2))
    system.window(None, config_of(NOBODYS),
                  [rule(COMMAND, 0, INTX_OFF, INTX_OFF, abi.PV_RULE_INITIAL)])
    return system.build()


def look(qtest):
    bad = []

    def want(what, address, value, mask=0xffffffff):
        found = qtest.read32(address) & mask
        if found != value:
            bad.append(f"{what} is {found:#x}, not {value:#x}")
    want("its own command", config_of(OWN) + 4 * COMMAND, INTX_OFF | DECODE, 0xffff)
    want("its own base address", config_of(OWN) + 4 * BAR, BASE)
    want("what stands there", BASE, EDU_ID)
    want("a command without a rule", config_of(SHARED) + 4 * COMMAND, DECODE, 0xffff)
    want("the command of a closed one", config_of(CLOSED) + 4 * COMMAND, INTX_OFF, 0xffff)
    want("nobody's command", config_of(NOBODYS) + 4 * COMMAND, INTX_OFF, 0xffff)
    return bad


def run_windows(runner):
    bad = ["the machine did not come up"]
    path = runner.image_file("windows", build(runner).data)
    observer = Observer(path, leave)

    def until(demux):
        if "ready" not in demux.lines(1)[:-1]:
            return False
        lines = [line for line in demux.lines(1) if line.startswith("FAIL")]
        if not any(line.startswith(f"pv: window at {config_of(CLOSED):#018x} closed: word {BAR} ")
                   for line in demux.lines(0)):
            lines.append("the kernel does not say what it closed")
        bad[:] = lines + look(observer.qtest)
        return True
    devices = [word for slot in SLOTS for word in ("-device", f"{EDU},addr={slot}")]
    machine.run(path, 1, LIMIT, ICOUNT + devices + observer.options(), until)
    observer.close()
    return bad, []


WORK = {"register windows": run_windows}
