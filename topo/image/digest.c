/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 by libcrypto, see topo/image/digest.h. */
#include "topo/image/digest.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
