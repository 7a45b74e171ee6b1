# SPDX-License-Identifier: BSD-2-Clause
"""Systems that do work: real drivers, real back ends, data that is checked end to end."""
import os
import subprocess

from harness import expect

# fio reads back and checks all that it wrote; exit status 1 on the first difference.
FIO = ("fio --name=verify --filename={device} --rw=randrw --bs=16k --size={size} "
       "--direct=1 --ioengine=io_uring --iodepth=16 --verify=crc32c --verify_fatal=1 "
       "--do_verify=1 --randseed=7 --output=/tmp/fio.log || {{ tail -n 20 /tmp/fio.log; exit 1; }}")


def device_address(system, driver):
    """The address of the other end of a driver VM's first interface."""
    own = system.sh(driver, "ip -4 -o addr show eth0").split()[3].split("/")[0]
    return own.rsplit(".", 1)[0] + ".1"


def ping(system, driver):
    output = system.sh(driver, f"ping -c 5 -i 0.2 {device_address(system, driver)}")
    expect(" 0% packet loss" in output, output)


def tcp(system, sender, receiver, address, mib):
    """Send @mib MiB of numbered blocks; both ends say what they saw."""
    blocks = (f"dd if=/dev/urandom of=/tmp/block bs=1M count=1 2> /dev/null; "
              f"stream() {{ for i in $(seq {mib}); do echo $i; cat /tmp/block; done; }}; ")
    listener = system.popen(receiver, "sh", "-c", "echo ready; nc -l -p 5000 | md5sum")
    try:
        expect("ready" in listener.stdout.readline(), "the receiver does not start")
        system.sh(receiver, "until grep -q ':1388 ' /proc/net/tcp /proc/net/tcp6; do usleep 20000; "
                            "done", 60)
        sent = system.sh(sender, blocks + "stream | md5sum; "
                                          f"stream | nc {address} 5000", 600).split()[0]
        received = listener.communicate(timeout=300)[0].split()[0]
    finally:
        listener.kill()
        listener.wait()
    expect(sent == received, f"sent {sent}, received {received}")


def file_system(system, driver):
    system.sh(driver, """
        mkfs.ext4 -q -F /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt || exit 1
        for i in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of=/mnt/$i bs=1M count=4 2> /dev/null; done
        (cd /mnt && sha256sum ? > /tmp/sums) && umount /mnt || exit 1
        echo 3 > /proc/sys/vm/drop_caches
        mount /dev/vda /mnt && (cd /mnt && sha256sum -c /tmp/sums) && umount /mnt""", 400)


def fio(system, driver, size="64m", device="/dev/vda"):
    system.sh(driver, FIO.format(device=device, size=size), 900)


def wait_for_io(system, driver):
    """Return when the disk of @driver has served some requests since now."""
    system.sh(driver, "a=$(awk '{print $5}' /sys/block/vda/stat); "
                      "until [ $(awk '{print $5}' /sys/block/vda/stat) -gt $((a + 40)) ]; "
                      "do usleep 50000; done", 120)


def killed_under_load(system, device, driver, victim):
    """Kill a process of the device VM while fio runs: fio must not notice more than a pause."""
    job = system.popen(driver, "sh", "-c", FIO.format(device="/dev/vda", size="48m"))
    try:
        wait_for_io(system, driver)
        before = system.sh(device, f"pidof {victim}").split()
        system.sh(device, f"kill -9 {before[0]}")
        output = job.communicate(timeout=900)[0]
    finally:
        job.kill()
        job.wait()
    expect(job.returncode == 0, f"fio: exit status {job.returncode}: {output[-600:]}")
    after = system.sh(device, f"pidof {victim}").split()
    expect(after and after[0] not in before, f"{victim} was not started again")


def pool_only(system, driver):
    """The driver VM's virtio devices use the pool of their connection."""
    output = system.sh(driver, "dmesg | grep -i 'restricted dma pool'")
    expect("size 8 MiB" in output, output)


def pair(tests):
    system = tests.boot("pair", "simple-pair.camkes")
    address = device_address(system, "driver")
    tests.check("pair: the pool is used", pool_only, system, "driver")
    tests.check("pair: ping", ping, system, "driver")
    tests.check("pair: 100 MiB over TCP to the device VM", tcp, system, "driver", "device",
                address, 100)
    own = address.rsplit(".", 1)[0] + ".2"
    tests.check("pair: 100 MiB over TCP to the driver VM", tcp, system, "device", "driver", own, 100)
    tests.check("pair: 64 MiB of random I/O, verified", fio, system, "driver")
    tests.check("pair: a file system, remounted", file_system, system, "driver")
    tests.check("pair: daemon killed under load", killed_under_load, system, "device", "driver",
                "peervisord")
    tests.check("pair: storage daemon killed under load", killed_under_load, system, "device",
                "driver", "qemu-storage-daemon")
    tests.check("pair: ping after all that", ping, system, "driver")
    tests.check("pair: the device VM goes, the driver VM stays", device_goes, system)
    tests.stop("pair")


