# SPDX-License-Identifier: BSD-2-Clause
"""Every topology that is shipped, as a system whose connections all carry what they are for."""
import os
import secrets
import socket

from connections import PORT, Carries, KeepsApart, check_messages, connections_of
from display import check_picture, drawn_row
from harness import BOTH_BOARDS, HERE, LIMIT, Failure, Scenario, ensure
from outside import ECHO, ENTRANCE, Outside
from shaken import ShakesRings

WITHOUT = ["--without-hardware"]
OUTSIDE_BYTES = 1_000_000
WRITTEN_BYTES = 16 << 10
FRAME = (1024, 768)  # of a gpu device
GPU_SLOT = 3
# The build host, as QEMU's network of its user shows it, and the pair's device VM.
GATEWAY, GATEWAY_6, INSIDE = "10.0.2.2", "fec0::2", "10.77.0.1"


class SimplePairFull(Carries, Scenario):
    """Every attribute spelled out."""
    topology = "topologies/simple-pair-full.camkes"


class OnHardware(Outside):
    """What comes through the NIC of the VM `entrance` reaches the VM `inner`, and what VMs write to
    their disks is in the file behind the disk of the machine when that is off."""
    entrance = inner = ""
    disks = {"DISK": 64 << 20}

    def inner_address(self):
        return next(device["address" if c.device_vm == self.inner else "driver_address"]
                    for c in connections_of(self.system) for device in c.of_type("net")
                    if {c.device_vm, c.driver_vm} == {self.entrance, self.inner})

    def check_bytes_from_outside_reach_it_and_come_back(self):
        self.await_nic(self.entrance)
        self.system.shell(self.inner, "printf '#!/bin/sh\nhostname; cat\n' > /tmp/echo; "
                          "chmod +x /tmp/echo")
        self.listen(self.inner, ECHO, "/tmp/echo")
        self.listen(self.entrance, ENTRANCE, f"nc {self.inner_address()} {ECHO}")
        self.exchange(self.inner, OUTSIDE_BYTES)

    def check_what_is_on_disks_is_there_when_the_machine_is_off(self):
        disks = [(c.driver_vm, device) for c in connections_of(self.system)
                 for device in c.of_type("blk")]
        ensure(disks, "nobody has a disk")
        for vm, device in disks:
            self.write(vm, self.system.disk(vm, device["size"]), "DISK", WRITTEN_BYTES)
        self.system.stop()
        with open(self.file("DISK"), "rb") as file:
            kept = file.read()
        for (vm, device), data in zip(disks, self.written["DISK"]):
            ensure(kept[device["offset"]:][:WRITTEN_BYTES] == data,
                   f"what {vm} wrote is not where its disk begins")
        self.directory.cleanup()


class MultiBackend(Carries, KeepsApart, OnHardware, Scenario):
    """Three device VMs serve one driver VM (N:1): a disk, a network and a display."""
    topology = os.path.join(HERE, "topologies/multi-backend-hardware.camkes")
    entrance, inner = "network", "workload"
    own_virtio = {"gpu": 1}

    def check_what_the_workload_draws_is_on_the_screen(self):
        """Of the GPU VM's own display, which is larger: the rest of it is dark."""
        seed = secrets.randbits(24)
        check_picture(self.system, "workload", seed)
        shown = drawn_row(FRAME[1] - 1, FRAME[0], seed)
        self.system.wait("the screen has the last line", lambda: self.screen(GPU_SLOT)[2][
            FRAME[1] - 1].startswith(shown))
        width, height, rows = self.screen(GPU_SLOT)
        ensure(width > FRAME[0] and height > FRAME[1], f"the screen has {width} x {height}")
        for y, row in enumerate(rows):
            drawn = drawn_row(y, FRAME[0], seed) if y < FRAME[1] else b""
            ensure(row == drawn.ljust(3 * width, b"\0"), f"line {y} is another one")


class SharedBackend(ShakesRings, Carries, KeepsApart, OnHardware, Scenario):
    """One device VM, two tenants (1:N)."""
    seconds = 60
    topology = os.path.join(HERE, "topologies/shared-backend-hardware.camkes")
    entrance, inner = "backend", "tenant_b"
    shaken, shaker, steady, steady_disk = "backend", "tenant_a", "tenant_b", "32M"


class Chain(Carries, KeepsApart, OnHardware, Scenario):
    """Each VM is the device VM of the next."""
    topology = os.path.join(HERE, "topologies/chain-hardware.camkes")
    entrance, inner = "gateway", "app"


class PairOnHardware(OnHardware, Scenario):
    """A device VM with NIC and card, a driver VM without hardware."""
    topology = os.path.join(HERE, "topologies/pair-hardware.camkes")
    entrance, inner = "device", "driver"

    def check_nothing_outside_is_reached_but_by_the_forwarded_port(self):
        """The NIC is restricted: neither by the VM that has it, with a way out that root makes, nor
        through that VM by the one that it serves. Whoever came would be the first in the queue."""
        both = socket.has_dualstack_ipv6()
        with socket.create_server(("", 0), family=socket.AF_INET6 if both else socket.AF_INET,
                                  dualstack_ipv6=both) as server:
            port = server.getsockname()[1]
            for vm, way in (("device", GATEWAY), ("driver", INSIDE)):
                said = self.system.shell(vm, f"""
                    ip route replace default via {way}
                    for to in {GATEWAY} {GATEWAY_6}; do
                        echo {vm} | nc -w 3 $to {port} && echo answered || true
                    done""")
                ensure("answered" not in said, f"{vm}: {said}")
            server.setblocking(False)
            try:
                _, who = server.accept()
                raise Failure(f"{who} has come")
            except BlockingIOError:
                pass


