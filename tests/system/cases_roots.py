# SPDX-License-Identifier: BSD-2-Clause
"""What a VM boots of the user's: a root file system, with what that starts and what comes with it, and a
binary that is no Linux."""
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

from harness import BUILD, HERE, TOPO, Scenario, ensure

sys.path += [os.path.join(os.path.dirname(HERE), part) for part in ("containers", "verify", "")]
# pylint: disable=wrong-import-position
import container
import newc
import system as images

INITTAB = b"""::sysinit:/bin/busybox touch /began
::respawn:/bin/busybox httpd -f -p 80 -h /srv
"""
RUN = b"""#!/.peervisor/bin/sh
echo "as $(/.peervisor/bin/id -u) to its output" > /dev/stdout
echo "as $(/.peervisor/bin/id -u) to its errors" > /dev/stderr
exec /usr/bin/httpd "$@"
"""


INIT = b"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs devtmpfs /dev
exec /peervisor-agent /dev/ttyAMA1
"""


# Ends two seconds after it has been told to.
SLOW = b"""told=0
trap 'told=$((told + 1))' TERM
touch /tmp/begun
while [ $told = 0 ]; do sleep 1; done
sleep 1
sleep 1
echo "slow: told $told times" > /dev/console
"""


class OwnRoot(Scenario):
    """A directory that holds one program, a packed tar with an init, and a container image."""
    directory = os.path.join(BUILD, "system/own-root")
    topology = os.path.join(directory, "own-root.camkes")

    @staticmethod
    def program(name="busybox"):
        """A static program of the project's: by default that for every purpose."""
        with open(os.path.join(BUILD, "share/peervisor/guest/front.cpio"), "rb") as archive:
            return subprocess.run(["cpio", "--quiet", "-i", "--to-stdout",
                                   f".peervisor/bin/{name}"], stdin=archive,
                                  stdout=subprocess.PIPE, check=True).stdout

    def make_initrd(self, program):
        entries = [newc.entry(name, mode=0o040755) for name in ("bin", "dev", "proc")]
        entries += [newc.entry(name, data, 0o100755) for name, data in (
            ("init", INIT), ("bin/busybox", program),
            ("peervisor-agent", self.program("peervisor-programs")))]
        with open(os.path.join(self.directory, "bare.cpio"), "wb") as file:
            file.write(b"".join(entries) + newc.entry("TRAILER!!!", mode=0))

    def make_image(self, program):
        """What docker would save, made by Debian's tools: a layer over another, with a whiteout."""
        def write(root, name, data, mode=0o644):
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, mode)

        def lower(root):
            for name, *rest in (("usr/bin/httpd", program, 0o755), ("usr/bin/run", RUN, 0o755),
                                ("etc/passwd", b"www:x:33:34::/srv:\n"), ("srv/page", b"lower"), ("srv/gone", b"")):
                write(root, name, *rest)

        def upper(root):
            write(root, "srv/page", b"upper")
            os.remove(os.path.join(root, "srv/gone"))

        layout = os.path.join(self.directory, "app")
        container.by_umoci(layout, [lower, upper], entrypoint=["run", "-f"], cmd=["-p", "8080"],
                           workingdir="/srv", user="www", env=["PATH=/usr/bin", "B=1"])
        container.by_skopeo(layout, f"docker-archive:{layout}.tar:app:1")

    def prepare(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(os.path.join(self.directory, "web/usr/bin"))
        shutil.copy(os.path.join(HERE, "topologies/own-root.camkes"), self.directory)
        program = self.program()
        self.make_image(program)
        httpd = os.path.join(self.directory, "web/usr/bin/httpd")
        with open(httpd, "wb") as file:
            file.write(program)
        os.chmod(httpd, 0o711)
        os.mkdir(os.path.join(self.directory, "web/etc"))
        for name, line in (("passwd", "www:x:33:34::/srv:\n"), ("group", "more:x:35:www\n"),
                           ("hosts", "10.9.0.9 app")):
            with open(os.path.join(self.directory, "web/etc", name), "w", encoding="ascii") as file:
                file.write(line)
        os.symlink("usr/bin", os.path.join(self.directory, "web/bin"))
        with tarfile.open(os.path.join(self.directory, "box.tar.gz"), "w:gz") as tar:
            for name, mode, owner, data in (("./bin/busybox", 0o755, 0, program),
                                            ("./etc/inittab", 0o644, 0, INITTAB),
                                            ("./srv/page", 0o640, 1234, b"from the box")):
                entry = tarfile.TarInfo(name)
                entry.mode, entry.uid, entry.gid, entry.size = mode, owner, owner, len(data)
                tar.addfile(entry, io.BytesIO(data))
            for name, target in (("./sbin/init", "../bin/busybox"), ("./away", "srv")):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = tarfile.SYMTYPE, target
                tar.addfile(entry)
        self.make_initrd(program)

    def fetch(self, vm, url):
        """What a service answers, as soon as it does."""
        found = []

        def answers():
            found[:] = [self.system.shell(vm, f"timeout 5 wget -q -O - {url} 2> /dev/null || true")]
            return found[0] != ""
        self.system.wait(f"{vm} gets {url}", answers)
        return found[0]

    def check_its_command_serves_another_vm(self):
        with open(self.topology, encoding="utf-8") as file:
            wanted = file.read().strip()
        ensure(self.fetch("box", "http://10.9.0.2:8080/topology") == wanted, "another file")

    def health(self, vm):
        return next(entry["health"] for entry in self.system.told()["vms"]
                    if entry["name"] == vm)

    def check_a_health_check_says_whether_it_serves(self):
        """It is run as the command's user; what no longer succeeds is told, and what does again."""
        ensure(self.health("web") == "healthy", "it has been up before")
        self.system.shell("web", "chmod 000 '/srv it'\\''s/topology'")
        self.system.wait("web is unhealthy", lambda: self.health("web") == "unhealthy")
        self.system.shell("web", "chmod 644 '/srv it'\\''s/topology'")
        self.system.wait("web is healthy", lambda: self.health("web") == "healthy")

    def check_its_init_serves_another_vm_by_its_name(self):
        ensure(self.fetch("web", "http://box/page") == "from the box", "another page")

    def check_a_name_of_its_own_stays(self):
        found = self.system.shell("web", "cat /etc/hosts")
        ensure(found.splitlines() == ["10.9.0.9 app", "127.0.1.1 web", "10.9.0.1 net", "10.9.0.3 box"], found)

    def check_its_init_is_the_first_program(self):
        found = self.system.shell("box", "readlink /proc/1/exe; tr '\\0' ' ' < /proc/1/cmdline; "
                                  "ls /began; stat -c %u:%g:%a /srv/page /")
        ensure(found.split() == ["/bin/busybox", "init", "/began", "1234:1234:640", "0:0:755"],
               found)

    def check_a_command_that_ends_is_run_again(self):
        before = self.system.shell("web", "pidof httpd")
        self.system.shell("web", "kill $(pidof httpd)")
        self.system.wait("httpd runs again", lambda: self.system.shell(
            "web", "pidof httpd || true") not in ("", before))
        self.fetch("box", "http://10.9.0.2:8080/topology")

    def check_signals_are_what_they_are_elsewhere(self):
        """What the init runs can be interrupted, and a command has a group, to which it may send what it likes."""
        found = self.system.shell("web", """for process in self $(pidof httpd) $(pidof peervisor-agent); do
            sed -n 's/^SigIgn:\\t//p' /proc/$process/status; done
            cut -d ' ' -f 5,6 /proc/$(pidof httpd)/stat; cut -d ' ' -f 5,6 /proc/1/stat""").split("\n")
        ensure(all(int(bits, 16) & (1 << 1 | 1 << 2) == 0 for bits in found[:3]), found)
        ensure(found[3] != found[4], found)

    def check_a_command_runs_once(self):
        """How it has ended is told; of one that runs, and would not be run again, that."""
        def told(vm):
            return next(entry["command"] for entry in self.system.told()["vms"] if entry["name"] == vm)
        self.system.wait("its end is told", lambda: told("net") == "failed (3)")
        ensure((told("web"), told("box")) == ("running", ""), "they have ended")
        self.system.shell("net", "kill -9 $(pidof once)")
        self.system.wait("once is there again", lambda: self.system.shell("net", "pidof once || true"))
        ensure(self.system.shell("net", "wc -l < /tmp/runs") == "1", "it was run again")

    def check_its_command_is_a_users(self):
        found = self.system.shell("web", """cd /proc/$(pidof httpd)
            sed -n 's/^\\(Uid\\|Gid\\|Groups\\)://p' status; readlink cwd
            tr '\\0' '\\n' < environ | grep -e ^A.B -e ^HOME""")
        ensure(found.split() == ["33"] * 4 + ["34"] * 4 + ["34", "35", "/srv", "it's", "HOME=/srv",
                                                           "A.B=it's"], found)

    def check_a_container_image_runs_what_it_says(self):
        ensure(self.fetch("box", "http://10.9.0.4:8080/page") == "upper", "another page")
        found = self.system.shell("app", """ls /srv; cd /proc/$(pidof httpd); readlink cwd
            sed -n 's/^Uid://p' status; tr '\\0' '\\n' < environ | grep -e ^B= -e ^PATH=""")
        ensure(sorted(found.split()) == sorted(["page", "/srv", *["33"] * 4, "PATH=/usr/bin", "B=2"]),
               found)

    def check_its_directory_is_shared_both_ways(self):
        """The back ends have a root directory of their own, and find there what the VM has."""
        found = self.system.shell("app", "mkdir -p /mnt; mount -t virtiofs box /mnt; cat /mnt/page; echo b > /mnt/back")
        ensure(found == "from the box", found)
        ensure(self.system.shell("box", "cat /srv/back") == "b", "it does not come back")
        self.system.shell("app", "umount /mnt")

    def check_a_user_may_open_the_streams_by_name(self):
        log = self.system.log("app")
        ensure("as 33 to its output" in log and "as 33 to its errors" in log, log[-400:])
        for vm in ("net", "app"):
            found = self.system.shell(vm, """echo 1 | cat /dev/stdin; echo 2 > /dev/stdout
                echo 3 > /dev/stderr; echo 4 | cat /dev/fd/0""")
            ensure(sorted(found.split()) == ["1", "2", "3", "4"], f"{vm}: {found}")

    def check_nobody_but_root_writes_to_its_root(self):
        found = self.system.shell("web", "stat -c %u:%a / /bin/httpd; ls -d /bin; [ -L /bin ]")
        ensure(found.split() == ["0:755", "0:711", "/bin"], found)

    def check_an_initrd_that_starts_the_agent_takes_commands(self):
        subprocess.run([TOPO, "start", "--name", self.system.name, "--timeout", "300", "bare"], check=True,
                       stdin=subprocess.DEVNULL)
        found = self.system.run("bare", "/bin/busybox", "sh", "-c", "echo $$ $0; exec /bin/busybox cat", "it",
                                stdin=b"what goes in")
        ensure(found.split("\n")[0].endswith(" it") and found.endswith("what goes in"), found)
        self.system.run("bare", "/nothing", status=127)

    def check_a_directory_behind_a_link_is_not_shared(self):
        """Neither what the link leads to, nor an empty one: the device has no back end, and it is said why."""
        self.system.wait("it is said", lambda: "/away: is no directory, or a link is on the way; it is not shared"
                         in self.system.log("box"))
        ensure("device box/0 backend ready" not in self.system.log("--vmm", "bare"), "it has a back end")

    def check_its_clock_is_the_machines(self):
        for vm in ("net", "web", "box"):
            behind = time.time() - int(self.system.shell(vm, "date +%s"))
            ensure(abs(behind) < 600, f"{vm} is {behind} s behind")

    def check_poweroff_ends_it(self):
        """When what runs has ended, which is told so once and has time for that."""
        self.system.run("web", "sh", "-c", "cat > /tmp/slow", stdin=SLOW)
        self.system.shell("web", "setsid once no /tmp/end sh /tmp/slow > /dev/null 2>&1 < /dev/null &")
        self.system.wait("it has begun", lambda: self.system.shell("web", "ls /tmp/begun || true"))
        for vm in ("web", "box", "app"):
            self.system.run(vm, "poweroff", status=None)
            self.system.wait_vm(vm, "stopped")
        said = self.system.log("web")
        ensure("slow: told 1 times" in said, said[-400:])


class Binary(Scenario):
    """It lies and begins where the topology says, finds its device tree and zeros in all else of its RAM,
    and may read the physical counter (tests/system/binary.S)."""
    topology = os.path.join(HERE, "topologies/binary.camkes")
    arguments = ("-D", f'BINARY="{os.path.join(BUILD, "system/binary")}"')

    def check_it_finds_what_it_is_promised(self):
        with tempfile.TemporaryDirectory() as directory:
            image = os.path.join(directory, "image")
            subprocess.run([TOPO, "build", "-o", image, *self.arguments, self.topology], check=True,
                           stdout=subprocess.DEVNULL)
            with open(image, "rb") as file:
                system = images.System(file.read())
        first = system.loads(system.domain("binary"), again=False)
        ensure([row for row in first.rows if row["from"] == 0],
               "QEMU's device tree is not in its RAM, which it is to find cleared")
        self.system.wait("it has said so", lambda: "binary " in self.system.log("binary"))
        said = self.system.log("binary")
        ensure("binary 0\n" in said, f"it says {said!r}")
