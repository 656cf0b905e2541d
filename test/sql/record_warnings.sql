-- SPDX-License-Identifier: PostgreSQL
-- Bookkeeping does not break the program that it watches: what cannot be meant is left
-- out, counted, and told once a session and kind; the call is recorded.
\set ON_ERROR_STOP on
SET client_min_messages = error;

\o /dev/null
SELECT set_config('genops.project', 'record_warnings ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS SELECT * FROM genops.spans WHERE project = current_setting('genops.project');
CREATE ROLE warnings_app;
GRANT warnings_app TO CURRENT_USER;

CREATE TEMP TABLE odd (feature text, statement text, recorded text);
INSERT INTO odd VALUES
	('negative', $$prompt_tokens => -1, completion_tokens => 7$$, '(,7,,unset)'),
	('no number', $$prompt_tokens => 'many', completion_tokens => 7$$, '(,7,,unset)'),
	('fraction', $$prompt_tokens => 2.6, completion_tokens => '7.0'$$, '(3,7,,unset)'),
	('beyond', $$prompt_tokens => 1e30$$, '(,,,unset)'),
	('cost', $$total_cost => 'NaN'::float8, prompt_tokens => 1$$, '(1,,,unset)'),
	('negative cost', $$total_cost => -1, prompt_tokens => 1$$, '(1,,,unset)'),
	('status', $$status => 'success', prompt_tokens => 1$$, '(1,,,unset)'),
	('ok and error', $$status => 'ok', error => 'E: x', prompt_tokens => 1$$, '(1,,,error)'),
	('traceparent', $$traceparent => 'x', prompt_tokens => 1$$, '(1,,,unset)'),
	('attributes', $$attributes => '[1]', prompt_tokens => 1$$, '(1,,,unset)'),
	('own attribute', $$attributes => '{"team": "x"}', prompt_tokens => 1$$, '(1,,,unset)'),
	('options', $$options => '[]', prompt_tokens => 1$$, '(1,,,unset)'),
	('option', $$options => '{"colour": 1, "currency": "usd", "kind": 3}', prompt_tokens => 1$$, '(1,,,unset)'),
	('out of range', $$started_at => 'infinity', prompt_tokens => 1$$, '(1,,,unset)'),
	('duration', $$duration => 820, prompt_tokens => 1$$, '(1,,,unset)'),
	('no duration', $$duration => 'soon', prompt_tokens => 1$$, '(1,,,unset)'),
	('tenant', $$tenant_id => 'a/b', prompt_tokens => 1$$, '(1,,,unset)');
SELECT plan(23 + 3 * (SELECT count(*)::int FROM odd));

SELECT complaints AS before FROM genops.stat_recording \gset
SELECT lives_ok(format('SELECT genops_track(''p'', ''m'', feature => %L, %s)', feature, statement), 'is recorded: ' || statement) FROM odd;
SELECT ok(complaints - :before >= (SELECT count(*) FROM odd), 'and counted') FROM genops.stat_recording;

-- A clock that is ahead, a start of long ago, a call of a day and more.
SELECT genops_track('p', 'm', feature => 'ahead', started_at => clock_timestamp() + interval '100 ms') \g /dev/null
SELECT genops_track('p', 'm', feature => 'long ago', started_at => now() - interval '300 days') \g /dev/null
SELECT genops_track('p', 'm', feature => 'this hour', started_at => now() - interval '2 hours') \g /dev/null
SELECT genops_track('p', 'm', feature => 'two days', duration => '2 days') \g /dev/null
SELECT genops_track('p', 'm', feature => 'milliseconds', options => '{"duration_ms": 820.5}') \g /dev/null

-- A role that may not state a cost.
SET ROLE warnings_app;
SELECT genops_track('p', 'm', feature => 'no charge', prompt_tokens => 5, total_cost => 1) \g /dev/null
SELECT genops_end(genops_begin('p', 'm', feature => 'no charge at the end'), prompt_tokens => 5, total_cost => 1) \g /dev/null
RESET ROLE;

-- Calls that are not open.
SELECT genops_begin('p', 'm', feature => 'ended twice') AS call \gset
SELECT lives_ok($$ SELECT genops_end('x'), genops_end(NULL), genops_observe('x', 1) $$, 'no handle fails nobody''s statement');
BEGIN;
SELECT genops_begin('p', 'm', feature => 'twice') AS call \gset
SELECT genops_end(:'call', prompt_tokens => 3) \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 3) \g /dev/null
COMMIT;
-- A value that is wrong at the end ends the call all the same.
SELECT genops_end(genops_begin('p', 'm', feature => 'wrong end'), prompt_tokens => -1, completion_tokens => 4) \g /dev/null
SELECT is(genops_record('[]'), NULL, 'nothing to record is nothing to fail of');

