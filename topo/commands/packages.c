/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/commands/packages.h. The cache has a link for each set of packages that was asked for, under the
 * digest of their names and of the program, to the root file system that was made of them then. So an image
 * is made of the same bytes again until debian-root is called by hand, or it or apt-project is another version.
 */
#include "topo/commands/packages.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/base/regular.h"
#include "topo/base/share.h"
#include "topo/diag/source.h"
#include "topo/image/digest.h"
#include "topo/model/packages.h"
#include "topo/runner/process.h"

#define KEY_DIGITS 16
#define PROGRAM_BYTES_MAX ((uint64_t)1 << 20)
#define SOURCE_BYTES 512U
#define STATUS_UNKNOWN 4 /* the names of packages that there are not are printed */
#define KILLED_BY 128    /* as a shell has it, and debian-root itself */

static const char *program_path(struct arena *arena)
{
	return arena_printf(arena, "%s/debian-root", share_directory());
}

static const char *apt_path(struct arena *arena)
{
	return arena_printf(arena, "%s/apt-project", share_directory());
}

/* What a file of at most @most bytes holds; NULL: it cannot be read. */
static const char *read_text(struct arena *arena, const char *path, uint64_t most, size_t *bytes)
{
	uint64_t size = 0;
	const int fd = regular_open(path, 0, &size);

	if (fd < 0) {
		return NULL;
	}
	char *text = size <= most ? arena_alloc(arena, (size_t)size + 1) : NULL;
	const int64_t got = text == NULL ? -1 : regular_read(fd, (unsigned char *)text, size);

	close(fd);
	*bytes = got < 0 ? 0 : (size_t)got;
	return got < 0 ? NULL : text;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* As debian-root computes it. */
static void key_of(struct arena *arena, const struct vm_image *image, char out[DIGEST_TEXT_BYTES])
{
	const char **names = arena_alloc(arena, image->package_count * sizeof(*names));
	struct digest_part parts[3] = {{.data = ""}, {.data = ""}, {.data = ""}};
	const char *text = "";

	for (size_t i = 0; i < image->package_count; i++) {
		names[i] = image->packages[i].name;
	}
	qsort(names, image->package_count, sizeof(*names), compare_names);
	for (size_t i = 0; i < image->package_count; i++) {
		text = arena_printf(arena, "%s%s\n", text, names[i]);
	}
	parts[0] = (struct digest_part){text, strlen(text)};
	text = read_text(arena, program_path(arena), PROGRAM_BYTES_MAX, &parts[1].bytes);
	parts[1].data = text == NULL ? "" : text;
	text = read_text(arena, apt_path(arena), PROGRAM_BYTES_MAX, &parts[2].bytes);
	parts[2].data = text == NULL ? "" : text;
	digest_parts(parts, 3, out);
	out[KEY_DIGITS] = '\0';
}

/* As tools/debian-root has it. */
static const char *cache_directory(struct arena *arena)
{
	const char *cache = getenv("CACHE");
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (cache != NULL && cache[0] != '\0') {
		return cache;
	}
	if (xdg != NULL && xdg[0] != '\0') {
		return arena_printf(arena, "%s/peervisor", xdg);
	}
	if (home == NULL) {
		const struct passwd *user = getpwuid(getuid());

		home = user == NULL ? "" : user->pw_dir;
	}
	return arena_printf(arena, "%s/.cache/peervisor", home);
}

static const char *link_path(struct arena *arena, const struct vm_image *image)
{
	char key[DIGEST_TEXT_BYTES];

	key_of(arena, image, key);
	return arena_printf(arena, "%s/debian/of/%s/root.tar", cache_directory(arena), key);
}

const char *packages_root(struct arena *arena, struct vm_image *image)
{
	char real[PATH_MAX];
	const char *link = link_path(arena, image);

	image->rootfs_unmade = realpath(link, real) == NULL;
	return image->rootfs_unmade ? link : arena_copy(arena, real, strlen(real));
}

const char *packages_source(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const int directory = slash == NULL ? 0 : (int)(slash - path);
	size_t bytes = 0;
	const char *text = read_text(arena, arena_printf(arena, "%.*s/source", directory, path),
	                             SOURCE_BYTES, &bytes);

	return text == NULL ? NULL : arena_copy(arena, text, strcspn(text, "\n"));
}

static bool is_unmade(const struct model *model)
{
	bool found = false;

	for (size_t i = 0; i < model->vm_count && !found; i++) {
		found = model->vms[i].image.rootfs_unmade;
	}
	return found;
}

/*
 * Start debian-root, with the cache that we look at; what it prints goes to @out. Returns the process or a
 * negative errno.
 */
static pid_t start(struct arena *arena, const struct vm_image *image, FILE *out)
{
	const char **words = arena_alloc(arena, (image->package_count + 3) * sizeof(*words));

	words[0] = program_path(arena);
	words[1] = "--";
	for (size_t i = 0; i < image->package_count; i++) {
		words[2 + i] = image->packages[i].name;
	}
	if (setenv("CACHE", cache_directory(arena), 1) != 0) {
		return -errno;
	}
	return process_spawn_tool((char *const *)(void *)words, fileno(out));
}

/* Of each package of @image that @said names: that there is none. */
static bool tell_unknown(const struct vm_image *image, FILE *said, struct diag *diag)
{
	char line[512];
	bool told = false;

	rewind(said);
	while (fgets(line, sizeof(line), said) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < image->package_count; i++) {
			if (strcmp(image->packages[i].name, line) == 0) {
				diag_error(diag, image->packages[i].place,
				           "Debian has no package '%s' for arm64", line);
				told = true;
			}
		}
	}
	return told;
}

