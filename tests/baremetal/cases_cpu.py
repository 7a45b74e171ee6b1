# SPDX-License-Identifier: BSD-2-Clause
"""Cases that depend on which CPU is below the kernel: one that is as old as the kernel asks for
(Cortex-A72), one with the RAS extension (Cortex-A76), and one with all that QEMU knows (max)."""
from cases import ICOUNT, add_real, case

CPUS = ("cortex-a72", "cortex-a76", "max")


def each_cpu(name, cpus=1, **options):
    """Register a function(setup) as a case on each of the CPUs; QEMU takes the last -cpu."""
    def register(function):
        for cpu in CPUS:
            extra = ["-cpu", cpu] + (ICOUNT if cpus == 1 else [])
            case(cpus, name=f"{name} on {cpu}", extra=extra, **options)(function)
        return function
    return register


@each_cpu("registers are kept apart", limit=60)
def registers_apart(setup):
    for name in ("writer", "reader"):
        setup.add(name, guest=f"guest_registers_{name}")
    setup.system.share(1, *setup.system.domains)


# What EL0 has to itself, of two domains and their VMMs that take turns on two CPUs.
@each_cpu("a VMM's registers are kept apart", cpus=2, limit=60)
def vmm_registers_apart(setup):
    for number in range(2):
        setup.add(f"vm{number}", guest="guest_el0_registers", vmm="vmm_own_registers",
                  guest_params=[0x2468 << number], cpus=[0, 1])


@each_cpu("hidden features", limit=60)
def hidden_features(setup):
    setup.add("one", guest="guest_hidden_features")


@case(name="an injected exception is like the CPU's own", extra=("-cpu", "max"), limit=60)
def injected_exception(setup):
    setup.add("one", guest="guest_injected_pstate")


# The image says 128 MiB, and its regions begin where this machine's RAM ends.
@case(name="RAM that is not there", extra=("-m", "48M"))
def missing_ram(setup):
    setup.add("one", guest="guest_nothing", reports=False, stops=None)
    setup.refused = "header[0].ram_page_count: the machine has less RAM"


def workarounds_of(cpu, answers):
    @case(name=f"workarounds on {cpu}, real VMM", extra=["-cpu", cpu] + ICOUNT, limit=60)
    def workarounds(setup):
        add_real(setup, "guest_workarounds", guest_params=[n % 2**64 for n in answers])


# Without firmware, whose workarounds there might be: what the core itself does not need is said to
# be needless; 2 is not there where PSTATE.SSBS does its work.
for core, said in (("cortex-a53", (1, -2, 1)), ("cortex-a57", (-1, -1, -1)),
                   ("cortex-a72", (-1, -1, -1)), ("cortex-a76", (1, -1, -1)),
                   ("neoverse-n1", (1, -1, -1)), ("max", (1, -1, 1))):
    workarounds_of(core, said)
