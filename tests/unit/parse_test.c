/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser: what stands in the tree, and that what follows an error is still read.
 *
 * links: topo/language/parse.c topo/language/parse_tokens.c topo/language/parse_assembly.c topo/language/parse_component.c topo/language/parse_recover.c
 * links: topo/language/parse_expression.c topo/language/parse_elements.c
 * links: topo/language/cpp.c topo/language/cpp_directive.c
 * links: topo/language/cpp_macro.c topo/language/cpp_include.c topo/language/cpp_expand.c topo/language/cpp_call.c topo/language/cpp_condition.c
 * links: topo/language/lex.c topo/language/operators.c topo/language/quotes.c topo/language/token.c topo/language/search.c topo/diag/source.c
 * links: topo/diag/diag.c topo/diag/print.c topo/base/arena.c topo/base/strmap.c
 * links: topo/base/suggest.c
 * links: topo/base/utf8.c topo/base/say.c
 * flags: -D_GNU_SOURCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/language/parse.h"

struct fixture {
	struct arena *arena;
	struct diag *diag;
	struct cpp *cpp;
	struct cpp_budget budget;
	struct search search;
	struct ast_file *file;
};

static void parse(struct fixture *fixture, const char *text)
{
	*fixture = (struct fixture){
		.arena = arena_new(),
		.diag = diag_new(),
		.budget = CPP_BUDGET,
		.search = {.share = "topo"},
	};
	struct cpp_options options = {
		.search = &fixture->search,
		.budget = &fixture->budget,
	};

	fixture->cpp =
		cpp_new(fixture->arena, fixture->diag, &options,
	                source_add_text(diag_sources(fixture->diag), "t", text, strlen(text)));
	fixture->file = parse_file(fixture->cpp, fixture->arena, fixture->diag);
}

static void finish(struct fixture *fixture)
{
	cpp_free(fixture->cpp);
	diag_free(fixture->diag);
	arena_free(fixture->arena);
}

static void whole_file(void **state)
{
	struct fixture fixture;

	(void)state;
	parse(&fixture,
	      "import <a/b.camkes>; import \"c.camkes\";\n"
	      "connector K { from Dataports; to Dataport; }\n"
	      "component C { control; uses P p; maybe dataport Buf(4096) d; has mutex m;\n"
	      "  attribute int x = 3; attribute { int y; } list[] = []; }\n"
	      "assembly main {\n"
	      "  composition c { component C one, two; connection K k(from one.d, to two.d); }\n"
	      "  configuration { one.x = 1; one.list = [{ \"y\": 1 }, { y: 2 }]; two.x <- one.x; }\n"
	      "};\n"
	      "assembly { composition { component C three; } }\n");
	const struct ast_file *file = fixture.file;

	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 0);
	assert_int_equal(file->import_count, 2);
	assert_string_equal(file->imports[0].path.text, "a/b.camkes");
	assert_false(file->imports[0].beside);
	assert_true(file->imports[1].beside);
	assert_int_equal(file->connector_count, 1);
	assert_int_equal(file->component_count, 1);
	assert_int_equal(file->components[0]->attribute_count, 2);
	assert_true(file->components[0]->attributes[1].list);
	assert_int_equal(file->components[0]->interface_count, 2);
	assert_int_equal(file->components[0]->interfaces[1].kind, INTERFACE_DATAPORT);
	assert_int_equal(file->assembly.instance_count, 3);
	assert_string_equal(file->assembly.instances[1].name.text, "two");
	assert_int_equal(file->assembly.connection_count, 1);
	assert_int_equal(file->assembly.connections[0].end_count, 2);
	assert_true(file->assembly.connections[0].ends[0].from);
	assert_string_equal(file->assembly.connections[0].ends[1].interface.text, "d");
	assert_int_equal(file->assembly.setting_count, 3);
	assert_int_equal(file->assembly.settings[2].value->kind, EXPR_NAME);
	finish(&fixture);
}

/* After an error, everything that is right around it is in the tree. */
static void recovery(void **state)
{
	static const struct {
		const char *text;
		size_t instances, connections, settings, errors;
	} rows[] = {
		{"assembly { composition { component A a component B b; } }", 2, 0, 0, 1},
		{"assembly { composition { nonsense x y; component B b; } }", 1, 0, 0, 1},
		{"assembly { composition { connection K k(from a.x to b.x); component B b; } }", 1,
	         0, 0, 1},
		{"assembly { composition { F(a, b) component B b; } }", 1, 0, 0, 1},
		{"assembly { configuration { a.x = ; a.y = 2; } }", 0, 0, 2, 1},
		{"assembly { configuration { a.x = [1, , 3]; a.y = 2; } }", 0, 0, 2, 1},
		{"assembly { configuration { a.x = { a 1, b: 2 }; a.y = 2; } }", 0, 0, 2, 1},
		{"assembly { configuration { a.x = (1; a.y = 2; } }", 0, 0, 2, 1},
		{"assembly { configuration { a.x = 1 a.y = 2 } }", 0, 0, 2, 1},
		{"nonsense { a b c } assembly { composition { component A a; } }", 1, 0, 0, 1},
		{"component { } assembly { composition { component A a; } }", 1, 0, 0, 0},
		{"assembly { component A a; composition { component B b; } }", 2, 0, 0, 1},
		{"assembly { composition { component A a; ", 1, 0, 0, 1},
		{"} assembly { composition { component A a; } }", 1, 0, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture fixture;

		parse(&fixture, rows[i].text);
		const struct ast_assembly *assembly = &fixture.file->assembly;
		size_t errors = diag_count(fixture.diag, SEVERITY_ERROR);

		if (assembly->instance_count != rows[i].instances ||
		    assembly->setting_count != rows[i].settings || errors != rows[i].errors) {
			fprintf(stderr, "%s: %zu instances, %zu settings, %zu errors\n",
			        rows[i].text, assembly->instance_count, assembly->setting_count,
			        errors);
			diag_flush(fixture.diag, stderr);
		}
		assert_int_equal(assembly->instance_count, rows[i].instances);
		assert_int_equal(assembly->connection_count, rows[i].connections);
		assert_int_equal(assembly->setting_count, rows[i].settings);
		assert_int_equal(errors, rows[i].errors);
		finish(&fixture);
	}
}

/* A byte of a string is found again in the text, so that errors inside of it have a place. */
static void string_places(void **state)
{
	struct fixture fixture;

	(void)state;
	parse(&fixture, "assembly { configuration {\n a.x = \"12 + y\"; a.y = \"1\" \"2\"; } }");
	const struct ast_assembly *assembly = &fixture.file->assembly;

	assert_int_equal(assembly->setting_count, 2);
	assert_true(assembly->settings[0].value->of.string.exact);
	assert_int_equal(assembly->settings[0].value->place.line, 2);
	assert_int_equal(assembly->settings[0].value->place.column, 8);
	assert_string_equal(assembly->settings[1].value->of.string.text, "12");
	assert_false(assembly->settings[1].value->of.string.exact);
	finish(&fixture);
}

/* Nested components, endless brackets: refused, not followed for ever. */
static void depth(void **state)
{
	static char text[20000];
	struct fixture fixture;
	size_t at = (size_t)snprintf(text, sizeof(text), "component A { composition {");

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "component { composition {");
	}
	parse(&fixture, text);
	assert_true(diag_failed(fixture.diag));
	finish(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_file),
		cmocka_unit_test(recovery),
		cmocka_unit_test(string_places),
		cmocka_unit_test(depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
