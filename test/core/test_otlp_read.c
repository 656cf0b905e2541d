/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/random_span.h"

#include "core/span/otlp_read.h"

static Arena arena;

static GenopsSlice
binary(ProtobufCBinaryData data)
{
	return (GenopsSlice){ (const char *) data.data, data.len };
}

static void
assert_same_slice(GenopsSlice a, GenopsSlice b)
{
	assert_int_equal(a.length, b.length);
	if (a.length > 0)
		assert_memory_equal(a.data, b.data, a.length);
}

/* An empty field is not there. */
static void
assert_same_text(GenopsSlice read, const char *expected)
{
	assert_same_slice(read, genops_slice(expected));
}

static void check_value(const GenopsValue *value, const PbValue *expected);

static void
check_array(GenopsSlice content, const Genops__Otlp__ArrayValue *expected)
{
	GenopsFields fields = genops_fields(content);
	GenopsWireField field;
	GenopsValue value;
	size_t count = 0;

	while (genops_fields_next(&fields, &field))
	{
		assert_int_equal(field.number, 1);
		assert_true(count < expected->n_values);
		assert_true(genops_read_value(field.bytes, &value));
		check_value(&value, expected->values[count++]);
	}
	assert_false(fields.malformed);
	assert_int_equal(count, expected->n_values);
}

static void
check_map(GenopsSlice content, PbPair **expected, size_t expected_count, uint32_t number)
{
	GenopsFields fields = genops_fields(content);
	GenopsWireField field;
	GenopsSlice key;
	GenopsValue value;
	size_t count = 0;

	while (genops_fields_next(&fields, &field))
	{
		if (field.number != number)
			continue;
		assert_true(count < expected_count);
		assert_true(genops_read_key_value(field.bytes, &key, &value));
		assert_same_text(key, expected[count]->key);
		check_value(&value, expected[count++]->value);
	}
	assert_false(fields.malformed);
	assert_int_equal(count, expected_count);
}

static void
check_value(const GenopsValue *value, const PbValue *expected)
{
	switch (value->type)
	{
		case GENOPS_VALUE_EMPTY:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE__NOT_SET);
			break;
		case GENOPS_VALUE_TEXT:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_STRING_VALUE);
			assert_same_text(value->bytes, expected->string_value);
			break;
		case GENOPS_VALUE_BOOL:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_BOOL_VALUE);
			assert_int_equal(value->boolean, expected->bool_value);
			break;
		case GENOPS_VALUE_INT:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_INT_VALUE);
			assert_true(value->integer == expected->int_value);
			break;
		case GENOPS_VALUE_DOUBLE:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE);
			assert_memory_equal(&value->number, &expected->double_value, 8);
			break;
		case GENOPS_VALUE_ARRAY:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_ARRAY_VALUE);
			check_array(value->bytes, expected->array_value);
			break;
		case GENOPS_VALUE_MAP:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_KVLIST_VALUE);
			check_map(value->bytes, expected->kvlist_value->values,
			          expected->kvlist_value->n_values, 1);
			break;
		case GENOPS_VALUE_BYTES:
			assert_int_equal(expected->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_BYTES_VALUE);
			assert_same_slice(value->bytes, binary(expected->bytes_value));
			break;
	}
}

static void
check_span(const GenopsSpanView *view, const PbSpan *span)
{
	assert_same_slice(view->trace_id, binary(span->trace_id));
	assert_same_slice(view->span_id, binary(span->span_id));
	assert_same_slice(view->parent_span_id, binary(span->parent_span_id));
	assert_same_text(view->trace_state, span->trace_state);
	assert_same_text(view->name, span->name);
	assert_true(view->start_ns == span->start_time_unix_nano);
	assert_true(view->end_ns == span->end_time_unix_nano);
	assert_int_equal(view->kind, span->kind);
	assert_int_equal(view->flags, span->flags);
	assert_int_equal(view->dropped_attributes, span->dropped_attributes_count);
	assert_int_equal(view->status, span->status == NULL ? 0 : span->status->code);
	assert_same_text(view->status_message, span->status == NULL ? "" : span->status->message);
	check_map(view->message, span->attributes, span->n_attributes, GENOPS_SPAN_ATTRIBUTES);
}

