/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo's view of abi/boards/qemu_virt_v3.h.
 */
#include "abi/boards/qemu_virt_v3.h"
#include "abi/boards/qemu_virt_v3_topo.h"
#include "topo/model/board_rows.h"

BOARD_DEFINE(qemu_virt_v3);
