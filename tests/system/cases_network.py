# SPDX-License-Identifier: BSD-2-Clause
"""Every kind of network in one device VM: what passes between the VMs, when each of them sends what
it can, is what docs/language.md says, and nothing that the analysis denies.

Nothing is waited for with a clock. Frames keep their order on each interface, so a frame that is
sent behind the others and has come says that the others came before or never will."""
import gzip
import json
import os
import subprocess

import frames
from connections import check_tcp
from harness import HERE, LIMIT, TOPO, Scenario, ensure

BYTES = 1_000_000
FLOWS = 500
CLIENT_CONNECTIONS = 1024  # backend/daemon/filter.c
TRACKING = "/proc/sys/net/netfilter/nf_conntrack_"
FORWARDING = ("nat", "routed")
# What peers on a bridge can do: frames of their own to each other and to all.
PEER_KINDS = ("direct-echo", "broadcast", "multicast")
FORWARD_KINDS = ("forward-echo", "forward-syn", "forward-datagram")


class Node:
    """A VM with the interface of its network on which it attacks and is attacked."""

    def __init__(self, name, interface, mac, address, device):
        self.name, self.interface, self.mac, self.address = name, interface, mac, address
        self.gateway, self.kind = device["address"], device["network"]
        self.tap = device["tap"]
        bridged = device.get("bridge") and self.kind != "isolated"
        self.place = device["bridge"] if bridged else self.tap
        self.gateway_mac = None


def attacks(node, victim, stranger, outside):
    """(kind, frame) of all that `node` tries with a victim. `stranger` is neither of them."""
    own, through = node.mac, node.gateway_mac
    source, to = node.address, victim.address

    def text(kind):
        return f"{kind}:{node.name}:{victim.name}"

    def ip(mac, to_mac, kind, packet):
        return kind, frames.ether(to_mac, mac, frames.IPV4, packet)

    yield ip(own, through, "forward-echo", frames.echo(source, to, text("forward-echo")))
    yield ip(own, through, "forward-syn", frames.syn(source, to, text("forward-syn")))
    yield ip(own, through, "forward-datagram",
             frames.datagram(source, to, text("forward-datagram")))
    yield ip(own, through, "forward-broadcast", frames.datagram(
        source, to.rsplit(".", 1)[0] + ".255", text("forward-broadcast")))
    for kind, liar in (("forward-as-stranger", stranger.address), ("forward-as-outside", outside),
                       ("forward-as-gateway", victim.gateway)):
        if liar != source:
            yield ip(own, through, kind, frames.echo(liar, to, text(kind)))
    yield ip(own, victim.mac, "direct-echo", frames.echo(source, to, text("direct-echo")))
    yield ip(stranger.mac, victim.mac, "direct-as-stranger",
             frames.datagram(source, to, text("direct-as-stranger")))
    yield ip(through, victim.mac, "direct-as-gateway",
             frames.datagram(source, to, text("direct-as-gateway")))
    yield ip(own, victim.mac, "direct-ip-of-stranger",
             frames.datagram(stranger.address, to, text("direct-ip-of-stranger")))
    yield "direct-vlan", frames.tagged(victim.mac, own, 5, frames.IPV4, frames.datagram(
        source, to, text("direct-vlan")))
    yield "direct-ipv6", frames.ether(victim.mac, own, frames.IPV6, frames.ipv6(
        "fe80::2", "fe80::3", frames.UDP, frames.mark(text("direct-ipv6"))))
    yield "arp-as-gateway", frames.ether(victim.mac, own, frames.ARP, frames.arp(
        2, own, victim.gateway, victim.mac, to, text("arp-as-gateway")))


