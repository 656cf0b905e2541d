/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql.h"

#include "core/traceql/normalise.h"

static void
check_normalised(const char *text, const char *expected, size_t notices, int line)
{
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_DIALECT);
	GenopsTraceql normalised;
	GenopsTraceql again;
	GenopsTraceqlError error;
	GenopsBytes out = genops_bytes_growing();

	if (!genops_traceql_normalise(&query, &normalised, &error))
		fail_msg("%s: %s", text, error.error.message);
	_assert_string_equal(print_query(&out, &normalised.query), expected, __FILE__, line);
	if (normalised.notice_count != notices)
	{
		for (size_t i = 0; i < normalised.notice_count; i++)
			print_error("%.*s\n", (int) normalised.notices[i].length, normalised.notices[i].data);
		_fail(__FILE__, line);
	}
	/* Tempo reads it. */
	again = parse_valid((const char *) out.data, GENOPS_TRACEQL_STRICT);
	genops_traceql_free(&again);
	genops_bytes_free(&out);
	genops_traceql_free(&normalised);
	genops_traceql_free(&query);
}

#define assert_normalised(text, expected) check_normalised(text, expected, 1, __LINE__)
#define assert_untouched(text) check_normalised(text, text, 0, __LINE__)

static void
right_already(void **state)
{
	(void) state;
	assert_untouched("{ true }");
	assert_untouched("{ .team = `platform` }");
	assert_untouched("{ resource.service.name != `shop` }");
	assert_untouched("{ `platform` = .team }");
	assert_untouched("{ duration > 500ms }");
	assert_untouched("{ .unknown = `x` }");
	assert_untouched("{ .unknown =~ `x.*` }");
	assert_untouched("{ (.unknown + 1) > 2 }");
	assert_untouched("{ .a > .b }");
	assert_untouched("{ .flag }");
	assert_untouched("{ .x != nil }");
	assert_untouched("{ span.x = nil }");
	assert_untouched("{ (.team = `a`) || (status = error) }");
	assert_untouched("{ true } | rate() by(.team)");
	assert_untouched("{ true } | sum_over_time(duration)");
	assert_untouched("{ .cost = 0.1 } | sum_over_time(.cost)");
	assert_untouched("count() > 2");
}

/* Our own spans have costs as doubles and counts of tokens as ints; those of others may have
 * them otherwise. */
static void
numbers_of_other_senders(void **state)
{
	(void) state;
	assert_normalised("{ .cost = 3 }", "{ (.cost = 3) || (.cost = 3.0) }");
	assert_normalised("{ .genops.cost.total_cost > 1 }",
	                  "{ (.genops.cost.total_cost > 1) || (.genops.cost.total_cost > 1.0) }");
	assert_normalised("{ .genops.cost.total_cost > 0.1 }",
	                  "{ (.genops.cost.total_cost >= 1) || (.genops.cost.total_cost > 0.1) }");
	assert_normalised(
	    "{ span.gen_ai.usage.input_tokens < 5 }",
	    "{ (span.gen_ai.usage.input_tokens < 5) || (span.gen_ai.usage.input_tokens < 5.0) }");
	assert_normalised(
	    "{ .genops.cost.total_tokens != 5.0 }",
	    "{ (.genops.cost.total_tokens != 5.0) && (.genops.cost.total_tokens != nil) }");
	assert_normalised("{ .team != `a` }", "{ (.team != `a`) && (.team != nil) }");
	assert_normalised("{ .team !~ `a` }", "{ (.team !~ `a`) && (.team != nil) }");
}

/* Of several events Tempo finds the right one as long as all conditions must be met and ask for
 * values of one type. */
