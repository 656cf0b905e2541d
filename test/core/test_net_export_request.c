/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include <stdlib.h>

#include "core/net/export_request.h"
#include "core/span/otlp_write.h"
#include "otlp.pb-c.h"

static GenopsError error;

static GenopsSlice
slice_of(const GenopsBytes *bytes)
{
	return (GenopsSlice){ (const char *) bytes->data, bytes->length };
}

/* A field of wire type 2 with a one-byte tag. */
static void
put_field(GenopsBytes *out, unsigned char tag, GenopsSlice content)
{
	genops_bytes_put(out, &tag, 1);
	genops_otlp_put_varint(out, content.length);
	genops_bytes_put(out, content.data, content.length);
}

/* A span that is told by its name; 200 bytes make its length two bytes. */
static void
put_span(GenopsBytes *scope_spans, int number)
{
	char name[201];
	GenopsBytes span = genops_bytes_growing();

	snprintf(name, sizeof(name), "%d-%0197d", number % 10, number);
	put_field(&span, 0x2A, genops_slice(name));
	put_field(scope_spans, 0x12, slice_of(&span));
	genops_bytes_free(&span);
}

/* Scopes of the given numbers of spans, numbered through, with schema URLs
 * and a field that nobody knows. */
static GenopsBytes
make_segment(const int *spans, size_t scopes)
{
	GenopsBytes segment = genops_bytes_growing();
	int number = 0;

	put_field(&segment, 0x0A, GENOPS_LITERAL("\x10\x07")); /* Resource: 7 dropped attributes */
	for (size_t i = 0; i < scopes; i++)
	{
		GenopsBytes content = genops_bytes_growing();

		put_field(&content, 0x0A, GENOPS_LITERAL("\x0A\x05scope"));
		for (int j = 0; j < spans[i]; j++)
			put_span(&content, number++);
		put_field(&content, 0x1A, GENOPS_LITERAL("scope schema"));
		put_field(&segment, 0x12, slice_of(&content));
		genops_bytes_free(&content);
	}
	put_field(&segment, 0x1A, GENOPS_LITERAL("resource schema"));
	put_field(&segment, 0x7A, GENOPS_LITERAL("unknown"));
	return segment;
}

static int
span_number(const Genops__Otlp__Span *span)
{
	return atoi(span->name + 2);
}

/* The cut is read by the protobuf library, which knows nothing of ours. */
static void
check_cut(const GenopsBytes *segment, size_t first, size_t last, size_t all, size_t scopes)
{
	GenopsBytes cut = genops_bytes_growing();
	Genops__Otlp__ResourceSpans *read;
	size_t expected_end = last < all ? last : all;
	size_t next = first;

	assert_true(genops_segment_cut(slice_of(segment), first, last, &cut, &error));
	read = genops__otlp__resource_spans__unpack(NULL, cut.length, cut.data);
	assert_non_null(read);
	assert_int_equal(read->resource->dropped_attributes_count, 7);
	assert_string_equal(read->schema_url, "resource schema");
	assert_int_equal(read->base.n_unknown_fields, 1);
	assert_int_equal(read->n_scope_spans, scopes);
	for (size_t i = 0; i < read->n_scope_spans; i++)
	{
		assert_string_equal(read->scope_spans[i]->scope->name, "scope");
		assert_string_equal(read->scope_spans[i]->schema_url, "scope schema");
		assert_true(read->scope_spans[i]->n_spans > 0);
		for (size_t j = 0; j < read->scope_spans[i]->n_spans; j++)
			assert_int_equal(span_number(read->scope_spans[i]->spans[j]), next++);
	}
	assert_int_equal(next, expected_end > first ? expected_end : first);
	genops__otlp__resource_spans__free_unpacked(read, NULL);
	genops_bytes_free(&cut);
}

static void
cuts_keep_what_belongs(void **state)
{
	const int spans[] = { 3, 0, 100, 2 };
	GenopsBytes segment = make_segment(spans, COUNT_OF(spans));
	size_t count;

	(void) state;
	assert_true(genops_segment_spans(slice_of(&segment), &count, &error));
	assert_int_equal(count, 105);
	check_cut(&segment, 0, 105, 105, 3);
	check_cut(&segment, 0, SIZE_MAX, 105, 3);
	check_cut(&segment, 0, 1, 105, 1);
	check_cut(&segment, 2, 4, 105, 2);
	check_cut(&segment, 3, 103, 105, 1);
	check_cut(&segment, 50, 104, 105, 2);
	check_cut(&segment, 104, 105, 105, 1);
	check_cut(&segment, 105, 200, 105, 0);
	check_cut(&segment, 7, 7, 105, 0);
	check_cut(&segment, 9, 7, 105, 0);
	genops_bytes_free(&segment);
}

static void
a_whole_cut_is_the_same_bytes(void **state)
{
	const int spans[] = { 5 };
	GenopsBytes segment = make_segment(spans, 1);
	GenopsBytes cut = genops_bytes_growing();

	(void) state;
	assert_true(genops_segment_cut(slice_of(&segment), 0, 5, &cut, &error));
	assert_int_equal(cut.length, segment.length);
	assert_memory_equal(cut.data, segment.data, cut.length);
	genops_bytes_free(&cut);
	genops_bytes_free(&segment);
}

