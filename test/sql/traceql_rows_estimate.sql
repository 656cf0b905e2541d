-- SPDX-License-Identifier: PostgreSQL
-- How many rows the planner expects of genops_traceql().
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT no_plan();

CREATE FUNCTION pg_temp.rows_of(call text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT json) SELECT * FROM genops_traceql(%s)', call) INTO plan;
	RETURN plan #>> '{0,Plan,Plan Rows}';
END $$;

SELECT is(pg_temp.rows_of($$ '{}' $$), 1, 'an empty ledger has nothing');
SELECT is(pg_temp.rows_of($$ '{}', since => NULL $$), 1, 'at no time');

\o /dev/null
SELECT genops_track('openai', 'gpt-4o', team => 't' || i % 3) FROM generate_series(1, 30000) i;
SELECT genops_flush('stored', 60);
\o
SELECT cmp_ok(pg_temp.rows_of($$ '{}', since => NULL $$), '>', 3000, 'all spans, more or less, before any ANALYZE');
\o /dev/null
SELECT format('ANALYZE %s', inhrelid::regclass) FROM pg_inherits WHERE inhparent = 'genops.ledger_span'::regclass \gexec
\o
SELECT ok(pg_temp.rows_of($$ '{}', since => NULL $$) BETWEEN 29990 AND 30010, 'all spans');
SELECT ok(pg_temp.rows_of($$ '{}' $$) BETWEEN 29990 AND 30010, 'of the last day');
SELECT is(pg_temp.rows_of($$ '{}', end_time => now() - interval '3 days' $$), 1, 'none of a time without any');
SELECT ok(pg_temp.rows_of($$ '{}', since => '1 second' $$) < 29000, 'fewer of a second');
SELECT ok(pg_temp.rows_of($$ '{ .team = "x" }' $$) BETWEEN 2990 AND 3010, 'a filter leaves some');
SELECT is(pg_temp.rows_of($$ '{ false }' $$), 1, 'or none');
SELECT ok(pg_temp.rows_of($$ '{ .team = "x" } | { .y = 1 } | count() > 2' $$) BETWEEN 140 AND 160, 'each further one leaves less');
SELECT ok(pg_temp.rows_of($$ '{ .team = "x" } >> { status = error }' $$) BETWEEN 2990 AND 3010, 'so does a structure');
SELECT is(pg_temp.rows_of($$ '{}', max_traces => 20 $$), 60, 'a limit means a few spans a trace');
SELECT is(pg_temp.rows_of($$ '{}', max_traces => 20, spans_per_trace => 1 $$), 20, 'or as many as are asked for');
SELECT is(pg_temp.rows_of($$ '{ false }', max_traces => 20 $$), 1, 'no more than there are');
SELECT ok(pg_temp.rows_of($$ '{}', spans_per_trace => 1 $$) BETWEEN 9990 AND 10010, 'one span of each trace');

SELECT is(pg_temp.rows_of($$ '{} | rate()', step => '0' $$), 1, 'one value');
SELECT is(pg_temp.rows_of($$ '{} | rate()', since => '1 hour', step => '1 minute' $$), 61, 'a point for each step');
SELECT is(pg_temp.rows_of($$ '{} | rate()', start_time => now() - interval '2 hours', step => '1 hour' $$), 3, 'since a time that the planner can tell');
SELECT is(pg_temp.rows_of($$ '{} | rate()' $$), 240, 'as many as a plot has');
SELECT is(pg_temp.rows_of($$ '{} | rate()', step => '1 s', since => NULL $$), 240, 'or where the start is not known');
SELECT is(pg_temp.rows_of($$ '{} | rate()', step => '1 us' $$), 10000, 'never more than are allowed');
SELECT is(pg_temp.rows_of($$ '{} | count_over_time() by (.team)', step => '0' $$), 10, 'some series');
SELECT is(pg_temp.rows_of($$ '{} | count_over_time() by (.team, .model)', step => '0' $$), 100, 'more with each label');
SELECT is(pg_temp.rows_of($$ '{} | count_over_time() by (.team, .model) | topk(5)', step => '0' $$), 5, 'topk');
SELECT is(pg_temp.rows_of($$ '{} | quantile_over_time(duration, .5, .9, .99)', step => '0' $$), 3, 'one for each quantile');
SELECT is(pg_temp.rows_of($$ '({} | rate() by (.team)) / ({} | rate())', step => '0' $$), 10, 'arithmetic');
SELECT is(pg_temp.rows_of($$ '{} | sum(.cost) by (.team)' $$), 10, 'what a user evidently means');

-- What is not known when the query is planned
SELECT is(pg_temp.rows_of($$ (SELECT '{}') $$), 1000, 'a query that comes later');
SELECT is(pg_temp.rows_of($$ NULL $$), 1000, 'none');
SELECT is(pg_temp.rows_of($$ '{ nonsense' $$), 1000, 'nonsense is not the planner''s business');
SELECT is(pg_temp.rows_of($$ '{}', max_traces => -1, since => '400000 years', step => '-1 s' $$), 3, 'nor are arguments that make no sense');
SELECT lives_ok($$ SELECT CASE WHEN false THEN (SELECT count(*) FROM genops_traceql('{ nonsense', since => '400000 years')) END $$, 'if it is not called');
PREPARE search (text, integer) AS SELECT * FROM genops_traceql($1, max_traces => $2);
CREATE FUNCTION pg_temp.prepared_rows() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) EXECUTE search(''{}'', 7)' INTO plan;
	RETURN plan #>> '{0,Plan,Plan Rows}';
END $$;
SELECT is(pg_temp.prepared_rows(), '21', 'parameters of a prepared statement');

SELECT * FROM finish();