static void
several_events_or_links(void **state)
{
	(void) state;
	assert_untouched("{ event.k != `a` }");
	assert_untouched("{ event.k !~ `a.*` }");
	assert_untouched("{ link.n > 1 }");
	assert_untouched("{ event.n != 1.5 }");
	assert_normalised("{ 1 < link.n }", "{ link.n > 1 }");
	assert_normalised("{ span.n > 5 && event.k = `a` }",
	                  "{ (span.n > 5) && (span.n != nil) && (event.k = `a`) }");
	assert_normalised("{ event:name = `a` } | { resource.n = 5 }",
	                  "{ event:name = `a` } | { (resource.n = 5) && (resource.n != nil) }");
	assert_untouched("{ (event.k = `a`) || (event.k = `b`) }");
	assert_untouched("{ event.k = `a` } | rate() by(nestedSetParent)");
	assert_untouched("{ event.k = `a` } | sum_over_time(event.n)");
	/* Then the first of several counts anyway. */
	assert_normalised("{ event.n > 1 || kind = server }",
	                  "{ ((event.n > 1) && (event.n != nil)) || (kind = server) }");
	assert_normalised("{ link.n > 1 } >> { name = `a` }",
	                  "{ (link.n > 1) && (link.n != nil) } >> { name = `a` }");
	check_normalised("{ !(link.n > 1) }",
	                 "{ (!((link.n > 1) && (link.n != nil))) && ((duration >= 0s) || "
	                 "(traceDuration >= 0s)) }",
	                 2, __LINE__);
	assert_normalised("{} | sum_over_time(event.n)", "{ event.n != nil } | sum_over_time(event.n)");
}

static void
comparisons_of_comparisons(void **state)
{
	(void) state;
	check_normalised("{ (name = `q1`) = false }", "{ name != `q1` }", 2, __LINE__);
	check_normalised("{ (name = `q1`) != true }", "{ name != `q1` }", 2, __LINE__);
	assert_normalised("{ (name = `q1`) = true }", "{ name = `q1` }");
	assert_normalised("{ true = (name = `q1`) }", "{ name = `q1` }");
	assert_normalised("{ (.x != ``) != nil }", "{ true }");
	assert_normalised("{ (.x != ``) = nil }", "{ false }");
	check_normalised("{ !((name = `q1`) = true) && kind = server }",
	                 "{ (name != `q1`) && (kind = server) }", 2, __LINE__);
	check_normalised("{ (.x = 5) = (name = `a`) }",
	                 "{ (((.x = 5) || (.x = 5.0)) = (name = `a`)) && ((duration >= 0s) || "
	                 "(traceDuration >= 0s)) }",
	                 2, __LINE__);
	assert_normalised("{ .flag = (name = `a`) }",
	                  "{ (.flag = (name = `a`)) && ((duration >= 0s) || (traceDuration >= 0s)) }");
	assert_normalised("{ (!.flag) = true }", "{ .flag = false }");
	check_normalised("{ ((name = `a`) = false) = false }", "{ name = `a` }", 2, __LINE__);
}

static void
numbers_of_unknown_type(void **state)
{
	(void) state;
	assert_normalised("{ .x > 80 }", "{ (.x > 80) || (.x > 80.0) }");
	/* What callers say of their budgets may be 80 or 80.5. */
	assert_normalised(
	    "{ .genops.budget.utilization_pct > 80 }",
	    "{ (.genops.budget.utilization_pct > 80) || (.genops.budget.utilization_pct > 80.0) }");
	assert_normalised("{ .x < 5.5 }", "{ (.x <= 5) || (.x < 5.5) }");
	/* Not .x > 0: that would also let 0.3 through, which the other half makes visible. */
	check_normalised("{ .x > 0.5 && .x < 0.9 }",
	                 "{ ((.x >= 1) || (.x > 0.5)) && ((.x <= 0) || (.x < 0.9)) }", 2, __LINE__);
	assert_normalised("{ .x = 5 }", "{ (.x = 5) || (.x = 5.0) }");
	assert_untouched("{ .x = 5.5 }");
	assert_untouched("{ .x > 1e+30 }");
	assert_normalised("{ .x > 1s }", "{ (.x > 1000000000) || (.x > 1e+09) }");
	assert_normalised("{ .x != 5 }", "{ (.x != 5) && (.x != nil) }");
	assert_normalised("{ .x != `a` }", "{ (.x != `a`) && (.x != nil) }");
	assert_normalised("{ instrumentation.x > 5 }",
	                  "{ (instrumentation.x > 5) && (instrumentation.x != nil) }");
	check_normalised("{ .x > 1 && .y < 2 }",
	                 "{ ((.x > 1) || (.x > 1.0)) && ((.y < 2) || (.y < 2.0)) }", 2, __LINE__);
}

