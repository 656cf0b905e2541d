/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/export_data.h"

#define MEMORY ((size_t) 1024 * 1024)
#define NOW 1000 /* when every test begins, ms */

static const GenopsExportLimits usual = {
	.memory = MEMORY,
	.batch_spans = 10,
	.batch_delay_ms = 500,
	.requests = 2,
	.retry = { .first_ms = 1000, .max_ms = 60000, .first_probe_ms = 30000, .max_probe_ms = 300000 },
};

static GenopsStreams *streams;
static int64_t now;

static int
set_up(void **state)
{
	(void) state;
	streams = genops_streams_new(&usual, 7);
	now = NOW;
	genops_streams_durable(streams, INT64_MAX, now);
	genops_target_open(streams, genops_streams_target(streams, GENOPS_LITERAL("")), now);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	genops_streams_free(streams);
	return 0;
}

static GenopsStream *
add_stream(const char *tenant, const char *route, bool established, int64_t cursor_seq,
           bool more_stored)
{
	GenopsStreamPast past = {
		.established = established,
		.cursor_seq = cursor_seq,
		.more_stored = more_stored,
	};

	return genops_streams_add(streams, genops_slice(tenant), genops_slice(route), 0, &past, now);
}

static GenopsStream *
add_memory_only(const char *tenant)
{
	GenopsStreamPast past = { .established = true, .memory_only = true };

	return genops_streams_add(streams, genops_slice(tenant), GENOPS_LITERAL(""), 0, &past, now);
}

static GenopsStream *
stream_of(const char *tenant)
{
	GenopsStream *stream =
	    genops_streams_find(streams, genops_slice(tenant), GENOPS_LITERAL(""), 0);

	if (stream == NULL)
		stream = add_stream(tenant, "", true, 0, false);
	return stream;
}

/* A segment number "seq" with spans that are numbered from seq * 1000. */
static void
append(const char *tenant, int64_t seq, int spans)
{
	GenopsBytes segment = segment_of((int) seq * 1000, spans);

	assert_true(genops_stream_append(streams, stream_of(tenant), seq, spans, slice_of(&segment),
	                                 GENOPS_ABSENT, now));
	genops_bytes_free(&segment);
}

static void
read_again(GenopsStream *stream, int64_t seq, int spans)
{
	GenopsBytes segment = segment_of((int) seq * 1000, spans);

	assert_true(genops_stream_append_read(streams, stream, seq, spans, slice_of(&segment), now));
	genops_bytes_free(&segment);
}

/* Sends what the next turn allows; checks whose it is and its spans: "1000 1001". */
static int
expect_sent(const char *tenant, const char *expected)
{
	GenopsStream *stream = genops_streams_next(streams, now);
	GenopsBatch batch;
	GenopsError error;
	int numbers[1000];
	char text[8000] = "";
	int count;

	assert_non_null(stream);
	assert_string_equal(stream->tenant, tenant);
	assert_true(genops_batch_take(stream, usual.batch_spans, INT64_MAX, &batch, &error));
	count = numbers_of(&batch, numbers, COUNT_OF(numbers));
	assert_int_equal(count, batch.span_count);
	for (int i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), i ? " %d" : "%d", numbers[i]);
	if (expected != NULL)
		assert_string_equal(text, expected);
	genops_stream_sent(streams, &batch);
	genops_batch_free(&batch);
	return count;
}

/* Whatever is in it. */
static void
send(GenopsStream *stream)
{
	GenopsBatch batch = { .stream = stream, .segment_count = 1 };

	genops_stream_sent(streams, &batch);
}

static GenopsVerdict
answer(const char *tenant, int spans, GenopsOutcome outcome, const char *reason)
{
	GenopsAnswer answered = { .outcome = outcome };

	snprintf(answered.reason, sizeof(answered.reason), "%s", reason);
	return genops_stream_answered(streams, stream_of(tenant), spans, &answered, 100, now, now);
}

static void
expect_nothing(void)
{
	assert_null(genops_streams_next(streams, now));
}

static void
expect_state(const char *tenant, const char *state, const char *reason)
{
	const GenopsStream *stream = stream_of(tenant);

	assert_string_equal(genops_delivery_state_name(stream->state), state);
	assert_string_equal(stream->reason ? stream->reason : "", reason);
}

