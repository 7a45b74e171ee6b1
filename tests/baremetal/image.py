# SPDX-License-Identifier: BSD-2-Clause
"""Build system images of bare-metal test domains.

A System holds Domains, doorbells and shared regions; build() lays them out and encodes the tables
of abi/image.h with the layouts of abi/layout.txt. It shares no code with topo. It also says where
each field of the image lies, so that tests can corrupt one at a time.
"""
import re
import os

import abi
from elf import Elf

PAGE = abi.PV_PAGE_BYTES
LOAD_PA = abi.BOARD["LOAD"]
RAM_PAGE = abi.BOARD["RAM_BASE"] // PAGE
POOL_PA = 0x42000000      # behind the kernel and any image of these tests
POOL_PAGES = 1024
REGIONS_PA = 0x43000000
RAM_MIB = 128
GUEST_RAM_BYTES = 0x100000
VCPUS = 4                 # capability slots kept for vCPUs
RIGHTS_RW = abi.PV_RIGHT_READ | abi.PV_RIGHT_WRITE
RIGHTS_RX = abi.PV_RIGHT_READ | abi.PV_RIGHT_EXEC
RIGHTS_RWX = RIGHTS_RW | abi.PV_RIGHT_EXEC

TABLES = [("domains", "pv_domain"), ("vcpus", "pv_vcpu"), ("regions", "pv_region"),
          ("mappings", "pv_mapping"), ("caps", "pv_cap"), ("doorbells", "pv_doorbell"),
          ("doorbell_pages", "pv_doorbell_page"), ("devices", "pv_device"), ("irqs", "pv_irq"),
          ("streams", "pv_stream"), ("windows", "pv_window"),
          ("window_rules", "pv_window_rule")]


