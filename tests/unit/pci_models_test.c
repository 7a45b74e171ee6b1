/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The models of PCI functions against QEMU: each is put into a machine without a program, and what
 * its configuration space answers to all ones is compared with the table. And names' defaults.
 *
 * links: topo/model/pci_models.c
 * flags: -D_GNU_SOURCE
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/model/pci_models.h"

#define FUNCTION 0x4010008000ULL /* slot 1 of the machine's configuration space */

#define CAP_MSI 0x05U
#define CAP_MSIX 0x11U

/* A QEMU that does what is said by its test protocol. */
struct machine {
	pid_t pid;
	FILE *to;
	FILE *from;
};

static void start(struct machine *machine, const struct pci_model *model)
{
	static const char *const backs[] = {[PCI_BACK_NONE] = "",
	                                    [PCI_BACK_NET] = ",netdev=back",
	                                    [PCI_BACK_DISK] = ",drive=back",
	                                    [PCI_BACK_CARD] = "",
	                                    [PCI_BACK_USB] = ""};
	bool is_net = model->back == PCI_BACK_NET;
	char device[128];
	int to[2];
	int from[2];

	(void)snprintf(device, sizeof(device), "%s%s%s,addr=1", model->name, model->options,
	               backs[model->back]);
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	machine->pid = fork();
	assert_true(machine->pid >= 0);
	if (machine->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(to[0], STDIN_FILENO);
		(void)dup2(from[1], STDOUT_FILENO);
		(void)execlp("qemu-system-aarch64", "qemu-system-aarch64", "-M", "virt", "-m", "64",
		             "-nodefaults", "-display", "none", "-qtest", "stdio", "-qtest-log",
		             "none", is_net ? "-netdev" : "-blockdev",
		             is_net ? "user,id=back" : "null-co,node-name=back,read-zeroes=on",
		             "-device", device, (char *)NULL);
		_exit(127);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	machine->to = fdopen(to[1], "w");
	machine->from = fdopen(from[0], "r");
	assert_non_null(machine->to);
	assert_non_null(machine->from);
}

static void end(struct machine *machine)
{
	(void)kill(machine->pid, SIGKILL);
	(void)waitpid(machine->pid, NULL, 0);
	(void)fclose(machine->to);
	(void)fclose(machine->from);
}

/* What QEMU answers to the command that was just written. */
static uint32_t answer(struct machine *machine)
{
	char line[128];

	assert_int_equal(fflush(machine->to), 0);
	assert_non_null(fgets(line, sizeof(line), machine->from));
	assert_int_equal(strncmp(line, "OK", 2), 0);
	return (uint32_t)strtoull(line + 2, NULL, 16);
}

static uint32_t config_read(struct machine *machine, uint32_t offset)
{
	(void)fprintf(machine->to, "readl 0x%llx\n", FUNCTION + offset);
	return answer(machine);
}

/* What is left of all ones: the bits that a register's size leaves to be chosen, and its kind. */
static uint32_t config_size(struct machine *machine, uint32_t bar)
{
	(void)fprintf(machine->to, "writel 0x%llx 0xffffffff\n", FUNCTION + 0x10 + 4ULL * bar);
	(void)answer(machine);
	return config_read(machine, 0x10 + 4 * bar);
}

static struct pci_bar bar_read(struct machine *machine, uint32_t bar)
{
	uint32_t value = config_size(machine, bar);

	if (value == 0) {
		return (struct pci_bar){PCI_BAR_NONE, 0};
	}
	if ((value & 1) != 0) {
		return (struct pci_bar){PCI_BAR_IO, -(value & ~3U)};
	}
	if ((value & 4) == 0) {
		return (struct pci_bar){PCI_BAR_MEM32, -(value & ~15U)};
	}
	assert_int_equal(config_size(machine, bar + 1), UINT32_MAX);
	return (struct pci_bar){PCI_BAR_MEM64, -(value & ~15U)};
}

static uint32_t vectors_read(struct machine *machine)
{
	uint32_t msi = 0;

	for (uint32_t at = config_read(machine, 0x34) & 0xff; at != 0;) {
		uint32_t head = config_read(machine, at);

		if ((head & 0xff) == CAP_MSIX) {
			return (head >> 16 & 0x7ff) + 1;
		}
		if ((head & 0xff) == CAP_MSI) {
			msi = 1U << (head >> 17 & 7);
		}
		at = head >> 8 & 0xff;
	}
	return msi;
}

static void test_each_is_what_qemu_has(void **state)
{
	const struct pci_model *model;

	(void)state;
	for (size_t i = 0; (model = pci_model_at(i)) != NULL; i++) {
		struct machine machine;

		start(&machine, model);
		assert_int_equal(config_read(&machine, 0),
		                 (uint32_t)model->device << 16 | model->vendor);
		assert_int_equal(config_read(&machine, 8) >> 8, model->class_code);
		assert_int_equal(config_read(&machine, 0x3c) >> 8 & 0xff, model->pin);
		assert_int_equal(vectors_read(&machine), model->vectors);
		for (uint32_t bar = 0; bar < PCI_BARS_MAX; bar++) {
			struct pci_bar has = bar_read(&machine, bar);

			assert_int_equal(has.kind, model->bars[bar].kind);
			assert_int_equal(has.bytes, model->bars[bar].bytes);
			if (has.kind == PCI_BAR_MEM64) {
				bar++;
				assert_int_equal(model->bars[bar].kind, PCI_BAR_NONE);
			}
		}
		assert_int_equal(config_size(&machine, 8), 0); /* no ROM */
		end(&machine);
	}
}

static void test_names_that_speak_for_themselves(void **state)
{
	static const struct {
		const char *name;
		const char *model; /* NULL: none */
	} cases[] = {
		{"nic", "e1000e"},
		{"nic0", "e1000e"},
		{"nvme12", "nvme"},
		{"emmc", "sdhci-pci"},
		{"gpu", "virtio-gpu-pci"},
		{"display", "bochs-display"},
		{"usb1", "qemu-xhci"},
		{"igb", "igb"},
		{"edu", "edu"},
		{"nicely", NULL},
		{"nic0a", NULL},
		{"NIC", NULL},
		{"0", NULL},
		{"", NULL},
		{"e1000", NULL},
		{"igb0", NULL},
		{"wlan", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pci_model *model = pci_model_of_name(cases[i].name);

		if (cases[i].model == NULL) {
			assert_null(model);
		} else {
			assert_non_null(model);
			assert_string_equal(model->name, cases[i].model);
		}
	}
}

/* A function's name that says it: one that has a word of a bridge's model in it is none by that. */
static void test_bridges(void **state)
{
	static const char *const bridges[] = {"pci-bridge", "RootPort1", "pcie-root-port",
	                                      "my-upstream-port"};
	static const char *const functions[] = {"upstream-nic", "cxlmem", "pxb1",
	                                        "downstream",   "nic",    ""};
	static const char *const models[] = {"pxb-pcie", "ioh3420",   "x3130-upstream",
	                                     "cxl-rp",   "dec-21154", "i82801b11-bridge"};

	(void)state;
	for (size_t i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++) {
		assert_true(pci_name_is_bridge(bridges[i]));
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		assert_false(pci_name_is_bridge(functions[i]));
	}
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		assert_true(pci_model_is_bridge(models[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_what_qemu_has),
		cmocka_unit_test(test_names_that_speak_for_themselves),
		cmocka_unit_test(test_bridges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