static void
mirrored(void **state)
{
	(void) state;
	assert_normalised("{ 500ms < duration }", "{ duration > 500ms }");
	assert_normalised("{ 5 >= span:childCount }", "{ span:childCount <= 5 }");
	assert_normalised("{ 5 < .x }", "{ (.x > 5) || (.x > 5.0) }");
	assert_normalised("{ `a` <= .team }", "{ .team >= `a` }");
	assert_untouched("{ 5 < (.x + 1) }");
}

static void
negations(void **state)
{
	(void) state;
	assert_normalised("{ !(status = error) }", "{ status != error }");
	assert_normalised("{ !(duration > 1s) }", "{ duration <= 1s }");
	assert_normalised("{ !(name =~ `a`) }", "{ name !~ `a` }");
	/* A team may be a number to others, which is neither `x` nor another text. */
	check_normalised("{ !(span.team = `x`) }",
	                 "{ (!(span.team = `x`)) && ((duration >= 0s) || (traceDuration >= 0s)) }", 1,
	                 __LINE__);
	check_normalised("{ !(.team = `x`) }",
	                 "{ (!(.team = `x`)) && ((duration >= 0s) || (traceDuration >= 0s)) }", 1,
	                 __LINE__);
	check_normalised("{ !(span.cost > 1) }",
	                 "{ (!((span.cost > 1) || (span.cost > 1.0))) && ((duration >= 0s) || "
	                 "(traceDuration >= 0s)) }",
	                 2, __LINE__);
	assert_normalised("{ !(span.x != nil) }", "{ span.x = nil }");
	check_normalised("{ !(event.x != nil) }",
	                 "{ (!(event.x != nil)) && ((duration >= 0s) || (traceDuration >= 0s)) }", 1,
	                 __LINE__);
	check_normalised("{ !(name = `a` && status = error) }",
	                 "{ (name != `a`) || (status != error) }", 2, __LINE__);
	check_normalised("{ !(name = `a`) && !(kind = client || status = error) }",
	                 "{ (name != `a`) && ((kind != client) && (status != error)) }", 3, __LINE__);
	assert_normalised("{ .x = `a` || `abc` =~ `a.*` }",
	                  "{ ((.x = `a`) || (`abc` =~ `a.*`)) && ((duration >= 0s) || "
	                  "(traceDuration >= 0s)) }");
	assert_normalised("{ 1 != nil && name = `a` }", "{ name = `a` }");
	assert_normalised("{ nil != nil || name = `a` }", "{ name = `a` }");
	assert_normalised("{ -.n || true }", "{ false }");
	assert_normalised("{ !(.n + .n) || name = `a` }", "{ false }");
	assert_normalised("{ .n + .n || name = `a` || kind = server }", "{ kind = server }");
	check_normalised("{ span:parentID != `` && name = `a` }", "{ name = `a` }", 1, __LINE__);
	assert_normalised("{ span:parentID = `` }", "{ false }");
	assert_normalised("{ .x = `a` || 1s + 1ms > 1s }",
	                  "{ ((.x = `a`) || ((1s + 1ms) > 1s)) && ((duration >= 0s) || "
	                  "(traceDuration >= 0s)) }");
	check_normalised("{ !(true && .flag) }",
	                 "{ (!(.flag = true)) && ((duration >= 0s) || (traceDuration >= 0s)) }", 1,
	                 __LINE__);
	assert_normalised("{ !!(name = `a`) }", "{ name = `a` }");
	check_normalised(
	    "{ !(span.x = 5) }",
	    "{ (!((span.x = 5) || (span.x = 5.0))) && ((duration >= 0s) || (traceDuration >= 0s)) "
	    "}",
	    2, __LINE__);
	check_normalised(
	    "{ !(.flag && name = `a`) }",
	    "{ (!(.flag && (name = `a`))) && ((duration >= 0s) || (traceDuration >= 0s)) }", 1,
	    __LINE__);
	check_normalised("{ !(event:name = `a`) }",
	                 "{ (!(event:name = `a`)) && ((duration >= 0s) || (traceDuration >= 0s)) }", 1,
	                 __LINE__);
}

