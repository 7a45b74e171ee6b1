/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections. VIRTIO_COMPOSITION_DEF makes four of CAmkES', the pieces of one of ours:
 *
 *   vmD_vmR_iobuf     from D.vmR_iobuf      to R.vmD_iobuf      D is the device VM
 *   vmD_vmR_memdev    from D.vmR_memdev     to R.vmD_memdev
 *   vmD_vmR_upcall    from R.vmD_ntfn_send  to D.vmR_ntfn_recv
 *   vmD_vmR_downcall  from D.vmR_ntfn_send  to R.vmD_ntfn_recv
 *
 * They are put together again by their names' stem, so that text which was preprocessed elsewhere
 * means the same.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/diag/source.h"
#include "topo/resolve/resolve_internal.h"

enum piece { PIECE_IOBUF, PIECE_MEMDEV, PIECE_UPCALL, PIECE_DOWNCALL, PIECE_COUNT };

/* What a piece is called, and the interfaces that it joins. */
static const struct {
	const char *suffix;
	const char *from;
	const char *to;
	bool from_device; /* the from end is the device VM's */
} pieces[PIECE_COUNT] = {
	[PIECE_IOBUF] = {"_iobuf", "_iobuf", "_iobuf", true},
	[PIECE_MEMDEV] = {"_memdev", "_memdev", "_memdev", true},
	[PIECE_UPCALL] = {"_upcall", "_ntfn_send", "_ntfn_recv", false},
	[PIECE_DOWNCALL] = {"_downcall", "_ntfn_send", "_ntfn_recv", true},
};

static bool ends_with(const char *text, const char *end)
{
	size_t bytes = strlen(text);
	size_t end_bytes = strlen(end);

	return bytes > end_bytes && strcmp(text + bytes - end_bytes, end) == 0;
}

/* The text without its end. */
static const char *without(struct resolver *resolver, const char *text, const char *end)
{
	return arena_copy(resolver->arena, text, strlen(text) - strlen(end));
}

/* Which piece a connection is, by its name and its interfaces; PIECE_COUNT = none. */
static enum piece piece_of(const struct ast_connection *connection)
{
	if (connection->end_count != 2 || !connection->ends[0].from || connection->ends[1].from) {
		return PIECE_COUNT;
	}
	for (enum piece i = PIECE_IOBUF; i < PIECE_COUNT; i++) {
		if (ends_with(connection->name.text, pieces[i].suffix) &&
		    ends_with(connection->ends[0].interface.text, pieces[i].from) &&
		    ends_with(connection->ends[1].interface.text, pieces[i].to)) {
			return i;
		}
	}
	return PIECE_COUNT;
}

static bool has_interface(const struct ast_component *type, const char *name)
{
	for (size_t i = 0; i < type->interface_count; i++) {
		if (strcmp(type->interfaces[i].name.text, name) == 0) {
			return true;
		}
	}
	return false;
}

/* A component that declares its interfaces must have this one. */
static void check_interface(struct resolver *resolver, const struct instance *instance,
                            const struct ast_end *end)
{
	const struct ast_component *type = instance->type;
	const char *name = end->interface.text;

	if (type == NULL || type->shipped || has_interface(type, name)) {
		return;
	}
	/* Said once of all the interfaces of one connection. */
	int peer = (int)strcspn(name, "_");

	if (strncmp(name, "vm_", 3) == 0) {
		peer = 3 + (int)strcspn(name + 3, "_");
	}
	rule_report(resolver->rules, &rule_interface_missing, end->interface.place,
	            "component '%s' does not declare the interfaces of a connection with %.*s",
	            type->name.text, peer, name);
	diag_help(resolver->diag,
	          "VIRTIO_DEVICE_COMPONENT_DEF(n) and VIRTIO_DRIVER_COMPONENT_DEF(n) in the "
	          "component declare them");
	diag_note(resolver->diag, type->name.place, "the component is declared here");
}

/* A name that a macro has put "vm" before, as a user writes it. */
static const char *spelled(struct resolver *resolver, const char *name)
{
	return strncmp(name, "vm", 2) == 0 && name[2] != '_'
	               ? arena_printf(resolver->arena, "vm_%s", name + 2)
	               : name;
}

