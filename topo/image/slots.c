/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/image/slots.h. Everything of slot N has a name with that number in it.
 */
#include "topo/image/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topo/base/quote.h"
#include "topo/model/pci_models.h"

static void add(struct system *system, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct system *system, const char *format, ...)
{
	char **words = realloc(system->slot_words,
	                       (system->slot_word_count + 1) * sizeof(*system->slot_words));
	char *word = NULL;
	va_list values;

	va_start(values, format);
	if (words == NULL || vasprintf(&word, format, values) < 0) {
		fprintf(stderr, "topo: no memory\n");
		exit(3);
	}
	va_end(values);
	system->slot_words = words;
	words[system->slot_word_count++] = word;
}

static bool is_kept(const struct machine_slot *slot)
{
	return slot->file != NULL || slot->file_bytes != 0;
}

static const char *file_of(const struct machine_slot *slot, const char *image_path,
                           struct arena *arena)
{
	return slot->file != NULL ? slot->file
	                          : arena_printf(arena, "%s.disk%u", image_path, slot->device);
}

static void add_back(struct system *system, const struct machine_slot *slot, const char *file)
{
	struct arena *arena = arena_new();
	const char *forwards = "";

	for (size_t i = 0; i < slot->forward_count; i++) {
		forwards = arena_printf(arena, "%s,hostfwd=tcp:127.0.0.1:%u-:%u", forwards,
		                        slot->forwards[i].host, slot->forwards[i].guest);
	}
	if (slot->model->back == PCI_BACK_NET) {
		add(system, "-netdev");
		add(system, "user,id=net%u%s%s", slot->device,
		    slot->restricted ? ",restrict=on" : "", forwards);
	}
	if (is_kept(slot)) {
		add(system, "-blockdev");
		add(system, "driver=raw,node-name=disk%u,file.driver=file,file.filename=%s",
		    slot->device, quote_qemu(arena, file));
	}
	arena_free(arena);
}

static void add_device(struct system *system, const struct machine_slot *slot)
{
	static const char *const backs[] = {
		[PCI_BACK_NONE] = "",
		[PCI_BACK_NET] = ",netdev=net",
		[PCI_BACK_DISK] = ",drive=disk",
		[PCI_BACK_CARD] = "",
		[PCI_BACK_USB] = "",
	};
	const struct pci_model *model = slot->model;
	uint32_t number = slot->device;

	add(system, "-device");
	if (backs[model->back][0] != '\0') {
		add(system, "%s%s,id=slot%u,addr=%u%s%u", model->name, model->options, number,
		    number, backs[model->back], number);
	} else {
		add(system, "%s%s,id=slot%u,addr=%u", model->name, model->options, number, number);
	}
}

/* What is behind a function that is a bus of its own. */
static void add_behind(struct system *system, const struct machine_slot *slot)
{
	if (slot->model->back == PCI_BACK_CARD) {
		add(system, "-device");
		/* By the way to it: the buses of all such functions have one name. */
		add(system, "sd-card,bus=pcie.0/slot%u,drive=disk%u", slot->device, slot->device);
	} else if (slot->model->back == PCI_BACK_USB) {
		add(system, "-device");
		add(system, "usb-kbd,bus=slot%u.0", slot->device);
		add(system, "-device");
		add(system, "usb-storage,bus=slot%u.0,drive=disk%u", slot->device, slot->device);
	}
}

void slots_describe(const struct model *model, const char *image_path, struct system *system)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < model->slot_count; i++) {
		const struct machine_slot *slot = &model->slots[i];

		add_back(system, slot, file_of(slot, image_path, arena));
		add_device(system, slot);
		add_behind(system, slot);
	}
	arena_free(arena);
}

/* A file of so many zeros, which was not there. */
static bool make_file(const char *path, uint64_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		return false;
	}
	if (ftruncate(fd, (off_t)bytes) != 0) {
		const int error = errno;

		(void)close(fd);
		(void)unlink(path);
		errno = error;
		return false;
	}
	return close(fd) == 0;
}

/*
 * What is wrong with what is there; NULL: nothing. A block device is refused: two nodes of one, or a disk and a
 * partition of it, would pass for two disks.
 */
