-- SPDX-License-Identifier: PostgreSQL
-- Small segments of a flush share a row of the ledger: everything works as if they did
-- not, and who may read one tenant sees nothing of the others in the row.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(40);

CREATE ROLE packs_t7;
CREATE ROLE packs_none;
CREATE ROLE packs_all;
SELECT genops_grant('packs_t7', 'read', '{t7}'), genops_grant('packs_all', 'read'), genops_grant('packs_none', 'read', '{nobody}') \g /dev/null
CREATE TABLE trace AS
SELECT i, genops_track('p', 'm', prompt_tokens => i, total_cost => 0.5, tenant_id => 't' || i % 100, team => 'team ' || i % 3,
	attributes => jsonb_build_object('number', i, 'secret', 'of t' || i % 100)) AS id
FROM generate_series(1, 300) i;
SELECT genops_flush('stored') \g /dev/null
GRANT SELECT ON trace TO PUBLIC;

SELECT ok(count(*) < 10, 'a hundred tenants take a few rows') FROM genops.ledger_segment;
SELECT set_eq('SELECT tenant_id FROM genops.ledger_segment WHERE directory IS NOT NULL', $$VALUES ('|')$$, 'which are nobody''s');
SELECT is(count(*), 100::bigint, 'each tenant has its segments') FROM (SELECT DISTINCT tenant_id FROM genops.segment) s;
SELECT results_eq('SELECT count(DISTINCT seq), min(seq), max(seq), sum(span_count) FROM genops.segment',
	'SELECT count(*), 1::bigint, max(newest_seq), 300::bigint FROM genops.segment, genops.ledger_state', 'numbered without a gap');
SELECT is_empty('SELECT FROM genops.ledger_span f LEFT JOIN genops.segment s USING (seq) WHERE s.tenant_id IS DISTINCT FROM f.tenant_id',
	'facts point to the segment of their tenant');
SELECT is(count(*), 300::bigint, 'and to their bytes there') FROM genops.spans
WHERE (attributes ->> 'number')::int = prompt_tokens AND attributes ->> 'secret' = 'of ' || tenant_id;
SELECT is(count(*), 300::bigint, 'so does every trace')
FROM trace t, genops_trace(t.id) s WHERE (s.attributes ->> 'number')::int = t.i;
SELECT is(count(*), 300::bigint, 'a query of attributes finds them') FROM genops_traceql('{ .number > 0 }') s WHERE attributes ->> 'secret' = 'of ' || tenant_id;
SELECT is(count(*), 1::bigint, 'or one') FROM genops_traceql('{ .number = 77 }');
SELECT is(count(*), 3::bigint, 'by a column and an attribute') FROM genops_traceql('{ .team = "team 1" && .number < 9 }');
SELECT is(count(*), 5::bigint, 'or the newest') FROM genops_traceql('{ .number > 0 }', max_traces => 5);
SELECT is(count(*), 3::bigint, 'or those of a tenant') FROM genops_traceql('{ .number > 0 }', tenant_id => 't7');
SELECT is(count(*), 3::bigint, 'of which the newest are few') FROM genops_traceql('{ .number > 0 }', tenant_id => 't7', max_traces => 10);
SELECT is(count(*), 6::bigint, 'or of two') FROM genops_traceql('{ .number > 0 }', tenant_id => 't7|t8');
SELECT is(sum(value), 300::float8, 'counted by bytes') FROM genops_traceql('{ .number > 0 } | count_over_time()', step => '0');
SELECT is(count(*), 100::bigint, 'and by an attribute') FROM genops_traceql('{} | count_over_time() by (.secret)', step => '0');
SELECT is(count(*), 300::bigint, 'whole traces are put together') FROM genops_traceql('{ .number > 0 } | count() = 1');
SELECT is(count(*), 1::bigint, 'tags are listed') FROM genops_tags() WHERE tag = 'secret';
SELECT is(count(*), 300::bigint, 'a span tells how it is delivered') FROM genops.spans WHERE genops_internal.span_delivery(segment) LIKE 'pending%';

