/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo's view of abi/boards/rpi4.h.
 */
#include "abi/boards/rpi4.h"
#include "abi/boards/rpi4_topo.h"
#include "topo/model/board_rows.h"

BOARD_DEFINE(rpi4);
