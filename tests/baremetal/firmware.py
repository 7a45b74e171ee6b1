# SPDX-License-Identifier: BSD-2-Clause
"""The workarounds for speculation over firmware that has them: the machine starts at EL3 in
tests/baremetal/firmware.S, which counts what comes down to it."""
import os

import machine
from image import RealDomain, System

NAME = "workarounds of the firmware, real VMM"
KERNEL_PA = 0x40200000
CALLS = 6  # of each workaround, by guest_workarounds
NOT_REQUIRED = -2 % 2**64  # workaround 2 is on for good
LIMIT = 20


def judge(run, domain):
    ended = [line for line in run.channel(1 + domain.index) if line.startswith("end ")]
    bad = [line for line in run.channel(1 + domain.index) if line.startswith("FAIL")]
    if not ended:
        bad.append("the guest did not come to its end")
    # Once for each call of 1 and 3; 2 by the kernel when it starts, and never by a guest.
    wanted = f"workarounds {CALLS}1{CALLS}"
    if wanted not in run.log:
        bad.append(f"the firmware did not say '{wanted}'")
    return bad, [f"    log: {line}" for line in run.log] if bad else []


def run(runner):
    system = System(runner.programs, 1)
    domain = RealDomain("real", "guest_workarounds", os.path.join(
        runner.programs, "../share/peervisor/vmm.elf"), guest_params=[0, NOT_REQUIRED, 0])
    system.add(domain)
    path = runner.image_file(NAME, system.build().data)
    firmware = os.path.join(runner.programs, "firmware.bin")
    extra = ["-M", "secure=on", "-bios", firmware,
             "-device", f"loader,file={path},addr={KERNEL_PA:#x},force-raw=on"]
    result = machine.run(os.devnull, 1, LIMIT, extra)
    os.unlink(path)
    return judge(result, domain)
