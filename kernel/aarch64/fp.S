/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floating-point and SIMD registers of a guest: the only place in the kernel that touches
 * them. x0: 512 bytes, 16-byte aligned.
 */
	.arch	armv8-a+fp+simd

	.macro	each op
	\op	{v0.2d-v3.2d}, [x0], #64
	\op	{v4.2d-v7.2d}, [x0], #64
	\op	{v8.2d-v11.2d}, [x0], #64
	\op	{v12.2d-v15.2d}, [x0], #64
	\op	{v16.2d-v19.2d}, [x0], #64
	\op	{v20.2d-v23.2d}, [x0], #64
	\op	{v24.2d-v27.2d}, [x0], #64
	\op	{v28.2d-v31.2d}, [x0], #64
	.endm

	.text
	.global fp_save
fp_save:
	each	st1
	ret

	.global fp_load
fp_load:
	each	ld1
	ret
