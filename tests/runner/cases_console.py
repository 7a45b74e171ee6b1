# SPDX-License-Identifier: BSD-2-Clause
"""topo console, on a terminal and off it."""
import os
import signal

from harness import (CONSOLE, OUTPUT, PAIR, Terminal, check, check_equal, check_in, finish, frame,
                     read_until, request, wait_until)


def case_console_both_ways(world):
    world.detach()
    terminal = Terminal(world, "console", "driver")
    terminal.expect(r"console of driver in pair; Ctrl-\] leaves it")
    terminal.expect("Booting Linux as driver")
    terminal.type("hello\r")
    terminal.expect("hello\r\n")
    check(not terminal.same_as_before(), "the terminal is not raw")
    terminal.type("more\x1dnot this")
    check_equal(terminal.wait(), 0)
    check(terminal.same_as_before(), "the terminal was not put back")
    check("not this" not in terminal.seen, terminal.seen)
    terminal = Terminal(world, "console", "driver")
    terminal.expect("hello\r\nmore")
    terminal.type("\x1d")
    check_equal(terminal.wait(), 0)


def case_console_passes_every_byte(world):
    """Ctrl-C and the byte that the line escapes are the guest's."""
    world.detach()
    terminal = Terminal(world, "console", "driver")
    terminal.expect("leaves it")
    terminal.type("\x03\x1a\x04\xff\xff!\r")
    found = terminal.expect("\x03\x1a\x04(.*)!")
    check_equal(len(found.group(1)), 2)
    terminal.type("escape\r")
    terminal.expect("end of escapes")
    terminal.type("\x1d")
    check_equal(terminal.wait(), 0)


def case_console_signals_restore_the_terminal(world):
    world.detach()
    for number in (signal.SIGTERM, signal.SIGHUP):
        terminal = Terminal(world, "console", "driver")
        terminal.expect("Booting")
        terminal.process.send_signal(number)
        check_equal(terminal.wait(), 128 + number)
        check(terminal.same_as_before(), "the terminal was not put back")
    terminal = Terminal(world, "console", "driver")
    terminal.expect("Booting")
    terminal.process.send_signal(signal.SIGUSR1)
    check_equal(terminal.wait(), -signal.SIGUSR1)
    check(terminal.same_as_before(), "a signal that it does not wait for left the terminal raw")


def case_console_latest_one_types(world):
    world.detach()
    first = Terminal(world, "console", "driver")
    first.expect("Booting")
    second = Terminal(world, "console", "driver")
    second.expect("Booting")
    first.expect("another console was opened")
    second.type("second\r")
    second.expect("second")
    first.expect("second")
    first.type("ignored\r")
    second.type("\x1d")
    check_equal(second.wait(), 0)
    check("ignored" not in second.seen, second.seen)
    first.expect("can be typed at again")
    first.type("first\r")
    first.expect("first")
    check("ignored" not in first.seen, first.seen)
    first.type("\x1d")
    check_equal(first.wait(), 0)


def case_console_of_a_vm_that_ends(world):
    world.detach()
    terminal = Terminal(world, "console", "driver")
    terminal.expect("Booting")
    terminal.type("poweroff\r")
    terminal.expect("VM driver has stopped: poweroff")
    check_equal(terminal.wait(), 0)
    check(terminal.same_as_before(), "the terminal was not put back")
    # What it has written can still be read.
    terminal = Terminal(world, "console", "driver")
    terminal.expect("Booting")
    terminal.type("x\x1d")
    check_equal(terminal.wait(), 0)


def case_console_when_the_system_ends(world):
    world.detach()
    terminal = Terminal(world, "console", "driver")
    terminal.expect("Booting")
    world.good("stop")
    terminal.expect("the system has ended")
    check_equal(terminal.wait(), 0)
    check(terminal.same_as_before(), "the terminal was not put back")


def case_console_off_a_terminal(world):
    """Input from a pipe is typed, output goes on after its end."""
    world.detach()
    process = world.start("console", "driver")
    process.stdin.write(b"from a pipe\r")
    process.stdin.close()
    read_until(process.stdout, b"from a pipe\r\n")
    world.good("stop")
    process.stdin = None
    status, _, text = finish(process)
    check_equal(status, 0)
    check_in("the system has ended", text)


def case_console_reader_that_is_slow(world):
    """It loses output and is told so; the system waits for nobody."""
    world.detach()
    slow = world.control(request(CONSOLE, b"driver") + frame(OUTPUT, b"flood 4000000\r"))
    log = os.path.join(world.run_directory(), "driver.log")
    wait_until(lambda: os.path.getsize(log) > 4000000, "the flood is over")
    check_equal(world.good("exec", "driver", "--", "echo", "goes on"), "goes on\n")
    seen = b""
    while b"skipped" not in seen:
        part = slow.recv(1 << 20)
        check(part, "the connection is gone")
        seen = seen[-100:] + part
        slow.sendall(frame(OUTPUT, b"x\r"))
    check_in(b"bytes were skipped here", seen)
    slow.close()


def case_console_refused(world):
    check_in("no system runs", world.bad(1, "console", "driver"))
    world.detach(PAIR)
    check_in("did you mean 'device'?", world.bad(1, "console", "devise"))
    check_in("of which VM", world.bad(2, "console"))
    check_in("one VM", world.bad(2, "console", "device", "driver"))
