# SPDX-License-Identifier: BSD-2-Clause
"""What comes from Debian: root file systems of its packages, servers that are unpacked and
configured by the topology, and its own kernel as that of a device VM."""
import glob
import os
import shutil
import socket
import subprocess

from connections import Carries
from harness import BUILD, HERE, LIMIT, ROOT, TOPO, Scenario, ensure
from outside import ENTRANCE, Outside

NGINX = """events {}
http { server { listen 80; root /srv; } }
"""
PROXY = f"""load_module modules/ngx_stream_module.so;
events {{}}
stream {{ server {{ listen {ENTRANCE}; proxy_pass app:6379; }} }}
"""


class OfPackages:
    """A topology beside the configuration of nginx that it names."""
    topology = ""
    long = True
    nginx = NGINX

    def prepare(self):
        directory = os.path.dirname(self.topology)
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        shutil.copy(os.path.join(HERE, "topologies", os.path.basename(self.topology)), directory)
        with open(os.path.join(directory, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(self.nginx)
        # The packages are fetched before the time of the boot is counted.
        subprocess.run([TOPO, "build", "--no-advice", "-o", os.path.join(directory, "made.img"),
                        *self.system.options(), self.topology], stdin=subprocess.DEVNULL, check=True)


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


class DebianKernel(Carries, Scenario):
    """A stock kernel serves: its vhost, its tun and bridge, its nftables, our modules in it."""
    long = True
    boot_limit = 600
    directory = os.path.join(BUILD, "system/debian-kernel")
    topology = os.path.join(directory, "debian-kernel.camkes")

    def prepare(self):
        kernel = os.path.join(self.directory, "kernel")
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        subprocess.run(["make", "-C", ROOT, "--no-print-directory", "module-source"],
                       stdin=subprocess.DEVNULL, check=True)
        subprocess.run([os.path.join(ROOT, "tools/debian-kernel"), kernel],
                       stdin=subprocess.DEVNULL, check=True)
        os.symlink(os.path.basename(glob.glob(os.path.join(kernel, "vmlinuz-*"))[0]),
                   os.path.join(kernel, "vmlinuz"))
        shutil.copy(os.path.join(HERE, "topologies/debian-kernel.camkes"), self.directory)

    def check_it_is_debians(self):
        found = self.system.run("device", "uname", "-r")
        with open(os.path.join(self.directory, "kernel", f"config-{found}"),
                  encoding="ascii") as file:
            ensure("CONFIG_DMA_RESTRICTED_POOL=y" not in file.read(), f"{found} is ours")

    def check_it_comes_back(self):
        """After a restart all that did not lie in its RAM is served as before."""
        before = self.system.sessions("device", "driver")
        done = subprocess.run([TOPO, "restart", "--name", self.system.name, "device"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
        ensure(done.returncode == 0, done.stdout)
        self.system.wait("a new session", lambda: self.system.sessions("device", "driver") > before)
        self.system.wait("its disk is lost", lambda: "device device/1 lost" in self.system.log(
            "--vmm", "driver"))
        self.system.shell("driver", """
            device=$(basename $(readlink -f /sys/block/vda/device))
            cd /sys/bus/virtio/drivers/virtio_blk; echo $device > unbind; echo $device > bind""")
        self.system.wait_connection("device", "driver")


class Product(Outside, OfPackages, Scenario):
    """The chain as a product: nginx that faces the outside, redis behind it, sqlite on a disk that the VM of
    redis serves. Device VMs with roots of packages serve as any other does."""
    topology = os.path.join(BUILD, "system/product/product.camkes")
    arguments = ("-D", f'CHAIN="{os.path.join(ROOT, "topologies/chain.camkes")}"')
    disks = {"DISK": 128 << 20}
    long = False
    seconds = 60
    nginx = PROXY

    def prepare(self):
        Outside.prepare(self)
        OfPackages.prepare(self)

    def ask(self, *words):
        """What redis answers to a request from outside the machine."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT) as stream:
            stream.sendall(" ".join(words).encode() + b"\r\nQUIT\r\n")
            return stream.makefile("rb").read().decode().split("\r\n")[:-2]

    def sql(self, statement):
        return self.system.run("db", "sqlite3", "/srv/rows", statement)

    def check_all_are_healthy(self):
        found = {vm["name"]: vm["health"] for vm in self.system.told()["vms"]}
        ensure(found == {"gateway": "none", "app": "healthy", "db": "healthy"}, str(found))

    def check_redis_answers_outside_through_nginx(self):
        self.await_nic("gateway")
        ensure(self.ask("SET", "a", "7") == ["+OK"], "SET")
        ensure(self.ask("INCR", "a") == [":8"], "INCR")
        ensure(self.system.run("app", "redis-cli", "GET", "a") == "8", "it is not kept")

    def check_each_root_has_its_programs_alone(self):
        """Back ends and their libraries stay out of the file systems of those who serve."""
        for vm in ("gateway", "app"):
            found = self.system.shell(vm, "ls /usr/bin/qemu-storage-daemon /usr/sbin/peervisord /usr/lib/*/libgnutls* "
                                      "2>&1 | grep -vi 'no such' || true")
            ensure(found == "", f"{vm}: {found}")

    def check_sqlite_keeps_rows_on_the_apps_card(self):
        self.sql("CREATE TABLE IF NOT EXISTS t(n); INSERT INTO t VALUES(3), (4);")
        self.system.run("db", "reboot", status=None)
        self.system.wait("db starts again", lambda: "vm starting 2\n" in self.system.log("--vmm", "db"))
        self.system.wait("db is healthy", lambda: next(
            vm["health"] for vm in self.system.told()["vms"] if vm["name"] == "db") == "healthy")
        ensure(self.sql("SELECT sum(n) FROM t") == "7", "rows are lost")
        self.sql("INSERT INTO t VALUES('kept on the card');")
        for vm in ("db", "app"):
            self.system.run(vm, "poweroff", status=None)
            self.system.wait_vm(vm, "stopped")
        with open(self.file("DISK"), "rb") as file:
            ensure(b"kept on the card" in file.read(), "the card has not got the row")
