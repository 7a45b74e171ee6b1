/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs that are one file in a guest's root file system (programs.c): each is compiled with its
 * main() under the name here. Included before all else.
 */
#ifndef IMAGES_ROOTFS_PROGRAMS_H
#define IMAGES_ROOTFS_PROGRAMS_H

int agent_main(int argc, char **argv);
int disks_main(int argc, char **argv);
int health_main(int argc, char **argv);
int launch_main(int argc, char **argv);
int netup_main(int argc, char **argv);
int once_main(int argc, char **argv);
int vsock_main(int argc, char **argv);

#endif
