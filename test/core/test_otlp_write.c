/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/random_span.h"

static Arena arena;

static void
assert_same_bytes(const ProtobufCMessage *message, GenopsSlice bytes)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = test_malloc(size + 1);

	assert_int_equal(protobuf_c_message_pack(message, packed), size);
	assert_int_equal(bytes.length, size);
	assert_memory_equal(bytes.data, packed, size);
	test_free(packed);
}

static void
spans_are_what_protobuf_packs(void **state)
{
	GenopsBytes out = genops_bytes_growing();

	(void) state;
	arena.seed = 2026;
	for (int round = 0; round < 4000; round++)
	{
		const PbSpan *span;

		arena.used = 0;
		genops_bytes_clear(&out);
		span = random_span(&arena, &out);
		assert_false(out.failed);
		assert_same_bytes(&span->base, written(&out));
	}
	genops_bytes_free(&out);
}

/* With too little room a writer says so, and writes nothing beyond it. */
static void
short_buffers_fail_cleanly(void **state)
{
	GenopsBytes whole = genops_bytes_growing();
	size_t length;

	(void) state;
	arena.seed = 5;
	arena.used = 0;
	random_span(&arena, &whole);
	length = whole.length < 3000 ? whole.length : 3000;
	for (size_t size = 0; size < length; size++)
	{
		uint8_t *memory = test_malloc(size + 1);
		GenopsBytes out = genops_bytes_over(memory, size);

		memory[size] = 0xA5;
		arena.seed = 5;
		arena.used = 0;
		random_span(&arena, &out);
		assert_true(out.failed);
		assert_true(out.length <= size);
		assert_int_equal(memory[size], 0xA5);
		test_free(memory);
	}
	genops_bytes_free(&whole);
}

static void
varints(void **state)
{
	const struct
	{
		uint64_t value;
		const char *bytes;
		size_t size;
	} cases[] = {
		{ 0, "\x00", 1 },
		{ 127, "\x7F", 1 },
		{ 128, "\x80\x01", 2 },
		{ 16383, "\xFF\x7F", 2 },
		{ 16384, "\x80\x80\x01", 3 },
		{ UINT64_MAX, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10 },
		{ UINT64_C(1) << 63, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10 },
		{ (UINT64_C(1) << 63) - 1, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 9 },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		uint8_t memory[10];
		GenopsBytes out = genops_bytes_over(memory, sizeof(memory));

		genops_otlp_put_varint(&out, cases[i].value);
		assert_int_equal(out.length, cases[i].size);
		assert_memory_equal(memory, cases[i].bytes, cases[i].size);
		assert_int_equal(genops_otlp_varint_size(cases[i].value), cases[i].size);
	}
	for (int bit = 0; bit < 64; bit++)
		assert_int_equal(genops_otlp_varint_size(UINT64_C(1) << bit), bit / 7 + 1);
}

static void
absent_and_empty_texts(void **state)
{
	uint8_t memory[64];
	GenopsBytes out = genops_bytes_over(memory, sizeof(memory));

	(void) state;
	genops_otlp_put_text(&out, GENOPS_KEY("k"), GENOPS_ABSENT);
	assert_int_equal(out.length, 0);
	genops_otlp_put_text(&out, GENOPS_KEY("k"), GENOPS_LITERAL(""));
	assert_int_equal(out.length, 9);
	assert_memory_equal(memory, "\x4A\x07\x0A\x01k\x12\x02\x0A\x00", 9);
}

static void
text_arrays(void **state)
{
	const GenopsSlice texts[] = { GENOPS_LITERAL("stop"), GENOPS_ABSENT, GENOPS_LITERAL("") };
	PbValue values[3];
	PbValue *pointers[3];
	Genops__Otlp__ArrayValue array = GENOPS__OTLP__ARRAY_VALUE__INIT;
	PbValue value = GENOPS__OTLP__ANY_VALUE__INIT;
	PbPair pair = GENOPS__OTLP__KEY_VALUE__INIT;
	PbPair *pairs[] = { &pair };
	PbSpan span = GENOPS__OTLP__SPAN__INIT;
	uint8_t memory[64];
	GenopsBytes out = genops_bytes_over(memory, sizeof(memory));

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		genops__otlp__any_value__init(&values[i]);
		pointers[i] = &values[i];
		if (texts[i].data == NULL)
			continue;
		values[i].value_case = GENOPS__OTLP__ANY_VALUE__VALUE_STRING_VALUE;
		values[i].string_value = (char *) texts[i].data;
	}
	array.n_values = 3;
	array.values = pointers;
	value.value_case = GENOPS__OTLP__ANY_VALUE__VALUE_ARRAY_VALUE;
	value.array_value = &array;
	pair.key = (char *) "k";
	pair.value = &value;
	span.n_attributes = 1;
	span.attributes = pairs;
	genops_otlp_put_texts(&out, GENOPS_KEY("k"), texts, 3);
	assert_same_bytes(&span.base, written(&out));

	genops_bytes_clear(&out);
	array.n_values = 0;
	genops_otlp_put_texts(&out, GENOPS_KEY("k"), NULL, 0);
	assert_same_bytes(&span.base, written(&out));
}

