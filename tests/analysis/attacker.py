# SPDX-License-Identifier: BSD-2-Clause
"""Random topologies as text, and the answers of docs/report.md by trying all sets of VMs."""
import itertools

MIB = 1 << 20


class World:
    """VMs v0 to v(n-1); connections as (device VM, driver VM, pool?)."""

    def __init__(self, rng):
        self.n = rng.randint(2, 6)
        pairs = list(itertools.permutations(range(self.n), 2))
        self.connections = [(a, b, rng.random() < 0.75)
                            for a, b in rng.sample(pairs, rng.randint(1, len(pairs) // 2))]
        self.exposed = {v for v in range(self.n) if rng.random() < 0.3}
        self.assets = {v for v in range(self.n) if rng.random() < 0.3}
        self.dma = {v for v in range(self.n) if rng.random() < 0.1}
        self.managed = {v: {w for w in range(self.n) if w != v and rng.random() < 0.1}
                        for v in range(self.n)}

    def text(self):
        parts = [f"component VM vm_v{v};" for v in range(self.n)]
        settings = []
        for a, b, pool in self.connections:
            parts.append(f"VIRTIO_COMPOSITION_DEF(v{a}, v{b})")
            if not pool:
                settings.append(f"vmv{a}_vmv{b}_memdev.swiotlb = 0;")
        settings += [f"vm_v{v}.exposed = true;" for v in self.exposed]
        settings += [f'vm_v{v}.asset = "it";' for v in self.assets]
        settings += [f'vm_v{v}.pci_devices = [{{ name: "disk", bus: 1, dev: {v}, fun: 0, irq: 0 }}];'
                     for v in self.dma]
        settings += ["vm_v%d.may_restart = [%s];" % (v, ", ".join(f'"v{w}"' for w in managed))
                     for v, managed in self.managed.items()]
        return "assembly { composition { %s } configuration { %s } }\n" % (
            "\n".join(parts), "\n".join(settings))

    def entrances(self):
        roots = {a for a, _, _ in self.connections} - {b for _, b, _ in self.connections}
        return self.exposed or self.dma or roots or set(range(self.n))

    def all_enter(self):
        """Nothing says where outsiders come from: every VM is an entrance, to all others."""
        return not (self.exposed or self.dma) and not (
            {a for a, _, _ in self.connections} - {b for _, b, _ in self.connections})

    def goals(self):
        leaves = {b for _, b, _ in self.connections} - {a for a, _, _ in self.connections}
        return (self.assets or leaves or set(range(self.n)) - self.entrances()
                or set(range(self.n)))

    def closure(self, held):
        held = set(held)
        while True:
            more = {b for a, b, pool in self.connections if a in held and not pool}
            more |= set(range(self.n)) if held & self.dma else set()
            if more <= held:
                return held
            held |= more

    def play(self, ways_in, falls):
        held = self.closure(ways_in & falls)
        while True:
            near = {b for a, b, _ in self.connections if a in held}
            near |= {a for a, b, _ in self.connections if b in held}
            now = self.closure(held | (near & falls))
            if now == held:
                return held
            held = now

    def stopped(self, vm):
        """What who holds @vm may restart, and whose devices he stops, @vm itself left out."""
        held = self.closure({vm})
        restarts = {w for v in held for w in self.managed[v]}
        return restarts - {vm}, {b for a, b, _ in self.connections if a in held | restarts} - {vm}

    def falls(self, ways_in, goal):
        for size in range(1, self.n + 1):
            for falls in itertools.combinations(range(self.n), size):
                if goal in self.play(ways_in, set(falls)):
                    return size
        return None