static void
expect_settled(const char *tenant, int64_t cursor, int64_t exported, int64_t rejected)
{
	const GenopsStream *stream = stream_of(tenant);

	assert_int_equal(stream->cursor_seq, cursor);
	assert_int_equal(stream->tally.exported, exported);
	assert_int_equal(stream->tally.rejected, rejected);
}

static void
whole_segments_go_in_order(void **state)
{
	(void) state;
	append("a", 1, 4);
	append("a", 3, 6);
	append("a", 4, 1);
	expect_sent("a", "1000 1001 1002 1003 3000 3001 3002 3003 3004 3005");
	expect_nothing();
	answer("a", 10, GENOPS_OUTCOME_DELIVERED, "");
	expect_settled("a", 3, 10, 0);
	assert_int_equal(genops_streams_settled(streams, 4), 0); /* nothing is recorded */
	assert_ptr_equal(genops_streams_first_changed(streams), stream_of("a"));
	genops_stream_recorded(streams, stream_of("a"));
	assert_null(genops_streams_first_changed(streams));
	assert_int_equal(genops_streams_settled(streams, 4), 3);
}

static void
a_batch_waits_to_fill(void **state)
{
	(void) state;
	append("a", 1, 4);
	expect_nothing();
	assert_int_equal(genops_streams_wait_ms(streams, now), 500);
	append("a", 2, 5);
	expect_nothing();
	append("a", 3, 1);
	expect_sent("a", NULL);
	answer("a", 10, GENOPS_OUTCOME_DELIVERED, "");

	append("a", 4, 1);
	now += 499;
	expect_nothing();
	now += 1;
	expect_sent("a", "4000");
	answer("a", 1, GENOPS_OUTCOME_DELIVERED, "");
}

static void
a_wish_hurries_what_it_asks_for(void **state)
{
	(void) state;
	append("a", 1, 1);
	append("b", 2, 1);
	append("c", 3, 1);
	genops_streams_hurry(streams, 2, now);
	expect_sent("b", NULL);
	expect_sent("a", NULL);
	expect_nothing();
	append("d", 4, 1);
	genops_streams_hurry(streams, 0, now);
	answer("a", 1, GENOPS_OUTCOME_DELIVERED, "");
	append("a", 5, 1);
	expect_nothing();
}

static void
only_what_is_durable_is_sent(void **state)
{
	GenopsBatch batch;
	GenopsError error;
	GenopsStream *stream;

	(void) state;
	genops_streams_durable(streams, 1, now);
	append("a", 2, 10);
	append("b", 3, 10);
	now += 1000;
	expect_nothing();
	assert_int_equal(genops_streams_wait_ms(streams, now), -1);
	append("b", 4, 10);
	append("c", 5, 5);
	genops_streams_durable(streams, 3, now);
	expect_sent("a", NULL);
	stream = genops_streams_next(streams, now);
	assert_string_equal(stream->tenant, "b");
	assert_true(genops_batch_take(stream, 100, 3, &batch, &error));
	assert_int_equal(batch.span_count, 10);
	genops_batch_free(&batch);
}

static void
failures_are_retried_from_the_store(void **state)
{
	GenopsStream *stream;
	GenopsAnswer later = { .outcome = GENOPS_OUTCOME_RETRY,
		                   .min_delay_ms = 5000,
		                   .reason = "later" };

	(void) state;
	append("a", 1, 10);
	expect_sent("a", NULL);
	stream = stream_of("a");
	genops_stream_answered(streams, stream, 10, &later, 0, now, now);
	expect_state("a", "retrying", "later");
	assert_null(stream->first_waiting);
	assert_int_equal(stream->tally.retries, 1);
	append("a", 2, 3); /* left in the store */
	assert_null(stream->first_waiting);
	expect_nothing();
	now += 4999;
	expect_nothing();
	now += 1;
	assert_ptr_equal(genops_streams_next(streams, now), stream);
	read_again(stream, 1, 10);
	read_again(stream, 2, 3);
	genops_stream_read(streams, stream, 2, false, now);
	expect_sent("a", NULL);
	assert_int_equal(answer("a", 10, GENOPS_OUTCOME_DELIVERED, "").before, GENOPS_RETRYING);
	expect_state("a", "delivering", "");
	expect_settled("a", 1, 10, 0);
}

