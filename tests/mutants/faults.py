# SPDX-License-Identifier: BSD-2-Clause
"""The faults: one row each. `old` stands once in the file; the tests stand in the order in which
they are tried, quick ones first; `why` is what the fault would mean in a running system.
"""
import collections

Fault = collections.namedtuple("Fault", "name file old new tests why quick")
FAULTS = []


def fault(file, what, old, new, tests, why, quick=False):
    FAULTS.append(Fault(f"{file}: {what}", file, old, new, tests, why, quick))


CHECK = ["unit:image_check"]
fault("lib/image_check_memory.c", "writers of VMM text through aliases",
      "if (written && kept) {", "if (written && kept && region->mappings.count == 1) {",
      CHECK, "a guest writes the code of another VM's VMM", quick=True)
fault("lib/image_check_memory.c", "an unshared region mapped twice",
      "if (others > 1 && !", "if (others > 2 && !",
      CHECK, "private memory is shared without a word")
fault("lib/image_checker.h", "regions over the kernel",
      "pages_overlap(page, count, bounds->kernel_page, bounds->kernel_page_count) ||", "",
      CHECK, "a guest writes the kernel")
fault("lib/image_checker.h", "regions over the image",
      """ ||
	       pages_overlap(page, count, bounds->image_page, checker->image_page_count)""", "",
      CHECK, "a guest's memory is cleared over the image that is being read")
fault("lib/image_check_memory.c", "writers of what several see of the image",
      "bool kept = region->mappings.count > 1 &&", "bool kept = region->mappings.count > 2 &&",
      CHECK, "two VMs speak through a ROM")
fault("lib/image_check_memory.c", "a region that is not cleared and shared",
      "!loaded || (!shared && !rom)", "!loaded || !rom",
      CHECK, "a guest finds what another has left")
fault("lib/image_check_memory.c", "overlaps of mappings",
      "!image_maps(image, index, &view)}", "!image_maps(image, 0, &view)}",
      CHECK, "two mappings at one address")
fault("lib/image_check_memory.c", "the pages of a mapping's region",
      "region += i == region->mappings.first + region->mappings.count;", "",
      CHECK, "two mappings at one address, as another region is smaller")
fault("lib/image_check_memory.c", "DMA that the guest may not do itself",
      "(dma->rights & ~m->rights) == 0", "dma->rights != 0",
      ["unit:image_check_hardware"], "a device writes for its VM what that may only read")
fault("lib/image_check_hardware.c", "registers that the board keeps",
      "d->page >= end && !is_in(board->kept, board->kept_count, d->page, d->page_count)",
      "d->page >= end", ["unit:image_check_hardware"], "a guest has the SMMU's registers")
fault("lib/image_check_hardware.c", "a window that forgets another's bits",
      "(a->writable & ~b->keep) == 0 &&", "(a->writable & b->writable) == 0 &&",
      ["unit:image_check_hardware"], "a VM clears what another VM has set")
fault("lib/image_check_hardware.c", "an address that a write moves to 0",
      "(rule->flags & PV_RULE_PROBE) && has_aperture(rule)",
      "(rule->flags & PV_RULE_PROBE) && (has_aperture(rule) || !rule->keep)",
      ["unit:image_check_hardware"], "a device answers where another's does", quick=True)
fault("lib/image_check_hardware.c", "an address without a rule",
      "return !decodes || places ==", "return !decodes || places <=",
      ["unit:image_check_hardware"], "after a reset a device answers from address 0 on")
fault("lib/image_check_objects.c", "a vCPU of another domain",
      "pages_inside(cap.object, 1, holder->vcpus.first, holder->vcpus.count)",
      "cap.object < image->vcpus.count", CHECK, "a VMM starts another VM's vCPU")
fault("lib/image_check_objects.c", "receiving another's doorbell",
      "doorbells[cap.object].domain == domain &&", "doorbells[cap.object].domain != UINT32_MAX &&",
      CHECK, "a VMM takes the interrupts of another VM")
fault("lib/image_check_objects.c", "a console channel too many",
      "cap.object < holder->channel_count", "cap.object <= holder->channel_count",
      CHECK, "a VM writes in another one's name")