static void
constants(void **state)
{
	(void) state;
	assert_normalised("{ name = `root` || true }", "{ true }");
	assert_normalised("{ .x > 5 || true }", "{ true }");
	assert_normalised("{ (name = `a` || true) && status = error }", "{ status = error }");
	assert_normalised("{ name = `a` || false }", "{ name = `a` }");
	assert_normalised("{ name = `a` && 1 = 2 }", "{ false }");
	assert_normalised("{ .flag || true }", "{ (.flag = true) || (.flag = false) }");
	assert_normalised("{ nil = nil }", "{ false }");
	assert_normalised("{ `a` < `b` || name = `x` }", "{ true }");
	assert_normalised("{ 2 > 1.5 && name = `x` }", "{ name = `x` }");
}

static void
bare_attributes(void **state)
{
	(void) state;
	assert_untouched("{ .flag && (name = `a`) }");
	assert_normalised("{ !.flag }", "{ .flag = false }");
	assert_normalised("{ !!.flag }", "{ .flag = true }");
	assert_normalised(
	    "{ .a || name = `a` || name = `b` }",
	    "{ (((.a = true) || (.a = false)) && ((.a = true) || (name = `a`))) || (name = `b`) }");
	assert_normalised(
	    "{ .flag || name = `a` }",
	    "{ ((.flag = true) || (.flag = false)) && ((.flag = true) || (name = `a`)) }");
	assert_normalised(
	    "{ name = `a` || !span.x }",
	    "{ ((span.x = true) || (span.x = false)) && ((name = `a`) || (span.x = false)) }");
}

static void
what_tempo_refuses(void **state)
{
	(void) state;
	assert_normalised("{ -.x > 1 }", "{ (0 - .x) > 1 }");
	check_normalised("{ (-.x > .y) = true }", "{ (0 - .x) > .y }", 2, __LINE__);
	/* Where no number may stand, 0 - x may not either. */
	assert_untouched("{ (-.x) = `a` }");
	assert_untouched("{ (!(-.x)) > 1 }");
	assert_untouched("{ (!(.y + (-.x))) = true }");
	assert_normalised("{ duration > 0.5 }", "{ duration >= 1 }");
	assert_normalised("{ traceDuration = 0.5 }", "{ (traceDuration + 0) = 0.5 }");
	assert_normalised("{ nestedSetLeft > 1.5 }", "{ nestedSetLeft >= 2 }");
	assert_normalised("{ span:childCount = 2.0 }", "{ span:childCount = 2 }");
	assert_untouched("{ true } | sum(.x) > (-9223372036854775807 - 1)");
	assert_normalised("{ nestedSetParent != 0.5 }", "{ (nestedSetParent + 0) != 0.5 }");
	/* Which Tempo takes for 0 where another condition fetched the span. */
	assert_normalised("{ nestedSetRight = 0 || name = `a` }",
	                  "{ ((nestedSetRight + 0) = 0) || (name = `a`) }");
	assert_normalised("{ nestedSetLeft < 5.5 }", "{ (nestedSetLeft + 0) < 5.5 }");
	check_normalised("{ !(nestedSetLeft > 5) }", "{ (nestedSetLeft + 0) <= 5 }", 1, __LINE__);
	assert_untouched("{ nestedSetParent < 0 }");
}

static void
spans_without_events_or_links(void **state)
{
	(void) state;
	assert_normalised("{ link:traceID != `a` }",
	                  "{ (link:traceID != `a`) && (link:spanID != ``) }");
	assert_normalised("{ link:traceID !~ `a` }",
	                  "{ (link:traceID !~ `a`) && (link:traceID != ``) }");
	assert_normalised("{ link:spanID !~ `a` }", "{ (link:spanID !~ `a`) && (link:traceID != ``) }");
	assert_untouched("{ link:spanID = `00f067aa0ba902b7` }");
	assert_untouched("{ event:timeSinceStart < 1s }");
	assert_untouched("{ event:name < `a` }");
	assert_normalised("{ event:name = statusMessage }",
	                  "{ (event:name = statusMessage) && (event:timeSinceStart != nil) }");
	check_normalised("{ event:timeSinceStart > 0.5 }",
	                 "{ (event:timeSinceStart >= 1) && (event:name != nil) }", 2, __LINE__);
	assert_normalised("{ (event:timeSinceStart - 1s) < 0s }",
	                  "{ ((event:timeSinceStart - 1s) < 0s) && (event:name != nil) }");
	/* It would have Tempo fetch the names of all events, and look at the first. */
	assert_untouched("{ ((event:timeSinceStart - 1s) < 0s) || (event:name = `a`) }");
	assert_untouched("{ (link:traceID != `a`) || (link:spanID = `00f067aa0ba902b7`) }");
}