static void
backoff_grows_and_ends(void **state)
{
	int64_t longest = 0;

	(void) state;
	append("a", 1, 10);
	for (int i = 0; i < 12; i++)
	{
		GenopsStream *stream = genops_streams_next(streams, now);
		long wait;

		assert_ptr_equal(stream, stream_of("a"));
		if (stream->first_waiting == NULL)
		{
			read_again(stream, 1, 10);
			genops_stream_read(streams, stream, 1, false, now);
		}
		send(stream);
		answer("a", 10, GENOPS_OUTCOME_RETRY, "no answer");
		wait = genops_streams_wait_ms(streams, now);
		assert_true(wait >= 0 && wait <= 60000);
		longest = wait > longest ? wait : longest;
		now += wait;
	}
	assert_true(longest > 4000);
}

static void
blocked_streams_are_probed(void **state)
{
	(void) state;
	append("a", 1, 10);
	expect_sent("a", NULL);
	answer("a", 10, GENOPS_OUTCOME_BLOCKED, "HTTP 401");
	expect_state("a", "blocked", "HTTP 401");
	assert_true(genops_streams_wait_ms(streams, now) >= 30000);
	now += 10;
	genops_target_probe(streams, stream_of("a")->target, false, now);
	assert_ptr_equal(genops_streams_next(streams, now), stream_of("a"));
	expect_state("a", "blocked", "HTTP 401"); /* until an answer says otherwise */
}

static void
too_large_is_halved(void **state)
{
	(void) state;
	append("a", 1, 10);
	assert_int_equal(expect_sent("a", NULL), 10);
	answer("a", 10, GENOPS_OUTCOME_TOO_LARGE, "413");
	assert_int_equal(expect_sent("a", "1000 1001 1002 1003 1004"), 5);
	answer("a", 5, GENOPS_OUTCOME_TOO_LARGE, "413");
	expect_sent("a", "1000 1001");
	answer("a", 2, GENOPS_OUTCOME_TOO_LARGE, "413");
	expect_sent("a", "1000");
	assert_true(answer("a", 1, GENOPS_OUTCOME_TOO_LARGE, "413").began_rejecting);
	expect_settled("a", 0, 0, 0); /* of a segment all or nothing is counted */
	expect_sent("a", "1001");
	assert_false(answer("a", 1, GENOPS_OUTCOME_DELIVERED, "").began_rejecting);
	expect_sent("a", "1002 1003");
	answer("a", 2, GENOPS_OUTCOME_DELIVERED, "");
	expect_sent("a", "1004 1005 1006 1007");
	answer("a", 4, GENOPS_OUTCOME_DELIVERED, "");
	expect_sent("a", "1008 1009");
	answer("a", 2, GENOPS_OUTCOME_DELIVERED, "");
	expect_settled("a", 1, 9, 1);
}

/* Where a segment was sent in part a failure does not begin it anew. */
static void
a_failure_keeps_what_is_answered_for(void **state)
{
	GenopsStream *stream;

	(void) state;
	append("a", 1, 10);
	expect_sent("a", NULL);
	answer("a", 10, GENOPS_OUTCOME_TOO_LARGE, "413");
	expect_sent("a", NULL);
	answer("a", 5, GENOPS_OUTCOME_DELIVERED, "");
	expect_sent("a", "1005 1006 1007 1008 1009");
	answer("a", 5, GENOPS_OUTCOME_RETRY, "503");
	now += 1000;
	stream = genops_streams_next(streams, now);
	read_again(stream, 1, 10);
	genops_stream_read(streams, stream, 1, false, now);
	expect_sent("a", "1005 1006 1007 1008 1009");
	answer("a", 5, GENOPS_OUTCOME_DELIVERED, "");
	expect_settled("a", 1, 10, 0);
	assert_int_equal(stream->waiting_spans, 0);
}