static void
spans_read_back(void **state)
{
	GenopsBytes out = genops_bytes_growing();

	(void) state;
	arena.seed = 314;
	for (int round = 0; round < 3000; round++)
	{
		const PbSpan *span;
		GenopsSpanView view;

		arena.used = 0;
		genops_bytes_clear(&out);
		span = random_span(&arena, &out);
		assert_true(genops_read_span(written(&out), &view));
		check_span(&view, span);
	}
	genops_bytes_free(&out);
}

/* Each prefix of a span parses or doesn't, without a look beyond its end: a
 * copy of exactly its size lets the sanitiser see that. */
static void
cut_spans_are_refused_or_read(void **state)
{
	GenopsBytes out = genops_bytes_growing();
	int refused = 0;

	(void) state;
	arena.seed = 9;
	arena.used = 0;
	random_span(&arena, &out);
	for (size_t length = 0; length < out.length && length < 4000; length++)
	{
		char *copy = test_malloc(length + 1);
		GenopsSpanView view;

		memcpy(copy, out.data, length);
		refused += !genops_read_span((GenopsSlice){ copy, length }, &view);
		test_free(copy);
	}
	assert_uint_in_range(refused, 100, 4000);
	genops_bytes_free(&out);
}

static void
malformed_fields(void **state)
{
	const GenopsSlice cases[] = {
		GENOPS_LITERAL("\x00\x01"),                                         /* field number 0 */
		GENOPS_LITERAL("\x0B"),                                             /* a group */
		GENOPS_LITERAL("\x0F"),                                             /* no such wire type */
		GENOPS_LITERAL("\x80"),                                             /* tag cut */
		GENOPS_LITERAL("\x08"),                                             /* no varint */
		GENOPS_LITERAL("\x08\xFF"),                                         /* varint cut */
		GENOPS_LITERAL("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), /* eleven bytes */
		GENOPS_LITERAL("\x09\x01\x02\x03\x04\x05\x06\x07"),                 /* fixed64 cut */
		GENOPS_LITERAL("\x0D\x01\x02\x03"),                                 /* fixed32 cut */
		GENOPS_LITERAL("\x0A\x02x"),                                        /* bytes cut */
		GENOPS_LITERAL("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x"),    /* length of 2^64 - 1 */
		GENOPS_LITERAL("\xF8\xFF\xFF\xFF\x1F\x00"),                         /* tag beyond 32 bits */
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsFields fields = genops_fields(cases[i]);
		GenopsWireField field;

		assert_false(genops_fields_next(&fields, &field));
		assert_true(fields.malformed);
		assert_false(genops_fields_next(&fields, &field));
	}
}

static void
unknown_fields_are_skipped(void **state)
{
	/* name "x" between unknown fields of each wire type, and one of number 5
	 * but of another type; then the name again: the last counts. */
	const GenopsSlice message = GENOPS_LITERAL("\xA0\x06\x01"
	                                           "\xA1\x06\x01\x02\x03\x04\x05\x06\x07\x08"
	                                           "\x2A\x01x"
	                                           "\xA2\x06\x03zzz"
	                                           "\xA5\x06\x01\x02\x03\x04"
	                                           "\x28\x07"
	                                           "\x2A\x01y");
	GenopsSpanView view;
	GenopsValue value;

	(void) state;
	assert_true(genops_read_span(message, &view));
	assert_slice(view.name, "y");
	assert_true(genops_read_value(GENOPS_LITERAL("\x40\x05\x18\x02\x10\x01"), &value));
	assert_int_equal(value.type, GENOPS_VALUE_BOOL);
	assert_true(value.boolean);
	assert_true(genops_read_value(GENOPS_ABSENT, &value));
	assert_int_equal(value.type, GENOPS_VALUE_EMPTY);
}

/* Scopes, resources and schema URLs that follow what they describe. */
static void
walk_finds_every_span(void **state)
{
	const GenopsSlice request = GENOPS_LITERAL("\x0A\x26"
	                                           "\x12\x12\x1A\x02s1\x12\x03\x2A\x01"
	                                           "a\x12\x03\x2A\x01"
	                                           "b\x0A\x02s1"
	                                           "\x12\x07\x0A\x00\x12\x03\x2A\x01"
	                                           "c\x1A\x02u1\x0A\x03\x0A\x01r"
	                                           "\x0A\x04\x12\x02\x12\x00"
	                                           "\x0A\x00");
	const struct
	{
		const char *name;
		const char *scope;
		const char *scope_url;
		const char *resource_url;
	} expected[] = {
		{ "a", "s1", "s1", "u1" },
		{ "b", "s1", "s1", "u1" },
		{ "c", "", NULL, "u1" },
		{ NULL, NULL, NULL, NULL },
	};
	GenopsSpanWalk walk = genops_walk_request(request);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(expected); i++)
	{
		GenopsSpanView view;

		assert_true(genops_walk_next(&walk));
		assert_true(genops_read_span(walk.span, &view));
		assert_slice(view.name, expected[i].name);
		assert_slice(walk.scope, expected[i].scope);
		assert_slice(walk.scope_schema_url, expected[i].scope_url);
		assert_slice(walk.resource_schema_url, expected[i].resource_url);
		assert_slice(walk.resource, i < 3 ? "\x0A\x01r" : NULL);
		assert_ptr_equal(request.data + walk.offset, walk.span.data);
	}
	assert_false(genops_walk_next(&walk));
	assert_false(walk.malformed);
	assert_false(genops_walk_next(&walk));
}

