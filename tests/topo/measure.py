# SPDX-License-Identifier: BSD-2-Clause
"""topo check, and what it took of the machine."""
import os
import subprocess
import tempfile


def check(topo, directory):
    """(exit status, what it says, what the kernel counted: see getrusage(2))"""
    with tempfile.TemporaryFile() as out:
        with subprocess.Popen([topo, "check", "x.camkes"], cwd=directory, stdout=out,
                              stderr=subprocess.STDOUT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return process.returncode, out.read().decode(errors="replace"), usage
