# SPDX-License-Identifier: BSD-2-Clause
"""Ethernet frames made by hand, as somebody with root's rights in a VM makes them. Each carries a
mark by which tests/system/probe_net.c knows it again."""
import socket
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
IPV4, ARP, VLAN, IPV6, LOCAL = 0x0800, 0x0806, 0x8100, 0x86dd, 0x88b5
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
UNREACHABLE, ECHO_REQUEST, ROUTER_ADVERTISEMENT = 3, 8, 134
SYN = 2


def mac_bytes(mac):
    return bytes(int(byte, 16) for byte in mac.split(":"))


def mark(text):
    return f"PVM:{text};".encode()


def checksum(data):
    """RFC 1071"""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ether(to, source, kind, payload):
    """RFC 894. Padded to the least length, so that no driver has to."""
    return (mac_bytes(to) + mac_bytes(source) + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def tagged(to, source, vlan, kind, payload):
    """IEEE 802.1Q"""
    return ether(to, source, VLAN, struct.pack("!HH", vlan, kind) + payload)


def ipv4(source, to, protocol, payload):
    """RFC 791"""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    ends = socket.inet_aton(source) + socket.inet_aton(to)
    return head[:10] + struct.pack("!H", checksum(head + ends)) + ends + payload


def echo(source, to, text):
    """RFC 792"""
    body = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, 7, 7) + mark(text)
    return ipv4(source, to, ICMP, body[:2] + struct.pack("!H", checksum(body)) + body[4:])


def of_port(source, to, protocol, body, at):
    """The checksum of TCP and UDP covers the addresses; it stands at offset `at`."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack(
        "!HH", protocol, len(body))
    total = struct.pack("!H", checksum(pseudo + body))
    return ipv4(source, to, protocol, body[:at] + total + body[at + 2:])


def syn(source, to, text):
    """RFC 9293: the beginning of a connection to port 80; the mark is its data."""
    body = struct.pack("!HHIIBBHHH", 4000, 80, 1, 0, 5 << 4, SYN, 4096, 0, 0) + mark(text)
    return of_port(source, to, TCP, body, 16)


def datagram(source, to, text, port=4000):
    """RFC 768"""
    body = struct.pack("!HHHH", port, 4000, 8 + len(mark(text)), 0) + mark(text)
    return of_port(source, to, UDP, body, 6)


def unreachable(source, to, packet):
    """RFC 792: an error about `packet`, whose mark it carries on."""
    body = struct.pack("!BBHI", UNREACHABLE, 3, 0, 0) + packet
    return ipv4(source, to, ICMP, body[:2] + struct.pack("!H", checksum(body)) + body[4:])


def arp(operation, sender_mac, sender, target_mac, target, text=""):
    """RFC 826"""
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) + mac_bytes(sender_mac) + \
        socket.inet_aton(sender) + mac_bytes(target_mac) + socket.inet_aton(target) + mark(text)


def ipv6(source, to, following, payload):
    """RFC 8200"""
    return struct.pack("!IHBB", 6 << 28, len(payload), following, 255) + \
        socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, to) + payload


def router_advertisement(text):
    """RFC 4861, from a link-local address to all nodes. Nobody checks its checksum before it is
    seen."""
    body = struct.pack("!BBHBBHII", ROUTER_ADVERTISEMENT, 0, 0, 64, 0, 1800, 0, 0) + mark(text)
    return ipv6("fe80::1", "ff02::1", ICMPV6, body)
