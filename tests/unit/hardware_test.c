/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which class a device is of: a board's rows say it, of others their name does.
 *
 * links: topo/model/hardware.c topo/model/hardware_board.c topo/model/hardware_kind.c
 * links: topo/model/pci.c topo/model/board.c topo/model/board_qemu_virt.c topo/model/board_qemu_virt_v3.c
 * links: topo/model/board_rpi4.c topo/base/arena.c topo/model/pci_models.c
 * flags: -D_GNU_SOURCE
 */
#include "tests/unit/ordered_cmocka.h"
#include "topo/model/hardware.h"

static void test_the_address_of_a_node_is_no_name(void **state)
{
	static const struct {
		const char *path;
		enum hardware_kind kind;
	} cases[] = {
		{"/soc/watchdog@7e100000", HARDWARE_OTHER}, /* e1000 */
		{"/soc/nothing@7e100000", HARDWARE_OTHER},
		{"/soc/mmc@7e300000", HARDWARE_STORAGE},
		{"/soc/e1000e@7e100000", HARDWARE_NIC},
		{"/scb/ethernet@7d580000/nothing", HARDWARE_NIC},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *nodes[] = {cases[i].path};
		struct vm vm = {.name = "vm", .dtb_nodes = nodes, .dtb_node_count = 1};
		const struct model model = {.board = board_find("rpi4"), .vms = &vm, .vm_count = 1};
		struct arena *arena = arena_new();

		assert_int_equal(hardware_of(&model, 0, arena).kinds, 1U << cases[i].kind);
		arena_free(arena);
	}
}

/* Whatever board is the default one: files of the directory speak of a GICv2. */
static void test_a_directory_stands_for_one_board(void **state)
{
	(void)state;
	assert_string_equal(board_find("qemu-arm-virt")->name, "qemu-virt");
	for (size_t i = 0; board_at(i) != NULL; i++) {
		const struct board *deployed = board_find(board_at(i)->directory);

		assert_non_null(deployed);
		assert_true(deployed->by_directory);
		assert_string_equal(deployed->directory, board_at(i)->directory);
		assert_int_equal(board_cpu_interface(board_at(i)), board_cpu_interface(deployed));
		assert_ptr_equal(board_find(board_at(i)->name), board_at(i));
	}
	assert_int_equal(board_cpu_interface(board_find("qemu-virt-v3")), 0x08040000);
	assert_int_equal(board_cpu_interface(board_find("zcu102")), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_address_of_a_node_is_no_name),
		cmocka_unit_test(test_a_directory_stands_for_one_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