/* The instance of an end, NULL after an error. @other: the other end of the connection. */
static struct instance *end_instance(struct resolver *resolver, const struct ast_end *end,
                                     const struct ast_end *other)
{
	if (end->instance.text == NULL) {
		diag_error(resolver->diag, end->interface.place,
		           "an end of a connection is instance.interface");
		return NULL;
	}
	const char *name = end->instance.text;
	struct instance *instance = resolve_find_instance(resolver, name);

	if (instance == NULL && resolve_first_unknown(resolver, name) &&
	    rule_report(resolver->rules, &rule_instance_unknown, end->instance.place,
	                "there is no instance '%s'", spelled(resolver, name))) {
		resolve_suggest_instance(resolver, name,
		                         other == NULL ? NULL : other->instance.text);
	}
	return instance;
}

/* The VM of an end, NOT_A_VM after an error. */
static size_t end_vm(struct resolver *resolver, const struct ast_end *end,
                     const struct ast_end *other)
{
	struct instance *instance = end_instance(resolver, end, other);

	if (instance == NULL) {
		return NOT_A_VM;
	}
	if (instance->vm == NOT_A_VM) {
		if (resolve_first_unknown(resolver, end->instance.text)) {
			rule_report(resolver->rules, &rule_instance_unknown, end->instance.place,
			            "'%s' is not a VM", instance->ast->name.text);
			diag_note(resolver->diag, instance->ast->name.place, "it is declared here");
		}
		return NOT_A_VM;
	}
	check_interface(resolver, instance, end);
	return instance->vm;
}

static struct pairing *find_pairing(struct resolver *resolver, const char *stem, size_t device_vm,
                                    size_t driver_vm)
{
	void **slot = strmap_slot(&resolver->stems, stem, strlen(stem));

	if (*slot == NULL) {
		struct pairing *pairing = arena_alloc(resolver->arena, sizeof(*pairing));

		pairing->stem = stem;
		pairing->device_vm = device_vm;
		pairing->driver_vm = driver_vm;
		*slot = pairing;
		*ARENA_ADD(resolver->arena, resolver->pairings, resolver->pairing_count) = pairing;
	}
	return *slot;
}

static void add_piece(struct resolver *resolver, const struct ast_connection *connection,
                      enum piece piece)
{
	const struct ast_end *device_end = &connection->ends[pieces[piece].from_device ? 0 : 1];
	const struct ast_end *driver_end = &connection->ends[pieces[piece].from_device ? 1 : 0];
	size_t device_vm = end_vm(resolver, device_end, driver_end);
	size_t driver_vm = end_vm(resolver, driver_end, device_end);

	if (device_vm == NOT_A_VM || driver_vm == NOT_A_VM) {
		resolver->links_lost = true;
		return;
	}
	const char *stem = without(resolver, connection->name.text, pieces[piece].suffix);
	struct pairing *pairing = find_pairing(resolver, stem, device_vm, driver_vm);

	if (pairing->places[piece].file != NULL) {
		if (rule_report(resolver->rules, &rule_connection_twice, connection->name.place,
		                "a second connection of '%s' and '%s'",
		                resolver->topology->model.vms[device_vm].suffix,
		                resolver->topology->model.vms[driver_vm].suffix)) {
			diag_help(resolver->diag,
			          "one connection serves any number of devices: list them in "
			          "vm_virtio_devices");
			diag_note(resolver->diag, pairing->places[piece], "first given here");
		}
		return;
	}
	pairing->places[piece] = connection->name.place;
	pairing->driver_place = driver_end->instance.place;
	if (pairing->device_vm != device_vm || pairing->driver_vm != driver_vm) {
		rule_report(resolver->rules, &rule_connection_pieces, connection->name.place,
		            "the pieces of connection '%s' join different VMs", stem);
		pairing->bad = true;
	}
}