fault("lib/image_check_objects.c", "a doorbell page of others' capabilities",
      "pages_inside(page->caps.first, page->caps.count, own.first, own.count)",
      "pages_fit(page->caps.first, page->caps.count, image->caps.count + 0 * own.count)",
      CHECK, "a guest rings what its VM may not")
fault("lib/image_check.c", "a pool in the image",
      "!image_is_taken(checker, pool, pool_count)",
      "!image_is_taken(checker, pool, pool_count) || pool >= bounds->image_page",
      CHECK, "stage-2 tables over the image that is being read")

WINDOW = ["unit:window"]
fault("kernel/core/window.h", "a base address that moves",
      "(value & rule->writable) |", "value |",
      WINDOW, "a VM's device answers where another's does", quick=True)
fault("kernel/core/window.h", "a base address that a reset has cleared",
      "? rule->initial : old;", "? old : old;",
      WINDOW, "a device that was reset decodes from address 0 on")
fault("kernel/core/window.c", "functions that firmware left at work",
      "if (rule->flags & PV_RULE_INITIAL) {", "if (0) {",
      WINDOW + ["baremetal:register windows"], "a device of nobody is bus master")
fault("kernel/core/window.c", "a range larger than its aperture",
      "if (!answers || !window_takes(rule, UINT32_MAX, read)) {", "if (0) {",
      WINDOW + ["baremetal:register windows"], "a device lies over another VM's")
fault("kernel/core/window.c", "ranges that nothing moves",
      "(capability & 0xffU) == CONFIG_ENHANCED_ALLOCATION", "0",
      WINDOW, "a device lies over another VM's")
fault("kernel/core/window.c", "one state of a page",
      "return &kernel.windows[w->lead];", "return &kernel.windows[w - kernel.windows];",
      WINDOW, "who shares a function with a VM has it decode where it should not")
fault("kernel/core/window.c", "the rule of a word",
      "if (!rule) {", "if (!rule && word >= w->rules.count) {",
      WINDOW, "EL2 reads a rule where there is none")

LINE = ["unit:line"]
fault("kernel/core/line.c", "a line that comes before its end",
      "if ((q->flags & (VIRQ_PASSED | held)) == VIRQ_PASSED) {", "if ((q->flags & (VIRQ_PASSED | (held & 0))) == VIRQ_PASSED) {",
      LINE, "a level that is high interrupts its CPU without end", quick=True)
fault("kernel/core/line.c", "a line that another CPU's vCPU lets come",
      "if (q->target != v->number) {", "if (0) {",
      LINE, "a VM interrupts a CPU where it does not run")
fault("kernel/core/line.c", "lines of a VM that is off",
      "if (d->lines_on && !vcpu_some_run_locked(d)) {", "if (0) {",
      LINE, "a VM that is off interrupts others")
fault("kernel/core/line.c", "a line of a VM that is dead",
      "if (d->alive) { /* else", "if (1) { /* else", LINE, "it is kept for a VM that never runs")
fault("kernel/core/vgic_lr.c", "a line that came again",
      "if (!(q->flags & VIRQ_IN_LR) || q->holder != v->number || q->lr != i) {", "if (0) {",
      LINE, "its end is taken for that of the next, which never ends")

STREAM = ["unit:stream"]
fault("kernel/variants/debug.c", "streams of nobody",
      "struct smmu_ste wanted = {{SMMU_STE_ABORT}};",
      "struct smmu_ste wanted = s ? (struct smmu_ste){{SMMU_STE_ABORT}} : *entry;",
      ["unit:boot"], "a debug build starts with a stream that nobody was given")
fault("kernel/core/stream.c", "streams of a VM that is off",
      "if (!d->streams_on || vcpu_some_run_locked(d)) {", "if (1) {",
      STREAM, "a device does DMA for a VM that is off", quick=True)
fault("kernel/core/stream.c", "faults without end",
      "n < SMMU_EVENTS && ", "", STREAM, "a device keeps EL2 busy")

IOBUF = ["unit:iobuf"]
fault("lib/iobuf.c", "a producer too far ahead",
      "if (waiting > PV_IOBUF_SLOTS) {", "if (waiting > PV_IOBUF_SLOTS + 1) {",
      IOBUF, "a peer makes old messages come again", quick=True)