def _protocol():
    """Constants of protocol.h: places and capability slots of a test domain."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "protocol.h"),
              encoding="ascii") as file:
        text = file.read()
    found = re.findall(r"^#define (T_\w+) (\w+)", text, re.M) + \
        re.findall(r"^\t(T_\w+) = (\d+)", text, re.M)
    return {name: int(value, 0) for name, value in found if value[0].isdigit()}


T = _protocol()


CONFIG_VA = 0x400000      # the real VMM's configuration, its stack below it
REAL_STACK_PAGES = 4
BRK = (0xd4200000).to_bytes(4, "little")
IOBUF_VA = 0x500000       # and its two iobuf pages
QUEUES = 2                # of the device of its connection


class Domain:
    """One VM. `guest` and `vmm` are symbols in the two test programs."""

    def __init__(self, name, guest="guest_nothing", vmm="vmm_serve", cpus=(0,), priority=100,
                 guest_params=(), vmm_params=(), ram_bytes=GUEST_RAM_BYTES, budget=(0, 0),
                 vmm_code=None, vmm_restarts=False):
        self.vmm_restarts = vmm_restarts
        self.budget_us, self.period_us = budget
        self.vmm_code = vmm_code  # the instruction of vmm_code() in vmm_start.S
        self.name, self.guest, self.vmm = name, guest, vmm
        self.cpus, self.priority = list(cpus), priority
        self.guest_params, self.vmm_params = list(guest_params), list(vmm_params)
        self.ram_bytes = ram_bytes
        self.caps = []            # (type, object) behind the fixed slots
        self.doorbell_pages = []  # (first, count) in self.caps
        self.msis = {}            # the fields of the domain about them
        self.index = None
        self.start = {}           # entry and entry_arg, set by the system

    def vmm_start(self, elf):
        return {"vmm_entry": elf.entry, "vmm_stack": elf.symbols["vmm_stack_end"],
                "vmm_arg": elf.symbols[self.vmm]}

    def send(self, doorbell):
        self.caps.append((abi.PV_CAP_DOORBELL_SEND, doorbell))

    def receive(self, doorbell):
        self.caps.append((abi.PV_CAP_DOORBELL_RECV, doorbell))


def filled(segments, at, data):
    """Segments of a program with `data` at that address."""
    return [(address, body[:at - address] + data + body[at - address + len(data):]
             if 0 <= at - address < len(body) else body, writable)
            for address, body, writable in segments]


class RealDomain(Domain):
    """A domain with the project's own VMM (an ELF file): a distributor at 0x08000000, a console
    UART, SPI 1, at T_DEVICE_IPA; and, where connect() joins it to a peer, a PCIe host bridge with
    one virtio device of two queues."""

    def __init__(self, name, guest, vmm_path, seed=bytes(32), life=None, dies_in=None, **keywords):
        super().__init__(name, guest, vmm=None, **keywords)
        self.seed = seed
        self.dies_in = dies_in    # a function of the VMM
        self.life = life or {}    # further fields of pv_vmm_config
        self.real = Elf(vmm_path)
        self.connections, self.devices, self.functions = [], [], []

    def function(self, system, stream, config, rules, place):
        """Have the PCI function with that StreamID, whose configuration space is at `config`, in
        slot 0; place: its range, (bus address, bytes), which its guest has at T_HARDWARE_BAR_IPA."""
        first = T["T_CAP_EXTRA"] + len(self.caps)
        system.stream(self, stream)
        system.window(self, config, rules)
        bus, size = place
        system.device(self, bus, T["T_HARDWARE_BAR_IPA"], pages_of(size))
        self.functions.append({
            "cap_stream": first, "cap_window": first + 1, "id": stream,
            "bars": abi.encode("pv_vmm_bar", {
                "ipa": T["T_HARDWARE_BAR_IPA"], "bus": bus, "bytes": size})})

    def connect(self, system, peer):
        """Be the driver VM of `peer`, a test domain: iobuf pages in its guest's space at
        T_SHARED_IPA, page 0 to be read, page 1 to be written."""
        assert not self.caps and not self.connections
        control = system.doorbell(peer, 40)
        event = system.doorbell(self, abi.PV_EVENT_DOORBELL, abi.PV_DOORBELL_EVENT)
        kicks = [system.doorbell(peer, 41 + q) for q in range(QUEUES)]
        calls = [system.doorbell(self) for _ in range(QUEUES)]
        for bell in [control] + kicks:
            self.send(bell)
        for bell in calls:
            self.receive(bell)
        self.doorbell_pages.append((1, QUEUES))
        for bell in [event] + calls:
            peer.send(bell)
        peer.doorbell_pages.append((0, 1 + QUEUES))
        for page, (own, its) in enumerate(((RIGHTS_RW, abi.PV_RIGHT_READ),
                                           (abi.PV_RIGHT_READ, RIGHTS_RW))):
            system.shared.append(Region(1, [
                {"domain": self.index, "space": abi.PV_SPACE_VMM, "rights": own,
                 "ipa_page": IOBUF_VA // PAGE + page},
                {"domain": peer.index, "space": abi.PV_SPACE_GUEST, "rights": its,
                 "ipa_page": T["T_SHARED_IPA"] // PAGE + page}], shared=True))
        extra = T["T_CAP_EXTRA"]
        self.connections.append({
            "peer": peer.name.encode(), "ecam_ipa": T["T_ECAM_IPA"], "page_out": IOBUF_VA,
            "page_in": IOBUF_VA + PAGE, "cap_ring": extra, "event": abi.PV_EVENT_DOORBELL,
            "device_count": 1})
        self.devices.append({
            "type": 1, "queue_count": QUEUES, "queue_size": 256,
            "cap_send_first": extra + 1, "cap_recv_first": extra + 1 + QUEUES,
            "config_bytes": 8, "features": 3 << 32 | 1 << 5,
            "bar_ipa": T["T_BAR_IPA"], "notify_ipa": T["T_DOORBELL_IPA"]})

    def config(self):
        rows = [abi.encode("pv_vmm_connection", row) for row in self.connections] + \
            [abi.encode("pv_vmm_device", row) for row in self.devices] + \
            [abi.encode("pv_vmm_function", row) for row in self.functions]
        return abi.encode("pv_vmm_config", {
            "magic": abi.PV_VMM_MAGIC, "version": abi.PV_VMM_VERSION,
            "bytes": abi.size_of("pv_vmm_config") + sum(map(len, rows)),
            "name": self.name.encode(), "connection_count": len(self.connections),
            "device_count": len(self.devices), "function_count": len(self.functions),
            "hw_ecam_ipa": T["T_HARDWARE_ECAM_IPA"] if self.functions else 0,
            "vcpu_count": len(self.cpus), "cap_vcpu_first": T["T_CAP_VCPU"],
            "cap_vgic": T["T_CAP_VGIC"], "cap_log": T["T_CAP_CONSOLE"],
            "gicd_ipa": T["T_GICD_IPA"],
            "gicr_ipa": T["T_GICR_IPA"] if abi.BOARD["GIC_VERSION"] == 3 else 0, "v2m_ipa": T["T_V2M_IPA"], "v2m_first": 96,
            "v2m_count": 16, "seed": self.seed, "flags": abi.PV_VMM_AUTOSTART,
            **self.start, **self.life, "uarts": abi.encode("pv_vmm_uart", {
                "ipa": T["T_DEVICE_IPA"], "intid": 33, "cap": T["T_CAP_CONSOLE"], "event": 0})
        }) + b"".join(rows)

    def vmm_regions(self):
        """(address, bytes, rights) of the VMM's space."""
        segments = self.real.segments
        if self.dies_in is not None:
            segments = filled(segments, self.real.symbols[self.dies_in], BRK)
        return [(address, body, RIGHTS_RW if writable else RIGHTS_RX)
                for address, body, writable in segments] + \
            [(CONFIG_VA - REAL_STACK_PAGES * PAGE, bytes(REAL_STACK_PAGES * PAGE), RIGHTS_RW),
             (CONFIG_VA, self.config(), RIGHTS_RW)]

    def vmm_start(self, _elf):
        return {"vmm_entry": self.real.entry, "vmm_stack": CONFIG_VA, "vmm_arg": CONFIG_VA}


