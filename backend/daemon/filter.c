/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See filter.h. Rules are given as text to nft, which hands them to the kernel as one transaction.
 *
 * Two tables, both named peervisor. In `netdev` each tap has a chain at its ingress, before bridge
 * and IP see a frame, that lets through what is of the driver VM. In `ip` the sets say what each
 * interface is; an interface in no set is one that this VM has by itself, a way out.
 */
#include "backend/daemon/filter.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/daemon/log.h"
#include "backend/daemon/system.h"
#include "lib/bits.h"

#define SETTINGS_DIR "/proc/sys/net/ipv4/conf"
#define TRACKED_MAX "/proc/sys/net/netfilter/nf_conntrack_max"

/* Tracked connections of one driver VM, and of all that this VM may serve. Each takes 320 bytes. */
#define CLIENT_CONNECTIONS "1024"
#define ALL_CONNECTIONS "262144"

/* Linux looks at sources itself (rp_filter), but not of a packet that is forwarded right behind another
 * one to the same address (ip_route_use_hint()): the first rule of `forward` does.
 *
 * `flush` takes rules away and leaves what is in the sets. `fib daddr . iif type` is what an address
 * is to the interface that the packet came by: one of another interface is nothing there. What most
 * packets meet stands first, in `input` and in the chains of taps: each rule costs all behind it.
 *
 * The kernel's table of connections is one for all tenants, so who fills it keeps the others from
 * connecting: only what leaves by another address, and its answers, get a place in it. `raw` says so
 * before a packet is looked up; `forward` lets the rest pass by its direction alone. Of what gets one a
 * driver VM has no more than its part: `room` drops what would be a further connection of the same
 * hardware address, which no driver VM chooses itself. */
static const char vm_rules[] =
	"add table ip peervisor\n"
	"add set ip peervisor inside { type ifname; }\n"
	"add set ip peervisor nat { type ifname; }\n"
	"add set ip peervisor routed { type ifname; }\n"
	"add chain ip peervisor answers\n"
	"add chain ip peervisor room\n"
	"add chain ip peervisor input { type filter hook input priority 0; policy accept; }\n"
	"add chain ip peervisor forward { type filter hook forward priority 0; policy drop; }\n"
	"add chain ip peervisor raw { type filter hook prerouting priority -300; policy accept; }\n"
	"add chain ip peervisor raw_own { type filter hook output priority -300; policy accept; }\n"
	"flush chain ip peervisor input\n"
	"flush chain ip peervisor forward\n"
	"flush chain ip peervisor raw\n"
	"flush chain ip peervisor raw_own\n"
	"add rule ip peervisor raw iifname @nat fib daddr type != local accept\n"
	"add rule ip peervisor raw iifname @inside notrack accept\n"
	"add rule ip peervisor raw fib daddr type != local notrack\n"
	"add rule ip peervisor raw_own oifname @inside notrack\n"
	"add rule ip peervisor input fib daddr . iif type local accept\n"
	"add rule ip peervisor input iifname != \"lo\""
	" fib daddr . iif type != { broadcast, multicast } drop\n"
	"add rule ip peervisor forward fib saddr . iif oif missing drop\n"
	"add rule ip peervisor forward iifname @inside oifname @inside drop\n"
	"add rule ip peervisor forward jump answers\n"
	"add rule ip peervisor forward jump room\n"
	"add rule ip peervisor forward iifname @nat oifname != @inside accept\n"
	"add rule ip peervisor forward iifname @routed oifname != @inside accept\n"
	"add rule ip peervisor forward iifname != @inside oifname @routed accept\n";

/* Where nobody leaves by another address these are not there: with the first of them Linux looks at
 * every packet of this VM for the connection that it belongs to. `raw` is always there: rules of the VM's
 * owner may have Linux look, too, and what it serves gets no place in the table by that. */
static const char nat_rules[] =
	"add chain ip peervisor leave { type nat hook postrouting priority 100; }\n"
	"flush chain ip peervisor leave\n"
	"flush chain ip peervisor answers\n"
	"flush chain ip peervisor room\n"
	"add set ip peervisor clients { type ether_addr; flags dynamic; size 1024; }\n"
	"add rule ip peervisor answers ct state established,related accept\n"
	"add rule ip peervisor room iifname @nat ct state new"
	" add @clients { ether saddr ct count over " CLIENT_CONNECTIONS " } drop\n"
	"add rule ip peervisor leave iifname @nat oifname != @inside masquerade\n";