static const char *wrong_file(const struct machine_slot *slot, const struct stat *status)
{
	const uint64_t bytes = (uint64_t)status->st_size;

	if (!S_ISREG(status->st_mode)) {
		return "is no regular file";
	}
	if (slot->file_bytes != 0 && slot->file_bytes != bytes) {
		return "is there, and has another size than the one that is given";
	}
	if (slot->model->back == PCI_BACK_CARD && (bytes == 0 || (bytes & (bytes - 1)) != 0)) {
		return "is that of a card, whose size is a power of two";
	}
	return NULL;
}

static bool is_right(const struct machine_slot *slot, const char *path, const struct stat *status,
                     struct diag *diag)
{
	const char *wrong = wrong_file(slot, status);

	if (wrong != NULL) {
		diag_error(diag, slot->place, "the disk '%s' %s: %llu bytes", path, wrong,
		           (unsigned long long)status->st_size);
	}
	return wrong == NULL;
}

/* Have the file, @anew or as it is. */
static bool provide(const struct machine_slot *slot, const char *path, bool anew, struct diag *diag)
{
	struct stat status;

	if (!anew && stat(path, &status) == 0) {
		return is_right(slot, path, &status, diag);
	}
	if (slot->file_bytes == 0 || ((!anew || unlink(path) == 0 || errno == ENOENT) &&
	                              make_file(path, slot->file_bytes))) {
		return true;
	}
	diag_error(diag, slot->place, "cannot make the disk '%s': %s", path, strerror(errno));
	return false;
}

static bool is_same(const char *a, const char *b)
{
	struct stat one;
	struct stat other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* What one VM writes must not be another one's disk, nor the system; all files are there now. */
static bool is_apart(const struct model *model, size_t index, const char *image_path,
                     struct arena *arena, struct diag *diag)
{
	const struct machine_slot *slot = &model->slots[index];
	const char *path = file_of(slot, image_path, arena);

	if (is_same(path, image_path)) {
		diag_error(diag, slot->place, "the disk '%s' is the image", path);
		return false;
	}
	for (size_t i = 0; i < index; i++) {
		const struct machine_slot *other = &model->slots[i];

		if (is_kept(other) && is_same(path, file_of(other, image_path, arena))) {
			diag_error(diag, slot->place, "the disk '%s' is that of slot 0:%u.0 too",
			           path, other->device);
			return false;
		}
	}
	return true;
}

bool slots_make_files(const struct model *model, const char *image_path, enum system_use use,
                      struct diag *diag)
{
	struct arena *arena = arena_new();
	bool good = true;

	for (size_t i = 0; i < model->slot_count && good; i++) {
		const struct machine_slot *slot = &model->slots[i];
		bool anew = use == SYSTEM_FOR_RUN && slot->file == NULL;

		good = !is_kept(slot) ||
		       provide(slot, file_of(slot, image_path, arena), anew, diag);
	}
	for (size_t i = 0; i < model->slot_count && good; i++) {
		good = !is_kept(&model->slots[i]) || is_apart(model, i, image_path, arena, diag);
	}
	arena_free(arena);
	return good;
}

/* Can a file be made at @path, where none is? */
static bool can_make(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');
	const char *directory =
		slash == NULL ? "." : arena_copy(arena, path, (size_t)(slash - path) + 1);

	return access(directory, W_OK | X_OK) == 0;
}

bool slots_check_files(const struct model *model, struct diag *diag)
{
	struct arena *arena = arena_new();
	bool good = true;

	for (size_t i = 0; i < model->slot_count; i++) {
		const struct machine_slot *slot = &model->slots[i];
		struct stat status;

		if (slot->file == NULL) {
			continue;
		}
		if (stat(slot->file, &status) == 0) {
			good = is_right(slot, slot->file, &status, diag) && good;
		} else if (slot->file_bytes != 0 && !can_make(slot->file, arena)) {
			diag_error(diag, slot->place, "cannot make the disk '%s': %s", slot->file,
			           strerror(errno));
			good = false;
		}
	}
	arena_free(arena);
	return good;
}
