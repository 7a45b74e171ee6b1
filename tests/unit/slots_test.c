/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in the machine's slots, as QEMU is told it, and the files of its disks: those of a run are
 * new, those of the user's stay as they are.
 *
 * links: topo/image/slots.c topo/model/pci_models.c topo/base topo/diag
 * flags: -D_GNU_SOURCE
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/image/slots.h"
#include "topo/model/pci_models.h"

static struct port_forward forwards[] = {{2222, 22}, {8080, 80}};

/* All words with blanks between. */
static char *words_of(struct machine_slot *slot)
{
	const struct model model = {.slots = slot, .slot_count = 1};
	struct system system = {0};
	const size_t room = 1024;
	char *text = calloc(1, room);
	size_t used = 0;

	slots_describe(&model, "/run/image", &system);
	for (size_t i = 0; i < system.slot_word_count; i++) {
		used += (size_t)snprintf(text + used, room - used, "%s%s", i == 0 ? "" : " ",
		                         system.slot_words[i]);
		assert_true(used < room);
		free(system.slot_words[i]);
	}
	free(system.slot_words);
	return text;
}

static void expect_words(struct machine_slot slot, const char *model, const char *expected)
{
	slot.model = pci_model_find(model);
	char *words = words_of(&slot);

	assert_string_equal(words, expected);
	free(words);
}

static void test_each_has_what_it_needs(void **state)
{
	(void)state;
	expect_words((struct machine_slot){.device = 1, .forwards = forwards, .forward_count = 2},
	             "e1000e",
	             "-netdev user,id=net1,hostfwd=tcp:127.0.0.1:2222-:22,"
	             "hostfwd=tcp:127.0.0.1:8080-:80 "
	             "-device e1000e,romfile=,id=slot1,addr=1,netdev=net1");
	expect_words((struct machine_slot){.device = 3, .restricted = true}, "igb",
	             "-netdev user,id=net3,restrict=on "
	             "-device igb,romfile=,id=slot3,addr=3,netdev=net3");
	expect_words((struct machine_slot){.device = 17, .file = "disks/a.img"}, "nvme",
	             "-blockdev driver=raw,node-name=disk17,file.driver=file,"
	             "file.filename=disks/a.img "
	             "-device nvme,serial=peervisor,id=slot17,addr=17,drive=disk17");
	expect_words((struct machine_slot){.device = 2, .file = "a,b/x,read-only=on"}, "nvme",
	             "-blockdev driver=raw,node-name=disk2,file.driver=file,"
	             "file.filename=a,,b/x,,read-only=on "
	             "-device nvme,serial=peervisor,id=slot2,addr=2,drive=disk2");
	expect_words((struct machine_slot){.device = 3, .file_bytes = 4096}, "sdhci-pci",
	             "-blockdev driver=raw,node-name=disk3,file.driver=file,"
	             "file.filename=/run/image.disk3 "
	             "-device sdhci-pci,id=slot3,addr=3 "
	             "-device sd-card,bus=pcie.0/slot3,drive=disk3");
	expect_words((struct machine_slot){.device = 4, .file_bytes = 4096}, "qemu-xhci",
	             "-blockdev driver=raw,node-name=disk4,file.driver=file,"
	             "file.filename=/run/image.disk4 -device qemu-xhci,id=slot4,addr=4 "
	             "-device usb-kbd,bus=slot4.0 "
	             "-device usb-storage,bus=slot4.0,drive=disk4");
	expect_words((struct machine_slot){.device = 5}, "virtio-gpu-pci",
	             "-device virtio-gpu-pci,romfile=,iommu_platform=on,id=slot5,addr=5");
}

static off_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : -1;
}

static void make(struct machine_slot *slot, enum system_use use, bool works)
{
	const struct model model = {.slots = slot, .slot_count = 1};
	struct diag *diag = diag_new();

	assert_int_equal(slots_make_files(&model, "image", use, diag), works);
	assert_int_equal(diag_count(diag, SEVERITY_ERROR), works ? 0 : 1);
	diag_free(diag);
}

static void test_files(void **state)
{
	char directory[] = "/tmp/slots_test.XXXXXX";
	struct machine_slot slot = {.device = 2, .model = pci_model_find("nvme")};

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	slot.file_bytes = 4096;
	make(&slot, SYSTEM_FOR_ALL, true);
	assert_int_equal(size_of("image.disk2"), 4096);
	make(&slot, SYSTEM_FOR_ALL, true);
	slot.file_bytes = 8192;
	make(&slot, SYSTEM_FOR_ALL, false);
	assert_int_equal(size_of("image.disk2"), 4096); /* as it was left */
	make(&slot, SYSTEM_FOR_RUN, true);
	assert_int_equal(size_of("image.disk2"), 8192); /* of this run */
	slot.file = "mine";
	make(&slot, SYSTEM_FOR_RUN, true);
	assert_int_equal(truncate("mine", 16), 0);
	make(&slot, SYSTEM_FOR_RUN, false);
	assert_int_equal(size_of("mine"), 16);
	slot.file_bytes = 0;
	make(&slot, SYSTEM_FOR_RUN, true);
	slot.model = pci_model_find("sdhci-pci");
	make(&slot, SYSTEM_FOR_RUN, true);
	assert_int_equal(truncate("mine", 48), 0);
	make(&slot, SYSTEM_FOR_RUN, false); /* no power of two */
	slot.model = pci_model_find("nvme");
	make(&slot, SYSTEM_FOR_RUN, true);
	slot.file = "/dev/null";
	make(&slot, SYSTEM_FOR_RUN, false); /* disks are in files only */
	slot.model = pci_model_find("sdhci-pci");
	assert_int_equal(truncate("mine", 0), 0);
	slot.file = "mine";
	make(&slot, SYSTEM_FOR_RUN, false); /* a card of nothing */
	slot.model = pci_model_find("nvme");
	slot.file = "not there";
	make(&slot, SYSTEM_FOR_RUN, true); /* file-missing has said so */
	slot.file_bytes = 4096;
	slot.file = "no/where";
	make(&slot, SYSTEM_FOR_RUN, false);
	(void)unlink("image.disk2");
	(void)unlink("mine");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* Two disks in one file, and one that is the image, by whatever names. */
static void test_disks_apart(void **state)
{
	char directory[] = "/tmp/slots_test.XXXXXX";
	const struct pci_model *nvme = pci_model_find("nvme");
	struct machine_slot slots[] = {
		{.device = 1, .model = nvme, .file_bytes = 4096},
		{.device = 2, .model = nvme, .file = "other"},
	};
	const struct model model = {.slots = slots, .slot_count = 2};
	const char *const twins[] = {"image", "image.disk1"};

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	const int image = open("image", O_CREAT | O_WRONLY, 0600);

	assert_true(image >= 0);
	(void)close(image);
	for (size_t i = 0; i < 2; i++) {
		struct diag *diag = diag_new();

		if (i == 1) {
			assert_int_equal(link(twins[i], "other"), 0);
		} else {
			assert_int_equal(symlink(twins[i], "other"), 0);
		}
		assert_false(slots_make_files(&model, "image", SYSTEM_FOR_ALL, diag));
		assert_int_equal(diag_count(diag, SEVERITY_ERROR), 1);
		diag_free(diag);
		assert_int_equal(unlink("other"), 0);
	}
	(void)unlink("image");
	(void)unlink("image.disk1");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_what_it_needs),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_disks_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