class Region:
    """Memory; where there is a payload, the pages of the image that hold it."""

    def __init__(self, pages, mappings, payload=b"", shared=False):
        self.pages, self.mappings, self.payload, self.shared = pages, mappings, payload, shared
        self.page = None

    def row(self, first):
        return {"page": self.page, "page_count": self.pages,
                "flags": abi.PV_REGION_SHARED if self.shared else 0,
                "mappings.first": first, "mappings.count": len(self.mappings)}


class Built:
    """An image: its bytes without the kernel, (table, index, field, offset, size) of each field,
    offset in those bytes; and the rows that it was made of."""

    def __init__(self, data, fields, rows):
        self.data, self.fields, self.rows = data, fields, rows

    def owners(self, table, index):
        """Indices of the domains that an entry is about; nobody's for the header, and for memory
        that is shared."""
        row = self.rows[table][index] if table != "header" else {}
        if table == "domains":
            return {index}
        if table == "caps":
            return {n for n, d in enumerate(self.rows["domains"])
                    if 0 <= index - d["caps.first"] < d["caps.count"]}
        if table == "window_rules":
            return next(self.owners("windows", n) for n, w in enumerate(self.rows["windows"])
                        if 0 <= index - w["rules.first"] < w["rules.count"])
        if table == "mappings":
            return next(self.owners("regions", n) for n, r in enumerate(self.rows["regions"])
                        if 0 <= index - r["mappings.first"] < r["mappings.count"])
        if table == "regions":
            first = self.rows["mappings"][row["mappings.first"]]
            return set() if row["flags"] else {first["domain"]}
        return {row["domain"]} if row else set()


def pages_of(size):
    return (size + PAGE - 1) // PAGE


def patched(elf, params, code=None):
    """Segments of a program with its array `params`, what it is to know of the board, and the
    instruction `code`, filled in."""
    fillings = [("params", b"".join((value % (1 << 64)).to_bytes(8, "little")
                                    for value in params))]
    if "has_gicv3" in elf.symbols:
        fillings.append(("has_gicv3", bytes([abi.BOARD["GIC_VERSION"] == 3])))
    if code is not None:
        fillings.append(("vmm_code", code.to_bytes(4, "little")))
    segments = elf.segments
    for symbol, data in fillings:
        segments = filled(segments, elf.symbols[symbol], data)
    return segments


def kernel_binary(build):
    """The file of the board's kernel that machines boot."""
    return os.path.join(build, f"share/peervisor/kernel-{abi.BOARD['NAME']}.bin")


def kernel_elf(build):
    """The same with symbols."""
    return Elf(os.path.join(build, f"kernel/{abi.BOARD['NAME']}/kernel.elf"))


