-- SPDX-License-Identifier: PostgreSQL
-- Whose spans a role reads: those of the tenants it was granted, by whatever way it tries.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(59);

CREATE ROLE roles_acme;
CREATE ROLE roles_all;
CREATE ROLE roles_untenanted;
CREATE ROLE roles_member IN ROLE roles_acme;
CREATE ROLE roles_apart NOINHERIT IN ROLE roles_acme;
CREATE ROLE roles_nobody;
CREATE ROLE roles_plain;
CREATE ROLE roles_backup IN ROLE pg_read_all_data;
CREATE ROLE roles_monitor IN ROLE pg_monitor;
SELECT genops_grant('roles_acme', 'read', '{acme}') \g /dev/null
SELECT genops_grant('roles_all', 'read') \g /dev/null
SELECT genops_grant('roles_untenanted', 'read', ARRAY['', 'nobody''s']) \g /dev/null
GRANT SELECT ON genops.spans, genops.spend, genops.segment, genops.ledger_span, genops.ledger_segment, genops.spend_total, genops.adjustment TO roles_plain;

SELECT genops_track('openai', 'gpt-4o', total_cost => 0.25, tenant_id => t, feature => 'of ' || coalesce(t, 'none'),
	attributes => jsonb_build_object('secret', 'of ' || coalesce(t, 'none')))
FROM unnest(ARRAY['acme', 'globex', 'globex', NULL]) t \g /dev/null
SELECT genops_flush('stored') \g /dev/null
-- A total of an earlier day, so that both arms of genops.spend are there.
INSERT INTO genops.spend_total (period_start, recorded_at, fold, calls, errors, unpriced_calls, total_cost, tenant_id, currency)
SELECT '2026-01-01', '2026-01-01', 0, 1, 0, 0, 1, t, 'USD' FROM unnest(ARRAY['acme', 'globex', NULL]) t;

SELECT c.relname AS span_partition FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'genops.ledger_span'::regclass \gset
SELECT c.relname AS segment_partition FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'genops.ledger_segment'::regclass \gset
SELECT trace_id AS globex_trace FROM genops.spans WHERE tenant_id = 'globex' LIMIT 1 \gset
SELECT recorded_at, seq, "offset" FROM genops.ledger_span WHERE tenant_id = 'globex' LIMIT 1 \gset

-- What a role sees of each thing that has tenants in it: spans, spend, segments, streams.
CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ',
		(SELECT string_agg(DISTINCT coalesce(tenant_id, '-'), ',' ORDER BY coalesce(tenant_id, '-')) FROM genops.spans),
		(SELECT sum(total_cost) FROM genops.spend),
		(SELECT string_agg(DISTINCT tenant_id, ',' ORDER BY tenant_id) FROM genops.segment),
		(SELECT string_agg(attributes ->> 'secret', ',' ORDER BY attributes ->> 'secret') FROM genops.spans),
		(SELECT string_agg(tenant_id, ',' ORDER BY tenant_id) FROM genops.stat_delivery))
$$;
SELECT is(seen(), '-,acme,globex | 4.00 | ,acme,globex | of acme,of globex,of globex,of none | ,acme,globex', 'the owner reads everything');
SET ROLE roles_all;
SELECT is(seen(), '-,acme,globex | 4.00 | ,acme,globex | of acme,of globex,of globex,of none | ,acme,globex', 'so does who may read all tenants');
SET ROLE roles_acme;
SELECT is(seen(), 'acme | 1.25 | acme | of acme | acme', 'who may read one reads that');
SET ROLE roles_untenanted;
SELECT is(seen(), '- | 1.25 |  | of none | ', 'the spans without a tenant are one of them');
SET ROLE roles_member;
SELECT is(seen(), 'acme | 1.25 | acme | of acme | acme', 'a member reads what its group does');
SET ROLE roles_apart;
SELECT throws_ok('SELECT seen()', '42501', NULL, 'but not one that does not inherit');
SET ROLE roles_plain;
SELECT is(seen(), '', 'SELECT on the tables is not enough');
SET ROLE roles_backup;
SELECT is(seen(), '', 'nor is pg_read_all_data');
SET ROLE roles_monitor;
SELECT results_eq('SELECT tenant_id FROM genops.stat_delivery ORDER BY 1', $$VALUES ('' COLLATE "C"), ('acme'), ('globex')$$,
	'a monitor sees the streams of all');
