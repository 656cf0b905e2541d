-- SPDX-License-Identifier: PostgreSQL
-- genops_traceql sees what its caller may read, by whatever way it answers.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT no_plan();

CREATE ROLE traceql_acme;
CREATE ROLE traceql_all;
CREATE ROLE traceql_nobody;
SELECT genops_grant('traceql_acme', 'read', '{acme}'), genops_grant('traceql_all', 'read') \g /dev/null

-- A trace whose root is another tenant's.
WITH root AS MATERIALIZED (SELECT genops_track('openai', 'gpt-4o', tenant_id => 'globex', team => 'globex', name => 'secret root',
	attributes => '{"n": 0, "secret": "globex"}') AS traceparent)
SELECT genops_track('openai', 'gpt-4o', tenant_id => tenant, team => tenant, traceparent => traceparent, attributes => jsonb_build_object('n', n, 'secret', tenant))
FROM root, (VALUES ('acme', 1), ('globex', 0)) v (tenant, n) \g /dev/null
SELECT genops_flush('stored') \g /dev/null

-- What a query gives, or fails with.
CREATE FUNCTION answer(query text, tenant text DEFAULT NULL, traces integer DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(coalesce(attributes ->> 'secret', (SELECT string_agg(l.value, ',') FROM jsonb_each_text(labels) l) || '=' || value), ' '
		ORDER BY attributes ->> 'secret', labels)
		FROM genops_traceql(query, tenant_id => tenant, max_traces => traces, step => '0'));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

SET ROLE traceql_all;
SELECT is(answer('{ .secret != nil }'), 'acme globex globex', 'who may read all tenants sees all');
SELECT is(answer('{ 1 / .n > 0 }'), '22012', 'what is wrong with a span fails');
SET ROLE traceql_acme;
SELECT is(answer(query), expected, query) FROM (VALUES
	-- by columns, by bytes, by whole traces
	('{ .team != nil }', 'acme'), ('{ .secret != nil }', 'acme'), ('{} | count() > 0', 'acme'), ('{ .team = "globex" }', NULL), ('{ .secret = "globex" }', NULL),
	('{ .team = "globex" } >> {}', NULL), ('{} | count() > 1', NULL), ('{ rootName = "secret root" }', NULL),
	('{ 1 / .n > 0 }', 'acme'), ('{ 1 / .n > 0 } | count() > 0', 'acme'),
	-- metrics
	('{} | count_over_time() by (.team)', 'acme=1'), ('{} | count_over_time() by (.secret)', 'acme=1'), ('{} | count() > 0 | count_over_time() by (.secret)', 'acme=1'),
	('{ 1 / .n > 0 } | count_over_time() by (.secret)', 'acme=1')) v (query, expected);
SELECT is(answer('{ .secret != nil }', traces => 5), 'acme', 'with a limit');
SELECT is(answer('{}', tenant => 'globex'), NULL, 'asking for another tenant finds nothing');
SELECT is(answer('{}', tenant => 'acme|globex'), 'acme', 'nor does asking for it too');
SELECT ok(root_name IS NULL AND root_service_name IS NULL AND matched = 1, 'another tenant''s root is not told') FROM genops_traceql('{}');
SET ROLE traceql_nobody;
SELECT is(answer('{}'), '42501', 'who may not read the ledger may not ask it');
SELECT is(answer('{} | rate()'), '42501', 'nor for metrics');
RESET ROLE;

-- Who lends rights by a function lends just those.
CREATE FUNCTION lent() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT count(*) FROM genops_traceql('{}') $$;
ALTER FUNCTION lent() OWNER TO traceql_acme;
SET ROLE traceql_nobody;
SELECT is(lent(), 1::bigint, 'a function of a reader reads as that');
RESET ROLE;

SELECT * FROM finish();
