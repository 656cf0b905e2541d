/* SPDX-License-Identifier: PostgreSQL */
/*
 * The operators between spansets that look at the tree.
 */
#include "test/core/traceql_trace.h"

/* root(a(b c) d), another root e, and an orphan o with its child p. */
static const char tree[] = TRACE_JSON(
    TRACE_SPAN("0000000000000001", "", 1, "root", "") "," TRACE_SPAN("0000000000000002", "0000000000000001", 1, "a", "") "," TRACE_SPAN(
        "0000000000000003",
        "0000000000000002",
        1, "b",
        "") "," TRACE_SPAN("0000000000000004", "0000000000000002", 1, "c",
                           "") "," TRACE_SPAN("0000000000000005", "0000000000000001", 1, "d",
                                              "") "," TRACE_SPAN("0000000000000006", "", 1, "e",
                                                                 "") "," TRACE_SPAN("00000000000000"
                                                                                    "07",
                                                                                    "00000000000000"
                                                                                    "ff",
                                                                                    1, "o",
                                                                                    "") "," TRACE_SPAN("0000000000000008",
                                                                                                       "0000000000000007",
                                                                                                       1,
                                                                                                       "p",
                                                                                                       ""));

static void
the_result_is_on_the_right(void **state)
{
	(void) state;
	assert_run(tree, "{ name = \"root\" } > { }", "a d");
	assert_run(tree, "{ name = \"root\" } >> { }", "a b c d");
	assert_run(tree, "{ name = \"b\" } < { }", "a");
	assert_run(tree, "{ name = \"b\" } << { }", "root a");
	assert_run(tree, "{ name = \"b\" } ~ { }", "c");
	assert_run(tree, "{ name = \"root\" } ~ { }", "e");
	assert_run(tree, "{ } ~ { }", "root a b c d e");
	assert_run(tree, "{ name = \"b\" } ~ { name = \"b\" }", "");
	assert_run(tree, "{ name = \"d\" } > { }", "");
}

static void
orphans_are_nobodys_partners(void **state)
{
	(void) state;
	assert_run(tree, "{ name = \"o\" } > { name = \"p\" }", "");
	assert_run(tree, "{ name = \"o\" } >> { }", "");
	assert_run(tree, "{ name = \"p\" } << { name = \"o\" }", "");
	assert_run(tree, "{ name = \"o\" } ~ { }", "");
	assert_run(tree, "{ name = \"p\" } &< { name = \"o\" }", "");
}

static void
negated_forms_have_no_partner(void **state)
{
	(void) state;
	assert_run(tree, "{ name = \"root\" } !> { }", "root b c e o p");
	assert_run(tree, "{ name = \"root\" } !>> { }", "root e o p");
	assert_run(tree, "{ name = \"b\" } !< { }", "root b c d e o p");
	assert_run(tree, "{ name = \"b\" } !<< { }", "b c d e o p");
	assert_run(tree, "{ name = \"b\" } !~ { }", "root a b d e o p");
	assert_run(tree, "{ name = \"root\" } !> { name != \"a\" }", "root b c e o p");
	assert_run(tree, "{ name = \"none\" } !>> { name = \"p\" }", "p");
	assert_run(tree, "{ name = \"none\" } !>> { }", "root a b c d e o p");
	assert_run(tree, "{ } !>> { name = \"none\" }", "");
}

static void
union_forms_have_both_partners(void **state)
{
	(void) state;
	assert_run(tree, "{ name = \"root\" } &> { name =~ \"a|b\" }", "root a");
	assert_run(tree, "{ name =~ \"root|a\" } &>> { name = \"b\" }", "root a b");
	assert_run(tree, "{ name = \"b\" } &< { }", "a b");
	assert_run(tree, "{ name = \"b\" } &<< { }", "root a b");
	assert_run(tree, "{ name = \"b\" } &~ { }", "b c");
	assert_run(tree, "{ name = \"b\" } &~ { name = \"d\" }", "");
}

static void
operators_are_joined_from_the_left(void **state)
{
	(void) state;
	assert_run(tree, "{ } > { } > { }", "b c");
	assert_run(tree, "{ name = \"a\" } > { } && { name = \"e\" }", "b c e");
	assert_run(tree, "({ } | { name = \"root\" }) > ({ } | count() > 3 | { name = \"d\" })", "d");
}

static void
several_spansets_on_a_side_are_an_error(void **state)
{
	const char *message = "an operand of a structural operator is several spansets of one trace";

	(void) state;
	assert_run(tree, "({ } | by(name)) > ({ })", message);
	assert_run(tree, "({ }) !~ ({ } | by(name))", message);
	assert_run(tree, "({ } | by(name) | coalesce()) > ({ name = \"a\" })", "a");
	assert_run(tree, "({ name = \"a\" } | by(name)) > ({ name = \"b\" })", "b");
	/* On a stage behind by() each group is one. */
	assert_run(tree, "{ } | by(nestedSetParent) | { } ~ { }",
	           "root e: by(nestedSetParent) = -1 | a d: by(nestedSetParent) = 1 | "
	           "b c: by(nestedSetParent) = 2");
}

/* What the operators mean, span by span. */

