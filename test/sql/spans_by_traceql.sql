-- SPDX-License-Identifier: PostgreSQL
-- genops_spans: TraceQL finds, SQL has the columns.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(7);
SELECT genops_track('openai', 'gpt-4o', team => 'a', total_cost => 0.1, options => '{"duration_ms": 100}') \g /dev/null
SELECT genops_track('openai', 'gpt-4o', team => 'a', total_cost => 0.2, options => '{"duration_ms": 300}') \g /dev/null
SELECT genops_track('openai', 'gpt-4o', team => 'a', total_cost => 0.4) \g /dev/null
SELECT genops_track('openai', 'gpt-4o', team => 'b', total_cost => 5) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(sum(total_cost), 0.7, 'money is exact') FROM genops_spans('{ .team = "a" }');
SELECT is(percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms), 200::float8, 'percentiles leave out what is not known') FROM genops_spans('{ .team = "a" }');
SELECT is(count(*), 0::bigint, 'nothing is found') FROM genops_spans('{ .team = "c" }');
SELECT is(count(*), 1::bigint, 'as many traces as are wanted') FROM genops_spans('{ }', max_traces => 1);
SELECT is(count(*), 0::bigint, 'in the time that is wanted') FROM genops_spans('{ }', start_time => now() - interval '2 days', end_time => now() - interval '1 day');
SELECT throws_ok($$ SELECT * FROM genops_spans('{ } | rate()') $$, '22023', 'a metrics query finds no spans', 'a metrics query is refused');
SELECT throws_ok($$ SELECT * FROM genops_spans('{ .team = ') $$, NULL, NULL, 'so is what is no query');
SELECT * FROM finish();