def device_goes(system):
    system.try_sh("device", "poweroff", 30)
    for _ in range(60):
        if "stopped" in system.topo("ps"):
            break
        system.sh("driver", "usleep 500000")
    expect("stopped" in system.topo("ps"), system.topo("ps"))
    expect(system.sh("driver", "echo alive").strip() == "alive", "the driver VM does not answer")


def pair_whole_ram(tests):
    system = tests.boot("whole", "simple-pair.camkes", "-D", "VMSWIOTLB=0")
    tests.check("VMSWIOTLB=0: ping", ping, system, "driver")
    tests.check("VMSWIOTLB=0: random I/O, verified", fio, system, "driver", "16m")
    tests.stop("whole")


def driver_first(tests):
    """One CPU, and the driver VM has the higher priority: it is up long before its back end."""
    path = tests.file("first.camkes", """
        assembly {
            composition {
                component VM vm_device;
                component VM vm_driver;
                VIRTIO_COMPOSITION_DEF(device, driver)
            }
            configuration {
                vm_device._priority = 50;
                vm_driver._priority = 200;
            }
        }""")
    system = tests.boot("first", path, "--cpus", "1")
    tests.check("driver first: ping", ping, system, "driver")
    tests.check("driver first: random I/O, verified", fio, system, "driver", "8m")
    tests.stop("first")


def qcow2(tests):
    content = b"".join(b"%015d\n" % i for i in range(65536))
    raw = tests.file("content.raw", content)
    image = os.path.join(tests.directory, "content.qcow2")
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image], check=True)
    path = tests.file("qcow2.camkes", """
        assembly {
            composition {
                component VM vm_device;
                component VM vm_driver;
                VIRTIO_COMPOSITION_DEF(device, driver)
            }
            configuration {
                vm_device.vm_virtio_devices = [
                    { type: "blk", id: 0, target: "driver", disk: "content.qcow2" },
                ];
            }
        }""")
    system = tests.boot("qcow2", path)

    def reads_and_writes():
        line = system.sh("driver", "dd if=/dev/vda bs=16 skip=40000 count=1 2> /dev/null")
        expect(line == "%015d\n" % 40000, f"read {line!r}")
        fio(system, "driver", "1m")

    tests.check("qcow2: content of the file, then random I/O, verified", reads_and_writes)
    tests.stop("qcow2")


def islands(tests):
    system = tests.boot("islands", "three-islands.camkes")

    def shapes():
        counts = sorted(int(system.sh(vm, "nproc")) for vm in ("one", "two", "three"))
        expect(counts == [1, 1, 2], f"vCPUs {counts}")
        for vm in ("one", "two", "three"):
            devices = system.sh(vm, "ls /sys/bus/pci/devices /sys/bus/virtio/devices 2> /dev/null | "
                                    "grep -v : || true").strip()
            expect(not devices, f"{vm} has {devices}")

    def all_busy():
        """More busy vCPUs than CPUs: each still gets its turn."""
        jobs = [system.popen(vm, "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; "
                                             "echo done") for vm in ("one", "two", "three", "two")]
        for job in jobs:
            expect("done" in job.communicate(timeout=300)[0], "a VM does not get its turn")

    tests.check("islands: vCPUs and no devices", shapes)
    tests.check("islands: more busy vCPUs than CPUs", all_busy)
    tests.stop("islands")


def hub(tests):
    system = tests.boot("hub", "hub.camkes")
    spokes = ("spoke_a", "spoke_b", "spoke_c")

    def each_its_own():
        for number, spoke in enumerate(spokes):
            system.sh(spoke, f"echo secret-of-{number} | dd of=/dev/vda bs=512 conv=sync,fsync")
        for number, spoke in enumerate(spokes):
            line = system.sh(spoke, "echo 3 > /proc/sys/vm/drop_caches; head -c 11 /dev/vda")
            expect(line == f"secret-of-{number}", f"{spoke} reads {line!r}")

    for spoke in spokes:
        tests.check(f"hub: ping from {spoke}", ping, system, spoke)
    tests.check("hub: each spoke has its own disk", each_its_own)
    tests.stop("hub")


def bidirectional(tests):
    system = tests.boot("bidirectional", "bidirectional.camkes")
    for driver in ("middle", "downstream"):
        tests.check(f"bidirectional: ping from {driver}", ping, system, driver)
        tests.check(f"bidirectional: random I/O of {driver}, verified", fio, system, driver, "8m")
    tests.stop("bidirectional")


def mesh(tests):
    """Four VMs that serve each other in a circle."""
    system = tests.boot("mesh", "mesh.camkes")

    def vsock_there():
        for vm in ("auth", "app", "cache", "audit"):
            output = system.sh(vm, "ls /sys/bus/virtio/drivers/vmw_vsock_virtio_transport")
            expect("virtio" in output, f"{vm}: {output}")

    tests.check("mesh: every VM has the vsock device of its peer", vsock_there)
    tests.stop("mesh")