static void
nil(void **state)
{
	(void) state;
	assert_normalised("{ .x = nil }", "{ (span.x = nil) && (resource.x = nil) }");
	assert_normalised("{ .service.name = nil }", "{ false }");
	assert_normalised("{ !(resource.service.name = `a`) }", "{ resource.service.name != `a` }");
}

static void
pipelines(void **state)
{
	(void) state;
	assert_normalised("by(.team) | count() > 2", "{ true } | by(.team) | count() > 2");
	assert_normalised("count() > 2 | by(.team)", "{ true } | count() > 2 | by(.team)");
	assert_normalised("avg(.cost) > 0.1", "{ true } | avg(.cost) > 0.1");
	check_normalised("({} | { 5 < span:childCount }) >> (by(name) | count() > 1)",
	                 "({ duration >= 0s } | { span:childCount > 5 }) >> ({ duration >= 0s } | "
	                 "by(name) | count() > 1)",
	                 4, __LINE__);
	assert_normalised("{ name = `a` } !>> {}", "{ name = `a` } !>> { duration >= 0s }");
	assert_normalised("({ name = `a` } > {}) || {}",
	                  "({ name = `a` } > { true }) || { duration >= 0s }");
	assert_untouched("{ true } >> { true }");
	assert_normalised("{ name = `a` } &>> { name = `b` }",
	                  "({ name = `a` } >> { name = `b` }) || ({ name = `b` } << { name = `a` })");
	assert_normalised("({ name = `a` } | count() > 1) &<< ({ name = `b` } | count() > 1)",
	                  "(({ name = `a` } | count() > 1) << ({ name = `b` } | count() > 1)) || "
	                  "(({ name = `b` } | count() > 1) >> ({ name = `a` } | count() > 1))");
	assert_normalised("{ name = `a` } &>> { name = `b` } &>> { name = `c` }",
	                  "(({ name = `a` } >> { name = `b` }) || ({ name = `b` } << { name = `a` })) "
	                  "&>> { name = `c` }");
	assert_untouched("{ true } || { name = `a` }");
	assert_normalised("{ name = `a` } | select(.x) | { .y = `b` } | by(.z)",
	                  "{ name = `a` } | { .y = `b` } | by(.z) | select(.x)");
	check_normalised("select(.x) | coalesce()", "{ true } | coalesce() | select(.x)", 2, __LINE__);
	assert_untouched("{ name = `a` } | select(.x) | select(.y)");
	assert_normalised("{} | rate() by(nestedSetParent)",
	                  "{ (duration >= 0s) || (traceDuration >= 0s) } | rate() by(nestedSetParent)");
	assert_normalised(
	    "{ nestedSetParent < 0 } | rate()",
	    "{ (nestedSetParent < 0) && ((duration >= 0s) || (traceDuration >= 0s)) } | rate()");
	assert_normalised(
	    "{ (duration + 1s) > 5s } | rate()",
	    "{ ((duration + 1s) > 5s) && ((duration >= 0s) || (traceDuration >= 0s)) } | rate()");
	assert_normalised(
	    "{ span.a = span.b } | rate()",
	    "{ (span.a = span.b) && ((duration >= 0s) || (traceDuration >= 0s)) } | rate()");
	assert_untouched("{ span.a = span.b }");
	assert_normalised(
	    "{ link:traceID = `a` } | rate()",
	    "{ (link:traceID = `a`) && ((duration >= 0s) || (traceDuration >= 0s)) } | rate()");
	assert_untouched("{ (duration > 1s) && (span.team = `a`) } | rate()");
	assert_normalised(
	    "{ span.a = error } | rate()",
	    "{ (span.a = error) && ((duration >= 0s) || (traceDuration >= 0s)) } | rate()");
	assert_normalised("{ name !~ `a` && name !~ `b` } | rate()",
	                  "{ (name !~ `a`) && (name !~ `b`) && ((duration >= 0s) || "
	                  "(traceDuration >= 0s)) } | rate()");
	assert_untouched("{ (name !~ `a`) && (kind = server) && (statusMessage !~ `b`) } | rate()");
	assert_untouched("{ (name !~ `a`) && (name !~ `b`) }");
	assert_normalised("{ false } | rate()", "{ duration < 0s } | rate()");
	assert_untouched("{ false }");
}