fault("lib/iobuf.c", "a consumer that went back",
      "if (in_flight > PV_IOBUF_SLOTS) {", "if (in_flight > 2 * PV_IOBUF_SLOTS) {",
      IOBUF, "a peer that lies about what it took is not noticed")
fault("lib/iobuf.c", "a full ring",
      "if (in_flight == PV_IOBUF_SLOTS) {", "if (in_flight == PV_IOBUF_SLOTS + 1) {",
      IOBUF, "messages that nobody has read are written over")
fault("lib/iobuf.c", "the version of the peer", "port_read32(&iobuf->peer->version) != "
      "PV_IOBUF_VERSION", "port_read32(&iobuf->peer->version) == 0",
      IOBUF, "two ends that mean different things by a message")
fault("lib/iobuf.c", "a dead session comes back",
      "iobuf->state = IOBUF_STATE_DEAD;", "iobuf->state = IOBUF_STATE_DOWN;",
      IOBUF, "a peer that broke the protocol goes on")
fault("lib/agent_frame.c", "length of a frame", "if (payload_bytes > decoder->payload_max) {",
      "if (payload_bytes > decoder->payload_max + 1) {", ["unit:agent_frame"],
      "a frame that its receiver has no room for")
fault("lib/agent_frame.c", "checksum of a frame", "!= get_le(&buf[covered], PV_AGENT_CRC_BYTES)",
      "< get_le(&buf[covered], PV_AGENT_CRC_BYTES)", ["unit:agent_frame"],
      "noise is taken for an answer")
fault("lib/range.h", "the end of a wrapped range", "!__builtin_add_overflow(base, size, &end) && "
      "end <= limit", "(end = base + size) <= limit",
      ["unit:range"], "a range that wraps lies everywhere", quick=True)
fault("lib/range.h", "pages that touch", "return a < b ? b - a < a_count : a - b < b_count;",
      "return a < b ? b - a + 1 < a_count : a - b < b_count;",
      ["unit:range"], "the last page of a range is given twice")

CALLS = ["unit:sched", "baremetal:system_calls"]
fault("kernel/core/call.c", "type of a capability", "if (cap->type != (uint32_t)type) {",
      "if ((cap->type == PV_CAP_NONE) != (type == PV_CAP_NONE)) {", CALLS, "any capability does anything", quick=True)
fault("kernel/core/call.c", "the capability behind the last",
      "if (index >= d->image.caps.count) {", "if (index > d->image.caps.count) {",
      CALLS, "a VMM uses the first capability of the next VM")
fault("kernel/core/domain.c", "starting a vCPU that runs",
      "if (v->wait != WAIT_OFF || !v->domain->alive) {",
      "if (v->wait == WAIT_VMM || !v->domain->alive) {", CALLS + ["baremetal:second_vcpu"],
      "a vCPU's registers are written under it")
fault("kernel/core/call.c", "a vCPU that is another domain's",
      "x[1] >= c->d->vcpu_count ||", "x[1] > c->d->vcpu_count ||",
      CALLS, "a VMM configures the interrupts of another VM")
fault("kernel/core/doorbell.c", "the doorbell behind the page's last",
      "n < page->count", "n <= page->count",
      ["unit:sched", "baremetal:doorbell_forms", "baremetal:events"],
      "a guest rings a doorbell that its page does not hold")
fault("kernel/core/doorbell.h", "the page behind the window",
      "return number < d->image.doorbell_pages.count ?",
      "return number <= d->image.doorbell_pages.count ?",
      ["unit:sched", "baremetal:doorbell_forms"], "a guest rings by another domain's page")
fault("kernel/core/doorbell.c", "a ring that came before its interrupt was chosen",
      "if (intid && b->latched) {", "if (intid && !b->latched) {", ["unit:sched"],
      "a kick is lost and the queue stands still")
fault("kernel/arm/s2.c", "a page that may be written", "PTE_VALID | PTE_READ | PTE_ACCESSED",
      "PTE_VALID | PTE_READ | PTE_WRITE | PTE_ACCESSED", ["unit:s2"],
      "who may read may write", quick=True)
