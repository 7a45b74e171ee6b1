# SPDX-License-Identifier: BSD-2-Clause
"""Root file systems of Debian's packages: servers that are unpacked, and configured by the topology."""
import os
import shutil
import subprocess

from harness import BUILD, HERE, TOPO, Scenario, ensure

NGINX = """events {}
http { server { listen 80; root /srv; } }
"""


class Debian(Scenario):
    """nginx, redis and sqlite, which are up when they are healthy."""
    directory = os.path.join(BUILD, "system/debian")
    topology = os.path.join(directory, "debian.camkes")
    long = True

    def prepare(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        shutil.copy(os.path.join(HERE, "topologies/debian.camkes"), self.directory)
        with open(os.path.join(self.directory, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(NGINX)
        # The packages are fetched before the time of the boot is counted.
        subprocess.run([TOPO, "build", "--no-advice", "-o", os.path.join(self.directory, "made.img"), self.topology],
                       stdin=subprocess.DEVNULL, check=True)

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
