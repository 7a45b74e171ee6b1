/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an interrupt translation service reads in memory, and what it must be able to: Arm IHI 0069
 * (GICv3) chapter 5.3 (commands), 5.1.1 (configuration of LPIs), 12.19 (registers). Values alone.
 */
#ifndef KERNEL_ARM_ITS_H
#define KERNEL_ARM_ITS_H

#include <stdbool.h>
#include <stdint.h>

#define ITS_LPI_FIRST 8192U /* the first LPI there is */

#define ITS_EVENT_BITS 9U  /* an event is the number of a virtual SPI */
#define ITS_DEVICE_BITS 9U /* buses 0 and 1 of PCI */

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

/** Bytes of a device's table of translations. */
static inline uint32_t its_itt_bytes(uint64_t typer)
{
	return (1U << ITS_EVENT_BITS) * ((uint32_t)(typer >> 4 & 15) + 1);
}

/** Byte of the table of configurations: an LPI that is enabled, at a priority of 6 bits in 8. */
static inline uint8_t its_lpi_on(uint8_t priority)
{
	return (uint8_t)((priority & 0xfcU) | 3U); /* bit 1 is RES1 */
}

/** Whether one whose GITS_TYPER is @typer has LPIs, and devices and events of as many bits. */
static inline bool its_fits(uint64_t typer)
{
	return (typer & 1) && (typer >> 8 & 31) + 1 >= ITS_EVENT_BITS &&
	       (typer >> 13 & 31) + 1 >= ITS_DEVICE_BITS;
}

#endif