fault("kernel/arm/s2.c", "a range over the pool",
      "if (pages_overlap(range->pa_page, range->page_count, s2->pool_page, s2->pool_page_count)) {",
      "if (range->pa_page == s2->pool_page) {", ["unit:s2"],
      "a guest writes its own stage-2 tables")
fault("kernel/arm/s2.c", "a block that is larger than the range",
      "pages_inside(ipa_page, BLOCK_PAGES, range.ipa_page, range.page_count)",
      "pages_inside(ipa_page, 1, range.ipa_page, range.page_count)", ["unit:s2"],
      "a guest has up to 2 MiB behind its memory")
fault("kernel/core/console.c", "input of another channel", "console.input = byte;",
      "console.input = byte & ~1U;", ["unit:console"], "what is typed for one VM goes to another")
fault("kernel/core/console.c", "an escape among the data", "if (byte != PV_MUX_ESC) {",
      "if (byte == PV_MUX_ESC) {", ["unit:console"], "bytes of a console are lost")
fault("kernel/core/boot.c", "registers as memory",
      "range.memory = S2_MEMORY_DEVICE;", "range.memory = S2_MEMORY_NORMAL;",
      ["unit:boot"], "a guest's stores to its device stay in a cache")
fault("kernel/core/boot.c", "rights to registers",
      ".rights = (uint8_t)device->rights},", ".rights = PV_RIGHT_READ | PV_RIGHT_WRITE},",
      ["unit:boot"], "a VM writes registers that it may read")
fault("kernel/core/boot.c", "where MSIs are written",
      "map_registers(index, PV_SPACE_DMA, range", "map_registers(index, PV_SPACE_GUEST, range",
      ["unit:boot"], "a guest raises the interrupts of other VMs")
fault("kernel/core/boot.c", "clearing of memory", "memory_clear(regions[i].page",
      "memory_clear(regions[0].page", ["unit:boot", "baremetal:memory is clear"],
      "a VM reads what the machine held before")

REGISTERS = ["baremetal:registers are kept apart on cortex-a72"]
FEATURES = ["baremetal:hidden features on cortex-a72"]
fault("kernel/aarch64/trap_controls.c", "MDCR_EL2.TDOSA", "1ULL << 9 | 1ULL << 10 | 1ULL << 11",
      "1ULL << 9 | 1ULL << 11", REGISTERS, "the OS lock is shared by all VMs")
fault("kernel/aarch64/trap_controls.c", "MDCR_EL2.TDA", "1ULL << 9 | 1ULL << 10", "1ULL << 10",
      REGISTERS, "debug registers are shared by all VMs")
fault("kernel/aarch64/trap_controls.c", "MDCR_EL2.TPM", "(1ULL << 5 | 1ULL << 6 |", "(1ULL << 5 |",
      REGISTERS, "counters of performance are shared by all VMs")
fault("kernel/aarch64/sysreg.h", "HCR_EL2.TID3", "HCR_TSC | HCR_TID3 | HCR_TWI",
      "HCR_TSC | HCR_TWI", FEATURES + ["baremetal:id_registers"],
      "a guest uses what is not switched")
fault("kernel/aarch64/sysreg.h", "HCR_EL2.TSC", "HCR_TIDCP | HCR_TSC | HCR_TID3",
      "HCR_TIDCP | HCR_TID3", ["baremetal:firmware"], "a guest calls the firmware")
fault("kernel/aarch64/sysreg.h", "floating point of a VMM", "(CPTR_GUEST | 1ULL << 10)",
      "(CPTR_GUEST | 0ULL << 10)", ["baremetal:hostile vmm_instruction fmov"],
      "a VMM sees and changes its guest's vectors")
fault("kernel/aarch64/boot.c", "CNTHCTL_EL2", "sysreg_write(cnthctl_el2, 0);",
      "sysreg_write(cnthctl_el2, 3);", ["baremetal:undefined_registers", "baremetal:user32"],
      "a guest has the physical timer")
fault("kernel/aarch64/arch_types.h", "TPIDR_EL1 is not switched", "	X(tpidr_el1)", "	",
      REGISTERS, "a kernel finds the per-CPU data of another")