/* A segment as protobuf-c packs the same ResourceSpans. */
static void
check_segment(size_t span_count, const char *scope_url, const char *resource_url)
{
	Genops__Otlp__ResourceSpans resource_spans = GENOPS__OTLP__RESOURCE_SPANS__INIT;
	Genops__Otlp__ScopeSpans scope_spans = GENOPS__OTLP__SCOPE_SPANS__INIT;
	Genops__Otlp__ScopeSpans *scope_list[] = { &scope_spans };
	Genops__Otlp__Resource resource = GENOPS__OTLP__RESOURCE__INIT;
	Genops__Otlp__InstrumentationScope scope = GENOPS__OTLP__INSTRUMENTATION_SCOPE__INIT;
	PbPair *pairs[] = { text_pair(&arena, "service.name", "genops-ai") };
	PbSpan *spans[20];
	GenopsBytes contents[20];
	GenopsBytes any = genops_bytes_growing();
	GenopsBytes resource_bytes = genops_bytes_growing();
	GenopsBytes scope_bytes = genops_bytes_growing();
	GenopsBytes out = genops_bytes_growing();
	size_t spans_size = genops_otlp_schema_url_size(genops_slice(scope_url));

	resource.n_attributes = 1;
	resource.attributes = pairs;
	scope.name = (char *) "genops_tempo";
	scope.version = (char *) "1.0";
	genops_otlp_any_text(&any, GENOPS_LITERAL("genops-ai"));
	genops_otlp_resource_item(&resource_bytes, GENOPS_KEY("service.name"), written(&any));
	genops_otlp_scope(&scope_bytes, GENOPS_LITERAL("genops_tempo"), GENOPS_LITERAL("1.0"));
	for (size_t i = 0; i < span_count; i++)
	{
		contents[i] = genops_bytes_growing();
		spans[i] = random_span(&arena, &contents[i]);
		spans_size += genops_otlp_span_item_size(contents[i].length);
	}
	resource_spans.resource = &resource;
	resource_spans.n_scope_spans = 1;
	resource_spans.scope_spans = scope_list;
	resource_spans.schema_url = (char *) resource_url;
	scope_spans.scope = &scope;
	scope_spans.n_spans = span_count;
	scope_spans.spans = spans;
	scope_spans.schema_url = (char *) scope_url;

	genops_otlp_segment_head(&out, written(&resource_bytes), written(&scope_bytes), spans_size);
	for (size_t i = 0; i < span_count; i++)
	{
		genops_otlp_span_item(&out, written(&contents[i]));
		genops_bytes_free(&contents[i]);
	}
	genops_otlp_segment_tail(&out, genops_slice(scope_url), genops_slice(resource_url));
	assert_same_bytes(&resource_spans.base, written(&out));
	genops_bytes_free(&any);
	genops_bytes_free(&resource_bytes);
	genops_bytes_free(&scope_bytes);
	genops_bytes_free(&out);
}

static void
segments_are_what_protobuf_packs(void **state)
{
	(void) state;
	arena.seed = 77;
	for (size_t count = 0; count < 20; count++)
	{
		arena.used = 0;
		check_segment(count, "", "");
		arena.used = 0;
		check_segment(count, "https://opentelemetry.io/schemas/1.44.0", "");
		arena.used = 0;
		check_segment(count, "https://a", "https://b");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_what_protobuf_packs),
		cmocka_unit_test(short_buffers_fail_cleanly),
		cmocka_unit_test(varints),
		cmocka_unit_test(absent_and_empty_texts),
		cmocka_unit_test(text_arrays),
		cmocka_unit_test(segments_are_what_protobuf_packs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