-- One of them by itself is a whole message of OTLP.
SELECT is((SELECT sum(accepted) FROM genops.segment s,
	LATERAL genops_ingest_protobuf('\x0a'::bytea || CASE WHEN length(genops_internal.segment_bytes(s.recorded_at, s.seq)) < 128
		THEN set_byte('\x00', 0, length(genops_internal.segment_bytes(s.recorded_at, s.seq)))
		ELSE set_byte(set_byte('\x0000', 0, 128 | (length(genops_internal.segment_bytes(s.recorded_at, s.seq)) & 127)), 1, length(genops_internal.segment_bytes(s.recorded_at, s.seq)) >> 7) END
		|| genops_internal.segment_bytes(s.recorded_at, s.seq))
	WHERE s.tenant_id = 't9' AND length(genops_internal.segment_bytes(s.recorded_at, s.seq)) < 16384), 3::numeric, 'a segment is a message by itself');

SELECT recorded_at, seq FROM genops.segment WHERE tenant_id = 't8' LIMIT 1 \gset t8_
SELECT recorded_at, seq FROM genops.segment WHERE tenant_id = 't7' LIMIT 1 \gset t7_
SELECT id AS t8_trace FROM trace WHERE i % 100 = 8 LIMIT 1 \gset

SET ROLE packs_t7;
SELECT is(count(*), 3::bigint, 'a tenant''s reader finds what is its tenant''s') FROM genops_traceql('{ .number > 0 }') s WHERE tenant_id = 't7' AND attributes ->> 'secret' = 'of t7';
SELECT is(count(*), 3::bigint, 'and nothing else') FROM genops_traceql('{}');
SELECT is(count(*), 0::bigint, 'whatever is asked') FROM genops_traceql('{ .number > 0 }', tenant_id => 't8');
SELECT is(sum(value), 3::float8, 'nor counts it') FROM genops_traceql('{ .number > 0 } | count_over_time()', step => '0');
SELECT is(count(*), 3::bigint, 'nor attributes') FROM genops.spans WHERE attributes ->> 'secret' = 'of t7';
SELECT set_eq('SELECT tenant_id FROM genops.segment', $$VALUES ('t7')$$, 'nor others'' segments');
SELECT is_empty('SELECT FROM genops.ledger_segment', 'nor the rows that they share');
SELECT is(genops_internal.segment_bytes(:'t8_recorded_at', :t8_seq), NULL, 'nor, by their number, their bytes');
SELECT ok(genops_internal.segment_bytes(:'t7_recorded_at', :t7_seq) IS NOT NULL AND genops_internal.segment_bytes(:'t7_recorded_at', :t7_seq + 1) IS NULL,
	'also where its own are in the same row');
SELECT is((SELECT genops_internal.span_attributes(:'t8_recorded_at', :t8_seq, 100)), NULL, 'nor attributes by their place');
SELECT is(count(*), 0::bigint, 'nor traces') FROM genops_trace(:'t8_trace');
SELECT is((SELECT oldest FROM genops.pending('t8', '', 0)), NULL, 'nor what is pending');
SELECT ok((SELECT oldest FROM genops.pending('t7', '', 0)) IS NOT NULL, 'but its own');
SELECT results_eq($$SELECT sum(span_count) FROM genops_internal.packed_segments(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, true)$$,
	'VALUES (3::bigint)', 'rows as a whole tell of no more');
SET ROLE packs_none;
SELECT is_empty('SELECT FROM genops.segment', 'who reads a tenant without spans sees none');
SET ROLE packs_all;
SELECT is(count(*), 303::bigint, 'who reads all sees all') FROM genops_traceql('{ .number > 0 }');
RESET ROLE;
SET ROLE pg_monitor;
SELECT throws_ok(format('SELECT genops_internal.segment_bytes(%L, %s)', :'t8_recorded_at', :t8_seq), '42501', NULL, 'who may not read the ledger reads none');
SELECT ok((SELECT oldest FROM genops.pending('t8', '', 0)) IS NOT NULL, 'a monitor sees that something is pending');
RESET ROLE;

-- What cannot be right.
UPDATE genops.ledger_segment SET directory = '\x0105' WHERE directory IS NOT NULL;
SELECT throws_ok('SELECT FROM genops.segment', 'XX001', NULL, 'a directory that is cut short');
UPDATE genops.ledger_segment SET directory = '\x7f' WHERE directory IS NOT NULL;
SELECT throws_ok('SELECT FROM genops.segment', '0A000', NULL, 'or of a later version');

SELECT * FROM finish();