SELECT throws_ok('SELECT * FROM genops.spans', '42501', NULL, 'and no span');

-- A role that was granted nothing.
SET ROLE roles_nobody;
SELECT throws_ok(format(query, :'span_partition', :'segment_partition'), '42501', NULL, 'nobody is refused: ' || query) FROM unnest(ARRAY[
	'SELECT * FROM genops.spans', 'SELECT * FROM genops.spend', 'SELECT * FROM genops.ledger_span',
	'SELECT * FROM genops.ledger_segment', 'SELECT * FROM genops.spend_total', 'SELECT * FROM genops.delivery',
	'SELECT * FROM genops.delivery_resend', 'SELECT * FROM genops.ledger_state', 'SELECT * FROM genops.reader',
	'SELECT * FROM genops.pin', 'SELECT * FROM genops.stat_recording', 'SELECT * FROM genops.configuration',
	'SELECT * FROM genops.%1$I', 'SELECT * FROM genops.%2$I']) query;
SELECT throws_ok(format('SELECT genops_trace(%L)', :'globex_trace'), '42501', NULL, 'nobody finds a trace');
SELECT throws_ok(format('SELECT genops_internal.span_attributes(%L, %s, %s)', :'recorded_at', :'seq', :'offset'), '42501', NULL, 'nor its bytes');
SELECT is_empty('SELECT * FROM genops.stat_delivery', 'nor a stream');

-- One who may read acme, after globex.
SET ROLE roles_acme;
SELECT is_empty(format('SELECT * FROM genops_trace(%L)', :'globex_trace'), 'another tenant''s trace is not found');
SELECT is(format('%s%s%s%s%s%s', genops_internal.span_attributes(:'recorded_at', :seq, :offset), genops_internal.span_resource_attributes(:'recorded_at', :seq, :offset),
	genops_internal.span_events(:'recorded_at', :seq, :offset), genops_internal.span_links(:'recorded_at', :seq, :offset),
	genops_internal.span_status_message(:'recorded_at', :seq, :offset), genops_internal.span_trace_state(:'recorded_at', :seq, :offset)), '',
	'another tenant''s bytes are not there, with the right numbers');
