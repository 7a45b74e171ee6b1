/* SPDX-License-Identifier: BSD-2-Clause */
/* Users in words, found in files that hold anything. */
/* links: topo/rootfs/users.c topo/base/arena.c */
/* flags: -D_GNU_SOURCE */
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "topo/rootfs/users.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "\n"
			     "short:x\n"
			     "far:x:4294967295:1::/:\n"
			     "nogroup:x:7::::\n"
			     "www:x:33:34:web:/var/www:\n"
			     "loose:x:50:51:::\n"
			     "last:x:60:61:";
static const char group[] = "root:x:0:\n"
			    "tape:x:26:wwww,ww\n"
			    "web:x:34:www\n"
			    "disk:x:6:root,www\n"
			    "bad:x:y:www\n"
			    "dialout:x:20:www";

static void forms(void **state)
{
	static const char *const good[] = {"www", "0", "4294967294", "a.b-c_d$", "www:disk", "7:8"};
	static const char *const bad[] = {"",
	                                  ":",
	                                  "www:",
	                                  ":disk",
	                                  "-x",
	                                  "a b",
	                                  "a/b",
	                                  "a:b:c",
	                                  "\xc3\xa4",
	                                  "4294967295",
	                                  "a\nb",
	                                  "12345678901",
	                                  "abcdefghijklmnopqrstuvwxyzabcdefg"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		assert_true(user_is_form(good[i]));
	}
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_false(user_is_form(bad[i]));
	}
}

static void found(void **state)
{
	static const struct {
		const char *text, *groups, *home;
		uint32_t number;
	} rows[] = {
		{"root", "0,6", "/root", 0},       {"www", "34,6,20", "/var/www", 33},
		{"33", "34,6,20", "/var/www", 33}, {"www:disk", "6", "/var/www", 33},
		{"www:8", "8", "/var/www", 33},    {"loose", "51", NULL, 50},
		{"last", "61", NULL, 60},          {"1234", "0", NULL, 1234},
		{"1234:5678", "5678", NULL, 1234},
	};
	struct arena *arena = arena_new();
	struct user user;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_null(user_find(arena, rows[i].text, passwd, group, &user));
		assert_int_equal(user.number, rows[i].number);
		assert_string_equal(user.groups, rows[i].groups);
		assert_true((user.home == NULL) == (rows[i].home == NULL));
		if (user.home != NULL) {
			assert_string_equal(user.home, rows[i].home);
		}
	}
	assert_null(user_find(arena, "root", NULL, NULL, &user));
	assert_string_equal(user.groups, "0");
	arena_free(arena);
}

static void missing(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"nobody", "no user 'nobody' in /etc/passwd"},
		{"short", "no user 'short' in /etc/passwd"},
		{"far", "no user 'far' in /etc/passwd"},
		{"nogroup", "in /etc/passwd no group of 'nogroup'"},
		{"www:audio", "no group 'audio' in /etc/group"},
		{"www:bad", "no group 'bad' in /etc/group"},
	};
	struct arena *arena = arena_new();
	struct user user;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_string_equal(user_find(arena, rows[i].text, passwd, group, &user),
		                    rows[i].why);
	}
	assert_string_equal(user_find(arena, "www", NULL, group, &user),
	                    "no user 'www' in /etc/passwd");
	arena_free(arena);
}

static void many_groups(void **state)
{
	struct arena *arena = arena_new();
	const char *many = "";
	struct user user;

	(void)state;
	for (unsigned i = 0; i < USER_GROUPS_MAX - 1; i++) {
		many = arena_printf(arena, "%sg%u:x:%u:www\n", many, i, 100 + i);
	}
	assert_null(user_find(arena, "www", passwd, many, &user));
	many = arena_printf(arena, "%smore:x:99:www\n", many);
	assert_string_equal(user_find(arena, "www", passwd, many, &user),
	                    "in /etc/group 'www' more than 64 times");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(found),
		cmocka_unit_test(missing),
		cmocka_unit_test(many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
