# SPDX-License-Identifier: BSD-2-Clause
"""Root file systems of Debian's packages: servers that are unpacked, and configured by the topology."""
import os
import shutil
import subprocess

from harness import BUILD, HERE, TOPO, Scenario, ensure

NGINX = """events {}
http { server { listen 80; root /srv; } }
"""


class OfPackages:
    """A topology beside the configuration of nginx that it names."""
    topology = ""
    long = True

    def prepare(self):
        directory = os.path.dirname(self.topology)
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        shutil.copy(os.path.join(HERE, "topologies", os.path.basename(self.topology)), directory)
        with open(os.path.join(directory, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(NGINX)
        # The packages are fetched before the time of the boot is counted.
        subprocess.run([TOPO, "build", "--no-advice", "-o", os.path.join(directory, "made.img"), self.topology],
                       stdin=subprocess.DEVNULL, check=True)


class Debian(OfPackages, Scenario):
    """nginx, redis and sqlite, which are up when they are healthy."""
    topology = os.path.join(BUILD, "system/debian/debian.camkes")

    def check_all_are_healthy(self):
        found = {vm["name"]: vm["health"] for vm in self.system.told()["vms"]}
        ensure(found == {"net": "none", "web": "healthy", "store": "healthy"}, str(found))

    def check_nginx_serves(self):
        with open(self.topology, encoding="utf-8") as file:
            wanted = file.read().strip()
        found = self.system.shell("net", "wget -q -O - http://10.9.0.2/topology")
        ensure(found == wanted, "another page")

    def check_redis_stores_what_another_vm_says(self):
        found = self.system.shell(
            "net", "printf 'SET a 7\\r\\nINCR a\\r\\nQUIT\\r\\n' | nc 10.9.0.3 6379")
        ensure(found.split() == ["+OK", ":8", "+OK"], found)
        ensure(self.system.run("store", "redis-cli", "GET", "a") == "8", "it is not kept")

    def check_sqlite_counts(self):
        found = self.system.run("store", "sqlite3", "/tmp/db",
                                "CREATE TABLE t(n); INSERT INTO t VALUES(3), (4); "
                                "SELECT sum(n), sqlite_version() > '3' FROM t;")
        ensure(found == "7|1", found)


class Managed(OfPackages, Scenario):
    """nginx as a service of systemd's, which is the root file system's own init."""
    topology = os.path.join(BUILD, "system/managed/managed.camkes")

    def check_systemd_has_started_everything(self):
        self.system.wait("it has started all", lambda: self.system.run(
            "web", "systemctl", "is-system-running", status=None) in ("running", "degraded"))
        failed = self.system.run("web", "systemctl", "--failed", "--plain", "--no-legend")
        ensure(failed == "", failed)
        units = ("nginx.service", "dbus.service", "console-shell.service")
        found = self.system.run("web", "systemctl", "is-active", *units, status=None)
        ensure(found.split() == ["active"] * len(units), f"{units} are {found}")

    def check_nginx_serves(self):
        with open(self.topology, encoding="utf-8") as file:
            wanted = file.read().strip()
        found = self.system.run("web", "wget", "-q", "-O", "-", "http://127.0.0.1/topology")
        ensure(found == wanted, "another page")

    def check_poweroff_ends_it(self):
        self.system.run("web", "poweroff", status=None)
        # Less than systemd waits for a service that does not end.
        self.system.wait("the system has ended with its VM", lambda: not self.system.told()["vms"], 60)