/* Connections that topo knows to be part of every VM, and says nothing about. */
static bool is_expected(const struct ast_connection *connection)
{
	static const char *const connectors[] = {"seL4VMDTBPassthrough"};

	for (size_t i = 0; i < ARRAY_COUNT(connectors); i++) {
		if (strcmp(connection->connector.text, connectors[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void add_other(struct resolver *resolver, const struct ast_connection *connection)
{
	bool ends_exist = true;

	strmap_set(&resolver->others, connection->name.text, resolver);

	for (size_t i = 0; i < connection->end_count; i++) {
		if (end_instance(resolver, &connection->ends[i], NULL) == NULL) {
			ends_exist = false;
		}
	}
	if (ends_exist && !is_expected(connection) && !connection->name.place.file->shipped) {
		rule_report(resolver->rules, &rule_no_meaning, connection->name.place,
		            "connection '%s' has no meaning here and is left out",
		            connection->name.text);
	}
}

static void check_connector(struct resolver *resolver, const struct name *connector)
{
	if (strmap_get(&resolver->connectors, connector->text) != NULL) {
		return;
	}
	struct suggest suggest = suggest_start(connector->text);

	for (size_t i = 0; i < resolver->connectors.capacity; i++) {
		if (resolver->connectors.entries[i].key != NULL) {
			suggest_consider(&suggest, resolver->connectors.entries[i].key);
		}
	}
	if (rule_report(resolver->rules, &rule_connector_unknown, connector->place,
	                "there is no connector '%s'", connector->text) &&
	    suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
}

/* A pairing whose pieces are all there and join two VMs. */
static bool pairing_is_whole(struct resolver *resolver, struct pairing *pairing)
{
	struct place place = PLACE_NONE;
	const char *missing = NULL;

	for (enum piece i = PIECE_IOBUF; i < PIECE_COUNT; i++) {
		if (pairing->places[i].file == NULL) {
			missing = pieces[i].suffix;
		} else if (place.file == NULL) {
			place = pairing->places[i];
		}
	}
	if (missing != NULL && !pairing->bad) {
		pairing->bad = true;
		if (rule_report(resolver->rules, &rule_connection_pieces, place,
		                "connection '%s' lacks its piece '%s%s'", pairing->stem,
		                pairing->stem, missing)) {
			diag_help(resolver->diag,
			          "VIRTIO_COMPOSITION_DEF(device, driver) declares all four");
		}
	}
	if (pairing->device_vm == pairing->driver_vm) {
		pairing->bad = true;
		rule_report(resolver->rules, &rule_connection_self, pairing->driver_place,
		            "this connection joins '%s' with itself",
		            resolver->topology->model.vms[pairing->device_vm].suffix);
	}
	resolver->links_lost = resolver->links_lost || pairing->bad;
	return !pairing->bad;
}

/* The same pair under another name of the connection. */
static bool pair_is_new(struct resolver *resolver, struct pairing *pairing)
{
	const char *key =
		arena_printf(resolver->arena, "%zu:%zu", pairing->device_vm, pairing->driver_vm);
	void **slot = strmap_slot(&resolver->pairs, key, strlen(key));
	const struct pairing *before = *slot;

	if (before == NULL) {
		*slot = pairing;
		return true;
	}
	if (rule_report(resolver->rules, &rule_connection_twice, pairing->places[PIECE_IOBUF],
	                "a second connection of '%s' and '%s'",
	                resolver->topology->model.vms[pairing->device_vm].suffix,
	                resolver->topology->model.vms[pairing->driver_vm].suffix)) {
		diag_note(resolver->diag, before->places[PIECE_IOBUF], "first given here");
	}
	return false;
}

void resolve_connections(struct resolver *resolver)
{
	const struct ast_assembly *assembly = resolver->input->assembly;
	size_t kept = 0;

	for (size_t i = 0; i < assembly->connection_count; i++) {
		const struct ast_connection *connection = &assembly->connections[i];
		enum piece piece = piece_of(connection);

		check_connector(resolver, &connection->connector);
		if (piece == PIECE_COUNT) {
			add_other(resolver, connection);
		} else {
			add_piece(resolver, connection, piece);
		}
	}
	for (size_t i = 0; i < resolver->pairing_count; i++) {
		struct pairing *pairing = resolver->pairings[i];

		if (pairing_is_whole(resolver, pairing) && pair_is_new(resolver, pairing)) {
			resolver->pairings[kept++] = pairing;
		}
	}
	resolver->pairing_count = kept;
}

static void add_index(struct resolver *resolver, size_t **indices, size_t *count, size_t index)
{
	*ARENA_ADD(resolver->arena, *indices, *count) = index;
}

void resolve_connections_finish(struct resolver *resolver)
{
	struct topology *topology = resolver->topology;
	struct model *model = &topology->model;
	size_t count = resolver->pairing_count;

	model->connections = arena_alloc(resolver->arena, (count + 1) * sizeof(struct connection));
	topology->connection_origins =
		arena_alloc(resolver->arena, (count + 1) * sizeof(struct connection_origin));
	model->connection_count = count;
	for (size_t i = 0; i < count; i++) {
		struct pairing *pairing = resolver->pairings[i];
		struct connection *connection = &model->connections[i];
		struct vm_origin *device = &topology->vm_origins[pairing->device_vm];
		struct vm_origin *driver = &topology->vm_origins[pairing->driver_vm];

		pairing->index = i;
		connection->device_vm = (uint32_t)pairing->device_vm;
		connection->driver_vm = (uint32_t)pairing->driver_vm;
		connection->place = pairing->places[PIECE_IOBUF];
		connection->swiotlb = resolver->input->swiotlb != 0;
		topology->connection_origins[i] = (struct connection_origin){
			.driver = pairing->driver_place,
			.pool_bytes = connection->place,
			.device_data_base = connection->place,
			.driver_data_base = connection->place,
			.device_ctrl_base = connection->place,
		};
		add_index(resolver, &device->served, &device->served_count, i);
		add_index(resolver, &driver->used, &driver->used_count, i);
	}
}

/* Settings. */

static void set_swiotlb(struct resolver *resolver, size_t index, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[index];

	value_bool(&resolver->evaluator, value, "swiotlb", &connection->swiotlb);
}

static void set_size(struct resolver *resolver, size_t index, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[index];
	struct connection_origin *origin = &resolver->topology->connection_origins[index];

	if (value_size(&resolver->evaluator, value, "the size of memdev",
	               &connection->pool_bytes)) {
		origin->pool_bytes = value->place;
		origin->pool_given = true;
	}
}

static void set_base(struct resolver *resolver, size_t index, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[index];

	resolver->topology->connection_origins[index].device_data_base = value->place;
	value_number(&resolver->evaluator, value, "the base of memdev",
	             &connection->device_data_base);
}

static void set_driver_base(struct resolver *resolver, size_t index, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[index];

	resolver->topology->connection_origins[index].driver_data_base = value->place;
	value_number(&resolver->evaluator, value, "the base of the pool",
	             &connection->driver_data_base);
}

static void set_control_base(struct resolver *resolver, size_t index, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[index];

	resolver->topology->connection_origins[index].device_ctrl_base = value->place;
	value_number(&resolver->evaluator, value, "the base of iobuf",
	             &connection->device_ctrl_base);
}

/* The iobuf is two pages whatever is said of its size. */
static void set_nothing(struct resolver *resolver, size_t index, const struct value *value)
{
	(void)resolver;
	(void)index;
	(void)value;
}

static const struct {
	const char *piece;
	const char *attribute;
	void (*set)(struct resolver *resolver, size_t index, const struct value *value);
} connection_settings[] = {
	{"_memdev", "swiotlb", set_swiotlb},  {"_memdev", "size", set_size},
	{"_memdev", "base", set_base},        {"_memdev", "driver_base", set_driver_base},
	{"_iobuf", "base", set_control_base}, {"_iobuf", "size", set_nothing},
};

#define CONNECTION_SETTING_COUNT (ARRAY_COUNT(connection_settings))

/* The index of the connection a piece of which is called @name; its piece in *piece. */
static size_t find_piece(struct resolver *resolver, const char *name, enum piece *piece)
{
	for (*piece = PIECE_IOBUF; *piece < PIECE_COUNT; (*piece)++) {
		const char *suffix = pieces[*piece].suffix;

		if (!ends_with(name, suffix)) {
			continue;
		}
		const struct pairing *pairing =
			strmap_get(&resolver->stems, without(resolver, name, suffix));

		if (pairing == NULL) {
			return SIZE_MAX;
		}
		const char *key = arena_printf(resolver->arena, "%zu:%zu", pairing->device_vm,
		                               pairing->driver_vm);
		const struct pairing *kept = strmap_get(&resolver->pairs, key);

		/* One that was refused has no number: its settings are of no interest. */
		return kept == pairing ? pairing->index : SIZE_MAX - 1;
	}
	return SIZE_MAX;
}

bool resolve_connection_setting(struct resolver *resolver, const struct ast_setting *setting)
{
	enum piece piece = PIECE_COUNT;
	size_t index = find_piece(resolver, setting->object.text, &piece);

	if (index == SIZE_MAX) {
		/* What is said of a connection that was refused. */
		return setting->weak || (resolver->links_lost && piece != PIECE_COUNT);
	}
	if (index >= resolver->topology->model.connection_count) {
		return true;
	}
	for (size_t i = 0; i < CONNECTION_SETTING_COUNT; i++) {
		if (strcmp(connection_settings[i].attribute, setting->attribute.text) == 0 &&
		    strcmp(connection_settings[i].piece, pieces[piece].suffix) == 0) {
			struct value value = eval_expression(&resolver->evaluator, setting->value);

			if (value.kind != VALUE_BAD) {
				connection_settings[i].set(resolver, index, &value);
			}
			return true;
		}
	}
	if (rule_report(resolver->rules, &rule_unknown_attribute, setting->attribute.place,
	                "'%s' has no attribute '%s'", setting->object.text,
	                setting->attribute.text)) {
		diag_help(resolver->diag, "a connection has: _memdev.swiotlb, _memdev.size, "
		                          "_memdev.base, _memdev.driver_base, _iobuf.base");
	}
	return true;
}
