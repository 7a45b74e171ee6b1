# SPDX-License-Identifier: BSD-2-Clause
"""Types of devices besides net, blk and vsock: what they carry is compared end to end."""
import os

from display import check_no_picture, check_picture
from harness import HERE, Scenario, ensure

RUN = "/run/peervisor"
LOG_BYTES_MAX = 16384
TEXT_BYTES = 20_000
BIND_DISPLAY = """cd /sys/bus/virtio/drivers/virtio_gpu; d=$(basename $(ls -d virtio*))
    echo $d > unbind; echo $d > bind"""


def text_of(seed, count):
    """Bytes that a terminal carries as they are."""
    return bytes(33 + (seed + i * 7 + i // 90) % 90 for i in range(count))


class Devices(Scenario):
    """rng and console, served by the daemon itself; gpu and fs, by programs of QEMU's."""
    seconds = 60
    topology = os.path.join(HERE, "topologies/devices.camkes")

    def check_a_drawn_picture_is_on_the_display(self):
        check_picture(self.system, "driver", 0x123456)

    def check_a_display_has_the_size_that_it_is_given(self):
        """Linux asks for it when its driver begins, and waits 5 s for the device VM."""
        self.system.shell("driver", BIND_DISPLAY, limit=120)
        size = self.system.run("driver", "cat", "/sys/class/graphics/fb0/virtual_size")
        ensure(size == "1280,720", f"it has {size}")
        check_picture(self.system, "driver", 0x234567)

    def check_random_bytes_come_from_the_device_vm(self):
        name = self.system.run("driver", "cat", "/sys/class/misc/hw_random/rng_current")
        ensure(name.startswith("virtio_rng"), f"the current one is {name}")
        sums = self.system.shell("driver", "for i in 1 2; do dd if=/dev/hwrng bs=4096 count=16 "
                                 "iflag=fullblock 2>/dev/null | tee /tmp/random | sha256sum; done; "
                                 "wc -c < /tmp/random; gzip -c /tmp/random | wc -c").split("\n")
        ensure(sums[0] != sums[1] and sums[2] == "65536", f"drawn: {sums}")
        ensure(int(sums[3]) > 65000, f"65536 bytes are packed into {sums[3]}")

    def wait_logged(self, word):
        self.system.wait(f"the log has {word}", lambda: word in self.system.shell(
            "device", f"cat {RUN}/driver-1.log.old {RUN}/driver-1.log 2>/dev/null || true"))

    def attach(self):
        """An operator who reads into /tmp/read and says nothing until /tmp/stay is gone."""
        self.system.shell("device", """
            touch /tmp/stay
            (while [ -e /tmp/stay ]; do sleep 0.2; done) 2>/dev/null |
                peervisord --console driver-1 > /tmp/read 2>/dev/null &
            echo $! > /tmp/pid
            exec > /dev/null 2>&1 < /dev/null""")
        self.system.wait("the operator is there", lambda: self.system.shell(
            "device", "grep -c 'driver-1.console' /proc/net/unix || true") == "2")

    def check_the_console_logs_what_the_driver_vm_writes(self):
        self.system.shell("driver", "echo written-1 > /dev/hvc0")
        self.wait_logged("written-1")

    def check_the_operator_types_to_the_driver_vm(self):
        reader = self.system.spawn("driver", "exec 3<> /dev/hvc0; stty raw -echo <&3; "
                                   f"echo listening >&3; head -c {TEXT_BYTES} <&3 | sha256sum")
        self.wait_logged("listening")
        sent = self.system.shell("device", "cat > /tmp/typed; sha256sum < /tmp/typed; "
                                 "peervisord --console driver-1 < /tmp/typed",
                                 stdin=text_of(1, TEXT_BYTES))
        said, _ = reader.communicate(timeout=120)
        ensure(sent == said.strip(), f"sent {sent}, read {said}")

    def check_the_operator_reads_every_byte(self):
        self.attach()
        written = self.system.shell("driver", "cat > /tmp/text; cat /tmp/text > /dev/hvc0; "
                                    "sha256sum < /tmp/text", stdin=text_of(2, TEXT_BYTES))
        self.system.wait("all is read", lambda: int(self.system.shell(
            "device", "wc -c < /tmp/read")) >= TEXT_BYTES)
        read = self.system.shell("device", "rm /tmp/stay; sha256sum < /tmp/read")
        ensure(written == read, f"written {written}, read {read}")

    def check_the_log_is_bounded(self):
        self.system.shell("driver", f"yes flood | head -c {3 * LOG_BYTES_MAX} > /dev/hvc0; "
                          "echo behind-it > /dev/hvc0", limit=600)
        self.wait_logged("behind-it")
        sizes = self.system.shell("device", f"wc -c < {RUN}/driver-1.log; "
                                  f"wc -c < {RUN}/driver-1.log.old").split()
        ensure(all(0 < int(size) <= 2 * LOG_BYTES_MAX for size in sizes), f"bytes: {sizes}")

    def check_an_operator_who_takes_nothing_holds_up_nobody(self):
        self.attach()
        self.system.shell("device", "kill -STOP $(cat /tmp/pid)")
        self.system.shell("driver", f"yes flood | head -c {LOG_BYTES_MAX} > /dev/hvc0; "
                          "echo through > /dev/hvc0", limit=600)
        self.wait_logged("through")
        self.system.shell("device", "rm /tmp/stay; kill -9 $(cat /tmp/pid)")
        log = self.system.log("device")
        ensure("takes nothing and is hung up" in log, log[-600:])

    def check_both_go_on_over_a_killed_daemon(self):
        before = self.system.sessions("device", "driver")
        failures = self.display_failures()
        self.system.shell("device", "kill -9 $(pidof peervisord)")
        self.bind_display_anew(failures)  # its program died with the daemon
        self.system.wait_session("device", "driver", before)
        self.system.shell("driver", "echo written-2 > /dev/hvc0; "
                          "dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c")
        self.wait_logged("written-2")

    def display_failures(self):
        return self.system.log("--vmm", "driver").count("device device/2 failed")

    def bind_display_anew(self, failures):
        """Once it has failed more often than that, and is dark."""
        self.system.wait("the display has failed", lambda: self.display_failures() > failures)
        check_no_picture(self.system, "driver")
        self.system.shell("driver", BIND_DISPLAY, limit=120)

    def check_a_display_comes_again_when_its_driver_begins_anew(self):
        """Its program is killed: what it knew is gone, and the driver bound anew."""
        failures = self.display_failures()
        self.system.shell("device", "kill -9 $(pidof vhost-user-gpu)")
        self.bind_display_anew(failures)
        check_picture(self.system, "driver", 0x654321)

    def check_a_file_system_is_shared(self):
        share = "/var/lib/peervisor/driver-3.share"
        text = self.system.shell("driver", """
            mkdir -p /share; mount -t virtiofs share /share
            mkdir /share/d; dd if=/dev/urandom of=/share/d/file bs=64k count=64 2>/dev/null
            sync; sha256sum < /share/d/file""", limit=120)
        ensure(text == self.system.shell("device", f"sha256sum < {share}/d/file"), text)
        self.system.shell("device", f"echo from-the-device-vm > {share}/note")
        self.system.wait("the driver VM sees it", lambda: self.system.shell(
            "driver", "cat /share/note 2>/dev/null || true") == "from-the-device-vm")

    def check_a_share_is_a_prison_and_bounded(self):
        text = self.system.shell("driver", """
            ln -s /etc/passwd /share/link; ln -s ../../../../etc/passwd /share/up
            dd if=/dev/zero of=/share/fill bs=1M count=100 2>&1 | grep -c 'No space' || true
            rm /share/fill""", limit=120)
        ensure(text.split("\n")[0] == "1", f"100 MB: {text}")
        roots = self.system.shell(
            "device", "for p in $(pidof virtiofsd); do readlink /proc/$p/root; done")
        ensure("/var/lib/peervisor/driver-3.share" in roots.split(), f"their roots are {roots}")

    def check_a_directory_of_the_device_vms_own_is_shared(self):
        """With what `files` put there: both see what either writes, and there is a bound."""
        with open(self.system.topology, encoding="utf-8") as file:
            wanted = file.read().strip()
        text = self.system.shell("driver", """
            mkdir -p /named; mount -t virtiofs named /named; cat /named/topology
            echo from-the-driver-vm > /named/note; ln -s /etc/passwd /named/link""")
        ensure(text == wanted, text)
        text = self.system.shell(
            "device", "cat /srv/named/note; echo from-the-device-vm > /srv/named/back")
        ensure(text == "from-the-driver-vm", text)
        self.system.wait("the driver VM sees it", lambda: self.system.shell(
            "driver", "cat /named/back 2>/dev/null || true") == "from-the-device-vm")
        text = self.system.shell("driver", """
            dd if=/dev/zero of=/named/fill bs=1M count=100 2>&1 | grep -c 'No space' || true
            rm /named/fill""", limit=120)
        ensure(text == "1", f"100 MB: {text}")
        before = self.system.sessions("device", "driver")
        self.system.shell("device", "kill -9 $(pidof peervisord)")
        self.system.wait("a new session", lambda: self.system.sessions("device", "driver") > before)
        text = self.system.shell(  # the driver has to begin anew, as that of any fs device
            "device", "cat /srv/named/note; grep -c ' /srv/named ' /proc/mounts")
        ensure(text == "from-the-driver-vm\n1", f"after another daemon: {text}")
