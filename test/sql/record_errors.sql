-- SPDX-License-Identifier: PostgreSQL
-- Arguments that cannot be meant, with genops.on_error = error: they raise with SQLSTATE, detail
-- and hint, and record nothing.  record_warnings.sql has the default.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET genops.on_error = error;

CREATE FUNCTION pg_temp.failure(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || message || CASE WHEN detail = '' THEN ' (no detail)' ELSE '' END
		|| CASE WHEN hint = '' THEN ' (no hint)' ELSE '' END;
END
$$;

CREATE TEMP TABLE wrong (statement text, failure text);
INSERT INTO wrong VALUES
	($$ SELECT genops_track('p', 'm', prompt_tokens => -1) $$, '22023: "prompt_tokens" must not be negative'),
	($$ SELECT genops_track('p', 'm', completion_tokens => -5) $$, '22023: "completion_tokens" must not be negative'),
	($$ SELECT genops_track('p', 'm', total_cost => -0.01) $$, '22023: invalid value for "total_cost": "-0.01"'),
	($$ SELECT genops_track('p', 'm', total_cost => 'NaN'::numeric) $$, '22023: invalid value for "total_cost": "NaN"'),
	($$ SELECT genops_track('p', 'm', total_cost => 'NaN'::float8) $$, '22023: invalid value for "total_cost": "NaN"'),
	($$ SELECT genops_track('p', 'm', total_cost => 'Infinity'::float8) $$, '22023: invalid value for "total_cost": "Infinity"'),
	($$ SELECT genops_track('p', 'm', total_cost => 1e30) $$, '22023: invalid value for "total_cost": "1000000000000000000000000000000"'),
	($$ SELECT genops_track('p', 'm', total_cost => 'free') $$, '22023: invalid value for "total_cost": "free"'),
	($$ SELECT genops_track('p', 'm', total_cost => ''::text) $$, '22023: invalid value for "total_cost": ""'),
	($$ SELECT genops_track('p', 'm', duration => '-1 s') $$, '22023: "duration" is out of range'),
	($$ SELECT genops_track('p', 'm', duration => '178000000 years') $$, '22023: "duration" is out of range'),
	($$ SELECT genops_track('p', 'm', duration => '100 years') $$, '22023: a call took more than a day'),
	($$ SELECT genops_track('p', 'm', started_at => 'infinity') $$, '22008: "started_at" is out of range'),
	($$ SELECT genops_track('p', 'm', started_at => '1969-12-31 23:59:59Z') $$, '22008: "started_at" is out of range'),
	($$ SELECT genops_track('p', 'm', started_at => '2300-01-01') $$, '22008: "started_at" is out of range'),
	($$ SELECT genops_track('p', 'm', started_at => now() + interval '1 day') $$, '22023: the call starts in the future'),
	($$ SELECT genops_track('p', 'm', started_at => '2026-01-02', options => '{"ended_at": "2026-01-01"}') $$, '22023: the call ends before it starts'),
	($$ SELECT genops_track('p', 'm', started_at => '2026-01-02Z', duration => '1 s', options => '{"ended_at": "2026-01-03Z"}') $$,
		'22023: start, end and duration of the call contradict each other'),
	($$ SELECT genops_track('p', 'm', status => 'success') $$, '22023: unknown status "success"'),
	($$ SELECT genops_track('p', 'm', status => 'OK') $$, '22023: unknown status "OK"'),
	($$ SELECT genops_track('p', 'm', status => 'ok', error => 'x') $$, '22023: a call with an error cannot have status "ok"'),
	($$ SELECT genops_track('p', 'm', attributes => '[1]') $$, '22023: "attributes" must be a JSON object'),
	($$ SELECT genops_track('p', 'm', attributes => '"x"') $$, '22023: "attributes" must be a JSON object'),
	($$ SELECT genops_track('p', 'm', attributes => '{"team": "x"}') $$, '22023: attribute "team" cannot be set by "attributes"'),
	($$ SELECT genops_track('p', 'm', attributes => '{"genops.duplicate": false}') $$, '22023: attribute "genops.duplicate" cannot be set by "attributes"'),
	($$ SELECT genops_track('p', 'm', traceparent => 'x') $$, '22023: invalid value for "traceparent": "x"'),
	($$ SELECT genops_track('p', 'm', traceparent => '00-00000000000000000000000000000000-b7ad6b7169203331-01') $$,
		'22023: invalid value for "traceparent": "00-00000000000000000000000000000000-b7ad6b7169203331-01"'),
	($$ SELECT genops_track('p', 'm', call => genops_traceparent(), traceparent => genops_traceparent()) $$,
		'22023: "call" and "traceparent" are of different traces'),
	($$ SELECT genops_track('p', 'm', tenant_id => E'a\r\nb') $$, E'22023: invalid tenant "a\r\nb"'),
	($$ SELECT genops_track('p', 'm', tenant_id => repeat('x', 151)) $$, '22023: invalid tenant "' || repeat('x', 80) || '..."'),
	($$ SELECT genops_track('p', 'm', options => '[]') $$, '22023: "options" must be a JSON object'),
	($$ SELECT genops_track('p', 'm', options => '{"colour": 1}') $$, '22023: unknown option "colour"'),
	($$ SELECT genops_track('p', 'm', options => '{"kind": "remote"}') $$, '22023: invalid value of option "kind"'),
	($$ SELECT genops_track('p', 'm', options => '{"currency": "usd"}') $$, '22023: invalid value of option "currency"'),
	($$ SELECT genops_track('p', 'm', options => '{"cache_read_tokens": [1]}') $$, '22023: invalid value of option "cache_read_tokens"'),
	($$ SELECT genops_track('p', 'm', options => '{"cache_read_tokens": -1}') $$, '22023: "cache_read_tokens" must not be negative'),
	($$ SELECT genops_track('p', 'm', options => '{"input_cost": -1}') $$, '22023: invalid value for "input_cost": "-1"'),
	($$ SELECT genops_track('p', 'm', options => '{"finish_reasons": [1]}') $$, '22023: invalid value of option "finish_reasons"'),
	($$ SELECT genops_begin('p', 'm', options => '{"currency": "EUR"}') $$, '22023: unknown option "currency"'),
	($$ SELECT genops_begin('p', 'm', traceparent => 'x') $$, '22023: invalid value for "traceparent": "x"'),
	($$ SELECT genops_begin('p', 'm', attributes => '1') $$, '22023: "attributes" must be a JSON object'),
	($$ SELECT genops_observe('{"usage":{}}') $$, '22023: "{"usage":{}}" is not a call handle'),
	($$ SELECT genops_observe(NULL, now()) $$, '22004: NULL is not a call handle'),
	($$ SELECT genops_end(NULL) $$, '22004: NULL is not a call handle'),
	($$ SELECT genops_end('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01') $$,
		'55000: call "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" is not open in this session'),
	($$ SELECT genops_ingest(NULL) $$, '22004: there is nothing to ingest'),
	($$ SELECT genops_ingest_protobuf('\x0a05ff') $$, '22P03: the request is no valid protobuf');

SELECT plan(4 + (SELECT count(*)::int FROM wrong));

\o /dev/null
SELECT set_config('genops.project', 'record_errors ' || gen_random_uuid(), false);
\o

SELECT is(pg_temp.failure(statement), failure, trim(statement)) FROM wrong;

-- An error at the end of a call leaves it open.
CREATE FUNCTION pg_temp.end_twice() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	call text := genops_begin('p', 'm', feature => 'ended');
BEGIN
	RETURN NEXT is(pg_temp.failure(format('SELECT genops_end(%L, prompt_tokens => -1)', call)),
		'22023: "prompt_tokens" must not be negative', 'genops_end refuses what genops_track does');
	RETURN NEXT is(genops_end(call), call, 'and the call is still open');
	RETURN NEXT is(pg_temp.failure(format('SELECT genops_end(%L)', call)),
		'55000: call "' || call || '" is not open in this session', 'until it is ended');
END
$$;
SELECT pg_temp.end_twice();

SELECT genops_flush('stored') \g /dev/null
SELECT is((SELECT string_agg(feature, ',') FROM genops.spans WHERE project = current_setting('genops.project')),
	'ended', 'what raises records nothing');
SELECT * FROM finish();