fault("kernel/aarch64/arch_types.h", "a VMM has its guest's CNTKCTL_EL1",
      "	X(cntkctl_el1, CNTKCTL_EL0VCTEN)                                                           \\\n",
      "", ["baremetal:registers that a VMM can touch on cortex-a72"],
      "a VMM reads and sets its guest's timer", quick=True)
fault("kernel/aarch64/arch_types.h", "a VMM has its guest's TPIDRRO_EL0", "X(tpidrro_el0, 0)",
      "X(tpidrro_el0, a->guest.tpidrro_el0)",
      ["baremetal:VMM's registers are kept apart on cortex-a72"], "a VMM sees its guest's thread")
fault("kernel/aarch64/context.c", "a VMM's own TPIDR_EL0", "a->tpidr = sysreg_read(tpidr_el0);", "",
      ["baremetal:VMM's registers are kept apart on cortex-a72"], "a VMM loses its own")
fault("kernel/aarch64/context.c", "floating point of a guest", "	fp_load(v->arch.v);", "",
      ["baremetal:floating point"], "vectors of one VM show in another")
fault("kernel/aarch64/context.c", "FPCR of a guest", "	sysreg_write(fpcr, v->arch.fpcr);", "",
      REGISTERS, "a VM computes by the rounding of another")
fault("kernel/aarch64/context.c", "TLB between vCPUs", "		tlbi(vmalle1);\n", "",
      ["baremetal:TLB between vCPUs"], "a vCPU uses the translations of another of its VM")
fault("kernel/aarch64/context.c", "vector of an injected exception",
      "sysreg_read(vbar_el1) + exception_vector(v->regs.pstate)", "sysreg_read(vbar_el1) + 0x200",
      ["baremetal:user32", "baremetal:injected"], "an exception of user space is taken for the kernel's")
fault("kernel/aarch64/gicv2.c", "GICH_APR", "	*gic_reg(board_gich, GICH_APR) = (uint32_t)v->arch.gich_apr;\n", "",
      ["qemu-virt:preempted in a handler"], "interrupts of one VM are masked by another's handler",
      quick=True)
fault("kernel/aarch64/gicv3.c", "ICH_AP1R0_EL2", "	sysreg_write(ICH_AP1R0_EL2, v->arch.gich_apr);\n", "",
      ["qemu-virt-v3:preempted in a handler"], "interrupts of one VM are masked by another's handler")
fault("kernel/aarch64/gicv3.c", "the timer's active state", "	set_timer_active(timer_active);",
      "	set_timer_active(!timer_active);",
      ["qemu-virt-v3:preempted in the timer"], "a VM's timer is silent while another handles its own")
fault("kernel/aarch64/gicv2.c", "the timer's active state",
      "	set_timer_active(timer_active);",
      "	set_timer_active(timer_active || *gic_reg(board_gicd, GICD_ISACTIVER) >> GIC_TIMER & 1U);",
      ["qemu-virt:preempted in the timer"], "a VM's timer is silent while another handles its own")
fault("kernel/arm/mmu.c", "guest RAM in a table of blocks",
      "	for (uint32_t i = 0; i < MMU_ENTRIES; i++) {\n		if ((table[i]",
      "	for (uint32_t i = 0; i < 64; i++) {\n		if ((table[i]",
      ["unit:mmu_rpi4", "baremetal:EL2's own tables"], "EL2 can read and write guests", quick=True)
fault("kernel/arm/mmu.c", "whole GiB of guest RAM", "	drop_ram(mmu_root);\n", "",
      ["unit:mmu_rpi4", "baremetal:EL2's own tables"], "EL2 can read and write guests")
fault("kernel/arm/mmu.c", "the kernel's text", "			rights = DESC_READ_ONLY;\n",
      "			rights = 0;\n", ["unit:mmu_rpi4", "baremetal:EL2's own tables"], "EL2 writes its own code")
fault("kernel/arm/mmu.c", "RAM beside the kernel", "!*gib && pa % MMU_GIB_BYTES == 0 && end",
      "pa % MMU_GIB_BYTES == 0 && end", ["unit:mmu_rpi4"], "a GiB of RAM with something else in it is not mapped")
fault("kernel/core/interrupt.c", "the guest ends its timer's interrupt itself",
      "		vgic_pend_timer(v);\n		return false;", "		vgic_pend_timer(v);\n		return true;",
      ["unit:interrupt", "baremetal:timer"],
      "a timer that has not been served comes again without end")

