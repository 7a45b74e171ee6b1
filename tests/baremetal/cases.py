# SPDX-License-Identifier: BSD-2-Clause
"""The cases: which domains with which programs make a system, and what must come of it.

A domain that reports must end with "end N" and N result lines, all "ok"; `stops` says how each
domain must stop, by the kernel's own words. What is not said is "poweroff".
"""
import os

import abi
from image import PAGE, RIGHTS_RW, RIGHTS_RX, T, Domain, RealDomain, Region, System

CASES = []


class Case:
    def __init__(self, name, build, limit=20, extra=(), feed=None):
        self.name, self.build, self.limit = name, build, limit
        self.extra, self.feed = extra, feed


class Setup:
    """What a case's function makes: a System, who reports, how domains stop."""

    def __init__(self, programs, cpus=1):
        self.system = System(programs, cpus)
        self.reports, self.stops, self.endless = [], {}, []
        self.refused = None  # what the kernel must say instead of running it
        self.says = []       # (domain, regular expression of the start of a line)

    def add(self, *arguments, reports=True, stops="poweroff", **keywords):
        """stops=None: the domain never stops; the run ends when all others have."""
        domain = self.system.add(Domain(*arguments, **keywords))
        if reports:
            self.reports.append(domain)
        if stops:
            self.stops[domain.name] = stops
        else:
            self.endless.append(domain)
        return domain


# With it the counter counts instructions, so that what a guest may lose can be said, whatever else
# the host does. QEMU then runs one CPU at a time, in turns: what two CPUs do to each other is not
# told by it.
ICOUNT = ["-icount", "shift=0,sleep=off"]


def config_of(slot):
    """The configuration space of a function of bus 0."""
    base = next(row[1] for row in abi.BOARD["PCI_WINDOWS"] if row[0] == "CONFIG")
    return base + (slot << 15)


def rule(word, writable=0, keep=0, initial=0, flags=0):
    return {"word": word, "writable": writable, "keep": keep, "initial": initial, "flags": flags}


def place_rules(command, base, size, fixed=0):
    """Rules of a function with one range, of BAR 0: of the words that say whether it decodes, and
    where. @command: what its VMM may write of that word; @fixed: what else it is."""
    both = abi.PV_RULE_INITIAL | abi.PV_RULE_PROBE
    return [rule(1, command, fixed, fixed, abi.PV_RULE_INITIAL),
            rule(4, 0, -size & 0xffffffff, base, both)] + \
        [rule(word, 0, 0xfffffff0, 0, both) for word in range(5, 10)]


def case(cpus=1, name=None, **options):
    """Register a function(setup) as a case for `cpus` physical CPUs; one counts instructions."""
    def register(function):
        title = name or function.__name__
        if cpus == 1:
            options.setdefault("extra", ICOUNT)

        def build(programs):
            setup = Setup(programs, cpus)
            function(setup)
            return setup
        CASES.append(Case(title, build, **options))
        return function
    return register


def single(guest, **keywords):
    """A case of one domain with one vCPU, named after its program."""
    options = {key: keywords.pop(key) for key in ("limit", "extra") if key in keywords}
    case(name=guest.replace("guest_", ""), **options)(
        lambda setup: setup.add("one", guest=guest, **keywords))


for program in ("guest_loads", "guest_stores", "guest_faults", "guest_calls", "guest_undefined",
                "guest_aborts", "guest_aborts_user", "guest_silent_registers", "guest_undefined_registers", "guest_id_registers",
                "guest_irq_overflow", "guest_irq_nested", "guest_irq_between", "guest_irq_level", "guest_irq_edge",
                "guest_irq_masks", "guest_irq_state", "guest_timer", "guest_timer_pended", "guest_wfi_masked",
                "guest_firmware", "guest_privileged", "guest_hello", "guest_user32"):
    single(program)


@case(name="a budget bounds a VM that wakes all the time", extra=ICOUNT)
def budget_wakes(setup):
    one = setup.add("one", guest="guest_budget_wakes", priority=200, budget=(5000, 10000))
    two = setup.add("two", guest="guest_budget_beside", reports=False)
    setup.system.share(1, one, two)


@case(name="a timer that never fires wakes nobody")
def far_timer(setup):
    one = setup.add("one", guest="guest_far_timer", priority=200)
    two = setup.add("two", guest="guest_far_timer_beside", reports=False)
    bell = setup.system.doorbell(one)
    one.receive(bell)
    two.send(bell)
    two.doorbell_pages.append((0, 1))
    setup.system.share(1, one, two)


