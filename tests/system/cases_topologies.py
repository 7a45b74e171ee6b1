# SPDX-License-Identifier: BSD-2-Clause
"""The seed's patterns as systems: many drivers, a hybrid, a circle."""
from harness import Scenario, ensure


def ping_device_vm(system, driver):
    """The other end of @driver's interface has the address 1 in its network."""
    own = system.shell(driver, "ip -4 -o addr show eth0 | awk '{ sub(\"/.*\", \"\", $4); "
                       "print $4; exit }'")
    text = system.run(driver, "ping", "-c", "5", "-i", "0.2", own.rsplit(".", 1)[0] + ".1")
    ensure(" 0% packet loss" in text, text)


class Hub(Scenario):
    """One device VM, three driver VMs (1:N)."""
    topology = "topologies/hub.camkes"
    spokes = ("spoke_a", "spoke_b", "spoke_c")

    def check_each_spoke_has_a_network(self):
        for spoke in self.spokes:
            ping_device_vm(self.system, spoke)

    def check_each_spoke_has_a_disk_of_its_own(self):
        for spoke in self.spokes:
            self.system.shell(spoke, f"echo disk-of-{spoke} | "
                              "dd of=/dev/vda bs=512 conv=sync oflag=direct 2>/dev/null")
        for spoke in self.spokes:
            text = self.system.shell(spoke, "dd if=/dev/vda bs=512 count=1 iflag=direct "
                                     "2>/dev/null | head -n 1")
            ensure(text == f"disk-of-{spoke}", f"{spoke} reads {text!r}")


class Bidirectional(Scenario):
    """A hybrid: driver VM of one, device VM of another."""
    topology = "topologies/bidirectional.camkes"

    def check_both_networks(self):
        ping_device_vm(self.system, "middle")
        ping_device_vm(self.system, "downstream")

    def check_the_hybrids_own_disk(self):
        self.system.shell("middle", "dd if=/dev/urandom of=/tmp/x bs=64k count=32 2>/dev/null; "
                          "dd if=/tmp/x of=/dev/vda bs=64k oflag=direct 2>/dev/null; "
                          "dd if=/dev/vda bs=64k count=32 iflag=direct 2>/dev/null | cmp - /tmp/x")

    def check_the_disk_that_it_serves(self):
        self.system.shell("downstream", "mkfs.ext4 -q -F /dev/vda && mkdir -p /mnt && "
                          "mount /dev/vda /mnt && echo kept > /mnt/file && umount /mnt && "
                          "mount /dev/vda /mnt && grep -q kept /mnt/file && umount /mnt")


class Mesh(Scenario):
    """Four VMs that serve each other in a circle: who boots first does not matter."""
    topology = "topologies/mesh.camkes"

    def check_every_vm_has_its_peers_vsock(self):
        for vm in ("auth", "app", "cache", "audit"):
            text = self.system.shell(vm, "ls /sys/bus/virtio/drivers/vmw_vsock_virtio_transport")
            ensure("virtio" in text, f"{vm}: {text}")
