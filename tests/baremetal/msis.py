# SPDX-License-Identifier: BSD-2-Clause
"""Messages of a device (QEMU's edu) that is a VM's: through the DMA space to the board's page for MSIs,
and as the SPI that they name to the guest, which tells what came (guest_msi.c)."""
import abi
import machine
from cases import ICOUNT, Setup, config_of
from image import T
from smmu import EDU, WINDOWS
from windows import COMMAND, DECODE, Observer

LIMIT = 60
SLOT, STREAM = 1, 8
BAR = WINDOWS["MEMORY"] + (4 << 20)
SPI = abi.BOARD["MSI_FIRST"] + 3
MSI_IPA = abi.BOARD["MSI_PAGE"]
FRAME_SET = 0x40  # V2M_MSI_SETSPI_NS
# Of edu's capability: enabled, of 64 bits.
MSI_CONTROL, MSI_ADDRESS, MSI_ADDRESS_HIGH, MSI_DATA = 0x40, 0x44, 0x48, 0x4c
MSI_ENABLE = 1 << 16


def leave(qtest):
    config = config_of(SLOT)
    for at, value in ((0x10, BAR), (4 * COMMAND, DECODE), (MSI_ADDRESS, MSI_IPA + FRAME_SET),
                      (MSI_ADDRESS_HIGH, 0), (MSI_DATA, SPI), (MSI_CONTROL, MSI_ENABLE)):
        qtest.write32(config + at, value)


def run_msis(runner):
    setup = Setup(runner.programs, 1)
    one = setup.add("one", guest="guest_msi", vmm="vmm_stream_on", guest_params=[SPI])
    one.msis = {"msi_ipa_page": MSI_IPA // 4096, "msi_first": abi.BOARD["MSI_FIRST"], "msi_count": 8}
    setup.system.stream(one, STREAM)
    setup.system.device(one, BAR, T["T_UART_IPA"])
    path = runner.image_file("msis", setup.system.build().data)
    observer = Observer(path, leave)
    done = machine.run(path, 1, LIMIT, ICOUNT + ["-device", f"{EDU},addr={SLOT}"] +
                       observer.options())
    observer.close()
    lines = done.channel(1)
    bad = [line for line in lines if line.startswith("FAIL")]
    if not any(line.startswith("end ") for line in lines):
        bad.append("the guest does not come to its end")
    return bad, done.log if bad else []


WORK = {"messages of a device": run_msis}