static void
hostile_segments(void **state)
{
	const int spans[] = { 2, 1 };
	GenopsBytes segment = make_segment(spans, 2);
	uint64_t seed = 7;
	size_t count;

	(void) state;
	for (size_t length = 0; length < segment.length; length++)
	{
		/* On the heap, so that a sanitizer sees a read beyond the end. */
		uint8_t *copy = malloc(length + 1);
		GenopsBytes cut = genops_bytes_growing();
		GenopsSlice part = { (const char *) copy, length };

		memcpy(copy, segment.data, length);
		genops_segment_spans(part, &count, &error);
		genops_segment_cut(part, 0, 2, &cut, &error);
		if (length > 0)
			copy[next_random(&seed) % length] = (uint8_t) next_random(&seed);
		genops_segment_spans(part, &count, &error);
		genops_segment_cut(part, 1, 3, &cut, &error);
		genops_bytes_free(&cut);
		free(copy);
	}
	assert_false(genops_segment_cut(GENOPS_LITERAL("\x12\x7F"), 0, 1, &segment, &error));
	assert_int_equal(error.code, GENOPS_MALFORMED);
	assert_false(genops_segment_spans(GENOPS_LITERAL("\x12\x02\x12\x09"), &count, &error));
	assert_int_equal(error.code, GENOPS_MALFORMED);
	genops_bytes_free(&segment);
}

static void
no_room_for_the_cut(void **state)
{
	const int spans[] = { 2 };
	GenopsBytes segment = make_segment(spans, 1);
	uint8_t room[16];
	GenopsBytes cut = genops_bytes_over(room, sizeof(room));

	(void) state;
	assert_false(genops_segment_cut(slice_of(&segment), 0, 2, &cut, &error));
	assert_int_equal(error.code, GENOPS_OUT_OF_MEMORY);
	genops_bytes_free(&segment);
}

static void
frames_are_a_request(void **state)
{
	const int few[] = { 1 };
	const int many[] = { 100 };
	GenopsBytes small = make_segment(few, 1);
	GenopsBytes large = make_segment(many, 1);
	GenopsSlice segments[] = { slice_of(&small), GENOPS_LITERAL(""), slice_of(&large),
		                       slice_of(&small) };
	uint8_t heads[COUNT_OF(segments) * GENOPS_EXPORT_HEAD_SIZE];
	GenopsSlice runs[2 * COUNT_OF(segments)];
	GenopsBytes body = genops_bytes_growing();
	Genops__Otlp__ExportTraceServiceRequest *request;
	size_t run_count;
	size_t body_size;

	(void) state;
	assert_true(genops_export_frame(segments, COUNT_OF(segments), heads, runs, &run_count,
	                                &body_size, &error));
	assert_int_equal(run_count, 6);
	assert_ptr_equal(runs[3].data, large.data);
	for (size_t i = 0; i < run_count; i++)
		genops_bytes_put(&body, runs[i].data, runs[i].length);
	assert_int_equal(body.length, body_size);

	request = genops__otlp__export_trace_service_request__unpack(NULL, body.length, body.data);
	assert_non_null(request);
	assert_int_equal(request->n_resource_spans, 3);
	assert_int_equal(request->resource_spans[1]->scope_spans[0]->n_spans, 100);
	assert_int_equal(request->resource_spans[2]->scope_spans[0]->n_spans, 1);
	genops__otlp__export_trace_service_request__free_unpacked(request, NULL);
	genops_bytes_free(&body);
	genops_bytes_free(&small);
	genops_bytes_free(&large);
}

static void
frames_have_a_limit(void **state)
{
	/* Nothing reads the bytes, so none are needed. */
	GenopsSlice half = { "", GENOPS_EXPORT_LIMIT / 2 - 5 };
	GenopsSlice exact[] = { half, half };
	GenopsSlice beyond[] = { half, half, GENOPS_LITERAL("x") };
	GenopsSlice whole = { "", GENOPS_EXPORT_LIMIT };
	uint8_t heads[3 * GENOPS_EXPORT_HEAD_SIZE];
	GenopsSlice runs[6];
	size_t run_count;
	size_t body_size;

	(void) state;
	assert_true(genops_export_frame(exact, 2, heads, runs, &run_count, &body_size, &error));
	assert_int_equal(body_size, GENOPS_EXPORT_LIMIT);
	assert_false(genops_export_frame(beyond, 3, heads, runs, &run_count, &body_size, &error));
	assert_int_equal(error.code, GENOPS_TOO_LARGE);
	assert_false(genops_export_frame(&whole, 1, heads, runs, &run_count, &body_size, &error));
	assert_true(genops_export_frame(NULL, 0, heads, runs, &run_count, &body_size, &error));
	assert_int_equal(run_count + body_size, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_keep_what_belongs), cmocka_unit_test(a_whole_cut_is_the_same_bytes),
		cmocka_unit_test(hostile_segments),       cmocka_unit_test(no_room_for_the_cut),
		cmocka_unit_test(frames_are_a_request),   cmocka_unit_test(frames_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