SELECT is(genops_internal.span_delivery(:seq), NULL, 'nor how far they are delivered');
SELECT matches((SELECT genops_internal.span_delivery(segment) FROM genops.spans), '^pending', 'as its own are');
SELECT throws_ok(format('SELECT * FROM genops.%I', :'span_partition'), '42501', NULL, 'a partition is not granted');
SELECT throws_ok('SET LOCAL row_security = off; SELECT * FROM genops.spans', '42501', NULL, 'row security is not to be switched off');
CREATE FUNCTION pg_temp.tell(tenant text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
	IF tenant <> 'acme' THEN RAISE EXCEPTION 'saw %', tenant; END IF;
	RETURN true;
END $$;
SELECT lives_ok('SELECT * FROM ' || relation || ' WHERE pg_temp.tell(tenant_id)', 'no condition sees other tenants'' rows of ' || relation)
FROM unnest(ARRAY['genops.spans', 'genops.spend', 'genops.segment', 'genops.ledger_segment', 'genops.stat_delivery']) relation;

-- The same, after somebody meant well.
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA genops TO roles_acme;
SET ROLE roles_acme;
SELECT is(seen(), 'acme | 1.25 | acme | of acme | acme', 'GRANT SELECT ON ALL TABLES shows no more');
SELECT results_eq(format('SELECT DISTINCT tenant_id FROM genops.%I', :'span_partition'), $$VALUES ('acme')$$, 'nor do the partitions of facts');
SELECT is_empty(format('SELECT FROM genops.%I WHERE tenant_id <> ''acme''', :'segment_partition'), 'nor those of bytes');
SELECT is_empty('SELECT FROM ' || relation, 'nor has it rows of ' || relation)
FROM unnest(ARRAY['genops.reader', 'genops.pin', 'genops.secret', 'genops.delivery', 'genops.delivery_resend']) relation;
RESET ROLE;
GRANT ALL ON ALL TABLES IN SCHEMA genops TO roles_acme;
SET ROLE roles_acme;
SELECT throws_ok('INSERT INTO genops.reader VALUES (''roles_acme'', NULL)', '42501', NULL, 'nor does GRANT ALL let it grant itself more');
SELECT throws_ok('INSERT INTO genops.pin VALUES (''roles_acme'', ''team'', ''x'')', '42501', NULL, 'or pin');
SELECT is_empty('UPDATE genops.ledger_span SET tenant_id = ''acme'' RETURNING 1', 'or take others'' spans');
SELECT is(seen(), 'acme | 1.25 | acme | of acme | acme', 'and shows no more');
RESET ROLE;

-- A role follows a change of its grants at once, also in a prepared statement.
REVOKE ALL ON ALL TABLES IN SCHEMA genops FROM roles_acme;
SELECT genops_grant('roles_acme', 'read', '{acme}') \g /dev/null
SET ROLE roles_acme;
PREPARE seen AS SELECT count(*) FROM genops.spans;
SELECT results_eq('EXECUTE seen', 'VALUES (1::bigint)', 'a prepared statement');
RESET ROLE;
SELECT genops_grant('roles_acme', 'read', '{globex}') \g /dev/null
SET ROLE roles_acme;
SELECT results_eq('EXECUTE seen', 'VALUES (3::bigint)', 'sees a tenant more');
SET ROLE roles_all;
SELECT results_eq('EXECUTE seen', 'VALUES (4::bigint)', 'and as another role what that one may');
RESET ROLE;
SELECT genops_revoke('roles_acme', 'read', '{acme}') \g /dev/null
SET ROLE roles_acme;
SELECT results_eq('EXECUTE seen', 'VALUES (2::bigint)', 'and one less');
RESET ROLE;
SELECT throws_ok($$SELECT genops_revoke('roles_all', 'read', '{acme}')$$, '55000', 'role "roles_all" reads all tenants',
	'one can''t be taken out of all');
SELECT genops_revoke('roles_acme', 'read', '{globex}') \g /dev/null
SET ROLE roles_acme;
SELECT throws_ok('SELECT * FROM genops.spans', '42501', NULL, 'with the last one goes the privilege');
RESET ROLE;
SELECT genops_grant('public', 'read', '{globex}') \g /dev/null
SET ROLE roles_nobody;
SELECT is(count(*), 2::bigint, 'a tenant may be shown to everybody') FROM genops.spans;
RESET ROLE;
SELECT genops_revoke('public', 'read') \g /dev/null

SELECT genops_grant('roles_all', 'read', '{acme}') \g /dev/null
SET ROLE roles_all;
SELECT is(count(*), 4::bigint, 'a grant takes nothing away') FROM genops.spans;
RESET ROLE;

-- A role that is dropped leaves nothing that another could inherit.
DROP OWNED BY roles_acme, roles_all, roles_untenanted, roles_plain;
DROP ROLE roles_acme, roles_all, roles_untenanted, roles_member, roles_apart, roles_nobody, roles_plain, roles_backup, roles_monitor;
CREATE ROLE roles_next;
SELECT genops_grant('roles_next', 'read', '{acme}') \g /dev/null
SELECT results_eq('SELECT role::text, tenant_id FROM genops.reader', $$VALUES ('roles_next', 'acme' COLLATE "C")$$,
	'what dropped roles left is removed');
DROP OWNED BY roles_next;
DROP ROLE roles_next;
SELECT * FROM finish();
