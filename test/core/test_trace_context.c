/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/span/trace_context.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void
parent_round_trip(void **state)
{
	GenopsTraceParent parent;
	char text[GENOPS_TRACEPARENT_LENGTH + 1];

	(void) state;
	assert_true(genops_traceparent_parse(GENOPS_LITERAL(GOOD), &parent));
	assert_int_equal(parent.trace_id[0], 0x4b);
	assert_int_equal(parent.trace_id[15], 0x36);
	assert_int_equal(parent.span_id[0], 0x00);
	assert_int_equal(parent.span_id[7], 0xb7);
	assert_int_equal(parent.flags, GENOPS_TRACE_FLAG_SAMPLED);
	genops_traceparent_print(&parent, text);
	assert_string_equal(text, GOOD);
}

static void
parent_accepted(void **state)
{
	const struct
	{
		const char *text;
		uint8_t flags;
	} cases[] = {
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", 0 },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03", 3 },
		/* Unknown flags are ignored and not passed on. */
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", 3 },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fc", 0 },
		/* Of later versions what is known is used. */
		{ "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 1 },
		{ "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes", 1 },
		{ "fe-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", 1 },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsTraceParent parent;
		char text[GENOPS_TRACEPARENT_LENGTH + 1];

		assert_true(genops_traceparent_parse(genops_slice(cases[i].text), &parent));
		assert_int_equal(parent.flags, cases[i].flags);
		genops_traceparent_print(&parent, text);
		assert_memory_equal(text, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-", 53);
	}
}

static void
parent_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"00",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
		"0A-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-012",
		" 0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
		"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
	};
	GenopsTraceParent parent = { .flags = 77 };

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_false(genops_traceparent_parse(genops_slice(cases[i]), &parent));
	assert_false(genops_traceparent_parse(GENOPS_ABSENT, &parent));
	assert_int_equal(parent.flags, 77);
}

static void
hexadecimal(void **state)
{
	const uint8_t bytes[] = { 0x00, 0x7F, 0x80, 0xFF, 0xA5 };
	char text[10];
	uint8_t back[5];

	(void) state;
	genops_hex(text, bytes, 5);
	assert_memory_equal(text, "007f80ffa5", 10);
	assert_true(genops_unhex(back, GENOPS_LITERAL("007f80FFa5"), 5));
	assert_memory_equal(back, bytes, 5);
	assert_false(genops_unhex(back, GENOPS_LITERAL("007f80FFa"), 5));
	assert_false(genops_unhex(back, GENOPS_LITERAL("007f80FFa5a"), 5));
	assert_false(genops_unhex(back, GENOPS_LITERAL("007f80FFx5"), 5));
}