static bool
is_ancestor(const GenopsTrace *trace, uint32_t above, uint32_t below)
{
	const GenopsTraceFacts *one = &trace->spans[above].trace;
	const GenopsTraceFacts *other = &trace->spans[below].trace;

	return one->nested_set_left > 0 && one->nested_set_left < other->nested_set_left &&
	       other->nested_set_right < one->nested_set_right;
}

static bool
is_parent(const GenopsTrace *trace, uint32_t parent, uint32_t child)
{
	return trace->spans[parent].trace.nested_set_left > 0 &&
	       trace->spans[child].trace.nested_set_parent ==
	           trace->spans[parent].trace.nested_set_left;
}

static bool
are_partners(const GenopsTrace *trace, int op, uint32_t left, uint32_t right)
{
	switch (op)
	{
		case GENOPS_SPANSET_CHILD:
			return is_parent(trace, left, right);
		case GENOPS_SPANSET_PARENT:
			return is_parent(trace, right, left);
		case GENOPS_SPANSET_DESCENDANT:
			return is_ancestor(trace, left, right);
		case GENOPS_SPANSET_ANCESTOR:
			return is_ancestor(trace, right, left);
		default:
			return left != right && trace->spans[left].trace.nested_set_left > 0 &&
			       trace->spans[left].trace.nested_set_parent ==
			           trace->spans[right].trace.nested_set_parent;
	}
}

/* Whether the span is in the result; kind 1 is on the left, 2 on the right, 3 on both. */
static bool
is_in_result(const GenopsTrace *trace, int op, uint32_t span)
{
	int form = (op - GENOPS_SPANSET_CHILD) / 5;
	int basic = GENOPS_SPANSET_CHILD + (op - GENOPS_SPANSET_CHILD) % 5;
	uint32_t kind = trace->spans[span].span.kind;
	bool as_left = false;
	bool as_right = false;

	for (uint32_t i = 0; i < trace->count; i++)
	{
		if ((kind & 2) != 0 && (trace->spans[i].span.kind & 1) != 0)
			as_right = as_right || are_partners(trace, basic, i, span);
		if ((kind & 1) != 0 && (trace->spans[i].span.kind & 2) != 0)
			as_left = as_left || are_partners(trace, basic, span, i);
	}
	return form == 0 ? as_right : form == 1 ? (kind & 2) != 0 && !as_right : as_left || as_right;
}

/* A span of ten bytes for its id, as many for its parent's, two for its kind. */
static void
add_random_spans(GenopsTrace *trace, char (*bytes)[22], uint64_t *random)
{
	uint64_t count = 1 + next_random(random) % 12;
	GenopsError error;

	for (uint64_t i = 0; i < count; i++)
	{
		GenopsSpanWalk walk = { .span = { bytes[i], 22 } };
		uint64_t choice = next_random(random);

		memcpy(bytes[i], "\x12\x08\0\0\0\0\0\0\0\0\x22\x08\0\0\0\0\0\0\0\0\x30\0", 22);
		bytes[i][9] = (char) (choice % 9 == 0 ? i : i + 1);
		bytes[i][19] = (char) (choice / 9 % 7 == 0 ? 14 : choice / 63 % (i + 1));
		bytes[i][21] = (char) (choice / 4096 % 4);
		assert_true(genops_trace_add(trace, &walk, &error));
	}
	assert_true(genops_trace_complete(trace, &error));
}

static void
check_operator(GenopsTrace *trace, int op, const char *text)
{
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	GenopsError error;
	GenopsTraceqlPipeline *pipeline = genops_traceql_pipeline_prepare(query.query.pipeline, &error);
	GenopsSpansets sets;
	bool found[12] = { 0 };
	bool any = false;

	assert_true(genops_traceql_pipeline_run(pipeline, trace, &sets, &error));
	for (size_t i = 0; sets.count > 0 && i < sets.sets->span_count; i++)
		found[sets.sets->spans[i]] = true;
	for (uint32_t i = 0; i < trace->count; i++)
	{
		any = any || found[i];
		assert_int_equal(found[i], is_in_result(trace, op, i));
	}
	assert_int_equal(sets.count, any);
	genops_traceql_pipeline_free(pipeline);
	genops_traceql_free(&query);
}

static void
random_trees_agree_with_the_definition(void **state)
{
	static const char *const operators[] = { ">",   "<",  ">>", "<<", "~",   "!>",  "!<", "!>>",
		                                     "!<<", "!~", "&>", "&<", "&>>", "&<<", "&~" };
	uint64_t random = 88172645463325252u;
	char bytes[12][22];
	GenopsTrace trace = { 0 };

	(void) state;
	for (int i = 0; i < 2000; i++)
	{
		char text[200];
		int op = i % 15;

		genops_trace_clear(&trace);
		add_random_spans(&trace, bytes, &random);
		snprintf(text, sizeof(text),
		         "{ kind = internal || kind = client } %s { kind = server || kind = client }",
		         operators[op]);
		check_operator(&trace, GENOPS_SPANSET_CHILD + op, text);
	}
	genops_trace_free(&trace);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_result_is_on_the_right),
		cmocka_unit_test(orphans_are_nobodys_partners),
		cmocka_unit_test(negated_forms_have_no_partner),
		cmocka_unit_test(union_forms_have_both_partners),
		cmocka_unit_test(operators_are_joined_from_the_left),
		cmocka_unit_test(several_spansets_on_a_side_are_an_error),
		cmocka_unit_test(random_trees_agree_with_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