/* An endpoint that fails on one span: as many answers as it takes, and no more. */
static void
a_span_that_makes_the_endpoint_fail(void **state)
{
	const int poison = 1006;
	int requests = 0;

	(void) state;
	append("a", 1, 10);
	append("a", 2, 10);
	while (genops_stream_pending(stream_of("a")))
	{
		GenopsStream *stream;
		GenopsBatch batch;
		GenopsError error;
		int numbers[20];
		int count;
		bool poisoned = false;

		now += genops_streams_wait_ms(streams, now);
		stream = genops_streams_next(streams, now);
		assert_non_null(stream);
		if (stream->first_waiting == NULL)
		{
			if (stream->cursor_seq < 1)
				read_again(stream, 1, 10);
			read_again(stream, 2, 10);
			genops_stream_read(streams, stream, 2, false, now);
			continue;
		}
		assert_true(genops_batch_take(stream, usual.batch_spans, INT64_MAX, &batch, &error));
		count = numbers_of(&batch, numbers, COUNT_OF(numbers));
		for (int i = 0; i < count; i++)
			poisoned |= numbers[i] == poison;
		genops_stream_sent(streams, &batch);
		genops_batch_free(&batch);
		answer("a", count, poisoned ? GENOPS_OUTCOME_SUSPECT : GENOPS_OUTCOME_DELIVERED,
		       poisoned ? "HTTP 500" : "");
		assert_true(++requests < 30);
	}
	expect_settled("a", 2, 19, 1);
	assert_true(now - NOW < 10000);
}

/* One that fails on everything: few spans are given up, and fewer as time goes. */
static void
an_endpoint_that_fails_on_everything(void **state)
{
	int rejected_early = 0;

	(void) state;
	append("a", 1, 400);
	while (now < NOW + 3600 * 1000)
	{
		GenopsStream *stream = genops_streams_next(streams, now);

		if (stream == NULL)
		{
			now += genops_streams_wait_ms(streams, now);
			continue;
		}
		if (stream->first_waiting == NULL)
		{
			read_again(stream, 1, 400);
			genops_stream_read(streams, stream, 1, false, now);
			continue;
		}
		send(stream);
		answer("a", stream->span_limit ? stream->span_limit : 10, GENOPS_OUTCOME_SUSPECT,
		       "HTTP 500");
		if (now < NOW + 600 * 1000)
			rejected_early = stream->done_rejected;
	}
	assert_true(rejected_early >= 1 && rejected_early < 40);
	assert_true(stream_of("a")->done_rejected < 150);
	expect_state("a", "retrying", "HTTP 500");
}

static void
partial_success_is_counted(void **state)
{
	GenopsAnswer partly = { .outcome = GENOPS_OUTCOME_DELIVERED,
		                    .rejected_spans = 3,
		                    .reason = "old" };

	(void) state;
	append("a", 1, 2);
	append("a", 2, 8);
	expect_sent("a", NULL);
	assert_true(
	    genops_stream_answered(streams, stream_of("a"), 10, &partly, 9, 77, now).began_rejecting);
	expect_settled("a", 2, 7, 3);
	expect_state("a", "delivering", "");
	assert_string_equal(stream_of("a")->last_error, "old");
	assert_int_equal(stream_of("a")->tally.error_at, 77);
	assert_int_equal(stream_of("a")->tally.bytes, 9);
}

static void
bytes_that_cannot_be_cut_are_rejected(void **state)
{
	GenopsStream *stream;
	GenopsBatch batch;
	GenopsError error;

	(void) state;
	assert_true(genops_stream_append(streams, stream_of("a"), 1, 20,
	                                 GENOPS_LITERAL("\x12\x7F nonsense"), GENOPS_ABSENT, now));
	append("a", 2, 10);
	stream = genops_streams_next(streams, now);
	assert_false(genops_batch_take(stream, usual.batch_spans, INT64_MAX, &batch, &error));
	assert_int_equal(batch.span_count, 20);
	answer("a", batch.span_count, GENOPS_OUTCOME_REJECTED, error.message);
	genops_batch_free(&batch);
	expect_settled("a", 1, 0, 20);
	expect_sent("a", NULL);
}

