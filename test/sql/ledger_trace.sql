-- SPDX-License-Identifier: PostgreSQL
-- genops_trace: finding a trace, by the caller's rights.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(15);

BEGIN;
SELECT genops_begin(name => 'parent', operation => 'invoke_workflow') AS parent \gset
SELECT genops_track('p', 'first', feature => 'child', started_at => now() + '1 s', duration => '0 s'),
	genops_track('p', 'second', feature => 'child', started_at => now() + '2 s', duration => '0 s') \g /dev/null
SELECT genops_end(:'parent') \g /dev/null
COMMIT;
SELECT genops_track('p', 'm', traceparent => :'parent', feature => 'later', started_at => now() + '3 s', duration => '0 s') AS later \gset
SELECT count(genops_track('p', 'm', feature => 'noise')) FROM generate_series(1, 3000) \g /dev/null
SELECT genops_flush('stored') \g /dev/null

SELECT split_part(:'later', '-', 2) AS trace_id, split_part(:'later', '-', 3) AS span_id \gset

SELECT is(count(*), 4::bigint, 'parent, children and what came later have one trace') FROM genops_trace(:'trace_id');
SELECT results_eq(format('SELECT span_id FROM genops_trace(%L)', :'trace_id'),
				  format('SELECT span_id FROM genops.spans WHERE trace_id = %L ORDER BY start_time', :'trace_id'),
				  'the trace''s spans come in their order');
SELECT is(array_agg(feature), ARRAY['later'], 'a span that was recorded by itself belongs to it')
FROM genops_trace(:'trace_id') WHERE span_id = :'span_id';
SELECT is(count(*), count(*) FILTER (WHERE trace_id = :'trace_id'), 'no others come along') FROM genops_trace(:'trace_id');
SELECT is(a.n, b.n, 'a traceparent does as well')
FROM (SELECT count(*) n FROM genops_trace(:'trace_id')) a, (SELECT count(*) n FROM genops_trace(:'later')) b;
SELECT is(a.n, b.n, 'capitals and spaces don''t matter')
FROM (SELECT count(*) n FROM genops_trace(:'trace_id')) a, (SELECT count(*) n FROM genops_trace(' ' || upper(:'trace_id') || E'\n')) b;
SELECT genops_track('p', 'm', feature => 'zeros', traceparent => '00-00c0ffee00000000000000000000abcd-1234567890abcdef-01') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(array_agg(feature), ARRAY['zeros'], 'an id may lack its leading zeros, as Tempo shows it')
FROM genops_trace('c0ffee00000000000000000000abcd');
SELECT is(attributes ->> 'feature', 'later', 'attributes are there') FROM genops_trace(:'trace_id') WHERE feature = 'later';
SELECT is_empty($$SELECT * FROM genops_trace('00000000000000000000000000000001')$$, 'a trace that isn''t there has no rows');
SELECT is_empty('SELECT * FROM genops_trace(NULL)', 'nor has none');
SELECT throws_ok($$SELECT genops_trace('xyz')$$, '22023', 'invalid trace id: "xyz"', 'what is no id is an error');
SELECT throws_ok($$SELECT genops_trace('0123456789abcdef')$$, '22023', NULL, 'nor is a span''s id one');

CREATE ROLE ledger_trace_reader;
GRANT USAGE ON SCHEMA genops TO ledger_trace_reader;
SET ROLE ledger_trace_reader;
SELECT throws_ok(format('SELECT genops_trace(%L)', :'trace_id'), '42501', NULL, 'who may not read finds nothing');
RESET ROLE;
SELECT genops_grant('ledger_trace_reader', 'read') \g /dev/null
SET ROLE ledger_trace_reader;
SELECT is(attributes ->> 'feature', 'later', 'who may, does') FROM genops_trace(:'trace_id') WHERE feature = 'later';
RESET ROLE;
REVOKE SELECT ON genops.ledger_segment FROM ledger_trace_reader;
SET ROLE ledger_trace_reader;
SELECT throws_ok('SELECT genops_internal.span_attributes(recorded_at, seq, "offset") FROM genops.ledger_span', '42501', NULL,
				 'the bytes need a right of their own');
RESET ROLE;
DROP OWNED BY ledger_trace_reader;
DROP ROLE ledger_trace_reader;
SELECT * FROM finish();