STATE = ["unit:sched_state"]
fault("kernel/core/sched.c", "translations of another vCPU of the domain",
      "*last != NONE && *last != v->index", "*last != NONE && *last == v->index",
      STATE, "a vCPU uses the translations of another of its VM")
fault("kernel/core/sched.c", "what is left of a budget", "left == UINT64_MAX ? left : now + left",
      "left == UINT64_MAX ? left : now + (left ? running->budget.ticks : 0)", STATE,
      "whoever is preempted often has more than its budget")
fault("kernel/core/message.c", "whose turn the VMM is", "(last->number + 1 + n) % d->vcpu_count",
      "(d->vcpu_count - 1 + n + 0 * last->number) % d->vcpu_count", STATE,
      "a vCPU never gets its VMM while two others ask")
LIFE = ["unit:sched_pokes"]
fault("kernel/core/vcpu.h", "what one that is being stopped asks for",
      "bool goes_on = v->wait == WAIT_NOTHING && !v->start;", "bool goes_on = true;",
      LIFE, "a vCPU that was stopped waits again, and its next start is lost")
fault("kernel/core/vcpu.c", "whether a vCPU has left its CPU",
      "return v->cpu == cpu_here() ||", "return true ||",
      LIFE, "a VM is reset while one of its vCPUs still runs")
fault("kernel/core/vcpu.c", "telling a CPU once", "if (!left && !was_off) {",
      "if (!left || was_off) {",
      LIFE, "a VM interrupts another CPU as often as it likes")
fault("kernel/core/domain.c", "starts of what never runs", "if (v->start && v->cpu",
      "if (false && v->cpu",
      LIFE, "a VM interrupts a CPU that runs somebody else as often as it likes")
fault("kernel/core/sched.c", "priority before turn",
      "if (look.best && v->priority < look.best->priority) {",
      "if (look.best && v->priority > look.best->priority) {",
      ["unit:sched_turns", "unit:sched"], "who waits longest runs, whatever its priority")

SETTLE = ["unit:sched_settle"]
fault("kernel/core/sched.c", "what this CPU has offered",
      "if (!found && !look) {", "if (!found) {", SETTLE, "events wait for the next interrupt")
fault("kernel/core/sched.c", "what others say meanwhile",
      "			look = c->unsettled;\n			if (!found", "			look = c->resched;\n			if (!found",
      SETTLE, "another CPU keeps this one at EL2")

PCI = ["unit:vmm_pci", "unit:vmm_virtio"]
fault("vmm/pci/msix.c", "a masked function", "!msix->enabled || msix->function_masked ||",
      "!msix->enabled ||", PCI, "interrupts that the guest has masked")
fault("vmm/pci/msix.c", "a masked vector", "	if ((word[3] & MSIX_ENTRY_MASKED) != 0) {",
      "	if ((word[3] & MSIX_ENTRY_MASKED) == 0) {", PCI, "interrupts that the guest has masked")
fault("vmm/gic/v2m.c", "an interrupt beyond the frame's", "data - v2m->first < v2m->count",
      "data - v2m->first <= v2m->count", PCI + ["unit:vmm_gicd"],
      "a guest raises what is not the frame's")
fault("vmm/virtio/virtio.c", "features that were not offered",
      "(virtio->driver_features & ~offered) == 0 &&", "", PCI,
      "a back end is told of features that it has not", quick=True)
fault("vmm/virtio/virtio.c", "a queue beyond the device",
      "number < virtio->config->queue_count", "number <= virtio->config->queue_count", PCI,
      "a guest sets up a queue that is not there")
fault("vmm/virtio/virtio.c", "a queue that is too large", " &&\n	    size <= virtio->config->queue_size",
      "", PCI, "a back end gets a ring that it has no room for")
fault("vmm/virtio/virtio.c", "a queue that runs", "!virtio->is_resetting && !queue->enabled && ",
      "!virtio->is_resetting && (queue->enabled || !queue->enabled) && ", PCI, "a ring moves under its back end")
fault("vmm/pci/pci_bus.c", "functions of a device", "(access->offset >> 12 & 7) != 0",
      "(access->offset >> 12 & 7) > 7", PCI, "one device shows eight times")
