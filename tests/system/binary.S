/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary without a header, as a VM boots it by its entry address: it says "binary N" on its console
 * and sleeps. N has a bit for each thing that is not as promised.
 */
#define PL011 0x09000000
#define ENTRY 0x40081000
#define RAM 0x40000000
#define RAM_END 0x48000000
#define FDT_MAGIC_SWAPPED 0xedfe0dd0

	.text
	.global	_start
_start:
begin:
	mov	x10, #'0'
	adr	x1, begin
	ldr	x2, =ENTRY
	cmp	x1, x2
	b.eq	1f
	orr	x10, x10, #1		/* it does not begin where it lies */
1:	ldr	w3, [x0]
	ldr	w4, =FDT_MAGIC_SWAPPED
	cmp	w3, w4
	b.eq	2f
	orr	x10, x10, #2		/* x0 is no device tree */
2:	mrs	x4, cntvct_el0
	isb
	mrs	x5, cntpct_el0
	isb
	mrs	x6, cntvct_el0
	cmp	x4, x5
	b.hi	3f
	cmp	x5, x6
	b.ls	4f
3:	orr	x10, x10, #4		/* the physical counter is another one */
4:	ldr	x1, =RAM		/* all but this page and the tree's are zeros */
	ldr	x2, =RAM_END
	adr	x3, begin
scan:	cmp	x1, x3
	b.eq	skip
	cmp	x1, x0
	b.ne	page
skip:	add	x1, x1, #4096
	b	more
page:	add	x4, x1, #4096
pair:	ldp	x5, x6, [x1], #16
	orr	x5, x5, x6
	cbnz	x5, left
	cmp	x1, x4
	b.lo	pair
more:	cmp	x1, x2
	b.lo	scan
	b	say
left:	orr	x10, x10, #8		/* something was left in its RAM */
say:	adr	x1, text
	ldr	x2, =PL011
next:	ldrb	w3, [x1], #1
	cbz	w3, last
	str	w3, [x2]
	b	next
last:	str	w10, [x2]
	mov	w3, #'\n'
	str	w3, [x2]
sleep:	wfi
	b	sleep
	.ltorg
text:	.asciz	"binary "