/* Have debian-root make it. Returns its exit status, KILLED_BY and more for the signal that has ended it, or a
 * negative errno. */
static int call_program(struct arena *arena, const struct vm_image *image, FILE *said)
{
	const pid_t pid = start(arena, image, said);
	int status = 0;

	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	if (pid < 0) {
		return (int)pid;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED_BY + WTERMSIG(status);
}

static void tell_unmade(struct arena *arena, const struct vm_image *image, int status,
                        struct diag *diag)
{
	diag_error(diag, image->packages[0].place,
	           "the root file system of the packages %s could not be made%s%s",
	           packages_text(arena, image), status < 0 ? ": " : "",
	           status < 0 ? strerror(-status) : "");
	diag_refuse(diag);
	if (status == 0) {
		diag_help(diag, "debian-root says that it is made, but there is no '%s'",
		          link_path(arena, image));
	} else if (status > KILLED_BY) {
		diag_help(diag,
		          "signal %d has ended debian-root; what it has fetched is kept: try again",
		          status - KILLED_BY);
	} else if (status > 0) {
		diag_help(diag, "debian-root has said why");
	} else {
		diag_help(diag, "'%s' makes it, a program of Python's", program_path(arena));
	}
}

static bool make_one(struct arena *arena, const struct vm_image *image, struct diag *diag)
{
	FILE *said = tmpfile();
	const int status = said == NULL ? -errno : call_program(arena, image, said);
	const bool good = status == 0 && access(link_path(arena, image), R_OK) == 0;

	if (!good && !(status == STATUS_UNKNOWN && tell_unknown(image, said, diag))) {
		tell_unmade(arena, image, status, diag);
	}
	if (said != NULL) {
		fclose(said);
	}
	return good;
}

/* Whether a VM before @index has the same packages. */
static bool made_before(const struct model *model, size_t index)
{
	bool found = false;

	for (size_t i = 0; i < index && !found; i++) {
		found = model->vms[i].image.rootfs_unmade &&
		        strcmp(model->vms[i].image.rootfs, model->vms[index].image.rootfs) == 0;
	}
	return found;
}

static bool make_all(const struct model *model, struct diag *diag)
{
	struct arena *arena = arena_new();
	bool good = true;

	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm_image *image = &model->vms[i].image;

		if (image->rootfs_unmade && !made_before(model, i)) {
			good = make_one(arena, image, diag) && good;
		}
	}
	arena_free(arena);
	return good;
}

struct model *packages_load(const char *path, const struct load_options *options, struct diag *diag)
{
	struct model *model = model_load(path, options, diag);

	if (model == NULL || !options->must_run || !is_unmade(model)) {
		return model;
	}
	const bool made = make_all(model, diag);

	model_free(model);
	return made ? model_load_source(source_at(diag_sources(diag), 0), options, diag) : NULL;
}
