# SPDX-License-Identifier: BSD-2-Clause
"""Real functions (QEMU's edu) behind the real VMM."""
import abi
from cases import add_real, case, config_of, place_rules, rule
from smmu import EDU, WINDOWS

MIB = 1 << 20
SLOT = 2
BUS_ADDRESS = WINDOWS["MEMORY"] + 4 * MIB
DECODE, INTX_OFF = 6, 1 << 10
EXTRA = ["-device", f"{EDU},addr={SLOT}"]
LIFE = {"restart": abi.PV_VMM_RESTART_ALWAYS, "restart_limit": 1, "restart_delay_ms": 1}


def give(system, real, size):
    """Give `real` the function, whose range is said to be of that size; system.extra is to have it."""
    rules = place_rules(DECODE, BUS_ADDRESS, size, INTX_OFF)
    rules += [rule(word, 0xffffffff) for word in range(16, 64)]
    real.function(system, SLOT << 3, config_of(SLOT), rules, (BUS_ADDRESS, size))


# The function takes a tenth of a second for each of its copies, which would be many instructions.
@case(name="a physical function, real VMM", extra=EXTRA, limit=60)
def physical(setup):
    real = add_real(setup, "guest_hardware", life=LIFE)
    real.guest_params = [0x40000000 + real.ram_bytes - 0x4000]
    give(setup.system, real, MIB)
    setup.says += [(real, r"stream 00:02\.0 faults \d+ last 0x[0-3][0-9a-f]?$"), (real, "vm starting 2$")]


@case(2, name="a physical function larger than it is said to be, real VMM",
      extra=EXTRA, limit=60)
def too_large(setup):
    real = add_real(setup, "guest_hardware", life=LIFE)
    setup.reports.remove(real)
    setup.stops[real.name] = "fault"
    give(setup.system, real, MIB // 2)
    setup.says += [(real, r"hardware 00:02\.0: its registers are closed, see the kernel's line"),
                   (real, "vm failed hardware after 0 restarts")]
    setup.add("other", guest="guest_hello", cpus=[1])