class KvmStar(Carries, KeepsApart, Scenario):
    """A host that sees all RAM of its guests, on the board that there is."""
    topology = "topologies/kvm-star.camkes"
    arguments = WITHOUT


class DeployedPair(Carries, Scenario):
    """As it stands in a deployed system."""
    topology = "topologies/deployed/vm_qemu_virtio/vm_qemu_virtio.camkes"
    arguments = WITHOUT


class DeployedUsers(Carries, Scenario):
    """The same of several users."""
    topology = "topologies/deployed/vm_virtio_multi_user/vm_virtio_multi_user.camkes"
    arguments = WITHOUT


class MultiBackendRpi4(Carries, KeepsApart, Scenario):
    """N:1 as it is for a Raspberry Pi 4, without its hardware."""
    long = True
    topology = "topologies/multi-backend-rpi4.camkes"
    arguments = WITHOUT


class SharedBackendRpi4(Carries, KeepsApart, Scenario):
    """1:N of the same."""
    long = True
    topology = "topologies/shared-backend-rpi4.camkes"
    arguments = WITHOUT


class Hub(ShakesRings, Carries, KeepsApart, Scenario):
    """One device VM, three driver VMs (1:N)."""
    seconds = 60
    topology = "topologies/hub.camkes"
    boards = BOTH_BOARDS
    spokes = ("spoke_a", "spoke_b", "spoke_c")
    shaken, (shaker, steady, _) = "hub", spokes

    def check_each_spoke_has_a_disk_of_its_own(self):
        for spoke in self.spokes:
            self.system.shell(spoke, f"echo disk-of-{spoke} | "
                              "dd of=/dev/vda bs=512 conv=sync oflag=direct 2>/dev/null")
        for spoke in self.spokes:
            text = self.system.shell(spoke, "dd if=/dev/vda bs=512 count=1 iflag=direct "
                                     "2>/dev/null | head -n 1")
            ensure(text == f"disk-of-{spoke}", f"{spoke} reads {text!r}")


class Bidirectional(Carries, Scenario):
    """A hybrid: driver VM of one, device VM of another."""
    topology = "topologies/bidirectional.camkes"


class Mesh(Carries, Scenario):
    """Four VMs that serve each other in a circle: who boots first does not matter."""
    topology = "topologies/mesh.camkes"

    def check_nobody_reaches_whom_it_is_not_connected_with(self):
        """A VM calls every CID of the mesh, after those of its peers have answered."""
        cids, peers = {2}, {}
        for c in connections_of(self.system):
            cids.add(c.devices[0]["cid"])
            peers.setdefault(c.driver_vm, {})[2] = c.device_vm
            peers.setdefault(c.device_vm, {})[c.devices[0]["cid"]] = c.driver_vm
        for vm in peers:
            self.system.shell(vm, f"(while :; do echo {vm} | vsock listen {PORT + 1}; done) "
                              "</dev/null >/dev/null 2>&1 &")
        for caller, near in peers.items():
            heard = self.system.shell(caller, f"""
                call() {{ vsock connect $1 {PORT + 1} </dev/null 2>/dev/null | grep .; }}
                for cid in {" ".join(map(str, near))}; do
                    until call $cid; do usleep 50000; done
                done
                for cid in {" ".join(map(str, cids))}; do call $cid || true; done""", limit=120)
            ensure(set(heard.split()) == set(near.values()),
                   f"{caller} reaches {heard.split()}, not {near}")

    def hold(self, vm, how):
        """An end of a stream that says a word and stays, as long as the stream does."""
        return self.system.spawn(vm, f"""
            mkfifo '/tmp/{how} in'; exec 3<> '/tmp/{how} in'; echo here >&3
            until vsock {how} <&3 > '/tmp/{how}' 2> '/tmp/{how} error' || [ -s '/tmp/{how}' ]; do
                usleep 50000
            done; cat '/tmp/{how} error'""")

    def check_an_open_stream_ends_at_both_sides_when_a_daemon_dies(self):
        """One that either has opened; the driver VM hears it from the next daemon. Streams go on then."""
        system, c = self.system, connections_of(self.system)[0]
        before = system.sessions(c.device_vm, c.driver_vm)
        cid = c.devices[0]["cid"]
        places = [(c.device_vm, f"listen {PORT + 2}"), (c.driver_vm, f"connect 2 {PORT + 2}"),
                  (c.driver_vm, f"listen {PORT + 3}"), (c.device_vm, f"connect {cid} {PORT + 3}")]
        ends = [self.hold(*place) for place in places]
        try:
            for vm, how in places:
                system.wait(f"{vm} hears who is there", lambda vm=vm, how=how: system.shell(
                    vm, f"cat '/tmp/{how}' 2>/dev/null || true") == "here")
            ensure(all(end.poll() is None for end in ends), "one ends by itself")
            system.shell(c.device_vm, "kill -9 $(pidof peervisord)")
            for place, end in zip(places, ends):
                said, _ = end.communicate(timeout=LIMIT)
                # By what error, Linux says in one way and another; not that all has come.
                ensure("vsock: read: " in said, f"{place}: {said}")
        finally:
            for end in ends:
                end.kill()
                end.wait()
        system.wait_session(c.device_vm, c.driver_vm, before)
        check_messages(system, c.device_vm, c.driver_vm, 2)
        check_messages(system, c.driver_vm, c.device_vm, cid)


class Circle(Carries, Scenario):
    """Three VMs that serve each other disks in a circle, and come up one after the other: two of them
    before the VM that serves them."""
    topology = os.path.join(HERE, "topologies/circle.camkes")


class Many(Carries, Scenario):
    """24 VMs on four CPUs."""
    long = alone = True
    boot_limit = 600
    topology = os.path.join(HERE, "topologies/many.camkes")
