/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framing of the board's UART: many byte channels on one line, the same in both directions.
 *
 * A byte other than PV_MUX_ESC belongs to the current channel, which is 0 at the start.
 * PV_MUX_ESC PV_MUX_ESC is one byte PV_MUX_ESC. PV_MUX_ESC c, with c < PV_CHANNELS_MAX, makes c
 * the current channel. PV_MUX_ESC with any other byte is dropped together with that byte.
 *
 * Channel 0 is the kernel's log. A domain's channels are those of its pv_domain; by topo's
 * convention channel_first + PV_CONSOLE_* of each.
 */
#ifndef ABI_MUX_H
#define ABI_MUX_H

#define PV_MUX_ESC 0xffU

enum pv_console {
	PV_CONSOLE_TTY = 0,   /* the guest's console UART */
	PV_CONSOLE_VMM = 1,   /* lines of the VMM itself: abi/vmm.h, PV_VMM_LOG_* */
	PV_CONSOLE_AGENT = 2, /* the guest's second UART: abi/agent.h; where there is an agent */
	PV_CONSOLE_COUNT = 3
};

#endif
