# SPDX-License-Identifier: BSD-2-Clause
"""Mbit/s by the clock from each spoke of a hub to it, all at once: with the hub above its spokes, as
topo has it where the topology says nothing, and with one priority for all. What else uses the
machine is in both."""
import concurrent.futures
import json
import os
import re
import subprocess

TOPOLOGY = "bench/hub.camkes"
LIMIT = 600  # seconds, of a boot
SECONDS = 5  # of the transfers
PORT = 5201


def topo(build, *arguments):
    done = subprocess.run([os.path.join(build, "topo"), *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=LIMIT + 60, check=True)
    return done.stdout


def spokes(build, flat):
    """(name, address of the hub for it) of each."""
    told = json.loads(topo(build, "export", "-f", "json", "--no-advice", *flat, TOPOLOGY))
    return [(c["driver_vm"], c["devices"][0]["address"]) for c in told["connections"]]


def transfer(build, name, spoke, address, port):
    said = topo(build, "exec", "--timeout", str(20 * SECONDS), "--name", name, spoke, "--", "iperf3",
                "-f", "m", "-t", str(SECONDS), "-c", address, "-p", str(port))
    return float(re.findall(r"([\d.]+) Mbits/sec.*receiver", said)[-1])


def rates(build, is_flat):
    """Mbit/s of each spoke."""
    flat = ["-D", f"FLAT={int(is_flat)}"]
    name = f"bench-hub-{os.getpid()}"
    rows = spokes(build, flat)
    topo(build, "run", "--detach", "--timeout", str(LIMIT), "--name", name, "--no-advice", *flat,
         TOPOLOGY)
    try:
        topo(build, "exec", "--name", name, "hub", "--", "sh", "-ec",
             f"for n in $(seq {len(rows)}); do iperf3 -s -D -p $(({PORT} + n)); done")
        with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
            return list(pool.map(lambda at: transfer(build, name, *rows[at], PORT + 1 + at),
                                 range(len(rows))))
    finally:
        topo(build, "stop", name)


def measure(build):
    """(Mbit/s of each spoke with the hub above, the same with one priority)."""
    return rates(build, False), rates(build, True)