@case()
def counters(setup):
    one = setup.add("one", guest="guest_counters")
    bell = setup.system.doorbell(one)
    one.send(bell)
    one.receive(bell)
    one.doorbell_pages.append((0, 1))


@case()
def irq_sgi(setup):
    setup.add("one", guest="guest_irq_sgi", cpus=[0, 0])


@case()
def irq_sgi_register(setup):
    setup.add("one", guest="guest_irq_sgi_register")


@case()
def reset(setup):
    setup.add("one", guest="guest_reset", reports=False, stops="reset")


@case()
def system_calls(setup):
    one = setup.add("one", vmm="vmm_calls", guest="guest_nothing",
                    vmm_params=[setup.system.guest_elf.symbols["guest_nothing"]])
    two = setup.add("two", guest="guest_nothing", reports=False)
    one.send(setup.system.doorbell(two))
    one.receive(setup.system.doorbell(one))
    setup.system.stream(one, 8)
    setup.system.window(one, config_of(31), [rule(1, 4, flags=abi.PV_RULE_INITIAL)])
    # Right behind the first domain's capabilities lies one that it must not reach.
    two.send(setup.system.doorbell(one))


@case(feed=(b"ready\n", b"\xff\x01input for one\n\xff\x02input for two\n"))
def console_input(setup):
    for name in ("one", "two"):
        setup.add(name, vmm="vmm_console_input", guest="guest_spin")


@case(name="second_vcpu on the same CPU")
def second_vcpu(setup):
    setup.add("one", guest="guest_second_vcpu", cpus=[0, 0])


@case(2, name="second_vcpu on another CPU")
def second_vcpu_apart(setup):
    setup.add("one", guest="guest_second_vcpu", cpus=[0, 1])


@case(name="sgi_between on the same CPU")
def sgi_between(setup):
    setup.add("one", guest="guest_sgi_between", cpus=[0, 0])


@case(2, name="sgi_between on two CPUs")
def sgi_between_apart(setup):
    setup.add("one", guest="guest_sgi_between", cpus=[0, 1])


def doorbell_pair(setup, first, second, cpus, rounds=1000):
    system = setup.system
    one = setup.add("one", guest=first, cpus=[cpus[0]], guest_params=[rounds, 1])
    two = setup.add("two", guest=second, cpus=[cpus[1]], guest_params=[rounds, 0])
    to_two, to_one = system.doorbell(two), system.doorbell(one)
    for domain, out, into in ((one, to_two, to_one), (two, to_one, to_two)):
        domain.send(out)
        domain.receive(into)
        domain.doorbell_pages.append((0, 1))
    system.share(1, one, two)


@case(name="doorbell_rounds on the same CPU")
def doorbell_rounds(setup):
    doorbell_pair(setup, "guest_doorbell_rounds", "guest_doorbell_rounds", (0, 0))


@case(2, name="doorbell_rounds on two CPUs")
def doorbell_rounds_apart(setup):
    doorbell_pair(setup, "guest_doorbell_rounds", "guest_doorbell_rounds", (0, 1))


@case(2)
def doorbell_forms(setup):
    doorbell_pair(setup, "guest_doorbell_forms", "guest_doorbell_masked", (0, 1))


@case()
def events(setup):
    sender = setup.add("sender", guest="guest_event_sender")
    receiver = setup.add("receiver", guest="guest_event_receiver")
    for bit in (9, 63):
        sender.send(setup.system.doorbell(receiver, bit, abi.PV_DOORBELL_EVENT))
    sender.doorbell_pages.append((0, 2))


@case(name="equals share a CPU")
def share_cpu(setup):
    for mine, other in ((0, 1), (1, 0)):
        setup.add(f"vm{mine}", guest="guest_share_cpu", guest_params=[mine, other, 500])
    setup.system.share(1, *setup.system.domains)


@case(name="the higher priority preempts")
def priorities(setup):
    setup.add("low", guest="guest_low", guest_params=[0, 1], priority=50)
    setup.add("high", guest="guest_high", guest_params=[1, 0], priority=200)
    setup.system.share(1, *setup.system.domains)


@case(name="a budget bounds a busy VM")
def budget(setup):
    setup.add("busy", guest="guest_budget_busy", guest_params=[0, 1], priority=200,
              budget=(2000, 10000))
    setup.add("behind", guest="guest_budget_behind", guest_params=[1, 0], priority=50)
    setup.system.share(1, *setup.system.domains)


