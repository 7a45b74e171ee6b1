/* SPDX-License-Identifier: BSD-2-Clause */
/* See topo/model/packages.h. */
#include "topo/model/packages.h"

const char *packages_text(struct arena *arena, const struct vm_image *image)
{
	const char *text = "";

	for (size_t i = 0; i < image->package_count; i++) {
		text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : " ",
		                    image->packages[i].name);
	}
	return text;
}

const char *packages_or_path(struct arena *arena, const struct vm_image *image)
{
	return image->package_count != 0
	               ? arena_printf(arena, "Debian's %s", packages_text(arena, image))
	       : image->rootfs != NULL ? image->rootfs
	                               : image->initrd;
}
