/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an interrupt translation service reads in memory, and what it must be able to: Arm IHI 0069
 * (GICv3) chapter 5.3 (commands), 5.1.1 (configuration of LPIs), 12.11 and 12.19 (registers). Values
 * alone.
 */
#ifndef KERNEL_ARM_ITS_H
#define KERNEL_ARM_ITS_H

#include <stdbool.h>
#include <stdint.h>

#define ITS_LPI_BITS 14U    /* of an LPI, the least that there are */
#define ITS_LPI_FIRST 8192U /* the first LPI there is */
#define ITS_LPIS ((1U << ITS_LPI_BITS) - ITS_LPI_FIRST)

#define ITS_EVENT_BITS 9U  /* an event is the number of a virtual SPI */
#define ITS_DEVICE_BITS 9U /* buses 0 and 1 of PCI */

#define ITS_ITT_ALIGN 256U
#define ITS_ITT_BYTES_MAX (16U << ITS_EVENT_BITS)
#define ITS_DEVICE_BYTES_MAX (32U << ITS_DEVICE_BITS)
#define ITS_PENDING_ALIGN 0x10000U
#define ITS_QUEUE_ALIGN 0x10000U
#define ITS_PENDING_BYTES ((1U << ITS_LPI_BITS) / 8)

struct its_command {
	uint64_t word[4];
};

#define ITS_VALID (1ULL << 63)

/** @device's events, of ITS_EVENT_BITS, are translated by the table at @itt, 256-byte aligned. */
static inline struct its_command its_mapd(uint32_t device, uint64_t itt)
{
	return (struct its_command){
		{0x08 | (uint64_t)device << 32, ITS_EVENT_BITS - 1, itt | ITS_VALID}};
}

/** Collection @collection comes to redistributor @target (its_target()). */
static inline struct its_command its_mapc(uint16_t collection, uint64_t target)
{
	return (struct its_command){{0x09, 0, collection | target | ITS_VALID}};
}

/** Event @event of @device becomes @lpi of @collection. */
static inline struct its_command its_mapti(uint32_t device, uint32_t event, uint32_t lpi,
                                           uint16_t collection)
{
	return (struct its_command){
		{0x0a | (uint64_t)device << 32, event | (uint64_t)lpi << 32, collection}};
}

/** Forget what is cached of the configuration of the LPIs of @collection. */
static inline struct its_command its_invall(uint16_t collection)
{
	return (struct its_command){{0x0d, 0, collection}};
}

/** Event @event of @device, and if it is pending, goes to @collection. */
static inline struct its_command its_movi(uint32_t device, uint32_t event, uint16_t collection)
{
	return (struct its_command){{0x01 | (uint64_t)device << 32, event, collection}};
}

/** Forget what is cached of the configuration of event @event of @device. */
static inline struct its_command its_inv(uint32_t device, uint32_t event)
{
	return (struct its_command){{0x0c | (uint64_t)device << 32, event}};
}

/** Is done when what the commands before it ask of redistributor @target is. */
static inline struct its_command its_sync(uint64_t target)
{
	return (struct its_command){{0x05, 0, target}};
}

/** How commands name a redistributor: by the address of its registers, 64 KiB aligned, or by its
 * number, as GITS_TYPER.PTA says. */
static inline uint64_t its_target(uint64_t typer, uint64_t address, uint32_t number)
{
	return typer >> 19 & 1 ? address : (uint64_t)number << 16;
}

/** Byte of the table of configurations: an LPI at a priority of 6 bits in 8. */
static inline uint8_t its_lpi(uint8_t priority, bool on)
{
	return (uint8_t)((priority & 0xfcU) | 2U | on); /* bit 1 is RES1 */
}

/*
 * Registers that say where a table is: it is read and written write-back, inner shareable, as EL2 has
 * its own memory. One that comes to say otherwise is not coherent.
 */
#define ITS_VALID_TABLE (ITS_VALID | 7ULL << 59) /* of GITS_BASER<n> and GITS_CBASER */
#define ITS_SHAREABLE (1ULL << 10)
#define ITS_BASER_DEVICES 1U
#define ITS_BASER_COLLECTIONS 4U
/* Those of its bits that have to read as they were written: an address, how it is shared, and pages of
 * 4 KiB; and those of a redistributor's. */
#define ITS_BASER_ASKED (ITS_VALID | 0xffffffffffffULL)
#define ITS_TABLE_ASKED 0xfffffffffc00ULL

static inline uint32_t its_baser_type(uint64_t baser)
{
	return baser >> 56 & 7;
}

/** GITS_BASER<n>, which was @baser: a table of @count entries at @table, a page. */
static inline uint64_t its_baser(uint64_t baser, uint64_t table, uint32_t count)
{
	uint64_t bytes = count * ((baser >> 48 & 31) + 1);

	return ITS_VALID_TABLE | table | ITS_SHAREABLE | (bytes - 1) / 4096;
}

/** GITS_CBASER: the queue of commands is the page at @queue, aligned to ITS_QUEUE_ALIGN. */
static inline uint64_t its_cbaser(uint64_t queue)
{
	return ITS_VALID_TABLE | queue | ITS_SHAREABLE;
}

/** GICR_PROPBASER: the table of configurations is at @table, a page. */
static inline uint64_t its_propbaser(uint64_t table)
{
	return table | ITS_SHAREABLE | 7ULL << 7 | (ITS_LPI_BITS - 1);
}

/** GICR_PENDBASER: what is pending, which is nothing, stands at @table. */
static inline uint64_t its_pendbaser(uint64_t table)
{
	return table | ITS_SHAREABLE | 7ULL << 7 | 1ULL << 62;
}

/** Whether one whose GITS_TYPER is @typer, with a distributor whose GICD_TYPER is @gicd_typer, has
 * LPIs, and devices and events, of as many bits. */
static inline bool its_fits(uint64_t typer, uint32_t gicd_typer)
{
	uint32_t lpis = gicd_typer >> 11 & 31; /* 0: as many as their bits say */

	return (typer & 1) && (typer >> 8 & 31) + 1 >= ITS_EVENT_BITS &&
	       (typer >> 13 & 31) + 1 >= ITS_DEVICE_BITS && (gicd_typer & 1U << 17) &&
	       (gicd_typer >> 19 & 31) + 1 >= ITS_LPI_BITS && (!lpis || lpis + 1 >= 10);
}

#endif
