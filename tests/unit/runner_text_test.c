/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner's small text parts: lines that are fit to be shown, the end of a stream, log files of
 * bounded size, time limits, wrong names of VMs, and the frames of the control socket.
 * links: topo/runner/linecut.c topo/runner/tail.c topo/runner/logfile.c topo/runner/seconds.c
 * links: topo/base/say.c topo/base/utf8.c topo/base/arena.c
 * links: topo/runner/naming.c topo/runner/control.c topo/runner/fifo.c topo/base/suggest.c
 * flags: -D_GNU_SOURCE
 */
/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/steady_random.h"
#include "topo/runner/control.h"
#include "topo/runner/logfile.h"
#include "topo/runner/naming.h"
#include "topo/runner/seconds.h"
#include "topo/runner/tail.h"

#define LOG_DIRECTORY "/tmp/pv-logfile-XXXXXX"

static void join(void *owner, const char *line)
{
	char *out = owner;
	const size_t used = strlen(out);
	assert_true(used < 8000);
	(void)snprintf(out + used, 8192 - used, "<%s>", line);
}

static void expect_lines(const char *bytes, size_t count, const char *wanted)
{
	/* In one piece, and byte by byte. */
	for (size_t piece = 1; piece <= count; piece += count - 1 > 0 ? count - 1 : 1) {
		struct linecut cut = {.count = 0};
		char out[8192] = "";
		for (size_t at = 0; at < count; at += piece) {
			const size_t part = count - at < piece ? count - at : piece;
			linecut_put(&cut, (const uint8_t *)bytes + at, part, join, out);
		}
		linecut_end(&cut, join, out);
		assert_string_equal(out, wanted);
	}
}

static void test_lines(void **state)
{
	(void)state;
	expect_lines("one\r\ntwo\n\nthree", 16, "<one><two><><three>");
	expect_lines("\n", 1, "<>");
	expect_lines("a\x1b[2J\x07\x7f\tb\n", 10, "<a?[2J?? b>");
	expect_lines("nul\0byte\n", 9, "<nulbyte>");
	/* U+009B is a control sequence introducer of one character. */
	expect_lines("x\xc2\x9bm \xc3\xa4\n", 8, "<x?\x9bm \xc3\xa4>");
}

static void test_long_lines(void **state)
{
	(void)state;
	struct linecut cut = {.count = 0};
	uint8_t bytes[2 * LINECUT_BYTES];
	char out[8192] = "";
	memset(bytes, 'x', sizeof(bytes));
	bytes[sizeof(bytes) - 1] = '\n';
	linecut_put(&cut, bytes, sizeof(bytes), join, out);
	assert_int_equal(strlen(out), sizeof(bytes) - 1 + 6);
}

static void test_tail(void **state)
{
	(void)state;
	static struct tail tail;
	static uint8_t all[5 * TAIL_BYTES];
	static uint8_t out[TAIL_BYTES];
	size_t total = 0;
	random_start(5);
	for (size_t i = 0; i < sizeof(all); i++) {
		all[i] = (uint8_t)random_next();
	}
	assert_int_equal(tail_copy(&tail, out, sizeof(out)), 0);
	while (total < sizeof(all)) {
		size_t part = (size_t)random_next() % (TAIL_BYTES + TAIL_BYTES / 4);
		part = part < sizeof(all) - total ? part : sizeof(all) - total;
		tail_put(&tail, all + total, part);
		total += part;
		const size_t held = total < TAIL_BYTES ? total : TAIL_BYTES;
		assert_int_equal(tail_copy(&tail, out, sizeof(out)), held);
		assert_memory_equal(out, all + total - held, held);
		const size_t few = held < 10 ? held : 10;
		assert_int_equal(tail_copy(&tail, out, few), few);
		assert_memory_equal(out, all + total - few, few);
	}
}

static void test_tail_lines(void **state)
{
	(void)state;
	static struct tail tail;
	char out[8192] = "";
	tail_lines(&tail, 3, join, out);
	assert_string_equal(out, "");
	tail_put(&tail, (const uint8_t *)"a\nb\nc\r\nd", 8);
	tail_lines(&tail, 0, join, out);
	assert_string_equal(out, "");
	tail_lines(&tail, 2, join, out);
	assert_string_equal(out, "<c><d>");
	out[0] = '\0';
	tail_put(&tail, (const uint8_t *)"\n", 1);
	tail_lines(&tail, 2, join, out);
	assert_string_equal(out, "<c><d>");
	out[0] = '\0';
	tail_lines(&tail, 99, join, out);
	assert_string_equal(out, "<a><b><c><d>");
}

static uint64_t size_of(int directory_fd, const char *name)
{
	struct stat found;
	return fstatat(directory_fd, name, &found, 0) == 0 ? (uint64_t)found.st_size : 0;
}