def cries(node):
    """(kind, frame) of all that `node` sends to whoever hears it."""
    def text(kind):
        return f"{kind}:{node.name}:all"

    own, all_hosts = node.mac, "01:00:5e:00:00:01"
    yield "broadcast", frames.ether(frames.BROADCAST, own, frames.IPV4, frames.datagram(
        node.address, "255.255.255.255", text("broadcast")))
    yield "multicast", frames.ether(all_hosts, own, frames.IPV4, frames.datagram(
        node.address, "224.0.0.1", text("multicast")))
    yield "vlan", frames.tagged(frames.BROADCAST, own, 0, frames.IPV4, frames.datagram(
        node.address, "255.255.255.255", text("vlan")))
    yield "vlan-in-vlan", frames.tagged(frames.BROADCAST, own, 1, frames.VLAN, b"\0\2" + (
        frames.mark(text("vlan-in-vlan"))))
    yield "router", frames.ether("33:33:00:00:00:01", own, frames.IPV6,
                                 frames.router_advertisement(text("router")))
    yield "spanning-tree", frames.ether("01:80:c2:00:00:00", own, 0x26,
                                        b"\x42\x42\3" + frames.mark(text("spanning-tree")))
    yield "arp-as-gateway", frames.ether(frames.BROADCAST, own, frames.ARP, frames.arp(
        1, own, node.gateway, "00:00:00:00:00:00", node.gateway, text("arp-as-gateway")))