fault("vmm/base/regs.c", "an access over the end of a register",
      " &&\n		           row->bytes - (access->offset - row->offset) >= access->bytes", "",
      ["unit:vmm_regs"], "a guest reads beyond a table")
fault("vmm/session/connection.c", "a message for a device that is not there",
      "number >= connection->config->device_count", "number > connection->config->device_count",
      ["unit:vmm_connection"], "a peer writes memory of the VMM", quick=True)
fault("vmm/session/connection.c", "an answer to an older question",
      "sequence == connection->devices[number].link.sequence",
      "sequence <= connection->devices[number].link.sequence", ["unit:vmm_connection"],
      "a device is taken for stopped while it writes")
fault("vmm/serial/pl011.c", "room for input", "PL011_FIFO - uart->rx_count >= READ_BYTES",
      "PL011_FIFO - uart->rx_count > 0", ["unit:vmm_pl011"], "input is lost")
fault("vmm/vm/psci.c", "a vCPU that is not there", "	if (target >= psci->vcpu_count) {",
      "	if (target > psci->vcpu_count) {", ["unit:vmm_psci"],
      "a guest uses a capability that is no vCPU's")

CONTROL = ["unit:backend_control"]
fault("backend/daemon/control.c", "a queue beyond the device",
      "if (queue.queue >= config->queue_count) {", "if (queue.queue > config->queue_count) {",
      CONTROL, "a VMM writes memory of the daemon", quick=True)
fault("backend/daemon/control.c", "a queue that is too large",
      "|| queue.size > config->queue_size", "|| queue.size > 2 * config->queue_size",
      CONTROL, "a driver's ring that the back end was not made for")
fault("backend/daemon/control.c", "a device that is not there",
      "message->device >= control->config->device_count",
      "message->device > control->config->device_count",
      CONTROL, "a VMM writes memory of the daemon")
fault("backend/daemon/control.c", "features that were not offered",
      "if ((start.features & ~control->config->devices[index].features) != 0) {",
      "if ((start.features & ~control->config->devices[index].features) == UINT64_MAX) {",
      CONTROL, "a back end with features that nobody gave it")
fault("backend/daemon/control.c", "starting twice",
      "	if (device->wanted) {\n		return \"START", "	if (device->failed) {\n		return \"START",
      CONTROL, "a ring is served twice")
fault("backend/daemon/ring.c", "rings outside of memdev",
      "range_inside(parts[i].address, parts[i].bytes, memory->driver_address,",
      "range_inside(parts[i].address, 1, memory->driver_address,",
      CONTROL, "a driver has the back end write memory of the daemon")
fault("backend/daemon/screen.c", "lines longer than the screen's", "count < room ? count : room",
      "count < room + 4 ? count : room + 4", ["unit:backend_display"], "a driver VM writes where its device VM's screen ends")
fault("backend/daemon/inflight.c", "records of another life",
      "header->sequence == setup->sequence) {", "header->sequence != 0) {",
      ["unit:backend_vhost_user"], "a request is answered twice, or never")
fault("backend/daemon/blk.c", "rings over another disk", "setup->identity != blk->identity;",
      "blk->identity == 0;", ["unit:backend_connection", "unit:backend_storage"],
      "a disk that died with its VM looks empty to who wrote to it")
fault("backend/daemon/control.c", "storage that the peer has not taken",
      " &&\n		    knows_storage(control, device)) {", " && index < UINT32_MAX) {\n"
      "			(void)knows_storage;", ["unit:backend_control"],
      "the next daemon does not see that the disk is another")
fault("backend/daemon/dt.c", "queues that do not follow",
      "if (device->first_queue != connection->queue_count) {",
      "if (device->first_queue > connection->queue_count) {", ["unit:backend_dt"],
      "one device's queues go to another")
fault("backend/daemon/vhost_user.c", "the length of an answer",
      "if (user->answer.bytes > VHOST_USER_PAYLOAD_MAX) {",
      "if (user->answer.bytes > 2 * VHOST_USER_PAYLOAD_MAX) {",
      ["unit:backend_vhost_user", "unit:backend_storage"], "a back end writes memory of the daemon")