-- Impossible counts.
SELECT genops_track('anthropic', 'claude', feature => 'cache outside', prompt_tokens => 3, completion_tokens => 9,
	options => '{"cache_write_tokens": 12304}') \g /dev/null

SELECT genops_flush('stored') \g /dev/null

SELECT is(row(prompt_tokens, completion_tokens, total_cost, status)::text, recorded, feature)
FROM odd LEFT JOIN mine USING (feature);
SELECT is(count(*), 1::bigint, 'once: ' || feature) FROM odd LEFT JOIN mine USING (feature) GROUP BY feature;
SELECT ok(duration IS NULL AND flags @> '{no_duration}', 'a bare number is no duration') FROM mine WHERE feature = 'duration';
SELECT ok(tenant_id IS NULL, 'an invalid tenant is none') FROM mine WHERE feature = 'tenant';
SELECT is(sampled, false, 'and its span is nobody''s') FROM genops.segment
WHERE seq = (SELECT segment FROM mine WHERE feature = 'tenant');

SELECT ok(duration = '0' AND start_time <= clock_timestamp(), 'a clock that is ahead is held back') FROM mine WHERE feature = 'ahead';
SELECT is(row(duration, flags, end_time)::text, '(,{no_duration},)', 'a call of long ago did not last until now') FROM mine WHERE feature = 'long ago';
SELECT ok(duration BETWEEN '2 hours' AND '3 hours', 'a start alone is until now') FROM mine WHERE feature = 'this hour';
SELECT is(duration, interval '48 hours', 'a long one is taken at its word') FROM mine WHERE feature = 'two days';
SELECT is(duration, interval '820.5 ms', 'milliseconds have a name of their own') FROM mine WHERE feature = 'milliseconds';
SELECT is(row(duration, flags)::text, '(,{no_duration})', 'an unknown duration is unknown') FROM mine WHERE feature = 'status';
SELECT is(percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms), 820.5::float8, 'and in no percentile')
FROM mine WHERE feature IN ('status', 'milliseconds', 'traceparent');

SELECT is(row(prompt_tokens, total_cost, status, cost_source)::text, '(5,,unset,unpriced)', 'without the privilege the cost is lost, not the call')
FROM mine WHERE feature = 'no charge';
SELECT is(row(prompt_tokens, total_cost, status)::text, '(5,,unset)', 'nor its end') FROM mine WHERE feature = 'no charge at the end';
SELECT is(string_agg(prompt_tokens::text, ','), '3', 'a call that is ended twice is one') FROM mine WHERE feature = 'twice';
SELECT is(row(prompt_tokens, completion_tokens, status)::text, '(,4,unset)', 'what is wrong at the end is left out') FROM mine WHERE feature = 'wrong end';
SELECT is(row(prompt_tokens, cache_write_tokens, total_tokens, flags)::text, '(12307,12304,12316,"{no_duration,cache_outside}")',
	'an input without the cache''s tokens gets them') FROM mine WHERE feature = 'cache outside';

-- Told once a session and kind; and raised where that is wanted.
SET genops.on_error = error;
SELECT throws_ok($$ SELECT genops_track('p', 'm', prompt_tokens => -1) $$, '22023', '"prompt_tokens" must not be negative', 'for tests: an error');
SELECT throws_ok($$ SELECT genops_end('x') $$, '22023', NULL, 'also of a handle');
SELECT throws_ok($$ SELECT genops_track('p', 'm', duration => 820) $$, '22023', NULL, 'and of a bare number');
RESET genops.on_error;
SELECT throws_ok($$ SET genops.on_error = 'maybe' $$, '22023', NULL, 'wrong configuration is an error always');
SELECT throws_ok($$ SET genops.tenant_id = 'a/b' $$, '22023', NULL, 'so is a tenant that is none in a setting');
DROP ROLE warnings_app;
SELECT * FROM finish();