static void
pauses_show_and_end(void **state)
{
	GenopsExportTarget *target = genops_streams_target(streams, GENOPS_LITERAL(""));
	GenopsExportTarget *other = genops_streams_target(streams, GENOPS_LITERAL("r"));
	GenopsStream *unknown = add_stream("x", "r", false, 0, true);
	bool moving;

	(void) state;
	assert_int_equal(unknown->state, GENOPS_DELIVERING);
	assert_null(genops_streams_next(streams, now));
	genops_target_open(streams, other, now);
	assert_ptr_equal(genops_streams_next(streams, now), unknown);
	genops_stream_read(streams, unknown, 0, false, now);

	append("a", 1, 10);
	expect_sent("a", NULL);
	genops_target_pause(streams, target, "by somebody", now);
	expect_state("a", "paused", "by somebody");
	answer("a", 10, GENOPS_OUTCOME_DELIVERED, ""); /* is worth knowing all the same */
	expect_settled("a", 1, 10, 0);
	expect_state("a", "paused", "by somebody");
	append("a", 2, 10);
	expect_nothing();
	assert_true(genops_streams_pending(streams, &moving));
	assert_false(moving);
	genops_target_open(streams, target, now);
	expect_state("a", "delivering", "");
	assert_ptr_equal(genops_streams_next(streams, now), stream_of("a"));

	genops_stream_set_unfit(streams, stream_of("a"), "no such tenant", now);
	expect_state("a", "paused", "no such tenant");
	expect_nothing();
}

static void
established_streams_go_first(void **state)
{
	int fresh = 0;

	(void) state;
	for (int i = 0; i < 20; i++)
	{
		char name[16];
		GenopsBytes segment = segment_of(i, 10);
		GenopsStream *stream;

		snprintf(name, sizeof(name), "new%d", i);
		stream = add_stream(name, "", false, 0, false);
		genops_stream_append(streams, stream, i + 1, 10, slice_of(&segment), GENOPS_ABSENT, now);
		genops_bytes_free(&segment);
	}
	append("old", 100, 10);
	for (int i = 0; i < 12; i++)
	{
		GenopsStream *stream = genops_streams_next(streams, now);

		if (i == 0)
			assert_string_equal(stream->tenant, "old");
		fresh += !stream->established;
		send(stream);
		genops_stream_given_up(streams, stream, now);
	}
	assert_int_equal(fresh, 3);
}

static void
requests_are_limited_for_each_target(void **state)
{
	GenopsExportTarget *other = genops_streams_target(streams, GENOPS_LITERAL("r"));
	GenopsBytes segment = segment_of(1, 10);

	(void) state;
	genops_target_open(streams, other, now);
	append("a", 1, 10);
	append("b", 2, 10);
	append("c", 3, 10);
	genops_stream_append(streams, add_stream("a", "r", true, 0, false), 4, 10, slice_of(&segment),
	                     GENOPS_ABSENT, now);
	genops_bytes_free(&segment);
	for (int i = 0; i < 3; i++)
	{
		GenopsStream *stream = genops_streams_next(streams, now);

		assert_non_null(stream);
		send(stream);
	}
	expect_nothing();
	assert_int_equal(genops_streams_in_flight(streams), 3);
	assert_int_equal(other->in_flight, 1);
	assert_int_equal(genops_streams_wait_ms(streams, now), -1);
}

static void
memory_is_bounded(void **state)
{
	static char large[64 * 1024];
	GenopsSlice bytes = { large, sizeof(large) };
	GenopsStream *slow = stream_of("slow");
	bool room;

	(void) state;
	for (int seq = 1; seq <= 100; seq++)
		assert_true(genops_stream_append(streams, slow, seq, 1, bytes, GENOPS_ABSENT, now));
	assert_true(slow->more_stored);
	assert_true(genops_streams_memory(streams) <= MEMORY / 2 + 2 * sizeof(large));

	/* New streams are taken until they have three quarters; then they are left out. */
	for (int i = 0; i < 10000; i++)
	{
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		add_stream(name, "", false, 7, true);
	}
	assert_true(genops_streams_memory(streams) < MEMORY / 4 * 3 + 4096);
	assert_true(genops_streams_left_out(streams, &room));
	assert_false(room);
	assert_int_equal(genops_streams_settled(streams, 1000), 0);
	assert_non_null(stream_of("established"));
}

