# SPDX-License-Identifier: BSD-2-Clause
"""Every topology that is shipped, as a system whose connections all carry what they are for."""
import os
import tempfile

from connections import Carries
from harness import ROOT, Scenario, ensure

WITHOUT = ["--without-hardware", "--board", "qemu-virt"]


class SimplePairFull(Carries, Scenario):
    """Every attribute spelled out."""
    topology = "topologies/simple-pair-full.camkes"


class MultiBackend(Carries, Scenario):
    """Three device VMs serve one driver VM (N:1). A vsock stands for the GPU."""
    arguments = WITHOUT

    def prepare(self):
        self.directory = tempfile.TemporaryDirectory()
        self.system.topology = os.path.join(self.directory.name, "multi-backend.camkes")
        with open(os.path.join(ROOT, "topologies/multi-backend.camkes"), encoding="ascii") as file:
            text = file.read()
        with open(self.system.topology, "w", encoding="ascii") as file:
            file.write(text.replace('type: "gpu"', 'type: "vsock"'))


class SharedBackend(Carries, Scenario):
    """One device VM, two tenants (1:N)."""
    topology = "topologies/shared-backend.camkes"
    arguments = WITHOUT


class Chain(Carries, Scenario):
    """Each VM is the device VM of the next."""
    topology = "topologies/chain.camkes"
    arguments = WITHOUT


class KvmStar(Carries, Scenario):
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
