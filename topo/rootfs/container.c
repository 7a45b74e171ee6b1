/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads container images, see topo/rootfs/container.h: from an index to a manifest to its layers, or
 * likewise from docker's own list. Each is named by the SHA-256 of its bytes, and each layer a second time
 * by that of what it is unpacked: a name that the bytes do not have is an error, as is anything that is
 * missing.
 */
#include "topo/rootfs/container.h"

#include <string.h>

#include "lib/bits.h"
#include "topo/rootfs/container_blob.h"
#include "topo/rootfs/container_config.h"
#include "topo/rootfs/tar.h"

#define INDEX_DEPTH_MAX 4U /* an index may name others */
#define LAYERS_MAX 1024U
#define NAMED_MAX 1024U /* manifests, indices and images that all indices name together */
#define OTHERS_MAX 8U

/* A container image while it is looked for. */
struct container {
	struct arena *arena;
	const struct root_tree *files;
	struct container_config image; /* the one for our machine, if there is any */
	const char **layers;           /* of it: the paths of the files */
	size_t layer_count;
	size_t named_count;
	const char *others; /* the machines that other images are for */
	size_t other_count;
	const char *why;
};

static bool fail(struct container *c, const char *why)
{
	c->why = c->why == NULL ? why : c->why;
	return false;
}

/* The JSON in the file at @path, whose name is @digest if that is not NULL; NULL after a fault. */
static struct json_object *read_json(struct container *c, const char *path, const char *digest)
{
	struct blob blob;
	const char *why = blob_read(c->arena, c->files, path, digest, BLOB_JSON_BYTES_MAX, &blob);
	struct json_object *json = why != NULL ? NULL : blob_json(&blob);

	if (why == NULL) {
		blob_free(&blob);
		why = json == NULL ? arena_printf(c->arena, "'%.200s' in it is no JSON", path)
		                   : NULL;
	}
	if (why != NULL) {
		fail(c, why);
	}
	return json;
}

/* One more that is named. False, with why: there are too many. */
static bool count_named(struct container *c)
{
	return c->named_count++ < NAMED_MAX ||
	       fail(c, arena_printf(c->arena, "its indices name more than %u others", NAMED_MAX));
}

static void add_other(struct container *c, const char *machine)
{
	if (c->others == NULL) {
		c->others = machine;
		c->other_count = 1;
	} else if (c->other_count < OTHERS_MAX && strstr(c->others, machine) == NULL) {
		c->others = arena_printf(c->arena, "%s, %s", c->others, machine);
		c->other_count++;
	} else if (c->other_count == OTHERS_MAX && strstr(c->others, machine) == NULL) {
		c->others = arena_printf(c->arena, "%s and more", c->others);
		c->other_count++;
	}
}

/* Whether the file manifest.json, which others have too, is docker's list of images. */
static bool is_list(const struct root_tree *files)
{
	struct arena *scratch = arena_new();
	struct container c = {.arena = scratch, .files = files};
	struct json_object *json = read_json(&c, "manifest.json", NULL);
	const struct json_object *first = json_object_is_type(json, json_type_array)
	                                          ? json_object_array_get_idx(json, 0)
	                                          : NULL;
	const bool found =
		blob_text(first, "Config") != NULL && blob_array(first, "Layers") != NULL;

	json_object_put(json);
	arena_free(scratch);
	return found;
}

bool container_is(const struct root_tree *files)
{
	return (root_tree_file(files, "oci-layout") != NULL &&
	        root_tree_file(files, "index.json") != NULL) ||
	       (root_tree_file(files, "manifest.json") != NULL && is_list(files));
}

/* Take the image whose configuration is the file at @path: it is for our machine, or it is left. */
static bool take_image(struct container *c, const char *path, const char *digest,
                       const char **layers, size_t count)
{
	struct container_config config = {.why = NULL};

	if (c->image.path != NULL && strcmp(c->image.path, path) == 0) {
		return true; /* under another tag */
	}
	struct json_object *json = read_json(c, path, digest);

	if (json == NULL) {
		return false;
	}
	const bool good = container_config_read(c->arena, json, &config);

	json_object_put(json);
	if (!good) {
		return fail(c, arena_printf(c->arena, "in '%.200s' in it %s", path, config.why));
	}
	if (!config.is_ours) {
		add_other(c, config.machine);
		return true;
	}
	config.path = path;
	if (c->image.path != NULL) {
		return fail(c, "it holds more than one image for linux/arm64");
	}
	if (config.layer_count != count) {
		return fail(c, arena_printf(c->arena,
		                            "'%.200s' in it knows %zu layers, and there are %zu",
		                            path, config.layer_count, count));
	}
	c->image = config;
	c->layers = layers;
	c->layer_count = count;
	return true;
}

/* The texts in the array @name of @json, "digest" of each where it is an object, as paths. */
static bool read_layers(struct container *c, const struct json_object *json, const char *name,
                        const char ***layers, size_t *count)
{
	const struct json_object *array = blob_array(json, name);

	*count = array == NULL ? 0 : json_object_array_length(array);
	if (*count == 0 || *count > LAYERS_MAX) {
		return fail(c, arena_printf(c->arena,
		                            "a manifest in it has no, or more than %u, layers",
		                            LAYERS_MAX));
	}
	*layers = arena_alloc(c->arena, *count * sizeof(**layers));
	for (size_t i = 0; i < *count; i++) {
		const struct json_object *layer = json_object_array_get_idx(array, i);
		const char *path = json_object_is_type(layer, json_type_object)
		                           ? blob_path(c->arena, blob_text(layer, "digest"))
		                           : blob_string(layer);

		if (path == NULL) {
			return fail(c, "a layer in it has no name that it could have");
		}
		(*layers)[i] = arena_copy(c->arena, path, strlen(path));
	}
	return true;
}