/* Many streams that are read back hold no more than what they send. */
static void
what_is_read_back_is_bounded_too(void **state)
{
	static char large[64 * 1024];
	GenopsSlice bytes = { large, sizeof(large) };
	int trimmed = 0;

	(void) state;
	for (int i = 0; i < 100; i++)
	{
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		add_stream(name, "", true, 0, true);
	}
	for (int i = 0; i < 300; i++)
	{
		GenopsStream *stream = genops_streams_next(streams, now);
		int64_t read_seq = stream->read_seq;

		if (stream->first_waiting == NULL)
		{
			for (int seq = 1; seq <= 8; seq++)
				assert_true(
				    genops_stream_append_read(streams, stream, read_seq + seq, 1, bytes, now));
			genops_stream_read(streams, stream, read_seq + 8, true, now);
		}
		send(stream);
		trimmed += stream->waiting_spans == 1 && stream->more_stored &&
		           stream->read_seq == stream->first_waiting->seq;
		answer(stream->tenant, 1, GENOPS_OUTCOME_DELIVERED, "");
		assert_true(genops_streams_memory(streams) <= MEMORY + 8 * sizeof(large));
	}
	assert_true(trimmed > 100);
}

/* Those that are refused on a standby do not take the others' room. */
static void
a_share_without_a_store(void **state)
{
	static char large[16 * 1024];
	GenopsSlice bytes = { large, sizeof(large) };
	GenopsStream *healthy;

	(void) state;
	for (int i = 0; i < 10; i++)
	{
		char name[16];
		GenopsStream *stream;

		snprintf(name, sizeof(name), "t%d", i);
		stream = add_memory_only(name);
		for (int j = 1; j < 100; j++)
			(void) genops_stream_append(streams, stream, j, 1, bytes, GENOPS_ABSENT, now);
		assert_true(stream->waiting_spans >= 1 && stream->waiting_spans < 99);
	}
	healthy = add_memory_only("healthy");
	assert_non_null(healthy);
	assert_true(genops_stream_append(streams, healthy, 1, 1, bytes, GENOPS_ABSENT, now));
	assert_true(genops_streams_memory(streams) <= MEMORY / 4 * 5 + sizeof(large));
}

/* Nor do several in trouble leave nothing to one that delivers more than a share. */
static void
trouble_without_a_store(void **state)
{
	static char large[MEMORY / 64];
	GenopsSlice bytes = { large, sizeof(large) };
	GenopsStream *healthy;

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		char name[2] = { (char) ('a' + i), '\0' };
		GenopsStream *stream = add_memory_only(name);

		assert_true(genops_stream_append(streams, stream, 1, 1, bytes, GENOPS_ABSENT, now));
		send(stream);
		answer(name, 1, i % 2 ? GENOPS_OUTCOME_RETRY : GENOPS_OUTCOME_BLOCKED, "HTTP");
		for (int j = 2; j < 100; j++)
			(void) genops_stream_append(streams, stream, j, 1, bytes, GENOPS_ABSENT, now);
	}
	healthy = add_memory_only("healthy");
	for (int j = 1; j < 16; j++)
		assert_true(genops_stream_append(streams, healthy, j, 1, bytes, GENOPS_ABSENT, now));
	assert_true(genops_streams_memory(streams) <= MEMORY);
}

static void
idle_streams_leave_memory(void **state)
{
	size_t before = genops_streams_memory(streams);
	bool room;

	(void) state;
	for (int i = 0; i < 10000; i++)
	{
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		assert_non_null(add_stream(name, "", false, 1, false));
	}
	assert_true(genops_streams_memory(streams) < MEMORY / 4 * 3 + 4096);
	assert_false(genops_streams_left_out(streams, &room));
	append("busy", 5, 1);
	genops_streams_drop_idle(streams, now + 1);
	assert_int_equal(genops_streams_count(streams), 1);
	now += 500;
	expect_sent("busy", NULL);
	answer("busy", 1, GENOPS_OUTCOME_DELIVERED, "");
	genops_streams_drop_idle(streams, now + 1); /* not what is to be recorded */
	assert_int_equal(genops_streams_count(streams), 1);
	genops_stream_recorded(streams, stream_of("busy"));
	genops_streams_drop_idle(streams, now + 1);
	assert_int_equal(genops_streams_count(streams), 0);
	assert_int_equal(genops_streams_memory(streams), before);
}