static void test_log_is_bounded(void **state)
{
	(void)state;
	char path[] = LOG_DIRECTORY;
	static char line[4096];
	struct logfile log;
	assert_non_null(mkdtemp(path));
	const int directory_fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(logfile_open(&log, directory_fd, "x.log"), 0);
	memset(line, 'l', sizeof(line));
	uint64_t written = 0;
	while (written < 3 * (uint64_t)LOGFILE_BYTES) {
		logfile_write(&log, line, sizeof(line));
		written += sizeof(line);
		assert_true(size_of(directory_fd, "x.log") <= LOGFILE_BYTES);
	}
	assert_int_equal(size_of(directory_fd, "x.log.1"), LOGFILE_BYTES);
	assert_true(size_of(directory_fd, "x.log") > 0);
	logfile_close(&log);
	logfile_write(&log, line, sizeof(line));
	logfile_close(&log);
	assert_int_equal(unlinkat(directory_fd, "x.log", 0), 0);
	assert_int_equal(unlinkat(directory_fd, "x.log.1", 0), 0);
	/* A link that somebody put there is not written through. */
	assert_int_equal(symlinkat("/dev/null", directory_fd, "y.log"), 0);
	assert_true(logfile_open(&log, directory_fd, "y.log") < 0);
	(void)unlinkat(directory_fd, "y.log", 0);
	(void)close(directory_fd);
	assert_int_equal(rmdir(path), 0);
}

static void test_seconds(void **state)
{
	(void)state;
	assert_int_equal(seconds_parse("1"), 1000);
	assert_int_equal(seconds_parse("0.25"), 250);
	assert_int_equal(seconds_parse("1000000"), 1000000000);
	static const char *const wrong[] = {"",    "0",    "-1",  "x",       "1s", "1 ", "inf",
	                                    "nan", "1e99", "1e7", "0.00001", "0x", "1,5"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(seconds_parse(wrong[i]), 0);
	}
}

/* The longest name that a VM can have in a status. */
static void test_naming_of_vmms(void **state)
{
	(void)state;
	char name[CONTROL_NAME_BYTES];
	char who[NAMING_WHO_BYTES];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	naming_vmm(who, name);
	assert_int_equal(strlen(who), sizeof(name) - 1 + 4);
	assert_memory_equal(who, name, sizeof(name) - 1);
	assert_string_equal(who + sizeof(name) - 1, ".vmm");
}

static void test_naming(void **state)
{
	(void)state;
	static const char *const names[] = {"device", "driver"};
	char text[256];
	naming_explain(text, sizeof(text), "drver", names, 2);
	assert_string_equal(text, "there is no VM called 'drver'; did you mean 'driver'? (there "
	                          "is: device, driver)");
	naming_explain(text, sizeof(text), "something", names, 2);
	assert_string_equal(text, "there is no VM called 'something' (there is: device, driver)");
	naming_explain(text, sizeof(text), "x", names, 0);
	assert_string_equal(text, "there is no VM called 'x' (there is none at all)");
	const char *many[100];
	for (size_t i = 0; i < 100; i++) {
		many[i] = "a_name_of_thirty_one_characters";
	}
	naming_explain(text, sizeof(text), "x", many, 100);
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

static void test_control_frames(void **state)
{
	(void)state;
	static uint8_t payload[CONTROL_PAYLOAD_MAX + 1];
	struct fifo fifo;
	struct control_frame frame;
	uint32_t number = 0;
	assert_int_equal(fifo_init(&fifo, 2 * CONTROL_FRAME_BYTES_MAX), OK);
	assert_int_equal(control_frame_peek(&fifo, &frame), ERR_EMPTY);
	assert_int_equal(control_frame_put(&fifo, 1, payload, CONTROL_PAYLOAD_MAX + 1), ERR_RANGE);
	assert_int_equal(control_frame_put(&fifo, CONTROL_END, NULL, 0), OK);
	assert_int_equal(control_frame_put(&fifo, CONTROL_CREDIT, "\x07\0\0\0more", 8), OK);
	assert_int_equal(control_frame_peek(&fifo, &frame), OK);
	assert_int_equal(frame.kind, CONTROL_END);
	assert_int_equal(frame.bytes, 0);
	assert_int_equal(control_payload(&frame, &number, sizeof(number)), ERR_ARG);
	control_frame_drop(&fifo, &frame);
	assert_int_equal(control_frame_peek(&fifo, &frame), OK);
	assert_int_equal(control_payload(&frame, &number, sizeof(number)), OK);
	assert_int_equal(number, 7);
	control_frame_drop(&fifo, &frame);
	assert_int_equal(control_frame_put(&fifo, 1, payload, CONTROL_PAYLOAD_MAX), OK);
	assert_int_equal(control_frame_put(&fifo, 2, payload, CONTROL_PAYLOAD_MAX), OK);
	assert_int_equal(control_frame_put(&fifo, 3, NULL, 0), ERR_FULL);
	fifo_drop(&fifo, SIZE_MAX);
	/* Every cut of a frame is an incomplete one. */
	for (size_t cut = 0; cut < sizeof(struct control_header) + 3; cut++) {
		const struct control_header header = {.kind = 5, .bytes = 3};
		uint8_t bytes[sizeof(header) + 3] = {0};
		memcpy(bytes, &header, sizeof(header));
		assert_int_equal(fifo_put(&fifo, bytes, cut), cut);
		assert_int_equal(control_frame_peek(&fifo, &frame), ERR_EMPTY);
		fifo_drop(&fifo, SIZE_MAX);
	}
	const struct control_header much = {.kind = 5, .bytes = CONTROL_PAYLOAD_MAX + 1};
	(void)fifo_put(&fifo, &much, sizeof(much));
	assert_int_equal(control_frame_peek(&fifo, &frame), ERR_RANGE);
	fifo_free(&fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),          cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_tail),           cmocka_unit_test(test_tail_lines),
		cmocka_unit_test(test_log_is_bounded), cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_naming),         cmocka_unit_test(test_naming_of_vmms),
		cmocka_unit_test(test_control_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