static bool read_manifest(struct container *c, const struct json_object *json)
{
	const struct json_object *config = blob_object(json, "config");
	const char *digest = blob_text(config, "digest");
	const char *path = blob_path(c->arena, digest);
	const char **layers = NULL;
	size_t count = 0;

	if (path == NULL) {
		return fail(c, "a manifest in it names no configuration");
	}
	return read_layers(c, json, "layers", &layers, &count) &&
	       take_image(c, path, digest, layers, count);
}

static bool read_index(struct container *c, const struct json_object *json, unsigned depth);

/* What an index names: a manifest, or one more index. */
static bool read_named(struct container *c, const struct json_object *named, unsigned depth)
{
	const struct json_object *platform = blob_object(named, "platform");
	const char *machine = blob_text(platform, "architecture");
	const char *system = blob_text(platform, "os");
	const char *digest = blob_text(named, "digest");
	const char *path = blob_path(c->arena, digest);

	if (machine != NULL && system != NULL && !container_is_ours(system, machine)) {
		if (strcmp(machine, "unknown") != 0) { /* of what says how others were made */
			add_other(c, arena_printf(c->arena, "%.32s/%.32s", system, machine));
		}
		return true;
	}
	if (path == NULL) {
		return fail(c, "an index in it names something by no SHA-256");
	}
	struct json_object *json = read_json(c, path, digest);

	if (json == NULL) {
		return false;
	}
	const bool good = blob_array(json, "manifests") != NULL ? read_index(c, json, depth + 1)
	                                                        : read_manifest(c, json);

	json_object_put(json);
	return good;
}

static bool read_index(struct container *c, const struct json_object *json, unsigned depth)
{
	const struct json_object *all = blob_array(json, "manifests");

	if (all == NULL || depth == INDEX_DEPTH_MAX) {
		return fail(c, all == NULL ? "its index names no manifests"
		                           : "its indices name each other too deep");
	}
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		if (!count_named(c) || !read_named(c, json_object_array_get_idx(all, i), depth)) {
			return false;
		}
	}
	return true;
}

/* Docker's own list of images: [{ "Config": FILE, "Layers": [FILE…] }]. */
static bool read_list(struct container *c, const struct json_object *json)
{
	for (size_t i = 0; i < json_object_array_length(json); i++) {
		const struct json_object *image = json_object_array_get_idx(json, i);
		const char *config = blob_text(image, "Config");
		const char **layers = NULL;
		size_t count = 0;

		if (!count_named(c)) {
			return false;
		}
		if (config == NULL) {
			return fail(c, "'manifest.json' in it names no configuration");
		}
		config = arena_copy(c->arena, config, strlen(config));
		if (!read_layers(c, image, "Layers", &layers, &count) ||
		    !take_image(c, config, blob_digest(c->arena, config), layers, count)) {
			return false;
		}
	}
	return true;
}

static bool find_image(struct container *c)
{
	const bool layout = root_tree_file(c->files, "oci-layout") != NULL &&
	                    root_tree_file(c->files, "index.json") != NULL;
	struct json_object *json = read_json(c, layout ? "index.json" : "manifest.json", NULL);

	if (json == NULL) {
		return false;
	}
	const bool good = layout ? read_index(c, json, 0) : read_list(c, json);

	json_object_put(json);
	if (good && c->image.path == NULL) {
		return fail(c,
		            arena_printf(c->arena, "it holds no image for linux/arm64, but for %s",
		                         c->others == NULL ? "nothing" : c->others));
	}
	return good;
}

/* Layer @index over those before it. */
static bool add_layer(struct container *c, size_t index, struct rootfs *out)
{
	const char *path = c->layers[index];
	struct blob blob;
	const char *why = blob_read(c->arena, c->files, path, blob_digest(c->arena, path),
	                            ROOT_BYTES_MAX, &blob);

	if (why != NULL) {
		return fail(c, why);
	}
	why = pieces_add(c->arena, &out->pieces, blob.bytes, blob.count);
	blob_free(&blob);
	if (why == NULL) {
		const struct piece *piece = &out->pieces.list[out->pieces.count - 1];

		root_tree_layer(out->tree);
		why = !blob_is(piece->bytes, piece->count, c->image.layers[index])
		              ? "unpacked it is not what the configuration says"
		      : !tar_read(piece->bytes, piece->count, out->tree, c->arena)
		              ? root_tree_fault(out->tree)
		              : NULL;
	}
	return why == NULL || fail(c, arena_printf(c->arena, "layer '%.200s': %s", path, why));
}

bool container_read(struct arena *arena, const struct root_tree *files, struct rootfs *out)
{
	struct container c = {.arena = arena, .files = files};
	bool good = find_image(&c);

	for (size_t i = 0; good && i < c.layer_count; i++) {
		good = add_layer(&c, i, out);
	}
	out->command = c.image.command;
	out->why = good ? out->why : c.why;
	return good;
}
