/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol of the guest agent: commands run in a VM for `topo exec`, over a byte channel (the
 * guest's second UART on the one end, PV_CONSOLE_AGENT of abi/mux.h on the other). The host is
 * topo's runner, the guest is images/agent. lib/agent_frame.h encodes and decodes the frames.
 *
 * Frame, all numbers little-endian:
 *
 *   byte  0    magic, PV_AGENT_MAGIC
 *         1    type, PV_AGENT_*
 *         2,3  payload bytes: guest to host <= PV_AGENT_TO_HOST_MAX, to guest <= PV_AGENT_TO_GUEST_MAX
 *         4..7 id: the command that the frame is about, chosen by the host, 0 = none
 *         8    sequence
 *         9..  payload, then CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xffff) of all before it
 *
 * Guest to host nothing is lost, and a frame needs no answer; its sequence is 0 except in HELLO
 * and ACK. Host to guest a byte may be lost when the UART's receive ring runs over, so the host
 * has one frame under way at a time: it sends it with a sequence other than the last one, and
 * again after a time-out, until ACK (for PING: HELLO) comes back with that sequence. The agent
 * acts on a sequence once; to the same sequence again it repeats its answer. A frame is no longer
 * than the smallest receive ring (64 bytes). PING begins a conversation: the agent takes its
 * sequence as the last one and forgets commands that were announced and not started; commands
 * that run go on, so a host picks ids at random.
 *
 * The window: memory of the guest that both ends may have mapped, for payloads that are longer than is
 * good for a UART. HELLO says whether the agent has it, PING whether the host has. A frame whose type
 * has PV_AGENT_IN_WINDOW carries, in the place of its payload, a u32: how many bytes of the window
 * are its payload. To the guest they are the first ones of to_guest, which are the host's to write while
 * no frame is under way. To the host they follow those of the frame before in the ring to_host, which
 * begins anew with the agent; the host counts in `taken` what it has read there, and as long as there is
 * no room the agent's payloads are in its frames. Each end keeps its own position and believes the
 * other in nothing that could lead out of the window.
 *
 * The time, in seconds since 1970: many a guest has no clock of its own and begins with 1970. By the
 * first PING that an agent hears it sets the guest's clock, if there is no RTC and the clock is more than
 * PV_AGENT_CLOCK_BEHIND_S behind; it is never set back. 0: the host says no time.
 *
 * A command: EXEC frames carry the argument vector in pieces, each argument ended by a NUL;
 * EXEC_GO starts it (execvp, no shell, a process group of its own). STDIN writes to its standard
 * input; STDIN_EOF closes it. STDOUT and STDERR carry its output, EXIT is its last frame; what the
 * command itself wrote comes before EXIT, what its orphans write later does not come. On a terminal
 * it is the leader of a session, all output is STDOUT, and STDIN_EOF is typed as ^D, twice behind a
 * line that is not finished. A command that cannot be executed says why on STDERR and exits with
 * 127, or 126 if permission is missing.
 *
 * One command is the agent's own, whatever there is in the guest's file system: PV_AGENT_CONNECT with
 * an address and a port, numbers both. Its input and output are a TCP connection to there, each
 * direction with an end of its own: PV_AGENT_CONNECT_END and the number of bytes that came, in a line on
 * STDERR, which may come before the last of them; or why there is no connection, and status 1.
 */
#ifndef ABI_AGENT_H
#define ABI_AGENT_H

#include <stdint.h>

#define PV_AGENT_VERSION 4U
#define PV_AGENT_MAGIC 0xa5U
#define PV_AGENT_HEADER_BYTES 9U
#define PV_AGENT_CRC_BYTES 2U
#define PV_AGENT_ACK_BYTES 5U      /* payload */
#define PV_AGENT_HELLO_BYTES 2U    /* payload */
#define PV_AGENT_PING_BYTES 9U     /* payload */
#define PV_AGENT_TO_HOST_MAX 1024U /* payload in the frame */
#define PV_AGENT_TO_GUEST_MAX 48U
#define PV_AGENT_FRAME_BYTES_MAX (PV_AGENT_HEADER_BYTES + PV_AGENT_TO_HOST_MAX + PV_AGENT_CRC_BYTES)
#define PV_AGENT_RING_BYTES_MIN 64U

