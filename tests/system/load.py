# SPDX-License-Identifier: BSD-2-Clause
"""Work that goes on while something is done to what serves it. PV_CRASHES says how often, PV_SEED in
which way; a failure names the seed."""
import os
import subprocess
import threading

from cases_work import FIO
from connections import check_tcp
from harness import LIMIT, Failure, ensure

CRASHES = int(os.environ.get("PV_CRASHES", "6"))
SEED = int(os.environ.get("PV_SEED", "1"))
TCP_BYTES = 20_000_000


class Load:
    """Two VMs at work until it is left: a disk load that verifies what it reads, and a transfer of
    which every byte is compared, again and again. What goes wrong with either is a Failure."""

    def __init__(self, system, disk_vm, receiver, address, fio=FIO):
        self.system, self.disk_vm, self.fio = system, disk_vm, fio
        self.receiver, self.address = receiver, address
        self.ends, self.done = threading.Event(), []
        self.transfer = threading.Thread(target=self.send)

    def send(self):
        try:
            while not self.ends.is_set():
                check_tcp(self.system, self.disk_vm, self.receiver, self.address, TCP_BYTES)
                self.done.append(None)
        except Exception as failure:  # whatever it is, nothing is sent any more
            self.done.append(failure)

    def __enter__(self):
        for vm in (self.disk_vm, self.receiver):
            self.system.probe(vm)
        self.disk = self.system.spawn(
            self.disk_vm, f"until [ -e /tmp/enough ]; do {self.fio} > /tmp/fio 2>&1 || "
            "{ cat /tmp/fio; exit 1; }; done", limit=600 + 60 * CRASHES)
        self.transfer.start()
        return self

    def ensure_busy(self, what):
        if self.disk.poll() is not None:
            said, _ = self.disk.communicate(timeout=LIMIT)
            raise Failure(f"seed {SEED}, {what}: the load has ended: {self.disk.returncode}: "
                          f"{said[-2000:]}")
        ensure(self.transfer.is_alive(), f"seed {SEED}, {what}: the transfer: {self.done[-1:]}")

    def __exit__(self, failure, *_):
        try:
            self.ends.set()
            self.system.shell(self.disk_vm, "touch /tmp/enough", status=None)
            if failure is None:
                said, _ = self.disk.communicate(timeout=300)
                ensure(self.disk.returncode == 0,
                       f"seed {SEED}: fio: {self.disk.returncode}: {said[-600:]}")
        except subprocess.TimeoutExpired as error:
            raise Failure(f"seed {SEED}: I/O never completed") from error
        finally:
            self.disk.kill()
            self.disk.wait()
            self.transfer.join()
        ensure(failure or (self.done and self.done[-1] is None),
               f"seed {SEED}: the transfer: {self.done[-1:]}")