static void
sums(void **state)
{
	(void) state;
	assert_normalised("{} | sum_over_time(.cost) by (.team)",
	                  "{ .cost != nil } | sum_over_time(.cost) by(.team)");
	assert_normalised("{ .customer_id = `a` } | sum(.cost)",
	                  "{ (.customer_id = `a`) && (.cost != nil) } | sum_over_time(.cost)");
	assert_normalised("{ .a = `x` || .cost = 0.5 } | sum_over_time(.cost)",
	                  "{ ((.a = `x`) || (.cost = 0.5)) && (.cost != nil) } | sum_over_time(.cost)");
	assert_normalised("{} | count() > 1 | sum_over_time(.cost)",
	                  "{ true } | count() > 1 | { .cost != nil } | sum_over_time(.cost)");
	assert_normalised("({} | sum_over_time(.cost)) / ({} | rate())",
	                  "({ .cost != nil } | sum_over_time(.cost)) / ({ true } | rate())");
	assert_untouched("{ true } | avg_over_time(.cost)");
	assert_normalised("{} | avg_over_time(event:timeSinceStart)",
	                  "{ event:name != nil } | avg_over_time(event:timeSinceStart)");
}

/* What a filter compares is hidden from the metric where the comparison is false. */
static void
compared_and_measured(void **state)
{
	(void) state;
	assert_normalised("{ duration > 1s || kind = server } | max_over_time(duration)",
	                  "{ ((duration > 1s) || (kind = server)) && (duration != nil) } | "
	                  "max_over_time(duration)");
	assert_normalised("{ duration > 1s } >> {} | sum_over_time(duration)",
	                  "{ duration > 1s } >> { true } | { duration != nil } | "
	                  "sum_over_time(duration)");
	assert_normalised("{ .team = `a` || kind = server } | rate() by (.team)",
	                  "{ ((.team = `a`) || (kind = server)) && ((.team != nil) || "
	                  "(duration >= 0s)) } | rate() by(.team)");
	assert_normalised("{ .team = `a` || kind = server } | rate() by (span.team)",
	                  "{ ((.team = `a`) || (kind = server)) && ((span.team != nil) || "
	                  "(duration >= 0s)) } | rate() by(span.team)");
	assert_normalised("{ kind = client || kind = server || name = `a` } | "
	                  "avg_over_time(duration) by (kind)",
	                  "{ ((kind = client) || (kind = server) || (name = `a`)) && ((kind != nil) || "
	                  "(duration >= 0s)) } | avg_over_time(duration) by(kind)");
	assert_normalised("{ duration > 1s } ~ {} | select(name) | sum_over_time(duration)",
	                  "{ duration > 1s } ~ { true } | { duration != nil } | select(name) | "
	                  "sum_over_time(duration)");
	assert_normalised("{ instrumentation:name = `a` } | rate() by (name, instrumentation:name)",
	                  "{ instrumentation:name = `a` } | select(instrumentation:name) | "
	                  "rate() by(name, instrumentation:name)");
	check_normalised("{} | sum_over_time(instrumentation.x)",
	                 "{ instrumentation.x != nil } | select(instrumentation.x) | "
	                 "sum_over_time(instrumentation.x)",
	                 2, __LINE__);
	check_normalised("{} | by(duration > 1s) | max_over_time(duration)",
	                 "{ true } | by(duration > 1s) | { duration != nil } | max_over_time(duration)",
	                 1, __LINE__);
	assert_untouched("{ name = `a` } | rate() by(instrumentation:name)");
	assert_untouched("{ instrumentation.x = `a` } | select(instrumentation.x) | "
	                 "rate() by(instrumentation.x)");
	check_normalised("{ instrumentation:name = `a` && instrumentation.x = `b` } | "
	                 "rate() by (instrumentation:name, instrumentation.x)",
	                 "{ (instrumentation:name = `a`) && (instrumentation.x = `b`) } | "
	                 "select(instrumentation:name, instrumentation.x) | "
	                 "rate() by(instrumentation:name, instrumentation.x)",
	                 2, __LINE__);
	assert_normalised("{ .team = `a` || kind = server } | compare({ .team = `b` })",
	                  "{ ((.team = `a`) || (kind = server)) && ((.team != nil) || "
	                  "(duration >= 0s)) } | compare({ .team = `b` }, 10)");
	assert_untouched("{ (kind = client) || (name = `a`) } | rate() by(kind)");
	assert_untouched("{ (.team = `a`) && (duration > 1s) } | max_over_time(duration) by(.team)");
	assert_untouched("{ ((.team = `a`) || (.team = `b`)) && (duration > 1s) } | rate() by(.team)");
	assert_untouched("{ (.team = `a`) || (kind = server) } | rate() by(resource.region)");
	assert_normalised("{ span.team = `a` || kind = server } | rate() by (.team)",
	                  "{ ((span.team = `a`) || (kind = server)) && ((.team != nil) || "
	                  "(duration >= 0s)) } | rate() by(.team)");
	assert_untouched("{ (span.team = `a`) || (kind = server) } | rate() by(resource.team)");
	assert_normalised("{ `a` = .team || kind = server } | rate() by (.team)",
	                  "{ ((`a` = .team) || (kind = server)) && ((.team != nil) || "
	                  "(duration >= 0s)) } | rate() by(.team)");
	assert_untouched("{ nil != .x } | sum_over_time(.x)");
	check_normalised("{ !(.x = `a`) } | max_over_time(duration)",
	                 "{ (!(.x = `a`)) && ((duration >= 0s) || (traceDuration >= 0s)) } | "
	                 "max_over_time(duration)",
	                 1, __LINE__);
	assert_untouched("{ (.team = `a`) || (kind = server) } | by(.team) | count() > 1");
}

