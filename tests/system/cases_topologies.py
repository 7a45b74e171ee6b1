# SPDX-License-Identifier: BSD-2-Clause
"""Every topology that is shipped, as a system whose connections all carry what they are for."""
import os

from connections import PORT, Carries, KeepsApart, connections_of
from harness import HERE, Scenario, ensure

WITHOUT = ["--without-hardware", "--board", "qemu-virt"]


class SimplePairFull(Carries, Scenario):
    """Every attribute spelled out."""
    topology = "topologies/simple-pair-full.camkes"


class MultiBackend(Carries, KeepsApart, Scenario):
    """Three device VMs serve one driver VM (N:1): a disk, a network and a display."""
    topology = "topologies/multi-backend.camkes"
    arguments = WITHOUT


class SharedBackend(Carries, KeepsApart, Scenario):
    """One device VM, two tenants (1:N)."""
    topology = "topologies/shared-backend.camkes"
    arguments = WITHOUT


class Chain(Carries, KeepsApart, Scenario):
    """Each VM is the device VM of the next."""
    topology = "topologies/chain.camkes"
    arguments = WITHOUT


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


class Hub(Carries, Scenario):
    """One device VM, three driver VMs (1:N)."""
    topology = "topologies/hub.camkes"
    spokes = ("spoke_a", "spoke_b", "spoke_c")

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


class Circle(Carries, Scenario):
    """Three VMs that serve each other disks in a circle, and come up one after the other: two of them
    before the VM that serves them."""
    topology = os.path.join(HERE, "topologies/circle.camkes")


class Many(Carries, Scenario):
    """24 VMs on four CPUs."""
    long = True
    boot_limit = 600
    topology = os.path.join(HERE, "topologies/many.camkes")
