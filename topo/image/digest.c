/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 by libcrypto, see topo/image/digest.h. */
#include "topo/image/digest.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topo/base/regular.h"

/* It fails without memory only. */
static void must(int good)
{
	if (good != 1) {
		fputs("topo: no memory for a digest\n", stderr);
		exit(3);
	}
}

static EVP_MD_CTX *begin(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
	return context;
}

static void end(EVP_MD_CTX *context, char out[DIGEST_TEXT_BYTES])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int bytes = 0;

	must(EVP_DigestFinal_ex(context, digest, &bytes));
	EVP_MD_CTX_free(context);
	for (size_t i = 0; i < bytes && 2 * i + 2 < DIGEST_TEXT_BYTES; i++) {
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	}
}

void digest_parts(const struct digest_part *parts, size_t count, char out[DIGEST_TEXT_BYTES])
{
	EVP_MD_CTX *context = begin();

	for (size_t i = 0; i < count; i++) {
		must(EVP_DigestUpdate(context, parts[i].data, parts[i].bytes));
	}
	end(context, out);
}

bool digest_file(const char *path, char out[DIGEST_TEXT_BYTES])
{
	uint8_t bytes[65536];
	int64_t count = 0;
	uint64_t size = 0;
	const int fd = regular_open(path, 0, &size);

	if (fd < 0) {
		return false;
	}
	EVP_MD_CTX *context = begin();

	while ((count = regular_read(fd, bytes, sizeof(bytes))) > 0) {
		must(EVP_DigestUpdate(context, bytes, (size_t)count));
	}
	end(context, out);
	close(fd);
	return count == 0;
}

/* What of the file at @entry counts beside its name and mode. Returns whether it could be read. */
static bool add_content(EVP_MD_CTX *context, const FTSENT *entry)
{
	char text[PATH_MAX];

	if (entry->fts_info == FTS_F) {
		if (!digest_file(entry->fts_accpath, text)) {
			return false;
		}
		must(EVP_DigestUpdate(context, text, DIGEST_TEXT_BYTES));
	} else if (entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE) {
		const ssize_t length = readlink(entry->fts_accpath, text, sizeof(text));

		if (length < 0) {
			return false;
		}
		must(EVP_DigestUpdate(context, text, (size_t)length));
		must(EVP_DigestUpdate(context, "", 1));
	}
	return true;
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

/* One step of the walk. Returns why it cannot go on, or NULL. */
static const char *add_entry(EVP_MD_CTX *context, const FTSENT *entry, size_t root_bytes,
                             uint64_t *bytes)
{
	char mode[16];

	if (entry->fts_info == FTS_DP) {
		return NULL;
	}
	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
		return strerror(entry->fts_errno);
	}
	*bytes += entry->fts_info == FTS_F ? (uint64_t)entry->fts_statp->st_size : 0;
	if (*bytes > DIGEST_DIRECTORY_BYTES_MAX) {
		return "more than 64 MiB";
	}
	snprintf(mode, sizeof(mode), "%o ", (unsigned)entry->fts_statp->st_mode);
	must(EVP_DigestUpdate(context, mode, strlen(mode)));
	const char *name = entry->fts_path + root_bytes;

	must(EVP_DigestUpdate(context, name, strlen(name) + 1));
	return add_content(context, entry) ? NULL : strerror(errno);
}

const char *digest_directory(const char *path, char out[DIGEST_TEXT_BYTES])
{
	char root[PATH_MAX];
	char *const roots[] = {root, NULL};
	const char *why = NULL;
	uint64_t bytes = 0;
	size_t entries = 0;
	FTSENT *entry = NULL;

	if (snprintf(root, sizeof(root), "%s", path) >= (int)sizeof(root)) {
		return strerror(ENAMETOOLONG);
	}
	for (size_t length = strlen(root); length > 1 && root[length - 1] == '/'; length--) {
		root[length - 1] = '\0';
	}
	/* Links are what they are, but a link that is the root. */
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);

	if (walk == NULL) {
		return strerror(errno);
	}
	EVP_MD_CTX *context = begin();

	errno = 0;
	while (why == NULL && (entry = fts_read(walk)) != NULL) {
		why = ++entries > DIGEST_DIRECTORY_ENTRIES_MAX
		              ? "more than 65536 entries"
		              : add_entry(context, entry, strlen(root), &bytes);
		errno = 0;
	}
	why = why == NULL && errno != 0 ? strerror(errno) : why;
	end(context, out);
	fts_close(walk);
	return why;
}