/* Beside "x = nil" what else mentions x would see a value nil. */
static void
nil_and_something_else(void **state)
{
	(void) state;
	check_normalised("{ span.s = nil } | rate() by (span.s, name)",
	                 "{ (!(span.s != nil)) && ((duration >= 0s) || (traceDuration >= 0s)) } | "
	                 "rate() by(span.s, name)",
	                 2, __LINE__);
	check_normalised("{ .s != nil } && { .s = nil }",
	                 "{ .s != nil } && { (!(.s != nil)) && ((duration >= 0s) || "
	                 "(traceDuration >= 0s)) }",
	                 2, __LINE__);
	check_normalised("{ span.s = nil } >> { !(span.s = nil) }",
	                 "{ (!(span.s != nil)) && ((duration >= 0s) || (traceDuration >= 0s)) } >> "
	                 "{ span.s != nil }",
	                 3, __LINE__);
	check_normalised("{ .s = `a` || .s = nil }",
	                 "{ ((.s = `a`) || (!(.s != nil))) && ((duration >= 0s) || "
	                 "(traceDuration >= 0s)) }",
	                 2, __LINE__);
	assert_untouched("{ (span.s = `a`) || (span.s = nil) }");
	assert_untouched("{ (span.s = nil) && (span.t = `a`) } | by(name)");
	assert_untouched("{ (resource.s = nil) || (name = `a`) || (resource.s = `b`) }");
	assert_untouched("{ event.x = nil } && { event.x = `a` }");
	assert_untouched("{ (span.s = nil) && (event.s = `a`) }");
	check_normalised("{ instrumentation.s = nil && instrumentation.s < `a` }",
	                 "{ (!(instrumentation.s != nil)) && (instrumentation.s < `a`) && "
	                 "((duration >= 0s) || (traceDuration >= 0s)) }",
	                 2, __LINE__);
	check_normalised("{ (resource.x = nil || span.x = `a`) && span.x = nil }",
	                 "{ ((!(resource.x != nil)) || (span.x = `a`)) && (!(span.x != nil)) && "
	                 "((duration >= 0s) || (traceDuration >= 0s)) }",
	                 3, __LINE__);
	check_normalised("{ span.x = nil } | compare({ status = error })",
	                 "{ (!(span.x != nil)) && ((duration >= 0s) || (traceDuration >= 0s)) } | "
	                 "compare({ status = error }, 10)",
	                 2, __LINE__);
}

