/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where topo's own files are.
 */
#ifndef TOPO_BASE_SHARE_H
#define TOPO_BASE_SHARE_H

/**
 * The directory of the files that are installed with topo (configurations/, the guest images):
 * $PEERVISOR_SHARE, or ../share/peervisor or ./share/peervisor seen from the program's own
 * directory. Returns a string that lives for ever, also when the directory does not exist.
 */
const char *share_directory(void);

#endif
