# SPDX-License-Identifier: BSD-2-Clause
"""What the system tests share: running topo, counting results, cleaning up."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))
TOPO = os.path.join(BUILD, "topo")
BOOT_SECONDS = 240  # a limit, for a machine that does much else
COMMAND_SECONDS = 180


class Failed(Exception):
    """A check does not hold."""


class System:
    """A running system; its commands."""

    def __init__(self, name):
        self.name = name

    def popen(self, vm, *command):
        """Start a command in a VM; its output is to be read."""
        return subprocess.Popen([TOPO, "exec", "--name", self.name, vm, "--", *command],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def try_sh(self, vm, script, seconds=COMMAND_SECONDS):
        """(exit status, output) of a shell script in a VM."""
        done = subprocess.run([TOPO, "exec", "--name", self.name, "--timeout", str(seconds), vm,
                               "--", "sh", "-c", script], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds + 60, check=False)
        return done.returncode, done.stdout + done.stderr

    def sh(self, vm, script, seconds=COMMAND_SECONDS):
        """Output of a shell script in a VM, which has to succeed."""
        status, output = self.try_sh(vm, script, seconds)
        if status:
            raise Failed(f"in {vm}: exit status {status}: {output[-600:]}")
        return output

    def topo(self, command, *arguments):
        return subprocess.run([TOPO, command, "--name", self.name, *arguments],
                              capture_output=True, text=True, timeout=60, check=False).stdout


class Tests:
    """Results, and the systems that run."""

    def __init__(self, directory):
        self.directory = directory
        self.passed = self.failed = 0
        self.running = []

    def ok(self, name):
        self.passed += 1
        print(f"ok {name}", flush=True)

    def fail(self, name, why):
        self.failed += 1
        print(f"FAIL {name} {why}", flush=True)

    def check(self, name, function, *arguments):
        """One test: it fails by an exception. The next one runs all the same."""
        try:
            function(*arguments)
        except (Failed, subprocess.SubprocessError) as error:
            self.fail(name, str(error))
        else:
            self.ok(name)

    def file(self, name, content):
        """Write a file below the tests' directory."""
        path = os.path.join(self.directory, name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        return path

    def boot(self, name, topology, *options):
        """Run a topology, given as a file's name; returns when everything is up."""
        path = topology if os.path.isabs(topology) else os.path.join(ROOT, "topologies", topology)
        done = subprocess.run([TOPO, "run", "--detach", "--no-advice", "--name", name, "--timeout",
                               str(BOOT_SECONDS), *options, path], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=BOOT_SECONDS + 60,
                              check=False)
        if done.returncode:
            raise Failed(f"topo run: {(done.stdout + done.stderr)[-1500:]}")
        self.running.append(name)
        self.ok(f"{name}: boots, every connection is up")
        return System(name)

    def stop(self, name):
        self.running.remove(name)
        done = subprocess.run([TOPO, "stop", name], capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode:
            self.fail(f"{name}: stops", done.stdout + done.stderr)

    def stop_all(self):
        for name in list(self.running):
            self.stop(name)


def expect(condition, why):
    if not condition:
        raise Failed(why)
