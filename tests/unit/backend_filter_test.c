/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/filter: which rules a network of each kind asks nft for. What they let pass is seen
 * in running systems.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/filter.c backend/daemon/log.c
 */
/* cmocka.h takes these for granted. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "backend/daemon/filter.h"
#include "backend/daemon/system.h"

static char rules[8192];
static char set[128];

bool system_run(const char *const argv[], const char *input)
{
	assert_string_equal(argv[0], "nft");
	assert_true(strlen(input) < sizeof(rules));
	snprintf(rules, sizeof(rules), "%s", input);
	return true;
}

err_t system_set(const char *name, const char *path, const char *value)
{
	(void)name;
	snprintf(set, sizeof(set), "%s=%s", path, value);
	return OK;
}

static void guard(enum dt_network network)
{
	const struct dt_device config = {
		.network = network,
		.tap = "tap-one",
		.bridge = "br0",
		.mac = {2, 0, 0, 0, 0, 1},
	};

	assert_int_equal(filter_guard(&config), OK);
}

/* From the first rule of either kind on Linux looks at each packet for its connection. */
static void connections_are_tracked_for_nat_alone(void **state)
{
	static const enum dt_network others[] = {
		DT_NETWORK_BRIDGE,
		DT_NETWORK_ISOLATED,
		DT_NETWORK_ROUTED,
	};

	(void)state;
	guard(DT_NETWORK_NAT);
	assert_non_null(strstr(rules, "ct state"));
	assert_non_null(strstr(rules, "ether saddr ct count over 1024 } drop"));
	assert_string_equal(set, "/proc/sys/net/netfilter/nf_conntrack_max=262144");
	set[0] = '\0';
	assert_non_null(strstr(rules, "type nat"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		guard(others[i]);
		assert_null(strstr(rules, "ct state"));
		assert_null(strstr(rules, "type nat"));
		assert_null(strstr(rules, "ct count"));
		assert_string_equal(set, "");
		assert_non_null(strstr(rules, "iifname @inside notrack accept"));
	}
}

/* Each device gives the rules of the whole VM again, those with nat between those without. */
static void rules_of_nat_outlast_other_devices(void **state)
{
	(void)state;
	guard(DT_NETWORK_BRIDGE);
	assert_non_null(strstr(rules, "forward jump answers"));
	assert_null(strstr(rules, "flush table ip"));
	assert_null(strstr(rules, "flush chain ip peervisor answers"));
	assert_null(strstr(rules, "flush chain ip peervisor leave"));
	assert_null(strstr(rules, "flush chain ip peervisor room"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_tracked_for_nat_alone),
		cmocka_unit_test(rules_of_nat_outlast_other_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
