# SPDX-License-Identifier: BSD-2-Clause
"""Cases of a device that is a guest's: the board's second PL011, which QEMU has with a second
-serial."""
from cases import ALONE_US, ICOUNT, SLICE_US, add_bystander, case, on_cpus

SECOND_UART = ["-serial", "null"]


for program in ("guest_line", "guest_line_overflow", "guest_line_restarts"):
    @case(name=program.replace("guest_", ""), extra=ICOUNT + SECOND_UART)
    def line(setup, program=program):
        setup.system.second_uart(setup.add("one", guest=program, guest_params=[
            setup.system.guest_elf.symbols[program]]))

for spread in ([0, 0], [0, 1]):
    @case(1 + max(spread), name=f"line_moves {on_cpus(spread)}", extra=SECOND_UART)
    def line_moves(setup, spread=spread):
        setup.system.second_uart(setup.add("one", guest="guest_line_moves", cpus=spread))


# What it costs others on the CPU that it comes to.
@case(name="line_storm, bystander", extra=ICOUNT + SECOND_UART, limit=30)
def line_storm(setup):
    setup.system.second_uart(setup.add("bad", guest="guest_line_storm", reports=False, stops=None))
    add_bystander(setup, milliseconds=300, late_us=SLICE_US + ALONE_US)


@case(2, name="line_provoked, bystander", extra=ICOUNT + SECOND_UART, limit=30)
def line_provoked(setup):
    setup.system.second_uart(setup.add("bad", guest="guest_line_provoked", cpus=[0, 1], reports=False,
                          stops=None))
    add_bystander(setup, milliseconds=300, late_us=2 * SLICE_US + ALONE_US, cpus=[0])