static void
walk_of_a_segment(void **state)
{
	GenopsBytes segment = genops_bytes_growing();
	const GenopsSlice span = GENOPS_LITERAL("\x2A\x01x");
	GenopsSpanWalk walk;
	GenopsEnvelope envelope;
	int count = 0;

	(void) state;
	genops_otlp_segment_head(&segment, GENOPS_LITERAL("\x10\x01"), GENOPS_LITERAL("\x0A\x01s"),
	                         3 * genops_otlp_span_item_size(span.length));
	for (int i = 0; i < 3; i++)
		genops_otlp_span_item(&segment, span);
	genops_otlp_segment_tail(&segment, GENOPS_ABSENT, GENOPS_LITERAL("url"));

	walk = genops_walk_segment(written(&segment));
	while (genops_walk_next(&walk))
	{
		assert_true(genops_slice_equal(walk.span, span));
		assert_slice(walk.resource_schema_url, "url");
		assert_ptr_equal(segment.data + walk.offset, walk.span.data);
		count++;
	}
	assert_false(walk.malformed);
	assert_int_equal(count, 3);
	assert_true(genops_read_envelope(written(&segment), &envelope));
	assert_slice(envelope.resource, "\x10\x01");
	assert_slice(envelope.scope, "\x0A\x01s");
	assert_slice(envelope.resource_schema_url, "url");
	assert_slice(envelope.scope_schema_url, NULL);
	genops_bytes_free(&segment);
}

static void
malformed_requests_end_the_walk(void **state)
{
	const GenopsSlice cases[] = {
		GENOPS_LITERAL("\x0A\x05"),
		GENOPS_LITERAL("\x0A\x02\x12\x05"),
		GENOPS_LITERAL("\x0A\x04\x12\x02\x12\x05"),
		GENOPS_LITERAL("\x0A\x04\x12\x00\x12\x05"),
		GENOPS_LITERAL("\x0A\x00\x07"),
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsSpanWalk walk = genops_walk_request(cases[i]);

		assert_false(genops_walk_next(&walk));
		assert_true(walk.malformed);
	}
	{
		GenopsSpanWalk walk = genops_walk_segment(GENOPS_LITERAL("\x12\x05"));
		GenopsEnvelope envelope;

		assert_false(genops_walk_next(&walk));
		assert_true(walk.malformed);
		assert_false(genops_read_envelope(GENOPS_LITERAL("\x12\x05"), &envelope));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_read_back),
		cmocka_unit_test(cut_spans_are_refused_or_read),
		cmocka_unit_test(malformed_fields),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(walk_finds_every_span),
		cmocka_unit_test(walk_of_a_segment),
		cmocka_unit_test(malformed_requests_end_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