/* Where the window lies in a VM's device tree, below /reserved-memory; it has PV_AGENT_WINDOW_BYTES. */
#define PV_AGENT_WINDOW_COMPATIBLE "peervisor,agent-window"
#define PV_AGENT_WINDOW_BYTES 65536U
#define PV_AGENT_WINDOW_TO_GUEST 28672U
#define PV_AGENT_WINDOW_TO_HOST 32768U /* a power of two */
#define PV_AGENT_IN_WINDOW 0x40U

#define PV_AGENT_CLOCK_BEHIND_S 60U

#define PV_AGENT_CONNECT "agent:connect"
#define PV_AGENT_CONNECT_END "end "

#define PV_AGENT_COMMANDS_MAX 16U /* announced or running at a time */
#define PV_AGENT_ARGV_BYTES_MAX 4096U
#define PV_AGENT_ARGC_MAX 255U

_Static_assert(PV_AGENT_HEADER_BYTES + PV_AGENT_TO_GUEST_MAX + PV_AGENT_CRC_BYTES <=
                       PV_AGENT_RING_BYTES_MIN,
               "a frame to the guest fits into the smallest receive ring");

enum pv_agent_type {
	/* host to guest */
	PV_AGENT_PING = 0x01,    /* u8: 1 = the host has the window, u64: the host's time; answered
	                              by HELLO */
	PV_AGENT_EXEC = 0x02,    /* a piece of the argument vector */
	PV_AGENT_EXEC_GO = 0x03, /* u32: milliseconds until SIGKILL, 0 = no limit; with u16 rows and
	                              u16 columns behind it on a terminal of that size */
	PV_AGENT_STDIN = 0x04,   /* data; answered with BUSY while the command does not read */
	PV_AGENT_STDIN_EOF = 0x05, /* no payload */
	PV_AGENT_SIGNAL = 0x06,    /* u8: Linux signal number, to the command's process group; 0 is
	                              none. NO_COMMAND: it does not run, what it had to say of its
	                              end has been said */
	PV_AGENT_SIZE = 0x07,      /* u16 rows, u16 columns: the terminal's new size */
	/* guest to host */
	PV_AGENT_HELLO = 0x81, /* u8 version, u8: 1 = the agent has the window; at the agent's start
	                           with sequence 0, and on PING */
	PV_AGENT_ACK = 0x82, /* u8: enum pv_agent_status, u32: bytes of the payload that were taken;
	                           of STDIN less than all may be */
	PV_AGENT_STDOUT = 0x83, /* data */
	PV_AGENT_STDERR = 0x84, /* data */
	PV_AGENT_EXIT = 0x85,   /* u8 enum pv_agent_end, u8 exit code or signal number */
};

/* The answer to a frame from the host. Only OK has changed anything. */
enum pv_agent_status {
	PV_AGENT_OK = 0,
	PV_AGENT_BUSY = 1,       /* no room now: send it again, as a new frame */
	PV_AGENT_NO_COMMAND = 2, /* no command of this id, or it does not run any more */
	PV_AGENT_FULL = 3,       /* PV_AGENT_COMMANDS_MAX, or the argument vector is too long */
	PV_AGENT_BAD = 4,        /* unknown type, wrong payload, or not in this state */
	PV_AGENT_FAILED = 5,     /* the guest's system refused: no process, no memory */
};

struct pv_agent_window {
	uint32_t taken; /* written by the host: bytes of to_host so far, free-running */
	uint8_t reserved[4092];
	uint8_t to_guest[PV_AGENT_WINDOW_TO_GUEST];
	uint8_t to_host[PV_AGENT_WINDOW_TO_HOST];
};

_Static_assert(sizeof(struct pv_agent_window) == PV_AGENT_WINDOW_BYTES, "window");
_Static_assert((PV_AGENT_WINDOW_TO_HOST & (PV_AGENT_WINDOW_TO_HOST - 1)) == 0,
               "free-running counters count in it");

enum pv_agent_end {
	PV_AGENT_EXITED = 0,
	PV_AGENT_SIGNALED = 1,
	PV_AGENT_TIMED_OUT = 2, /* killed at the time limit of EXEC_GO */
};

#endif