class Networks(Scenario):
    """Two driver VMs of each kind, the device VM's own device VM, and a VM behind one of them."""
    seconds = 120
    topology = os.path.join(HERE, "topologies/networks.camkes")

    def prepare(self):
        done = subprocess.run([TOPO, "export", "-f", "json", "--no-advice", self.topology],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        self.nodes = {}
        for connection in json.loads(done.stdout)["connections"]:
            device, name = connection["devices"][0], connection["driver_vm"]
            self.nodes[name] = Node(name, "eth0", device["mac"], device["driver_address"], device)
        self.hub = self.nodes.pop("hub")
        self.deep = self.nodes["deep"]
        self.tenants = [node for node in self.nodes.values() if node is not self.deep]
        # The hub's device VM attacks from the other end of the hub's interface.
        self.up = Node("up", self.hub.tap, None, self.hub.gateway,
                       {"address": self.hub.address, "network": "bridge", "tap": self.hub.tap})
        self.up.gateway_mac = self.hub.mac
        self.nodes["up"] = self.up
        self.seen = {}

    def server_of(self, node):
        """The VM at the other end, and its interface there."""
        if node is self.up:
            return "hub", "eth0"
        return ("r1" if node is self.deep else "hub"), node.tap

    def check_each_kind_serves_its_own_driver_vm(self):
        """It also makes the hub know everybody's hardware address: nothing waits for ARP later."""
        for node in self.tenants:
            if node.kind != "isolated":
                self.system.shell("hub", f"ping -c 2 {node.address}")
        self.system.shell("up", f"ping -c 2 {self.hub.address}")
        self.system.shell("r1", f"ping -c 2 {self.deep.address}")

    def check_forwarded_ones_have_their_way_out(self):
        """By routes that nobody had to write: through the hub, and from behind one of its VMs."""
        for name in ("n1", "r1", "deep"):
            check_tcp(self.system, name, "up", self.up.address, BYTES)

    def check_floods_of_connections_take_no_room(self):
        """Only what leaves by another address needs a place in the table of connections that the
        tenants of one device VM share: a full one would keep others from connecting."""
        self.learn_addresses()
        self.system.probe("hub")
        flooders = [self.nodes[name] for name in ("b1", "r1")]
        for node in flooders:
            flows = "".join(frames.ether(node.gateway_mac, node.mac, frames.IPV4, frames.datagram(
                node.address, to, "flow", 10000 + i)).hex() + "\n"
                for i in range(FLOWS) for to in (node.gateway, self.up.address))
            self.system.probe(node.name)
            self.system.shell(node.name, "gunzip > /tmp/flows", limit=120,
                              stdin=gzip.compress(flows.encode(), 9))
        before = self.tracked()
        for node in flooders:
            self.system.shell(node.name, f"/tmp/probe frames {node.interface} < /tmp/flows; "
                              f"ping -c 1 {node.gateway}")
        ensure(self.tracked() < before + FLOWS, f"{before} connections, then {self.tracked()}")
        room = self.system.run("hub", "cat", f"{TRACKING}max")
        self.system.shell("hub", f"echo 8 > {TRACKING}max")
        floods = [self.system.spawn(node.name, "until [ -e /tmp/enough ]; do /tmp/probe frames "
                                    f"{node.interface} < /tmp/flows; done") for node in flooders]
        try:
            for _ in range(3):
                check_tcp(self.system, "n1", "up", self.up.address, BYTES)
        finally:
            for node, flood in zip(flooders, floods):
                self.system.run(node.name, "touch", "/tmp/enough")
                flood.communicate(timeout=LIMIT)
            self.system.shell("hub", f"echo {room} > {TRACKING}max")

    def tracked(self):
        return int(self.system.run("hub", "cat", f"{TRACKING}count"))

    def learn_addresses(self):
        self.up.mac = self.system.shell("up", "cat /sys/class/net/br0/address")
        for node in self.nodes.values():
            if node is not self.up:
                node.gateway_mac = self.system.shell(
                    self.server_of(node)[0], f"cat /sys/class/net/{node.place}/address")

    def volley(self, node):
        """All that a VM sends, as lines for the probe."""
        others = [v for v in self.nodes.values() if v not in (node, self.deep)]
        sent = list(cries(node))
        for victim in self.nodes.values():
            if victim is node or (node.name, victim.name) in (("r1", "deep"), ("deep", "r1")):
                continue
            stranger = next(v for v in others if v not in (victim, self.up))
            sent += attacks(node, victim, stranger, self.up.address)
        for address in self.device_addresses():
            text = f"weak:{node.name}:{address}"
            sent.append(("weak", frames.ether(node.gateway_mac, node.mac, frames.IPV4,
                                              frames.echo(node.address, address, text))))
            sent.append(("ask", frames.ether(frames.BROADCAST, node.mac, frames.ARP, frames.arp(
                1, node.mac, node.address, "00:00:00:00:00:00", address))))
        sent.append(("last", frames.ether(frames.BROADCAST, node.mac, frames.LOCAL,
                                          frames.mark(f"sent-{node.name}"))))
        return "".join(frame.hex() + "\n" for _, frame in sent).encode()

    def device_addresses(self):
        """All addresses of the hub and of r1, the VMs that serve and are served."""
        return sorted({node.gateway for node in self.nodes.values()} | {
            self.hub.address, self.nodes["r1"].address})

    def sniff(self):
        for vm in (*self.nodes, "hub"):
            self.system.probe(vm)
        for node in self.nodes.values():
            server, interface = self.server_of(node)
            self.system.run(server, "/tmp/probe", "sniff", interface, f"/tmp/sent-{node.name}",
                            f"sent-{node.name}")
            self.system.run(node.name, "/tmp/probe", "sniff", node.interface, "/tmp/seen", "last")

    def attack(self, node):
        self.system.shell(node.name, f"gunzip | /tmp/probe frames {node.interface}", limit=120,
                          stdin=gzip.compress(self.volley(node), 9))
        self.system.shell(self.server_of(node)[0],
                          f"until [ -e /tmp/sent-{node.name} ]; do sleep 0.1; done")

    def collect(self, node):
        """Send the last frame to a VM; what it has seen until then."""
        server, interface = self.server_of(node)
        last = frames.ether(frames.BROADCAST, self.hub.mac, frames.LOCAL, frames.mark("last"))
        self.system.run(server, "/tmp/probe", "frames", interface, stdin=last.hex().encode())
        text = self.system.shell(node.name, "until [ -e /tmp/seen ]; do sleep 0.1; done; "
                                 "sort -u /tmp/seen")
        return set(text.split())

    def check_frames_of_every_sort_are_sent(self):
        self.learn_addresses()
        self.sniff()
        # What passes r1 leaves it in order, so r1 goes behind the VM that it serves.
        for node in sorted(self.nodes.values(), key=lambda node: node is not self.deep):
            self.attack(node)
        for node in sorted(self.nodes.values(), key=lambda node: node is self.deep):
            self.seen[node.name] = self.collect(node)

    def crossed(self):
        """(kind, from, to whom it was sent, who saw it) of all that came to others."""
        for name, lines in self.seen.items():
            for kind, source, to in (line.split(":") for line in lines if line.count(":") == 2):
                if source != name and kind != "weak":
                    yield kind, source, to, name

    def may_cross(self, kind, source, to, name):
        """What docs/language.md says of the kinds of networks."""
        if {source, name} == {"b2", "b3"}:
            return kind in PEER_KINDS and to in (name, "all")
        sender, seer = self.nodes[source], self.nodes[name]
        goes_up = sender is self.deep or sender.kind in FORWARDING
        if seer is self.up and goes_up and kind in (*FORWARD_KINDS, "forward-broadcast"):
            # The hub knows no way to the addresses of isolated VMs but its way out.
            return to == "up" and kind in FORWARD_KINDS or self.nodes[to].kind == "isolated"
        if name == "r1" and {source, to} == {"up", "deep"}:
            # Between these two it stands: it sees what passes, and the answers.
            return kind in (*FORWARD_KINDS, "forward-broadcast")
        return sender is self.up and kind in FORWARD_KINDS and (
            to == name and seer.kind == "routed")

    def check_only_what_the_topology_says_has_crossed(self):
        ensure(len(self.seen) == len(self.nodes), "not all have told what they saw")
        wrong = sorted(":".join(row) for row in self.crossed() if not self.may_cross(*row))
        ensure(not wrong, f"{len(wrong)}: {' '.join(wrong[:40])}")

    def check_what_the_topology_says_has_crossed(self):
        crossed = set(self.crossed())
        wanted = {(kind, a, to, b) for a, b in (("b2", "b3"), ("b3", "b2"))
                  for kind, to in (("direct-echo", b), ("broadcast", "all"), ("multicast", "all"))}
        wanted |= {(kind, a, "up", "up") for a in ("n1", "n2", "r1", "r2", "deep")
                   for kind in FORWARD_KINDS}
        wanted |= {(kind, "up", b, b) for b in ("r1", "r2", "deep") for kind in FORWARD_KINDS}
        missing = sorted(":".join(row) for row in wanted - crossed)
        ensure(not missing, " ".join(missing))

    def check_only_addresses_of_the_own_interface_answer(self):
        """Of a VM that has several, by IP and by ARP."""
        wrong = []
        for node in self.nodes.values():
            own = {node.gateway} if node.kind != "isolated" else set()
            forwards = node is self.deep or node.kind in FORWARDING
            beyond = {self.up.address} if forwards else set()
            beyond |= {self.nodes["r1"].gateway} if node is self.deep else set()
            beyond |= {self.nodes["r1"].address} if node is self.up else set()
            seen = self.seen[node.name]
            answered = {line.split(":")[2] for line in seen
                        if line.startswith(f"weak:{node.name}:")}
            spoken = {line.split(":")[1] for line in seen if line.startswith("arp-reply:")}
            peers = {"b2": {self.nodes["b3"].address}, "b3": {self.nodes["b2"].address}}
            wrong += [f"{node.name}: {address}" for address in answered - own - beyond]
            wrong += [f"{node.name}: ARP {address}"
                      for address in spoken - own - peers.get(node.name, set())]
            wrong += [f"{node.name}: no answer of {address}" for address in own - answered]
        ensure(not wrong, ", ".join(wrong))

    def check_the_analysis_says_what_has_crossed(self):
        """Whoever reaches a VM without another's fall is joined with it directly."""
        pairs = {(source, name) for _, source, _, name in self.crossed()}
        ensure(len(pairs) > 8, f"pairs: {pairs}")
        self.ask([f"cut({a}, {b}) == never && compromises({a}, {b}) <= compromises({a}) + 1"
                  for a, b in sorted(pairs)])

    def check_the_analysis_tells_the_others_apart(self):
        """What it says is not just that everybody reaches everybody."""
        kinds = {"b1": "b2", "b2": "n1", "n1": "n2", "n2": "r1", "r1": "r2", "r2": "i1",
                 "i1": "i2", "i2": "b1"}
        self.ask([f"cut({a}, {b}) < never" for pair in kinds.items()
                  for a, b in (pair, pair[::-1])])

    def ask(self, expressions):
        asserts = [word for text in expressions for word in ("--assert", text)]
        done = subprocess.run([TOPO, "report", "--no-advice", *asserts, self.topology],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        ensure(done.returncode == 0, done.stdout[-1500:])

    def check_no_flood_of_connections_takes_others_room(self):
        """Of those that need a place in the table each driver VM has so many, however it numbers them."""
        self.learn_addresses()
        node, flows = self.nodes["n1"], 2 * CLIENT_CONNECTIONS
        text = "".join(frames.ether(node.gateway_mac, node.mac, frames.IPV4, frames.datagram(
            node.address, self.up.address, "room", 10000 + i)).hex() + "\n" for i in range(flows))
        self.system.probe("n1")
        self.system.shell("n1", "gunzip > /tmp/room", limit=120, stdin=gzip.compress(text.encode(), 9))
        # What nobody answers is forgotten after seconds: not while it is counted.
        self.system.shell("hub", f"echo 3600 > {TRACKING}udp_timeout")
        before = self.tracked()
        self.system.shell("n1", f"/tmp/probe frames {node.interface} < /tmp/room; "
                          f"ping -c 1 {node.gateway}")
        after = self.tracked()
        ensure(CLIENT_CONNECTIONS // 2 < after <= before + CLIENT_CONNECTIONS + 16,
               f"{before} connections, then {after}")
        check_tcp(self.system, "n2", "up", self.up.address, BYTES)


class Errors(Scenario):
    """Errors that quote what a VM sent, made up by another driver VM of the same device VM."""
    topology = os.path.join(HERE, "topologies/errors.camkes")

    def prepare(self):
        done = subprocess.run([TOPO, "export", "-f", "json", "--no-advice", self.topology],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        self.nodes = {}
        for connection in json.loads(done.stdout)["connections"]:
            device, name = connection["devices"][0], connection["driver_vm"]
            self.nodes[name] = Node(name, "eth0", device["mac"], device["driver_address"], device)
        self.hub = self.nodes.pop("hub")

    def send(self, name, to_mac, packet):
        node = self.nodes[name]
        frame = frames.ether(to_mac, node.mac, frames.IPV4, packet)
        self.system.run(name, "/tmp/probe", "frames", node.interface, stdin=frame.hex().encode())

    def check_errors_do_not_pass_between_tenants(self):
        outside = self.hub.gateway
        self.system.shell("hub", f"ping -c 2 {outside}")
        for node in self.nodes.values():
            self.system.shell("hub", f"ping -c 2 {node.address}")
            node.gateway_mac = self.system.shell("hub", f"cat /sys/class/net/{node.place}/address")
        for vm in (*self.nodes, "hub"):
            self.system.probe(vm)
        seen = {}
        for name, node in self.nodes.items():
            self.system.run(name, "/tmp/probe", "sniff", node.interface, "/tmp/seen", "last")
        for name in ("r1", "n1"):
            node = self.nodes[name]
            self.send(name, node.gateway_mac,
                      frames.datagram(node.address, outside, f"out:{name}:up"))
            for liar in self.nodes.values():
                if liar is node:
                    continue
                for to in (node.address, self.hub.address):
                    quoted = frames.datagram(to, outside, f"error:{liar.name}:{name}")
                    self.send(liar.name, liar.gateway_mac,
                              frames.unreachable(liar.address, to, quoted))
        for name, node in self.nodes.items():
            # Who is answered was heard, and all that he sent before.
            self.system.shell(name, f"ping -c 2 {node.gateway}")
        for name, node in self.nodes.items():
            last = frames.ether(frames.BROADCAST, self.hub.mac, frames.LOCAL, frames.mark("last"))
            self.system.run("hub", "/tmp/probe", "frames", node.tap, stdin=last.hex().encode())
            text = self.system.shell(name, "until [ -e /tmp/seen ]; do sleep 0.1; done; "
                                     "sort -u /tmp/seen")
            seen[name] = [line for line in text.split() if line.startswith("error:")
                          and line.split(":")[1] != name]
        ensure(not any(seen.values()), str(seen))