const char *filter_place(const struct dt_device *config)
{
	bool bridged = config->bridge[0] != '\0' && config->network != DT_NETWORK_ISOLATED;

	return bridged ? config->bridge : config->tap;
}

/* What may come in by the tap: frames from the driver VM's interface, untagged, that are ARP about
 * its own address or IPv4 from one that it may use. A sender of 0.0.0.0 asks whether an address is
 * free (RFC 5227). */
static void write_tap_rules(FILE *out, const struct dt_device *config)
{
	const uint8_t *m = config->mac;
	char chain[64];
	char mac[18];
	char address[INET_ADDRSTRLEN];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
	         m[5]);
	snprintf(chain, sizeof(chain), "netdev peervisor tap%u", if_nametoindex(config->tap));
	fprintf(out, "add table netdev peervisor\n");
	fprintf(out,
	        "add chain %s { type filter hook ingress device \"%s\" priority 0; policy drop; }\n",
	        chain, config->tap);
	fprintf(out, "flush chain %s\n", chain);
	fprintf(out, "add rule %s ether saddr != %s drop\n", chain, mac);
	if (config->source_count == 0) {
		fprintf(out, "add rule %s ether type { arp, ip } accept\n", chain);
		return;
	}
	for (uint32_t i = 0; i < config->source_count; i++) {
		inet_ntop(AF_INET, &config->sources[i].address, address, sizeof(address));
		fprintf(out, "add rule %s ether type ip ip saddr %s/%u accept\n", chain, address,
		        config->sources[i].prefix);
	}
	inet_ntop(AF_INET, &config->sources[0].address, address, sizeof(address));
	fprintf(out,
	        "add rule %s ether type arp arp saddr ether %s arp saddr ip { 0.0.0.0, %s } accept\n",
	        chain, mac, address);
}

static void write_place(FILE *out, const struct dt_device *config)
{
	const char *place = filter_place(config);

	fprintf(out, "add element ip peervisor inside { \"%s\", \"%s\" }\n", config->tap, place);
	if (config->network == DT_NETWORK_NAT || config->network == DT_NETWORK_ROUTED) {
		fprintf(out, "add element ip peervisor %s { \"%s\" }\n",
		        config->network == DT_NETWORK_NAT ? "nat" : "routed", place);
	}
}

err_t filter_guard(const struct dt_device *config)
{
	static const char *const argv[] = {"nft", "-f", "-", NULL};
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (out == NULL) {
		return ERR_STATE;
	}
	write_tap_rules(out, config);
	fputs(vm_rules, out);
	if (config->network == DT_NETWORK_NAT) {
		fputs(nat_rules, out);
	}
	write_place(out, config);
	bool ok = fclose(out) == 0 && system_run(argv, text);
	free(text);
	if (!ok) {
		log_line(config->tap, "nft does not take its rules");
	}
	if (ok && config->network == DT_NETWORK_NAT) {
		return system_set(config->tap, TRACKED_MAX, ALL_CONNECTIONS);
	}
	return ok ? OK : ERR_STATE;
}

static err_t harden(const char *interface)
{
	/* Linux, Documentation/networking/ip-sysctl.rst. */
	/* clang-format off */
	static const char *const settings[][2] = {
		{"rp_filter",           "1"}, /* a source must be where its route leads */
		{"arp_ignore",          "1"},
		{"arp_announce",        "2"},
		{"send_redirects",      "0"},
		{"accept_redirects",    "0"},
		{"accept_source_route", "0"},
	};
	/* clang-format on */
	char path[sizeof(SETTINGS_DIR) + NAME_MAX + 32];
	err_t err = OK;

	for (size_t i = 0; i < ARRAY_COUNT(settings) && err == OK; i++) {
		snprintf(path, sizeof(path), SETTINGS_DIR "/%s/%s", interface, settings[i][0]);
		err = system_set(interface, path, settings[i][1]);
	}
	return err;
}

err_t filter_harden(void)
{
	DIR *dir = opendir(SETTINGS_DIR);
	const struct dirent *entry;
	err_t err = OK;

	if (dir == NULL) {
		log_errno("net", SETTINGS_DIR);
		return ERR_STATE;
	}
	/* `all` and `default` stand among the interfaces. */
	while (err == OK && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.') {
			err = harden(entry->d_name);
		}
	}
	closedir(dir);
	return err;
}
