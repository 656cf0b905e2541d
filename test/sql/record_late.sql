-- SPDX-License-Identifier: PostgreSQL
-- Calls that end by themselves, and what is said of them afterwards: by a handler, by the next
-- statement, by another call of genops_track.  Each is counted once.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(28);

\o /dev/null
SELECT set_config('genops.project', 'record_late ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS SELECT *, attributes ->> 'error.type' AS error_type
	FROM genops.spans WHERE project = current_setting('genops.project');
CREATE TEMP VIEW spent AS SELECT feature, sum(calls) AS calls, sum(errors) AS errors, sum(unpriced_calls) AS unpriced,
	sum(unfinished_calls) AS unfinished, sum(prompt_tokens) AS prompt_tokens
	FROM genops.spend WHERE project = current_setting('genops.project') GROUP BY feature;

-- Begin in the block, end in its handler: the handler runs to its end.
CREATE FUNCTION pg_temp.handles(feature text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	call text;
BEGIN
	BEGIN
		call := genops_begin('p', 'm', feature => feature);
		RAISE EXCEPTION 'openai.RateLimitError: slow down' USING ERRCODE = '38000';
	EXCEPTION WHEN OTHERS THEN
		EXECUTE format(statement, call);
	END;
	RETURN 'handled';
END
$$;
SELECT is(pg_temp.handles('bare end', 'SELECT genops_end(%L)'), 'handled', 'a handler ends the call');
SELECT is(pg_temp.handles('with error', 'SELECT genops_end(%L, error => ''slow down'')'), 'handled', 'says what went wrong');
SELECT is(pg_temp.handles('with usage', 'SELECT genops_end(%L, error => ''filtered'', prompt_tokens => 5)'), 'handled', 'what was used');
SELECT is(pg_temp.handles('answered', 'SELECT genops_end(%L, prompt_tokens => 6)'), 'handled', 'or that the call is not to blame');
SELECT is(pg_temp.handles('twice', 'SELECT genops_end(%1$L, prompt_tokens => 7), genops_end(%1$L, prompt_tokens => 7)'), 'handled', 'twice, even');
SELECT is(pg_temp.handles('never', 'SELECT %L'), 'handled', 'or never');

-- Autocommit.
SELECT genops_begin('p', 'm', feature => 'autocommit', customer_id => 'c') AS call \gset
SELECT genops_end(:'call', prompt_tokens => 8, attributes => '{"more": 1}') \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 8) \g /dev/null
SELECT genops_begin('p', 'm', feature => 'tracked later') AS call \gset
SELECT genops_track('p', 'm', feature => 'tracked later', call => :'call', prompt_tokens => 9) \g /dev/null
SELECT genops_begin('p', 'm', feature => 'left') \g /dev/null
SELECT genops_begin(name => 'a step', operation => 'invoke_workflow', feature => 'step left') \g /dev/null

-- A procedure that commits between the two.
CREATE PROCEDURE pg_temp.commits() LANGUAGE plpgsql AS $$
DECLARE
	call text := genops_begin('p', 'm', feature => 'procedure');
BEGIN
	COMMIT;
	PERFORM genops_end(call, prompt_tokens => 10);
END
$$;
CALL pg_temp.commits();

-- The transaction fails, and somebody comes back with the usage.
\set ON_ERROR_STOP off
BEGIN;
SELECT genops_begin('p', 'm', feature => 'failed, then said') AS call \gset
DO $$ BEGIN RAISE EXCEPTION 'this error is part of the test'; END $$;
ROLLBACK;
\set ON_ERROR_STOP on
SELECT genops_end(:'call', prompt_tokens => 11) \g /dev/null
-- A stream that was cut: the usage comes later.
SELECT genops_observe(genops_begin('p', 'm', feature => 'usage later'), clock_timestamp()) \g /dev/null
BEGIN;
SELECT genops_begin('p', 'm', feature => 'told later') AS call \gset
SELECT genops_end(:'call') \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 12) \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 12) \g /dev/null
COMMIT;

-- Only so many are remembered.
BEGIN;
SELECT genops_begin('p', 'm', feature => 'forgotten') AS call \gset
COMMIT;
SELECT count(genops_begin('p', 'm', feature => 'many')) FROM generate_series(1, 64) \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 13) \g /dev/null

SELECT genops_flush('stored') \g /dev/null