def preempted(setup, guest, priorities):
    for mine, priority in enumerate(priorities):
        setup.add(f"vm{mine}", guest=guest, guest_params=[mine, len(priorities), priority])
    setup.system.share(1, *setup.system.domains)


@case(name="preempted in a handler")
def preempted_in_handler(setup):
    preempted(setup, "guest_preempted_in_handler", (0x40, 0x80, 0))


@case(name="preempted in the timer's handler")
def preempted_in_timer(setup):
    preempted(setup, "guest_preempted_in_timer", (0x80, 0x80, 0x80))


@case(name="floating point is kept apart")
def floating_point(setup):
    for n in range(3):
        setup.add(f"vm{n}", guest="guest_floating_point", guest_params=[(n + 1) << 40 | n])


# The loader fills all that the image will clear with garbage first. RAM starts with the program.
@case(name="memory is clear", extra="garbage")
def memory_is_clear(setup):
    one = setup.add("one", guest="guest_memory_is_clear")
    two = setup.add("two", guest="guest_memory_is_clear")
    for domain in (one, two):
        domain.guest_params = [setup.system.payload_bytes(), domain.ram_bytes, 0x4000]
    setup.system.share(4, one, two)


# What a VMM executes has no writer, whoever it is and at whatever address.
for writer, space in ((0, abi.PV_SPACE_GUEST), (1, abi.PV_SPACE_GUEST),
                      (0, abi.PV_SPACE_VMM), (1, abi.PV_SPACE_VMM)):
    kind = "guest" if space == abi.PV_SPACE_GUEST else "VMM"

    @case(name=f"a VMM's text that {kind} {writer} may write")
    def written_text(setup, writer=writer, space=space):
        for name in ("one", "two"):
            setup.add(name, reports=False, stops=None)
        setup.system.shared.append(Region(1, [
            {"domain": 0, "space": abi.PV_SPACE_VMM, "rights": RIGHTS_RX, "ipa_page": 0x500},
            {"domain": writer, "space": space, "rights": RIGHTS_RW,
             "ipa_page": T["T_SHARED_IPA"] // PAGE}], shared=True))
        last = len(setup.system.build().rows["mappings"]) - 1
        setup.refused = f"mappings[{last}].rights: a right that may not be given here"


SLICE_US = 5000   # of equals on one CPU: SCHED_SLICE_PER_SECOND
ALONE_US = 3000   # ten times what a round needs by itself
TURN_US = 50000   # of QEMU's CPUs with -icount


@case(name="equals share what one above leaves, whoever rings it", extra=ICOUNT)
def preempted_equals(setup):
    above = setup.add("above", guest="guest_rung", priority=200)
    ringer = setup.add("ringer", guest="guest_ring_above", guest_params=[0, 1, 1000, 200])
    setup.add("equal", guest="guest_work", guest_params=[1])
    bell = setup.system.doorbell(above)
    ringer.send(bell)
    ringer.doorbell_pages.append((0, 1))
    above.receive(bell)
    setup.system.share(1, *setup.system.domains)


@case(name="events without pause leave a guest half of its time", extra=ICOUNT)
def events_without_pause(setup):
    one = setup.add("one", guest="guest_work_beside_events", vmm="vmm_rung_for_ever")
    one.send(setup.system.doorbell(one, 9, abi.PV_DOORBELL_EVENT))


def add_bystander(setup, name="bystander", milliseconds=0, late_us=0, rings=False, **keywords):
    """A guest that watches its own memory, which has a pattern of its own, and its time."""
    return setup.add(name, guest="guest_bystander",
                     guest_params=[milliseconds, late_us, int(rings)],
                     vmm_params=[len(setup.system.domains) + 1], **keywords)


def hostile_guest(guest, cpu, limit=30, stops="poweroff", params=()):
    """A hostile guest with all it can be given, and a bystander on its CPU or another. On the same
    CPU it is bounded how long a round may take; on another the hostile one never gives up, and the
    bystander has to come to its end all the same."""
    @case(cpu + 1, limit=limit, extra=[] if cpu else ICOUNT,
          name=f"hostile {guest}, bystander on CPU {cpu}")
    def build(setup):
        bad = setup.add("bad", guest=guest, reports=stops == "poweroff", stops=stops)
        good = add_bystander(setup, milliseconds=300, late_us=0 if cpu else SLICE_US + ALONE_US,
                             rings=guest == "guest_flood", cpus=[cpu])
        bad.send(setup.system.doorbell(good, 40))
        bad.doorbell_pages.append((0, 1))
        setup.system.share(4, bad, good, read_only=[good])
        bad.guest_params = list(params) or [200, bad.ram_bytes, 0x4000, 1]


hostile_guest("guest_sweep", 0, limit=90)
hostile_guest("guest_flood", 0)
hostile_guest("guest_flood", 1, stops=None, params=[0])
for cpu in (0, 1):
    hostile_guest("guest_spin", cpu, stops=None)
    hostile_guest("guest_call_flood", cpu, stops=None)
    hostile_guest("guest_restart_for_ever", cpu, stops=None)
hostile_guest("guest_fault_once", 0, stops="fault", params=[abi.PV_REPLY_STOP])
for cpu in (0, 1):
    hostile_guest("guest_abort_for_ever", cpu, stops=None, limit=90)


def hostile_vmm(vmm, argument=0, stops="vmm", guest="guest_provoke", what="", limit=30, params=(),
                restarts=False):
    """A VMM that does something wrong, a bystander on its CPU and one on another."""
    @case(2, name=f"hostile {vmm} {what}".strip(), limit=limit, extra=ICOUNT)
    def build(setup):
        bad = setup.add("bad", guest=guest, vmm=vmm, guest_params=[argument], vmm_params=params,
                  reports=guest == "guest_provoke_harmless", stops=stops,
                  vmm_restarts=restarts)
        bad.send(setup.system.doorbell(bad, abi.PV_EVENT_DOORBELL, abi.PV_DOORBELL_EVENT))
        bad.doorbell_pages.append((0, 1))
        add_bystander(setup, milliseconds=300, late_us=SLICE_US + ALONE_US, cpus=[0])
        add_bystander(setup, "far", milliseconds=300, late_us=2 * TURN_US, cpus=[1])


# Null, the guest's RAM at its guest-physical address, the kernel, the UART, the distributor, the
# image, the top of what can be translated and beyond it, the upper half.
for address in (0, T["T_RAM_IPA"], 0x40200000, 0x09000000, 0x08000000, 0x43000000,
                0x7ffffff000, 0x8000000000, 0xffff000012345678):
    hostile_vmm("vmm_store", address, what=f"at {address:#x}")
    hostile_vmm("vmm_load", address, what=f"at {address:#x}")
hostile_vmm("vmm_jump", T["T_RAM_IPA"], what="to the guest's RAM")
hostile_vmm("vmm_store_code")
hostile_vmm("vmm_jump_data")
hostile_vmm("vmm_overflow")
for number, instruction in enumerate(("fmov", "brk", "hvc", "smc", "undefined", "msr daif",
                                      "mrs midr", "eret", "msr cntv_cval")):
    hostile_vmm("vmm_instruction", number, what=instruction)
hostile_vmm("vmm_instruction", 1, what="brk, in each of its lives", restarts=True)
hostile_vmm("vmm_sleep", stops=None, guest="guest_spin")
hostile_vmm("vmm_spin", stops=None)
hostile_vmm("vmm_call_everything", stops="poweroff", guest="guest_provoke_harmless")
for reply, kind, x1, what in (
        (abi.PV_REPLY_COUNT, abi.PV_MSG_CALL, 0, "no such reply"),
        (1 << 63, abi.PV_MSG_CALL, 0, "no such reply by far"),
        (1 << 32 | abi.PV_REPLY_RESUME, abi.PV_MSG_CALL, 0, "a reply with high bits"),
        (abi.PV_REPLY_NONE, abi.PV_MSG_CALL, 0, "nothing to a call"),
        (abi.PV_REPLY_RESUME, 0, 0, "resume at the start"),
        (abi.PV_REPLY_OFF, 0, 0, "off at the start"),
        (abi.PV_REPLY_STOP, abi.PV_MSG_CALL, 99, "stop for no known reason")):
    hostile_vmm("vmm_reply", what=what, params=[reply, kind, x1])
hostile_vmm("vmm_reply", what="resume after a fault", guest="guest_fault_once",
            params=[abi.PV_REPLY_RESUME, abi.PV_MSG_FAULT, 0])
hostile_vmm("vmm_reply", what="abort of a call",
            params=[abi.PV_REPLY_ABORT, abi.PV_MSG_CALL, 0])
hostile_vmm("vmm_reply", what="resume after events", guest="guest_ring_vmm",
            params=[abi.PV_REPLY_RESUME, abi.PV_MSG_EVENTS, 0])


def on_cpus(spread):
    return f"on {len(set(spread))} CPU" + "s" * (len(set(spread)) > 1)


for spread in ([0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 2, 3]):
    @case(1 + max(spread), name=f"4 vCPUs {on_cpus(spread)}: SGIs all to all")
    def vcpus(setup, spread=spread):
        setup.add("one", guest="guest_vcpus", cpus=spread, guest_params=[4])

    @case(1 + max(spread), name=f"4 vCPUs {on_cpus(spread)}: PSCI and SGIs, real VMM")
    def psci_vcpus(setup, spread=spread):
        add_real(setup, "guest_psci_vcpus", cpus=spread, guest_params=[4])

for spread in ([0, 0], [0, 1]):
    for program in ("guest_off_pending", "guest_off_active", "guest_retarget", "guest_remote_state",
                    "guest_stop_busy", "guest_stop_races"):
        @case(1 + max(spread), name=f"{program.replace('guest_', '')} {on_cpus(spread)}")
        def two_vcpus(setup, program=program, spread=spread):
            setup.add("one", guest=program, cpus=spread)


for spread in ([0, 0], [0, 1]):
    @case(1 + max(spread), name=f"a VM restarts {on_cpus(spread)}")
    def restarted(setup, spread=spread):
        program = "guest_restarted"
        one = setup.add("one", guest=program, cpus=spread,
                        guest_params=[5, setup.system.guest_elf.symbols[program]])
        bell = setup.system.doorbell(one)
        one.send(bell)
        one.receive(bell)


for spread in ([0, 0], [0, 1], [1, 0]):
    @case(1 + max(spread), name=f"a VMM dies and starts again {on_cpus(spread)}, {spread[0]}")
    def vmm_dies(setup, spread=spread):
        setup.add("one", guest="guest_vmm_dies", vmm="vmm_mortal", cpus=spread, guest_params=[3],
                  vmm_restarts=True)


@case(name="a VM goes off and comes back")
def off_and_on(setup):
    program = "guest_off_and_on"
    one = setup.add("one", guest=program, vmm="vmm_off_and_on", guest_params=[3, 62500],
                    vmm_params=[0, setup.system.guest_elf.symbols[program]])
    two = setup.add("two", guest="guest_sees_it_back", priority=50, guest_params=[3])
    setup.system.share(1, one, two)


TICKS_PER_US = 62.5  # of QEMU's counter


def vmm_timer(setup, late_us, cpus=(0,)):
    program = "guest_vmm_timer"
    return setup.add("one", guest=program, vmm="vmm_timer", cpus=list(cpus), priority=150,
                     guest_params=[int(late_us * TICKS_PER_US), int(1000 * TICKS_PER_US)],
                     vmm_params=[0, setup.system.guest_elf.symbols[program]])


# A rest after the events before may keep it away, for twice as long as they took.
@case(name="a VMM's timer, alone")
def timer_alone(setup):
    vmm_timer(setup, 20)


@case(name="a VMM's timer, beside one that is always ready", limit=60)
def timer_below(setup):
    vmm_timer(setup, 20)
    setup.add("busy", guest="guest_spin", priority=100, reports=False, stops=None)


@case(name="a VMM's timer, beside an equal", limit=60)
def timer_beside(setup):
    vmm_timer(setup, SLICE_US + 20)
    setup.add("busy", guest="guest_spin", priority=150, reports=False, stops=None)


def mesh(setup, domains, rounds):
    """Doorbells from each of the domains to each other one."""
    system = setup.system
    count = len(domains)
    bells = [[None if a is b else system.doorbell(b) for b in domains] for a in domains]
    for own, domain in enumerate(domains):
        domain.guest_params = [own, count, rounds]
        for bell in bells[own]:
            domain.caps.append((abi.PV_CAP_DOORBELL_SEND, bell) if bell is not None
                               else (abi.PV_CAP_NONE, 0))
        for bell in (bells[other][own] for other in range(count)):
            domain.caps.append((abi.PV_CAP_DOORBELL_RECV, bell) if bell is not None
                               else (abi.PV_CAP_NONE, 0))
        domain.doorbell_pages.append((0, count))
    system.share(1, *domains)


@case(8, name="8 CPUs: doorbells between all", limit=60)
def eight_cpus(setup):
    mesh(setup, [setup.add(f"vm{n}", guest="guest_mesh", cpus=[n]) for n in range(8)], 50)


@case(8, name="8 CPUs: two domains of 4 vCPUs each", limit=60)
def eight_cpus_of_two(setup):
    for n in range(2):
        setup.add(f"vm{n}", guest="guest_vcpus", cpus=list(range(4 * n, 4 * n + 4)),
                  guest_params=[4])


# The real VMM: its build lies beside the test programs' one.
def add_real(setup, guest, endless=False, stops="poweroff", **keywords):
    path = os.path.join(setup.system.programs, "../share/peervisor/vmm.elf")
    domain = RealDomain("real", guest, path, **keywords)
    setup.system.add(domain)
    if endless:
        setup.endless.append(domain)
    else:
        setup.reports += [domain] if stops == "poweroff" else []
        setup.stops[domain.name] = stops
    return domain


@case(name="no random numbers, real VMM")
def no_random(setup):
    add_real(setup, "guest_random", guest_params=[0])


@case(name="random numbers from a seed, real VMM")
def seeded_random(setup):
    add_real(setup, "guest_random", guest_params=[1], seed=bytes(range(32)))


@case(name="random numbers from the CPU, real VMM", extra=["-cpu", "max"])
def cpu_random(setup):
    add_real(setup, "guest_random", guest_params=[1])


RESTARTS = {"restart": abi.PV_VMM_RESTART_ALWAYS, "restart_limit": 4, "restart_delay_ms": 1,
            "watchdog_ms": 1000}
ENDS = {"reset": 0x84000009, "the other reset": 0xc4000012, "poweroff": 0x84000008,
        "the watchdog": abi.PV_VMM_WATCHDOG_CALL}


def runs(how, cpus):
    """Run after run of one VM: each begins with the same machine, however the last one ended. The
    fifth is the last, by restart_limit."""
    @case(1 + max(cpus), name=f"runs that end by {how} {on_cpus(cpus)}, real VMM", limit=60)
    def build(setup):
        add_real(setup, "guest_runs", cpus=cpus, guest_params=[ENDS[how], 5], life=RESTARTS)


for how in ENDS:
    runs(how, [0, 1])
runs("reset", [0, 0])


@case(2, name="runs that end by the death of their VMM, real VMM", limit=60)
def vmm_runs(setup):
    """Three times is all that the kernel allows."""
    add_real(setup, "guest_runs", cpus=[0, 1], guest_params=[ENDS["the watchdog"], 4],
             life={**RESTARTS, "restart_limit": 3}, dies_in="watchdog_call", vmm_restarts=True)


@case(extra=ICOUNT, limit=60, name="resets for ever, real VMM")
def real_reset_for_ever(setup):
    """As fast and as often as a topology can allow: who shares the CPU has its time."""
    add_real(setup, "guest_reset_for_ever", stops="reset",
             life={**RESTARTS, "restart_limit": 1000, "restart_delay_ms": 0})
    add_bystander(setup, milliseconds=50, late_us=SLICE_US + ALONE_US)


@case(name="aborts, real VMM")
def real_aborts(setup):
    add_real(setup, "guest_aborts_real")


@case(extra=ICOUNT, limit=60, name="aborts for ever, real VMM")
def real_abort_for_ever(setup):
    add_real(setup, "guest_abort_for_ever", endless=True)
    add_bystander(setup, milliseconds=50, late_us=SLICE_US + ALONE_US)


def real_vmm(name, guest, backend, driver_rounds, backend_rounds, seed):
    """The real VMM between a guest and a backend, of which one or both are hostile."""
    @case(2, name=f"real VMM: {name}, seed {seed}", limit=60)
    def build(setup):
        real = add_real(setup, guest, cpus=[0], guest_params=[seed, driver_rounds])
        peer = setup.add("peer", guest=backend, cpus=[1], guest_params=[seed + 7, backend_rounds],
                         reports=backend != "guest_nothing")
        real.connect(setup.system, peer)
        add_bystander(setup, milliseconds=300, cpus=[0])


for seed in (1, 2, 3, 4):
    real_vmm("nonsense from the guest", "guest_fuzz_registers", "guest_nothing", 60000, 0, seed)
    real_vmm("nonsense from the backend", "guest_drive_device", "guest_fuzz_ring", 300, 30000, seed)
    real_vmm("nonsense from both", "guest_fuzz_registers", "guest_fuzz_ring", 40000, 30000, seed)