/* Whoever appends was stopped in the middle: what comes later does not close the gap. */
static void
what_was_not_appended_is_read(void **state)
{
	GenopsStream *stream;

	(void) state;
	append("a", 1, 1);
	now += 500;
	expect_sent("a", "1000");
	answer("a", 1, GENOPS_OUTCOME_DELIVERED, "");
	stream = stream_of("a");
	genops_stream_fill_gap(streams, stream, 1, now);
	assert_false(stream->more_stored);
	genops_stream_fill_gap(streams, stream, 2, now); /* 2 was not */
	append("a", 3, 1);
	assert_ptr_equal(genops_streams_next(streams, now), stream);
	assert_null(stream->first_waiting);
	read_again(stream, 2, 1);
	read_again(stream, 3, 1);
	genops_stream_read(streams, stream, 3, false, now);
	now += 500;
	expect_sent("a", "2000 3000");
}

/* A stream that is appended to is idle itself until then. */
static void
no_stream_makes_room_for_itself(void **state)
{
	static char large[MEMORY / 4];
	GenopsSlice bytes = { large, sizeof(large) };
	GenopsStream *last;
	GenopsStream *stream;

	(void) state;
	stream = add_stream("a", "", false, 0, false);
	last = add_stream("b", "", false, 0, false);
	for (int64_t seq = 1; seq <= 5; seq++)
		assert_true(genops_stream_append(streams, last, seq, 1, bytes, GENOPS_ABSENT, now));
	assert_true(genops_stream_append_read(streams, last, 6, 1, bytes, now));
	assert_true(genops_stream_append_read(streams, last, 7, 1, bytes, now));
	assert_true(genops_streams_memory(streams) > MEMORY / 4 * 3);
	assert_true(genops_stream_append(streams, stream, 8, 1, bytes, GENOPS_ABSENT, now));
	assert_ptr_equal(stream_of("a"), stream);
	assert_true(stream->more_stored);
}

static void
blocked_streams_make_room(void **state)
{
	bool room;

	(void) state;
	for (int i = 0; i < 5000; i++)
	{
		char name[16];
		GenopsStream *stream;

		snprintf(name, sizeof(name), "t%d", i);
		stream = add_stream(name, "", false, 9, true);
		assert_non_null(stream);
		genops_streams_next(streams, now);
		send(stream);
		answer(name, 1, GENOPS_OUTCOME_BLOCKED, "HTTP 401");
		genops_stream_recorded(streams, stream);
	}
	assert_true(genops_streams_left_out(streams, &room));
	assert_int_equal(genops_streams_settled(streams, 100), 9);
	genops_streams_look_again(streams);
	assert_false(genops_streams_left_out(streams, &room));
}

/* Wherever they stand among those that retry. */
static void
blocked_streams_make_room_among_others(void **state)
{
	(void) state;
	for (int i = 0; i < 2200; i++)
	{
		char name[16];
		GenopsStream *stream;

		snprintf(name, sizeof(name), "t%d", i);
		stream = add_stream(name, "", false, 9, true);
		assert_non_null(stream);
		genops_streams_next(streams, now);
		send(stream);
		answer(name, 1, i % 2 ? GENOPS_OUTCOME_RETRY : GENOPS_OUTCOME_BLOCKED, "HTTP");
		genops_stream_recorded(streams, stream);
	}
	for (int i = 1; i < 2200; i += 2)
	{
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		assert_non_null(genops_streams_find(streams, genops_slice(name), GENOPS_LITERAL(""), 0));
	}
}

static void
a_cursor_that_somebody_moved(void **state)
{
	GenopsStream *stream;

	(void) state;
	append("a", 1, 10);
	append("a", 2, 10);
	expect_sent("a", NULL);
	stream = stream_of("a");
	genops_stream_move(streams, stream, 2, false, now);
	assert_non_null(stream->first_waiting); /* the request needs it */
	answer("a", 10, GENOPS_OUTCOME_DELIVERED, "");
	expect_settled("a", 2, 0, 0);
	assert_null(stream->first_waiting);
	expect_nothing();
	append("a", 3, 10);
	expect_sent("a", "3000 3001 3002 3003 3004 3005 3006 3007 3008 3009");
}

