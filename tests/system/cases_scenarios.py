# SPDX-License-Identifier: BSD-2-Clause
"""The deployment scenarios of docs/scenarios.md, each with its hardware: what they are for."""
import http.client
import subprocess
import urllib.request

from connections import Carries, KeepsApart
from harness import LIMIT, TOPO, Scenario, ensure
from outside import free_port


class Deployed(Carries, KeepsApart):
    """One of topologies/scenarios."""
    long = True

    def topo(self, command, *arguments):
        subprocess.run([TOPO, command, "--name", self.system.name, *arguments], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def boot(self, vm):
        """Which of its boots this is: a random number of its kernel."""
        return self.system.run(vm, "cat", "/proc/sys/kernel/random/boot_id")


class SecureGateway(Deployed, Scenario):
    """What the world gets of the service, it gets through the filter."""
    topology = "topologies/scenarios/secure-gateway.camkes"

    def prepare(self):
        self.port = free_port()
        self.system.arguments += ["-D", f'FORWARD="{self.port}:8080"']

    def page(self):
        """What the service says, nothing while not all three programs listen."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=LIMIT) as page:
                return page.read()
        except (OSError, http.client.HTTPException):
            return b""

    def check_the_service_answers_the_world(self):
        self.system.wait("the page", lambda: b"Only the filter asks me" in self.page())

    def check_no_vm_behind_the_card_has_a_network(self):
        for vm in ("filter", "service"):
            links = self.system.shell(vm, "ls -d /sys/class/net/*/device 2>/dev/null || true")
            ensure(not links, f"{vm} has {links}")


class Drone(Deployed, Scenario):
    """The control loop serves, and is served by nobody."""
    topology = "topologies/scenarios/drone.camkes"

    def check_the_control_loop_outlives_all_others(self):
        before = self.boot("flight")
        for vm in ("radio", "camera", "mission"):
            self.topo("stop", "--force", vm)
            self.system.wait_vm(vm, "stopped")
            ensure(self.boot("flight") == before, f"the control loop went down with {vm}")
        for vm in ("radio", "camera", "mission"):
            self.topo("start", vm)
            self.system.wait_vm(vm, "up")


class EdgeBox(Deployed, Scenario):
    """Two tenants, a disk and an uplink."""
    topology = "topologies/scenarios/edge-box.camkes"


class MedicalDevice(Deployed, Scenario):
    """A pump on a hospital's network."""
    topology = "topologies/scenarios/medical-device.camkes"
    own_virtio = {"screen": 1}


class Cockpit(Deployed, Scenario):
    """One display, two worlds."""
    topology = "topologies/scenarios/cockpit.camkes"
    own_virtio = {"display": 1}


class BuildBox(Deployed, Scenario):
    """A worker that comes for a job."""
    topology = "topologies/scenarios/build-box.camkes"

    def check_a_worker_starts_for_each_job(self):
        """It is off until it is asked for; all checks behind this one have it."""
        for _ in range(2):
            self.topo("start", "worker")
            self.system.wait_connection("control", "worker")
            found = self.system.shell("worker", "ls /tmp; echo a job > /tmp/job")
            ensure(not found, f"a job left {found} behind")
            self.system.run("worker", "poweroff", status=None)
            self.system.wait_vm("worker", "stopped")
        self.topo("start", "worker")
        self.system.wait_connection("control", "worker")