SELECT is(row(status, error_type, status_message)::text, '(error,openai.RateLimitError,"exception in an external routine")', 'nothing said: what was seen')
FROM mine WHERE feature = 'bare end';
SELECT is(row(status, error_type, status_message)::text, '(error,openai.RateLimitError,"slow down")', 'the handler''s words') FROM mine WHERE feature = 'with error';
SELECT is(row(status, prompt_tokens)::text, '(error,5)', 'with its usage') FROM mine WHERE feature = 'with usage';
SELECT is(row(status, prompt_tokens, error_type)::text, '(unset,6,)', 'a call that was answered') FROM mine WHERE feature = 'answered';
SELECT is(row(status, error_type)::text, '(error,openai.RateLimitError)', 'nobody ends it') FROM mine WHERE feature = 'never';
SELECT is(count(*), 6::bigint, 'a span for each') FROM mine WHERE feature IN ('bare end', 'with error', 'with usage', 'answered', 'twice', 'never');
SELECT is(sum(calls) || ' ' || sum(unpriced), '6 3', 'and a call; those that used something have no price') FROM spent
WHERE feature IN ('bare end', 'with error', 'with usage', 'answered', 'twice', 'never');

SELECT is(string_agg(row(prompt_tokens, ai_call, flags)::text, ' ' ORDER BY prompt_tokens NULLS FIRST), '(,f,{unfinished}) (8,t,)',
	'the end in a statement of its own is the call') FROM mine WHERE feature = 'autocommit';
SELECT is((SELECT parent_span_id FROM mine WHERE feature = 'autocommit' AND ai_call), span_id, 'under the one that was begun')
FROM mine WHERE feature = 'autocommit' AND NOT ai_call;
SELECT is(row(customer_id, attributes -> 'more', status)::text, '(c,1,unset)', 'with all that it was begun with') FROM mine WHERE feature = 'autocommit' AND ai_call;
SELECT is(row(calls, unfinished, prompt_tokens, unpriced)::text, '(1,1,8,1)', 'it is counted once') FROM spent WHERE feature = 'autocommit';
SELECT is(row(calls, unfinished, prompt_tokens)::text, '(1,1,9)', 'also by genops_track') FROM spent WHERE feature = 'tracked later';
SELECT is(row(calls, unfinished)::text, '(0,1)', 'one that is left open is no call') FROM spent WHERE feature = 'left';
SELECT is(count(*), 0::bigint, 'and a step is not even an unfinished one') FROM spent WHERE feature = 'step left';
SELECT is(row(calls, unfinished, prompt_tokens)::text, '(1,1,10)', 'COMMIT between the two') FROM spent WHERE feature = 'procedure';
SELECT is(row(calls, errors, prompt_tokens)::text, '(1,1,11)', 'usage of a failed call') FROM spent WHERE feature = 'failed, then said';
SELECT is(row(calls, prompt_tokens)::text, '(1,12)', 'usage that comes later, once') FROM spent WHERE feature = 'told later';
SELECT is(row(calls, unfinished)::text, '(0,1)', 'the 65th is not remembered') FROM spent WHERE feature = 'forgotten';
SELECT is(string_agg(DISTINCT reason, ',') || ' ' || count(*), 'unfinished ' || (SELECT sum(unfinished) FROM spent), 'all are listed')
FROM genops.uncounted WHERE trace_id IN (SELECT trace_id FROM mine) AND reason = 'unfinished';
DO $$ BEGIN PERFORM 1; END $$;
SELECT throws_ok('DELETE FROM genops.spans', '55000', NULL, 'nothing of it can be deleted by the view');
-- What is tracked by the id of a call that was begun keeps what was said when it began.
BEGIN;
SELECT genops_begin('p', 'm', feature => 'begun, tracked', team => 'blue', customer_id => 7, attributes => '{"kept": 1, "said": 1}') AS h \gset
SELECT genops_track(call => :'h', total_cost => 1, attributes => '{"said": 2}') \g /dev/null
COMMIT;
SELECT genops_begin('p', 'm', feature => 'unfinished, tracked', team => 'blue', customer_id => 7, attributes => '{"kept": 1, "said": 1}') AS h \gset
SELECT genops_track(call => :'h', total_cost => 1, attributes => '{"said": 2}') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(row(model, team, customer_id, attributes ->> 'kept', attributes ->> 'said')::text, '(m,blue,7,1,2)', 'what is tracked keeps its beginning: ' || feature)
FROM genops.spans WHERE feature LIKE '%, tracked' AND total_cost = 1 AND project = current_setting('genops.project') ORDER BY feature;
SELECT * FROM finish();
