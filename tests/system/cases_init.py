# SPDX-License-Identifier: BSD-2-Clause
"""What topo init writes, booted as it is: all of it comes up, and each connection carries."""
import os
import re
import subprocess
import tempfile

from connections import Carries
from harness import TOPO, Scenario, ensure


class Scaffold(Carries):
    """One pattern of topo init."""
    pattern = ""
    long = True

    def __init__(self, board):
        super().__init__(board)
        # pylint: disable=consider-using-with
        self.directory = tempfile.TemporaryDirectory(prefix="pv-init-")
        where = os.path.join(self.directory.name, self.pattern)
        subprocess.run([TOPO, "init", "--pattern", self.pattern, where], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.system.topology = os.path.join(where, f"{self.pattern}.camkes")

    def check_the_program_of_each_vm_has_run(self):
        with open(self.system.topology, encoding="utf-8") as file:
            vms = re.findall(r"component VM vm_(\w+);", file.read())
        ensure(set(vms) == set(self.system.state()[0]), f"{vms} are not {self.system.state()[0]}")
        for vm in vms:
            self.system.wait(f"its program runs in {vm}", lambda vm=vm: self.system.shell(
                vm, "pgrep -f '^sleep 1000000' || true"))


class InitPair(Scaffold, Scenario):
    """The default, in every run."""
    pattern = "pair"
    long = False


class InitChain(Scaffold, Scenario):
    pattern = "chain"


class InitHub(Scaffold, Scenario):
    pattern = "hub"


class InitShared(Scaffold, Scenario):
    pattern = "shared"


class InitMesh(Scaffold, Scenario):
    pattern = "mesh"
