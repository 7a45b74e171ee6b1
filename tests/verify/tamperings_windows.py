# SPDX-License-Identifier: BSD-2-Clause
"""Windows into configuration space that an image gives other than its topology."""
import abi  # found by system.py
from hardware import Kind, ECAM, INITIAL, NO_PIN, add_rule, add_window, drop_window, rule, \
    window, word

WINDOWS = Kind("windows")


@WINDOWS.says(r"extra: the VMM of vm_b can reach the configuration space of function 0:2.0 \(nic\) of vm_hub",
      r"missing: the VMM of vm_hub cannot reach the configuration space of function 0:2.0 \(nic\)")
def window_to_another(s, n):
    window(s, 2)["domain"] = n.b


@WINDOWS.says(r"extra: the VMM of vm_b can reach the configuration space of function 0:6.0")
def window_given(s, n):
    add_window(s, ECAM + (6 << 3), n.b, [])


@WINDOWS.says(r"extra: the VMM of vm_b can reach the configuration space of function 0:4.0 \(emmc\) of vm_a")
def window_shared(s, n):
    index = s.windows.index(window(s, 5))
    drop_window(s, index)
    add_window(s, ECAM + (4 << 3), n.b, [])


@WINDOWS.says(r"sets the configuration space of function 0:4.0 \(emmc\), which is vm_a's")
def window_of_nobody_on_given(s, n):
    window(s, 5)["page"] = ECAM + (4 << 3)


@WINDOWS.says(r"missing: the VMM of vm_a cannot reach the configuration space of function 0:4.0 \(emmc\)")
def window_lost(s, n):
    drop_window(s, s.windows.index(window(s, 4)))


@WINDOWS.says(r"missing: function 0:5.0, which is nobody's, is not turned off")
def nobody_not_turned_off(s, n):
    drop_window(s, s.windows.index(window(s, 5)))


@WINDOWS.says(r"word 1 of the configuration space of function 0:2.0 \(nic\) has the rule .* initial 0x404")
def master_from_the_start(s, n):
    word(s, 2, 1)["initial"] |= 4


@WINDOWS.says(r"word 1 of the configuration space of function 0:5.0 has the rule .* initial 0x404")
def master_of_nobody(s, n):
    word(s, 5, 1)["initial"] |= 4


@WINDOWS.says(r"word 1 of the configuration space of function 0:5.0 is writable in 0x4")
def nobody_writes(s, n):
    word(s, 5, 1)["writable"] = 4


@WINDOWS.says(r"nobody: word 4 of the configuration space of function 0:5.0 has a rule")
def address_of_nobody(s, n):
    add_rule(s, 5, rule(4, initial=0x10000000, flags=INITIAL))


@WINDOWS.says(r"word 1 of the configuration space of function 0:2.0 \(nic\) is writable in 0x1")
def ports_writable(s, n):
    word(s, 2, 1)["writable"] |= 1


@WINDOWS.says(r"word 1 of the configuration space of function 0:2.0 \(nic\) is writable in 0x400")
def pin_writable(s, n):
    word(s, 2, 1).update(writable=0x406, keep=0, initial=0)


@WINDOWS.says(r"word 1 of the configuration space of function 0:4.0 \(emmc\) has the rule")
def pin_taken_away(s, n):
    word(s, 4, 1).update(writable=6, keep=NO_PIN, initial=NO_PIN)


@WINDOWS.says(r"BAR 0 of function 0:2.0 \(nic\) has a place of 256 KiB; an? e1000e takes 128 KiB")
def aperture_doubled(s, n):
    word(s, 2, 4).update(keep=0xfffc0000, writable=0x3fff0)


@WINDOWS.says(r"missing: BAR 0 of function 0:2.0 \(nic\) has a place of 64 KiB")
def aperture_halved(s, n):
    word(s, 2, 4).update(keep=0xffff0000, writable=0xfff0)


@WINDOWS.says(r"BAR 0 of function 0:2.0 \(nic\) and BAR 0 of function 0:4.0 \(emmc\) can answer at one",
      r"missing: vm_a cannot read and write BAR 0 of function 0:4.0")
def aperture_over_another(s, n):
    word(s, 4, 4)["initial"] = word(s, 2, 4)["initial"]


@WINDOWS.says(r"function 0:4.0 \(emmc\) can answer at 0x9040000 by BAR 0, which is no range of the host")
def aperture_over_registers(s, n):
    word(s, 4, 4)["initial"] = 0x9040000


@WINDOWS.says(r"word 4 of the configuration space of function 0:4.0 \(emmc\) has the rule .* flags 1;")
def aperture_not_probed(s, n):
    word(s, 4, 4)["flags"] = INITIAL


@WINDOWS.says(r"word 4 of the configuration space of function 0:4.0 \(emmc\) has the rule")
def address_free(s, n):
    word(s, 4, 4).update(keep=0, writable=0xfffffff0)


@WINDOWS.says(r"word 8 of the configuration space of function 0:2.0 \(nic\) is writable in 0xf")
def upper_half_writable(s, n):
    word(s, 2, 8).update(writable=0xf)


@WINDOWS.says(r"word 12 of the configuration space of function 0:2.0 \(nic\) is writable in 0xffffffff")
def rom_writable(s, n):
    word(s, 2, 12)["writable"] = 0xffffffff


@WINDOWS.says(r"word 15 of the configuration space of function 0:2.0 \(nic\) has a rule, which is not")
def line_register_writable(s, n):
    add_rule(s, 2, rule(15, 0xff))


@WINDOWS.says(r"word 64 of the configuration space of function 0:2.0 \(nic\) has a rule, which is not")
def extended_writable(s, n):
    add_rule(s, 2, rule(64, 0xffffffff))


@WINDOWS.says(r"word 6 of the configuration space of function 0:4.0 \(emmc\) has no rule")
def address_without_rule(s, n):
    w = window(s, 4)
    rule_of_bar = word(s, 4, 6)
    del s.window_rules[next(i for i, r in enumerate(s.window_rules) if r is rule_of_bar)]
    w["rules.count"] -= 1
    for later in s.windows[s.windows.index(w) + 1:]:
        later["rules.first"] -= 1


@WINDOWS.says(r"missing: the VMM of vm_a cannot reach the configuration space of function 0:4.0")
def window_capability_of_another(s, n):
    next(c for c in s.caps[s.domains[n.a]["caps.first"]:]
         if c["type"] == abi.PV_CAP_WINDOW)["object"] = 0