class System:
    def __init__(self, programs, cpus=1):
        """programs: the directory that holds guest.elf and vmm.elf."""
        self.programs = programs
        self.guest_elf = Elf(os.path.join(programs, "guest.elf"))
        self.vmm_elf = Elf(os.path.join(programs, "vmm.elf"))
        kernel = os.path.getsize(kernel_binary(os.path.join(programs, "..")))
        self.image_pa = LOAD_PA + kernel + -kernel % abi.PV_IMAGE_ALIGN
        self.cpus, self.extra = cpus, []
        self.ram_mib = RAM_MIB
        self.domains, self.doorbells, self.shared = [], [], []
        # Of hardware, each in ascending order.
        self.devices, self.irqs, self.streams, self.windows, self.window_rules = [], [], [], [], []

    def add(self, domain):
        domain.index = len(self.domains)
        domain.start = {"entry": self.guest_elf.entry,
                        "entry_arg": self.guest_elf.symbols[domain.guest]}
        self.domains.append(domain)
        return domain

    def doorbell(self, target, number=0, kind=abi.PV_DOORBELL_VIRQ):
        self.doorbells.append({"domain": target.index, "kind": kind, "number": number})
        return len(self.doorbells) - 1

    def stream(self, domain, number):
        """What the device with that StreamID reaches is the guest's RAM of @domain, whose next
        capability it becomes. In ascending order."""
        domain.caps.append((abi.PV_CAP_STREAM, len(self.streams)))
        self.streams.append({"id": number, "domain": domain.index})

    def device(self, domain, address, ipa, pages=1):
        """Pages of registers in the guest space of @domain."""
        self.devices.append({"page": address // PAGE, "page_count": pages, "domain": domain.index,
                             "space": abi.PV_SPACE_GUEST, "rights": RIGHTS_RW,
                             "ipa_page": ipa // PAGE})

    def line(self, domain, intid, virq):
        self.irqs.append({"intid": intid, "domain": domain.index, "virq": virq})

    def second_uart(self, domain):
        """The board's second PL011, which QEMU has with a second -serial."""
        self.device(domain, 0x09040000, T["T_UART_IPA"])
        self.line(domain, 40, T["T_LINE"])
        self.extra = ["-serial", "null"]

    def window(self, domain, address, rules):
        """A register window, the next capability of @domain, or nobody's; @rules as the image has
        them."""
        if domain:
            domain.caps.append((abi.PV_CAP_WINDOW, len(self.windows)))
        self.windows.append({"page": address // PAGE,
                             "domain": domain.index if domain else abi.PV_NOBODY,
                             "rules.first": len(self.window_rules), "rules.count": len(rules)})
        self.window_rules += rules

    def share(self, pages, *domains, read_only=()):
        """A region in the guest space of each domain at T_SHARED_IPA."""
        mappings = [{"domain": d.index, "space": abi.PV_SPACE_GUEST,
                     "rights": abi.PV_RIGHT_READ if d in read_only else RIGHTS_RW,
                     "ipa_page": T["T_SHARED_IPA"] // PAGE} for d in domains]
        self.shared.append(Region(pages, mappings, shared=True))

    def payload_bytes(self):
        """Bytes of a guest's RAM that its program fills."""
        return sum(len(body) for _, body, _ in self.guest_elf.segments)

    def _guest_regions(self, d):
        """The program, in the image, and the rest of its RAM behind it."""
        (_, body, _), = patched(self.guest_elf, d.guest_params)
        program = pages_of(len(body))
        at = [{"domain": d.index, "space": abi.PV_SPACE_GUEST, "rights": RIGHTS_RWX,
               "ipa_page": T["T_RAM_IPA"] // PAGE + page} for page in (0, program)]
        # What the image holds may have one mapping alone, so devices reach only the rest.
        dma = [{**at[1], "space": abi.PV_SPACE_DMA, "rights": RIGHTS_RW}
               for stream in self.streams if stream["domain"] == d.index][:1]
        return [Region(program, at[:1], body),
                Region(pages_of(d.ram_bytes) - program, at[1:] + dma)]

    def _regions(self):
        """All regions in the order of their pages, those in the image without theirs."""
        regions = []
        for d in self.domains:
            regions += self._guest_regions(d)
            spaces = d.vmm_regions() if isinstance(d, RealDomain) else [
                (address, body, RIGHTS_RW if writable else RIGHTS_RX)
                for address, body, writable in patched(self.vmm_elf, d.vmm_params,
                                                               d.vmm_code)]
            for address, body, rights in spaces:
                regions.append(Region(pages_of(len(body)), [
                    {"domain": d.index, "space": abi.PV_SPACE_VMM, "rights": rights,
                     "ipa_page": address // PAGE}], body))
        regions += self.shared
        page = REGIONS_PA // PAGE
        for region in regions:
            if not region.payload:
                region.page = page
                page += region.pages
        return sorted(regions, key=lambda region: not region.payload)

    def _domain_caps(self, d):
        vcpu_first = sum(len(other.cpus) for other in self.domains[:d.index])
        caps = [(abi.PV_CAP_VCPU, vcpu_first + n) if n < len(d.cpus) else (abi.PV_CAP_NONE, 0)
                for n in range(VCPUS)]
        caps += [(abi.PV_CAP_VGIC, d.index), (abi.PV_CAP_CONSOLE, 0)]
        assert len(caps) == T["T_CAP_EXTRA"]
        return caps + d.caps

    def _rows(self, regions):
        """The tables but for the regions, whose places in the image depend on their sizes."""
        rows = {name: [] for name, _ in TABLES}
        for d in self.domains:
            caps = self._domain_caps(d)
            for first, count in d.doorbell_pages:
                rows["doorbell_pages"].append({
                    "domain": d.index, "caps.count": count,
                    "caps.first": len(rows["caps"]) + T["T_CAP_EXTRA"] + first})
            rows["domains"].append({
                "name": d.name.encode(), "vcpus.first": len(rows["vcpus"]),
                "vcpus.count": len(d.cpus), "caps.first": len(rows["caps"]),
                "caps.count": len(caps), "doorbell_pages.count": len(d.doorbell_pages),
                "doorbell_pages.first": len(rows["doorbell_pages"]) - len(d.doorbell_pages),
                "doorbell_ipa_page": T["T_DOORBELL_IPA"] // PAGE,
                "gicc_ipa_page": T["T_GICC_IPA"] // PAGE if abi.BOARD["GIC_VERSION"] == 2 else 0,
                "priority": d.priority,
                "budget_us": d.budget_us, "period_us": d.period_us,
                "flags": abi.PV_DOMAIN_VMM_RESTARTS if d.vmm_restarts else 0,
                "channel_first": 1 + d.index, "channel_count": 1, **d.msis,
                **d.start, **d.vmm_start(self.vmm_elf)})
            rows["caps"] += [{"type": kind, "object": thing} for kind, thing in caps]
            rows["vcpus"] += [{"domain": d.index, "cpu": cpu} for cpu in d.cpus]
        for name in ("doorbells", "devices", "irqs", "streams", "windows", "window_rules"):
            rows[name] = getattr(self, name)
        for region in regions:
            rows["mappings"] += region.mappings
        return rows

    def build(self):
        regions = self._regions()
        rows = self._rows(regions)
        header = {"magic": abi.PV_IMAGE_MAGIC, "version": abi.PV_IMAGE_VERSION,
                  "header_bytes": abi.size_of("pv_image_header"),
                  "board": getattr(abi, abi.BOARD["ID"]), "cpu_count": self.cpus,
                  "ram_page": RAM_PAGE, "ram_page_count": self.ram_mib * 256,
                  "pool_page": POOL_PA // PAGE, "pool_page_count": POOL_PAGES}
        end = abi.size_of("pv_image_header")
        for name, struct in TABLES:
            count = len(regions if name == "regions" else rows[name])
            header[f"{name}.offset"], header[f"{name}.count"] = end, count
            end += count * abi.size_of(struct)
        page = pages_of(self.image_pa + end)
        first = 0
        for region in regions:
            if region.payload:
                region.page = page
                page += region.pages
            rows["regions"].append(region.row(first))
            first += len(region.mappings)
        header["image_bytes"] = page * PAGE - self.image_pa
        assert page * PAGE <= POOL_PA
        return self._encode(header, rows, b"".join(
            region.payload + bytes(-len(region.payload) % PAGE) for region in regions))

    @staticmethod
    def _encode(header, rows, rom):
        data = bytearray(abi.encode("pv_image_header", header))
        fields = [("header", 0, leaf.name, leaf.offset, leaf.size)
                  for leaf in abi.leaves("pv_image_header")]
        for name, struct in TABLES:
            for index, row in enumerate(rows[name]):
                fields += [(name, index, leaf.name, len(data) + leaf.offset, leaf.size)
                           for leaf in abi.leaves(struct)]
                data += abi.encode(struct, row)
        data += bytes(-len(data) % PAGE) + rom
        assert len(data) == header["image_bytes"]
        return Built(bytes(data), fields, rows)


def with_kernel(kernel, data):
    """The flat file that the machine loads: the kernel, padded, and the image."""
    padding = -len(kernel) % abi.PV_IMAGE_ALIGN
    return kernel + bytes(padding) + data
