# SPDX-License-Identifier: BSD-2-Clause
"""What serves a busy pair dies or is held up at any moment, and nothing is lost. PV_CRASHES says how
often, PV_SEED which moments; a failure names the seed."""
import os
import random
import subprocess
import threading
import time

from cases_work import FIO, device_address
from connections import check_tcp
from harness import Failure, Scenario, ensure

CRASHES = int(os.environ.get("PV_CRASHES", "6"))
SEED = int(os.environ.get("PV_SEED", "1"))
TCP_BYTES = 20_000_000
# Of a device VM: what is done to it, and whether its daemon is another one afterwards.
TROUBLES = (
    ("kill -9 $(pidof peervisord)", True),
    ("kill -9 $(pidof peervisor-disk)", False),
    ("kill -9 $(pidof peervisord peervisor-disk)", True),
    ("kill -STOP $(pidof peervisord); sleep 1; kill -CONT $(pidof peervisord)", False),
    ("kill -STOP $(pidof peervisor-disk); sleep 1; kill -CONT $(pidof peervisor-disk)", False),
    ("kill -STOP $(pidof peervisor-disk); kill -9 $(pidof peervisord); sleep 1; "
     "kill -CONT $(pidof peervisor-disk) || true", True),
)


class Crashes(Scenario):
    """A disk load that verifies what it reads, and a transfer that compares all of it, over both."""

    def transfer(self, ends, done):
        """From one VM to the other until `ends`; what goes wrong is left in `done`."""
        try:
            address = device_address(self.system)
            while not ends.is_set():
                check_tcp(self.system, "driver", "device", address, TCP_BYTES)
                done.append(None)
        except (Failure, subprocess.SubprocessError, OSError) as failure:
            done.append(failure)

    def trouble(self, dice):
        """One of the troubles at some moment, and then the connection comes up again."""
        what, new_session = dice.choice(TROUBLES)
        before = self.system.sessions("device", "driver")
        time.sleep(dice.uniform(0, 2))
        self.system.shell("device", what)
        if new_session:
            self.system.wait_session("device", "driver", before)
        self.system.wait_connection("device", "driver")

    def check_nothing_is_lost(self):
        system = self.system
        dice = random.Random(SEED)
        for vm in ("device", "driver"):
            system.probe(vm)
        load = system.spawn("driver", f"until [ -e /tmp/enough ]; do {FIO} > /tmp/fio 2>&1 || "
                            "{ cat /tmp/fio; exit 1; }; done", limit=600 + 60 * CRASHES)
        ends, done = threading.Event(), []
        transfer = threading.Thread(target=self.transfer, args=(ends, done))
        transfer.start()
        try:
            for number in range(CRASHES):
                self.trouble(dice)
                ensure(load.poll() is None, f"seed {SEED}, trouble {number}: the load has ended")
            ends.set()
            system.shell("driver", "touch /tmp/enough")
            said, _ = load.communicate(timeout=300)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"seed {SEED}: I/O never completed") from error
        finally:
            ends.set()
            load.kill()
            load.wait()
            transfer.join()
        ensure(load.returncode == 0, f"seed {SEED}: fio: {load.returncode}: {said[-600:]}")
        ensure(done and done[-1] is None, f"seed {SEED}: the transfer: {done[-1:]}")

    def check_both_vms_power_off(self):
        """In order, whatever they went through: no request waits for ever."""
        self.system.shell("driver", "poweroff", status=None)
        self.system.wait_vm("driver", "stopped")
