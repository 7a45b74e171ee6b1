/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See confine.h. The filter goes by numbers alone: a program for AArch64 gets to the calls of
 * another architecture by execve() only.
 */
#include "backend/disk/confine.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/bits.h"

#define OWN_ID 21577U /* user and group: of no file, and of no name */

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)
/* Is what was loaded so? If not, go on behind the next instruction. */
#define IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1)
#define UNLESS_BITS(bits) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0)
#define ALLOW(call) IF(__NR_##call), ANSWER(SECCOMP_RET_ALLOW)

bool confine_user(void)
{
	return setgroups(0, NULL) == 0 && setresgid(OWN_ID, OWN_ID, OWN_ID) == 0 &&
	       setresuid(OWN_ID, OWN_ID, OWN_ID) == 0;
}

bool confine_calls(void)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		/* The disk. */
		ALLOW(preadv),
		ALLOW(pwritev),
		ALLOW(pwrite64),
		ALLOW(fdatasync),
		/* The daemon, calls to the driver, and what there is to say. */
		ALLOW(ppoll),
		ALLOW(accept4),
		ALLOW(recvmsg),
		ALLOW(recvfrom),
		ALLOW(sendto),
		ALLOW(epoll_create1),
		ALLOW(epoll_ctl),
		ALLOW(epoll_pwait),
		ALLOW(write),
		ALLOW(close),
		ALLOW(munmap),
		ALLOW(exit_group),
		/* Memory, but no code. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 3),
		LOAD(args[2]),
		UNLESS_BITS(PROT_EXEC),
		ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {.len = ARRAY_COUNT(filter), .filter = filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