/* What makes a batch full may become durable later than the rest. */
static void
a_full_batch_waits_for_the_disk(void **state)
{
	(void) state;
	genops_streams_durable(streams, 1, now);
	append("a", 1, 5);
	append("a", 2, 5);
	expect_nothing();
	genops_streams_durable(streams, 2, now);
	assert_int_equal(expect_sent("a", NULL), 10);
}

/* ... while its last answer was still to be recorded. */
static void
a_cursor_that_was_moved_over_what_was_sent(void **state)
{
	(void) state;
	append("a", 1, 10);
	expect_sent("a", NULL);
	answer("a", 10, GENOPS_OUTCOME_DELIVERED, "");
	genops_stream_move(streams, stream_of("a"), 1, false, now);
	expect_settled("a", 1, 0, 0);

	append("a", 2, 10);
	expect_sent("a", NULL);
	genops_stream_move(streams, stream_of("a"), 2, false, now);
	append("a", 3, 10); /* comes during the request */
	answer("a", 10, GENOPS_OUTCOME_DELIVERED, "");
	expect_settled("a", 2, 0, 0);
	assert_ptr_equal(genops_streams_next(streams, now), stream_of("a"));
	assert_true(stream_of("a")->more_stored);
}

/* Who waits for delivery is told that it stalls only if nothing moves it. */
static void
what_is_probed_moves(void **state)
{
	bool moving;

	(void) state;
	append("a", 1, 10);
	expect_sent("a", NULL);
	answer("a", 10, GENOPS_OUTCOME_BLOCKED, "HTTP 401");
	assert_true(genops_streams_pending(streams, &moving));
	assert_false(moving);
	genops_target_probe(streams, stream_of("a")->target, false, now);
	assert_true(genops_streams_pending(streams, &moving));
	assert_true(moving);
}

/* On a standby: what is in memory is nowhere else. */
static void
what_is_in_memory_only_is_kept(void **state)
{
	static char large[600 * 1024];
	GenopsStream *stream = add_memory_only("a");
	GenopsBytes segment = segment_of(0, 10);

	(void) state;
	assert_true(genops_stream_append(streams, stream, 1, 10, slice_of(&segment),
	                                 GENOPS_LITERAL("mine"), now));
	genops_bytes_free(&segment);
	assert_memory_equal(stream->first_waiting->bytes + stream->first_waiting->length, "mine", 4);
	expect_sent("a", NULL);
	answer("a", 10, GENOPS_OUTCOME_RETRY, "503");
	assert_non_null(stream->first_waiting);
	assert_false(genops_stream_append(streams, stream, 2, 1, (GenopsSlice){ large, sizeof(large) },
	                                  GENOPS_ABSENT, now));
	now += 1000;
	expect_sent("a", NULL);
	answer("a", 10, GENOPS_OUTCOME_DELIVERED, "");
	expect_settled("a", 1, 10, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(whole_segments_go_in_order),
		TEST(a_batch_waits_to_fill),
		TEST(a_wish_hurries_what_it_asks_for),
		TEST(only_what_is_durable_is_sent),
		TEST(failures_are_retried_from_the_store),
		TEST(backoff_grows_and_ends),
		TEST(blocked_streams_are_probed),
		TEST(too_large_is_halved),
		TEST(a_failure_keeps_what_is_answered_for),
		TEST(a_span_that_makes_the_endpoint_fail),
		TEST(an_endpoint_that_fails_on_everything),
		TEST(partial_success_is_counted),
		TEST(bytes_that_cannot_be_cut_are_rejected),
		TEST(pauses_show_and_end),
		TEST(established_streams_go_first),
		TEST(requests_are_limited_for_each_target),
		TEST(memory_is_bounded),
		TEST(what_is_read_back_is_bounded_too),
		TEST(a_share_without_a_store),
		TEST(trouble_without_a_store),
		TEST(idle_streams_leave_memory),
		TEST(what_was_not_appended_is_read),
		TEST(no_stream_makes_room_for_itself),
		TEST(blocked_streams_make_room),
		TEST(blocked_streams_make_room_among_others),
		TEST(a_cursor_that_somebody_moved),
		TEST(a_full_batch_waits_for_the_disk),
		TEST(a_cursor_that_was_moved_over_what_was_sent),
		TEST(what_is_probed_moves),
		TEST(what_is_in_memory_only_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
