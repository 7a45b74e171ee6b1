# SPDX-License-Identifier: BSD-2-Clause
"""Which cases run on which board. The first board runs all; on the others a case is left out that
shows nothing which differs there: the interrupt controller, what of it the CPU and the VMM show,
where registers lie. Each row: the whole names of cases, and why once is enough."""
import re

import abi

# What of a corrupted image is checked against the rows of the board.
_OF_BOARD = (r"header\[0\]\.board|domains\[.\]\.(gicc|msi_)|(devices|windows)\[.\]\.page |"
             r"irqs\[.\]\.intid")
ONCE = (
    (rf"corrupt (?!{_OF_BOARD}).*", "one code checks and uses images on all boards"),
    (r"registers that a VMM can touch on .*", "no register of EL0 is the controller's"),
    (r"(hidden features|registers are kept apart|a VMM's registers are kept apart) on cortex-.*",
     "the CPU with most registers runs on each board"),
    (r"workarounds on .*|an injected exception .*|.*floating point.*|.*random numbers.*|user32",
     "the CPU's and the firmware's"),
    (r"memory is clear|RAM that is not there|a VMM's text that .*|console_input",
     "memory and console are the same"),
    (r"hostile vmm_(store|load) at (?!0x8000000$).*",
     "the distributor is the address that differs"),
    (r"hostile vmm_(jump|store_code|overflow|instruction|reply).*",
     "EL0's address space and calls hold nothing of the controller"),
    (r"hostile guest_call_flood, .*", "a call has nothing to do with the controller"),
    (r"real VMM: nonsense from .*, seed [234]", "one more seed"),
    (r"DMA of .*|SMMU, .*|register windows", "the SMMU and PCI are the same"),
    (r"runs that end by (the other reset|poweroff|the watchdog) .*", "one more way to the same start"),
)
# What a board does not have.
LACKS = (
    ("ITS", r"forged messages|messages to a busy CPU|an ITS that is lost", "what makes interrupts of its own of messages"),
)


def runs(name):
    """Whether the case runs on the board of this run."""
    if any(not abi.BOARD[row] and re.fullmatch(names, name) for row, names, _ in LACKS):
        return False
    return abi.BOARD["NAME"] == abi.BOARDS[0] or \
        not any(re.fullmatch(names, name) for names, _ in ONCE)