static void
state_updates(void **state)
{
	const struct
	{
		const char *incoming;
		const char *ot;
		const char *expected;
	} cases[] = {
		{ NULL, NULL, "" },
		{ NULL, "th:8", "ot=th:8" },
		{ "", "th:8", "ot=th:8" },
		{ "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", "th:8",
		  "ot=th:8,congo=t61rcWkgMzE,rojo=00f067aa0ba902b7" },
		/* Ours replaces ours, wherever it was. */
		{ "congo=1,ot=th:c,rojo=2", "th:8", "ot=th:8,congo=1,rojo=2" },
		{ "congo=1,ot=th:c,rojo=2", NULL, "congo=1,ot=th:c,rojo=2" },
		{ "congo=1,ot=th:c,rojo=2", "", "congo=1,ot=th:c,rojo=2" },
		/* The randomness that somebody chose is passed on. */
		{ "ot=th:c;rv:0123456789abcd", "th:8", "ot=th:8;rv:0123456789abcd" },
		{ "ot=rv:0123456789abcd;th:c;x:1", "th:8", "ot=th:8;rv:0123456789abcd;x:1" },
		{ "ot=rv:0123456789abcd", "th:8;rv:ffffffffffffff", "ot=th:8;rv:ffffffffffffff" },
		/* Blanks around members and empty members are allowed. */
		{ " congo=1 \t,,\trojo=2,", "th:0", "ot=th:0,congo=1,rojo=2" },
		/* A blank within a value is a part of it. */
		{ "congo=a b", NULL, "congo=a b" },
		/* What does not parse is dropped by itself. */
		{ "congo=1,novalue,rojo=2", NULL, "congo=1,rojo=2" },
		{ "congo=1,bad=,Upper=1,rojo=2", NULL, "congo=1,rojo=2" },
		{ "congo=1,_x=1,a=b=c,=1,k\xC3\xA9=1,v=\xC3\xA9", NULL, "congo=1" },
		{ "a =1,b= 2", NULL, "b= 2" },
		{ "1fw529a3039@dt=x,a_-*/@1=y", NULL, "1fw529a3039@dt=x,a_-*/@1=y" },
		/* Of one key the first counts. */
		{ "congo=1,congo=2", NULL, "congo=1" },
		{ ",,,", NULL, "" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		char buffer[GENOPS_TRACESTATE_MAX];

		assert_slice(genops_tracestate_update(buffer, genops_slice(cases[i].incoming),
		                                      genops_slice(cases[i].ot)),
		             cases[i].expected);
	}
}

static void
state_keeps_32_members(void **state)
{
	char incoming[1024] = "";
	char buffer[GENOPS_TRACESTATE_MAX];
	GenopsSlice updated;
	int commas = 0;

	(void) state;
	for (int i = 0; i < 40; i++)
		sprintf(incoming + strlen(incoming), "k%d=v,", i);
	updated = genops_tracestate_update(buffer, genops_slice(incoming), GENOPS_LITERAL("th:8"));
	for (size_t i = 0; i < updated.length; i++)
		commas += updated.data[i] == ',';
	assert_int_equal(commas, 31);
	assert_memory_equal(updated.data, "ot=th:8,k0=v,k1=v", 17);
	assert_memory_equal(updated.data + updated.length - 6, ",k30=v", 6);
}

/* A member of that key whose whole length is as given. */
static void
append_member(char *text, char key, size_t length)
{
	size_t at = strlen(text);

	if (at > 0)
		text[at++] = ',';
	text[at++] = key;
	text[at++] = '=';
	memset(text + at, key, length - 2);
	text[at + length - 2] = '\0';
}

static void
state_drops_long_members_first(void **state)
{
	char incoming[2048] = "";
	char expected[2048] = "";
	char buffer[GENOPS_TRACESTATE_MAX];

	(void) state;
	/* 7 + 1 + 129 + 1 + 128 + 1 + 129 + 1 + 128 = 525: one must go. */
	append_member(incoming, 'a', 129);
	append_member(incoming, 'b', 128);
	append_member(incoming, 'c', 129);
	append_member(incoming, 'd', 128);
	strcpy(expected, "ot=th:8");
	append_member(expected, 'a', 129);
	append_member(expected, 'b', 128);
	append_member(expected, 'd', 128);
	assert_slice(genops_tracestate_update(buffer, genops_slice(incoming), GENOPS_LITERAL("th:8")),
	             expected);
}

static void
state_drops_from_the_right(void **state)
{
	char incoming[2048] = "";
	char expected[2048] = "";
	char buffer[GENOPS_TRACESTATE_MAX];

	(void) state;
	for (char key = 'a'; key < 'f'; key++)
		append_member(incoming, key, 110);
	strcpy(expected, "ot=th:8");
	for (char key = 'a'; key < 'e'; key++)
		append_member(expected, key, 110);
	assert_slice(genops_tracestate_update(buffer, genops_slice(incoming), GENOPS_LITERAL("th:8")),
	             expected);
}

static void
state_fills_its_space(void **state)
{
	char incoming[2048] = "";
	char buffer[GENOPS_TRACESTATE_MAX];

	(void) state;
	/* Exactly 512, then one more. */
	append_member(incoming, 'a', 255);
	append_member(incoming, 'b', 256);
	assert_int_equal(strlen(incoming), 512);
	assert_slice(genops_tracestate_update(buffer, genops_slice(incoming), GENOPS_ABSENT), incoming);
	incoming[0] = '\0';
	append_member(incoming, 'a', 256);
	append_member(incoming, 'b', 256);
	assert_int_equal(genops_tracestate_update(buffer, genops_slice(incoming), GENOPS_ABSENT).length,
	                 256);
}

static void
state_survives_noise(void **state)
{
	static const char letters[] = "ab=, \t;:ot\xC3";
	uint64_t seed = 5;

	(void) state;
	for (int round = 0; round < 20000; round++)
	{
		char noise[700];
		char buffer[GENOPS_TRACESTATE_MAX];
		char again[GENOPS_TRACESTATE_MAX];
		GenopsSlice incoming = { noise, next_random(&seed) % sizeof(noise) };
		GenopsSlice once;

		for (size_t i = 0; i < incoming.length; i++)
			noise[i] = letters[next_random(&seed) % (sizeof(letters) - 1)];
		once = genops_tracestate_update(buffer, incoming, GENOPS_LITERAL("th:8"));
		assert_true(once.length <= GENOPS_TRACESTATE_MAX);
		assert_true(genops_slice_equal(
		    genops_tracestate_update(again, once, GENOPS_LITERAL("th:8")), once));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parent_round_trip),
		cmocka_unit_test(parent_accepted),
		cmocka_unit_test(parent_refused),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(state_updates),
		cmocka_unit_test(state_keeps_32_members),
		cmocka_unit_test(state_drops_long_members_first),
		cmocka_unit_test(state_drops_from_the_right),
		cmocka_unit_test(state_fills_its_space),
		cmocka_unit_test(state_survives_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
