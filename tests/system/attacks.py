# SPDX-License-Identifier: BSD-2-Clause
"""Attacks by root of a device VM, with VMSWIOTLB=1: nothing beyond its own connections suffers."""
import os

import workloads
from harness import BUILD, expect

TOPOLOGY = """
assembly {
    composition {
        component VM vm_device;
        component VM vm_victim;
        component VM vm_other;
        VIRTIO_COMPOSITION_DEF(device, victim)
        VIRTIO_COMPOSITION_DEF(device, other)
    }
    configuration {
        vm_device.vm_virtio_devices = [
            { type: "net", id: 0, target: "victim" },
            { type: "blk", id: 0, target: "victim", size: "16M" },
            { type: "net", id: 0, target: "other" },
            { type: "blk", id: 0, target: "other", size: "16M" },
            { type: "blk", id: 1, target: "other", disk: "attack.raw", readonly: true },
        ];
    }
}
"""
ATTACK = "cp /var/lib/peervisor/*attack.raw /tmp/attack && chmod +x /tmp/attack && /tmp/attack "
SECRET = "private-memory-of-the-victim-42"


def deliver(tests):
    """The attack program lies in the device VM as the image of a disk."""
    with open(os.path.join(BUILD, "system/attack"), "rb") as program:
        content = program.read()
    tests.file("attack.raw", content + bytes(-len(content) % 512))
    return tests.file("attack.camkes", TOPOLOGY)


def alive(system, *vms):
    for vm in vms:
        expect(system.sh(vm, "echo alive").strip() == "alive", f"{vm} does not answer")


def secret_stays_private(system):
    inverted = bytes(c ^ 0xff for c in SECRET.encode()).hex()
    job = system.popen("victim", "sh", "-c", f"KEPT={SECRET}; export KEPT; echo kept; sleep 1000")
    try:
        expect("kept" in job.stdout.readline(), "the victim keeps no secret")
        # While the victim works: its buffers go through the pool, its secrets do not.
        workloads.ping(system, "victim")
        output = system.sh("device", ATTACK + f"scan {inverted}", 900)
    finally:
        job.kill()
        job.wait()
    words = output.split()
    expect(int(words[1]) > 300 << 20, f"the attacker searched too little: {output}")
    expect(int(words[3]) == 0, f"the attacker found the secret: {output}")


def scan_finds_what_is_shared(system):
    """The search itself works: what the victim writes to its disk passes through the pool."""
    text = "data-that-the-victim-handed-out-7"
    system.sh("victim", f"echo {text} | dd of=/dev/vda bs=512 conv=sync,fsync 2> /dev/null")
    inverted = bytes(c ^ 0xff for c in text.encode()).hex()
    output = system.sh("device", ATTACK + f"scan {inverted}", 900)
    expect(int(output.split()[3]) > 0, f"not found, though it was served: {output}")


def bells(system):
    expect("rang" in system.sh("device", ATTACK + "bells victim"), "the attack did not run")
    alive(system, "device", "victim", "other")
    workloads.ping(system, "other")


def forge(system):
    expect("forged" in system.sh("device", ATTACK + "forge victim 300", 600), "it did not run")
    alive(system, "device", "victim", "other")
    workloads.ping(system, "other")
    workloads.fio(system, "other", "4m")


def victim_is_served_again(system):
    """The daemon opens a new session: the victim's devices work again."""
    system.sh("device", "kill -9 $(pidof peervisord)")
    system.sh("victim", "until ping -c 1 -W 2 10.77.0.1 > /dev/null; do :; done", 120)
    workloads.fio(system, "victim", "4m")


def page_of_the_peer(system):
    status, output = system.try_sh("device", ATTACK + "page0 victim", 60)
    expect(status != 0 and "stored" not in output, f"the store went through: {output}")
    alive(system, "victim", "other")
    expect("stopped" in system.topo("ps"), system.topo("ps"))
    log = system.topo("logs", "device", "--vmm")
    expect("fault" in log, f"no report: {log[-400:]}")


def device_vm(tests):
    system = tests.boot("attacks", deliver(tests))
    tests.check("attack: the search finds what is shared", scan_finds_what_is_shared, system)
    tests.check("attack: private memory is not found", secret_stays_private, system)
    tests.check("attack: doorbells without a right", bells, system)
    tests.check("attack: a forged control ring", forge, system)
    tests.check("attack: a new session after it", victim_is_served_again, system)
    tests.check("attack: the read-only page of the peer", page_of_the_peer, system)
    tests.stop("attacks")