/* What cannot be computed is false, and false = false. */
static void
sums_that_are_none(void **state)
{
	(void) state;
	assert_normalised("{ (.a + 1) = (.b + 1) }", "{ ((.a + 1) = (.b + 1)) && ((duration >= 0s) || "
	                                             "(traceDuration >= 0s)) }");
	check_normalised("{ (event.a + 1) = (link.b + 1) }",
	                 "{ ((event.a + 1) = (link.b + 1)) && ((event:name != nil) && "
	                 "(link:traceID != ``)) && ((duration >= 0s) || (traceDuration >= 0s)) }",
	                 2, __LINE__);
	assert_untouched("{ (.a + 1) > (.b + 1) }");
	assert_normalised("{ (span.a + 1) = span.b }", "{ ((span.a + 1) = span.b) && ((duration >= "
	                                               "0s) || (traceDuration >= 0s)) }");
	assert_normalised("{ (.a + 1) != nil }",
	                  "{ ((.a + 1) != nil) && ((duration >= 0s) || (traceDuration >= 0s)) }");
	assert_normalised("{ (.a + .b) = false }",
	                  "{ ((.a + .b) = false) && ((duration >= 0s) || (traceDuration >= 0s)) }");
	assert_untouched("{ (.a + 1) = nil }");
	assert_untouched("{ (.a + 1) = 5 }");
}

/* The first thing that is said of a query. */
static void
check_reason(const char *text, const char *expected)
{
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	GenopsTraceql normalised;
	GenopsTraceqlError error;
	GenopsBytes out = genops_bytes_growing();

	assert_true(genops_traceql_normalise(&query, &normalised, &error));
	assert_true(normalised.notice_count > 0);
	assert_slice(normalised.notices[0], expected);
	/* The query itself is as it was. */
	assert_string_equal(print_query(&out, &query.query), text);
	genops_bytes_free(&out);
	genops_traceql_free(&normalised);
	genops_traceql_free(&query);
}

static void
reasons_are_told(void **state)
{
	(void) state;
	check_reason("{ 5s < duration }",
	             "\"5s < duration\" is sent as \"duration > 5s\": Tempo's storage reads a "
	             "comparison with the value on the left backwards.");
	check_reason("{ !(duration > 1s) }", "\"!(duration > 1s)\" is sent as \"duration <= 1s\": "
	                                     "Tempo's storage fetches what ! then drops.");
	check_reason("{ !(.x = 5) }",
	             "\"!(.x = 5)\" is sent as \"!((.x = 5) || (.x = 5.0))\": Tempo's storage "
	             "compares a number only with numbers of the same type.");
	check_reason("{ !(.team = `a`) }",
	             "\"duration >= 0s || traceDuration >= 0s\" is added to the filter: Tempo's "
	             "storage would drop spans that the filter lets through.");
	check_reason("{ duration > 0.5 }",
	             "\"duration > 0.5\" is sent as \"duration >= 1\": Tempo's storage refuses to "
	             "compare that with a fraction, or does it wrongly.");
	check_reason("{ (span.x = nil) && (.x = `a`) }",
	             "\"span.x = nil\" is sent as \"!(span.x != nil)\": Tempo takes the nil for a "
	             "value where the query mentions the attribute again.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_already),
		cmocka_unit_test(numbers_of_other_senders),
		cmocka_unit_test(several_events_or_links),
		cmocka_unit_test(comparisons_of_comparisons),
		cmocka_unit_test(numbers_of_unknown_type),
		cmocka_unit_test(mirrored),
		cmocka_unit_test(negations),
		cmocka_unit_test(constants),
		cmocka_unit_test(bare_attributes),
		cmocka_unit_test(what_tempo_refuses),
		cmocka_unit_test(spans_without_events_or_links),
		cmocka_unit_test(nil),
		cmocka_unit_test(pipelines),
		cmocka_unit_test(sums),
		cmocka_unit_test(compared_and_measured),
		cmocka_unit_test(nil_and_something_else),
		cmocka_unit_test(sums_that_are_none),
		cmocka_unit_test(reasons_are_told),
	};

	return cmocka_run_group_tests_name("traceql_normalise", tests, NULL, NULL);
}
