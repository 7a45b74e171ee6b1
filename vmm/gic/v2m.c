/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2m frame (v2m.h). MSI_TYPER gives first INTID and count; MSI_SETSPI_NS raises.
 */
#include "vmm/gic/v2m.h"

/* A message counts if it goes to the frame's register with an SPI of the frame. */
static uint32_t message_intid(const void *block, uint64_t address, uint32_t data)
{
	const struct v2m *v2m = block;

	if (v2m->ipa == 0 || address != v2m->ipa + V2M_SETSPI) {
		return 0;
	}
	return data >= v2m->first && data - v2m->first < v2m->count ? data : 0;
}

static void raise_intid(const void *block, uint32_t intid)
{
	const struct v2m *v2m = block;

	gicd_pend_spi(v2m->gicd, intid);
}

static const struct msi_operations operations = {message_intid, raise_intid};

static uint64_t read_typer(void *device, const struct access *access)
{
	const struct v2m *v2m = device;

	(void)access;
	return v2m->first << 16 | v2m->count;
}

static void write_setspi(void *device, const struct access *access)
{
	const struct v2m *v2m = device;
	uint32_t intid = message_intid(v2m, v2m->ipa + V2M_SETSPI, (uint32_t)access->value);

	if (intid != 0) {
		raise_intid(v2m, intid);
	}
}

/* Arm SBSA, GICv2m. MSI_IIDR (0xfcc) reads 0: no known product, so no driver's quirk. */
static const struct reg rows[] = {
	{0x008, 4, W32, read_typer, NULL},        /* MSI_TYPER */
	{V2M_SETSPI, 4, W32, NULL, write_setspi}, /* MSI_SETSPI_NS */
};
const struct reg_table v2m_registers = REG_TABLE(rows);

uint64_t v2m_read(struct v2m *v2m, const struct access *access)
{
	return regs_read(&v2m_registers, v2m, access);
}

void v2m_write(struct v2m *v2m, const struct access *access)
{
	regs_write(&v2m_registers, v2m, access);
}

struct msi_target v2m_target(const struct v2m *v2m)
{
	return (struct msi_target){&operations, v2m};
}
