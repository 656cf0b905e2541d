-- SPDX-License-Identifier: PostgreSQL
-- Calls that are begun: how they end, whoever ends them.
\set ON_ERROR_STOP on
SET client_min_messages = error;

\o /dev/null
SELECT set_config('genops.project', 'record_open_calls ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS
	SELECT *, attributes ->> 'error.type' AS error_type, attributes ? 'genops.call.unfinished' AS unfinished
	FROM genops.spans WHERE project = current_setting('genops.project');
CREATE FUNCTION pg_temp.fails(text) RETURNS text LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = $1; END $$;
CREATE FUNCTION pg_temp.fails_in_python() RETURNS text LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'openai.RateLimitError: Rate limit reached' USING ERRCODE = '38000'; END $$;
CREATE FUNCTION pg_temp.deep(depth int, feature text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF depth > 0 THEN
		PERFORM pg_temp.deep(depth - 1, feature);
		RETURN '';
	END IF;
	RETURN genops_observe(genops_begin('p', 'm', feature => feature), pg_temp.fails('22012'));
END
$$;

SELECT plan(40);

-- Ended in good order.
SELECT is(genops_observe(genops_begin('p', 'm', feature => 'observe'), x), x, 'the reply comes back unchanged')
FROM (VALUES ('{"usage": {}}'::jsonb)) AS v (x);
SELECT is(genops_observe(genops_begin('p', 'm'), x), x, 'of any type') FROM (VALUES (row(1, 'a')::text)) AS v (x);
SELECT is(genops_observe(genops_begin('p', 'm'), x), x, 'also arrays') FROM (VALUES (ARRAY[1.5, 2])) AS v (x);
SELECT is(genops_observe(response => x), x, 'also without a beginning') FROM (VALUES (date '2026-01-01')) AS v (x);
SELECT is(genops_observe(genops_begin('p', 'm'), NULL::jsonb), NULL, 'also NULL');
SELECT genops_observe(genops_begin('p', 'm', feature => 'timed'), pg_sleep(0.05)::text) \g /dev/null

DO $$
DECLARE
	outer_call text := genops_begin('p', 'm', feature => 'outer', attributes => '{"a": 1, "b": 2, "c": 3}');
	inner_call text := genops_begin('p', 'm', feature => 'inner');
BEGIN
	PERFORM genops_track('p', 'm', feature => 'tracked');
	PERFORM genops_end(outer_call, prompt_tokens => 7, total_cost => 0.5, attributes => '{"b": "new", "c": null, "d": 4}');
	PERFORM genops_end(inner_call, error => 'ValueError: no', options => '{"currency": "EUR"}');
END
$$;

-- Errors that are caught, at several depths.
DO $$
DECLARE
	call text;
BEGIN
	FOR i IN 1..3 LOOP
		BEGIN
			PERFORM genops_observe(genops_begin('p', 'm', feature => 'retried', attributes => jsonb_build_object('try', i)),
				CASE WHEN i < 3 THEN pg_temp.fails('57014') ELSE 'reply' END);
			EXIT;
		EXCEPTION WHEN query_canceled THEN
			NULL;
		END;
	END LOOP;
	BEGIN
		PERFORM genops_observe(genops_begin('p', 'm', feature => 'python'), pg_temp.fails_in_python());
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
	BEGIN
		BEGIN
			PERFORM genops_begin('p', 'm', feature => 'rethrown');
			PERFORM pg_temp.fails('23505');
		EXCEPTION WHEN division_by_zero THEN
			NULL;
		END;
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
	BEGIN
		PERFORM pg_temp.deep(50, 'deep');
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
	BEGIN
		call := genops_begin('p', 'm', feature => 'begun in a block');
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
	PERFORM genops_end(call);
END
$$;

-- Transactions.
BEGIN;
SELECT genops_begin('p', 'm', feature => 'rolled back') \g /dev/null
SELECT genops_track('p', 'm', feature => 'tracked and rolled back') \g /dev/null
ROLLBACK;
BEGIN;
SELECT genops_begin('p', 'm', feature => 'kept by savepoint') AS call \gset
SAVEPOINT a;
SELECT genops_begin('p', 'm', feature => 'rolled back to savepoint') \g /dev/null
SAVEPOINT b;
SELECT genops_begin('p', 'm', feature => 'released, then rolled back') \g /dev/null
RELEASE b;
ROLLBACK TO a;
SELECT genops_begin('p', 'm', feature => 'unfinished') \g /dev/null
SELECT genops_end(:'call') \g /dev/null
COMMIT;
DO $$
BEGIN
	PERFORM genops_begin('p', 'm', feature => 'procedure commits');
	COMMIT;
	PERFORM genops_begin('p', 'm', feature => 'procedure rolls back');
	ROLLBACK;
END
$$;
\set ON_ERROR_STOP off
BEGIN;
SELECT genops_begin('p', 'm', feature => 'error in a later statement') \g /dev/null
DO $$ BEGIN RAISE EXCEPTION 'this error is part of the test' USING ERRCODE = '22023'; END $$;
COMMIT;
\set ON_ERROR_STOP on

-- The limit.
CREATE FUNCTION pg_temp.begin_many() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL genops.on_error = error;
	PERFORM genops_begin('p', 'm', feature => 'many') FROM generate_series(1, 1001);
	RETURN 'no error';
EXCEPTION WHEN program_limit_exceeded THEN
	RETURN SQLERRM;
END
$$;
SELECT is(pg_temp.begin_many(), 'too many open calls', 'there is a limit');
SELECT count(genops_begin('p', 'm', feature => 'more')) FROM generate_series(1, 1001) \g /dev/null

SELECT genops_flush('stored') \g /dev/null

SELECT ok(duration >= '50 ms' AND duration < '10 s', 'a call is timed from begin to observe') FROM mine WHERE feature = 'timed';
SELECT is(status, 'unset', 'and succeeds unset') FROM mine WHERE feature = 'timed';
SELECT is(row(prompt_tokens, status)::text, '(7,unset)', 'genops_end brings the usage') FROM mine WHERE feature = 'outer';
SELECT ok(total_cost = 0.5, 'and the cost') FROM mine WHERE feature = 'outer';
SELECT is(jsonb_build_object('a', attributes -> 'a', 'b', attributes -> 'b', 'c', attributes ? 'c', 'd', attributes -> 'd'),
	'{"a": 1, "b": "new", "c": false, "d": 4}', 'attributes at the end replace those of the beginning') FROM mine WHERE feature = 'outer';
SELECT is((SELECT parent_span_id FROM mine WHERE feature = 'inner'), span_id, 'a call that is begun within is a child') FROM mine WHERE feature = 'outer';
SELECT is((SELECT parent_span_id FROM mine WHERE feature = 'tracked'), span_id, 'and one that is tracked a grandchild') FROM mine WHERE feature = 'inner';
SELECT is(count(DISTINCT trace_id), 1::bigint, 'of one trace') FROM mine WHERE feature IN ('outer', 'inner', 'tracked');
SELECT is(row(status, error_type)::text, '(error,ValueError)', 'an error at the end') FROM mine WHERE feature = 'inner';

SELECT is(string_agg(status || ' ' || coalesce(error_type, '-'), ', ' ORDER BY (attributes ->> 'try')::int),
	'error 57014, error 57014, unset -', 'caught errors have their SQLSTATE') FROM mine WHERE feature = 'retried';
SELECT is(status_message, 'canceled, or statement timeout', 'and its meaning') FROM mine WHERE feature = 'retried' AND attributes ->> 'try' = '1';
SELECT is(events -> 0 ->> 'name', 'exception', 'and an event') FROM mine WHERE feature = 'retried' AND attributes ->> 'try' = '1';
SELECT is(error_type, 'openai.RateLimitError', 'an exception of PL/Python has its class') FROM mine WHERE feature = 'python';
SELECT is(status_message, 'exception in an external routine', 'and not its message, which may hold data') FROM mine WHERE feature = 'python';
SELECT is(error_type, '23505', 'an error that passes a handler') FROM mine WHERE feature = 'rethrown';
SELECT is(error_type, '22012', 'an error in deep recursion') FROM mine WHERE feature = 'deep';
SELECT is(row(status, unfinished)::text, '(unset,f)', 'a call outlives the block that began it') FROM mine WHERE feature = 'begun in a block';

SELECT is(row(status, error_type, unfinished)::text, '(error,_OTHER,t)', 'ROLLBACK') FROM mine WHERE feature = 'rolled back';
SELECT is(status, 'unset', 'what was tracked survives it') FROM mine WHERE feature = 'tracked and rolled back';
SELECT is(row(status, unfinished)::text, '(unset,f)', 'a savepoint leaves earlier calls alone') FROM mine WHERE feature = 'kept by savepoint';
SELECT is(row(status, unfinished)::text, '(error,t)', 'ROLLBACK TO') FROM mine WHERE feature = 'rolled back to savepoint';
SELECT is(row(status, unfinished)::text, '(error,t)', 'and of what was released') FROM mine WHERE feature = 'released, then rolled back';
SELECT is(row(status, unfinished)::text, '(unset,t)', 'COMMIT of a call that nobody ended') FROM mine WHERE feature = 'unfinished';
SELECT is(row(status, unfinished)::text, '(unset,t)', 'COMMIT in a procedure') FROM mine WHERE feature = 'procedure commits';
SELECT is(row(status, unfinished)::text, '(error,t)', 'ROLLBACK in a procedure') FROM mine WHERE feature = 'procedure rolls back';
SELECT is(row(status, error_type)::text, '(error,22023)', 'an error in a later statement') FROM mine WHERE feature = 'error in a later statement';
SELECT is(count(*), 1000::bigint, 'a thousand calls are recorded when their transaction fails') FROM mine WHERE feature = 'many' AND error_type = '54000';
SELECT is(count(*), 1001::bigint, 'which no statement fails of') FROM mine WHERE feature = 'more' AND unfinished;
SELECT is(count(DISTINCT trace_id), 1::bigint, 'all in one trace') FROM mine WHERE feature = 'many';
SELECT is(count(*), count(DISTINCT span_id), 'and nothing twice') FROM mine;

-- Nothing is left open.
SELECT genops_track('p', 'm', feature => 'last') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT ok(parent_span_id IS NULL, 'nothing is left open') FROM mine WHERE feature = 'last';
SELECT is((SELECT count(*) FROM mine WHERE feature IS NULL), 4::bigint, 'calls without a feature');
-- A beginning that leaves no room for what is known later.
SELECT genops_observe(genops_begin(feature => 'no room', attributes => (SELECT jsonb_object_agg('k' || i, repeat('x', 1000)) FROM generate_series(1, 60) i)),
	'{"id": "chatcmpl-0123456789abcdefghij", "model": "m"}'::jsonb) IS NOT NULL \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(count(*), 1::bigint, 'a call whose beginning is large is recorded') FROM genops.spans WHERE feature = 'no room' AND project = current_setting('genops.project');
-- What the options of the beginning say of the price.
SELECT genops_end(genops_begin('azure', 'my deployment', feature => 'base model at the beginning', options => '{"base_model": "gpt-4o"}'), prompt_tokens => 1000, completion_tokens => 1000) \g /dev/null
SELECT genops_end(genops_begin('azure', 'my deployment', feature => 'base model at the end'), prompt_tokens => 1000, completion_tokens => 1000, options => '{"base_model": "gpt-4o"}') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(count(DISTINCT total_cost) || ' ' || count(total_cost), '1 2', 'a base model that the beginning says has its price')
FROM genops.spans WHERE feature LIKE 'base model at the %' AND project = current_setting('genops.project');
SELECT * FROM finish();
