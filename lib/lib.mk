# SPDX-License-Identifier: BSD-2-Clause
#
# lib/ is sources, not a library: each part compiles those that it needs with its own flags and its
# own port.h. These lists are for the parts to use.

LIB_KERNEL_SOURCES := lib/freestanding.c lib/image_check.c lib/image_check_memory.c \
	lib/image_check_objects.c lib/image_check_hardware.c
LIB_VMM_SOURCES := lib/freestanding.c lib/freestanding_bytes.c lib/iobuf.c lib/random.c
LIB_DAEMON_SOURCES := lib/iobuf.c

CFLAGS_lib := -Ilib/port/hosted
