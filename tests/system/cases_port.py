# SPDX-License-Identifier: BSD-2-Clause
"""topo port: a real web server in a VM, by its agent alone."""
import concurrent.futures
import contextlib
import hashlib
import http.client
import random
import signal
import socket
import subprocess

from harness import TOPO, Failure, Scenario, ensure

OUT_BYTES = 1_000_000
IN_BYTES = 200_000
PATIENCE = 600


class Port(Scenario):
    """From the build machine into the driver VM."""

    @contextlib.contextmanager
    def port(self, number):
        """The port here that leads to that of the driver VM."""
        with subprocess.Popen([TOPO, "port", "--name", self.system.name, "driver", f"0:{number}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                said = process.stdout.readline()
                ensure(f"leads to port {number} of VM driver" in said, said)
                yield int(said.split()[0].split(":")[1])
                process.send_signal(signal.SIGINT)
                rest = process.communicate(timeout=PATIENCE)
                ensure((process.returncode, *rest) == (0, "", ""), f"{rest}")
            finally:
                process.kill()

    def check_a_vm_that_is_up_has_its_address(self):
        found = self.system.shell("driver", "ip -4 -o addr show eth0")
        ensure(" inet " in found, found)

    def check_a_web_server_answers(self):
        self.system.shell("driver", f"mkdir /tmp/web; head -c {OUT_BYTES} /dev/urandom > /tmp/web/f; "
                          "httpd -p 127.0.0.1:80 -h /tmp/web")
        wanted = self.system.shell("driver", "sha256sum < /tmp/web/f").split()[0]

        def get(port, path):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read()

        with self.port(80) as port, concurrent.futures.ThreadPoolExecutor(5) as pool:
            others = [pool.submit(get, port, "/none") for _ in range(4)]
            status, body = get(port, "/f")
            ensure(status == 200 and hashlib.sha256(body).hexdigest() == wanted,
                   f"{status}, {len(body)} bytes")
            ensure([other.result()[0] for other in others] == [404] * 4, "the others got another")

    def check_what_goes_in_arrives_and_ends(self):
        data = random.Random(1).randbytes(IN_BYTES)
        command = self.system.spawn("driver", "nc -l -p 81 | sha256sum")
        self.system.wait("nc listens", lambda: self.system.shell(
            "driver", "cat /proc/net/tcp* | grep -c ':0051 [0:]* 0A ' || true") != "0")
        with self.port(81) as port, \
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            out, _ = command.communicate(timeout=PATIENCE)
        if hashlib.sha256(data).hexdigest() not in out:
            raise Failure(f"the bytes are others: {out}")
