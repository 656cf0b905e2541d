-- SPDX-License-Identifier: PostgreSQL
-- Others' functions and operators, in front of PostgreSQL's or made before the extension:
-- none of them is ever called by ours.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(47);
CREATE ROLE roles_caller;

-- Twins of what PostgreSQL has, and in "fitting" what it lacks, so that it would have to
-- cast.  Each raises when it is called.
CREATE FUNCTION sprung() RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'a trap was sprung'; END$$;
CREATE FUNCTION lay_trap(schema text, name text, left_type regtype, right_type regtype, result regtype) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	function_name CONSTANT text := format('%I.%I', schema, 'trap_' || md5(name || left_type || right_type));
BEGIN
	EXECUTE format('CREATE FUNCTION %s(%s, %s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN PERFORM public.sprung(); END''',
		function_name, left_type, right_type, result);
	EXECUTE format('CREATE OPERATOR %I.%s (FUNCTION = %s, LEFTARG = %s, RIGHTARG = %s)', schema, name, function_name, left_type, right_type);
END $$;
CREATE VIEW trap_type AS
SELECT unnest('{int2,int4,int8,float8,numeric,text,name,bool,oid,regrole,interval,timestamptz,text[],jsonb,uuid,bytea,"\"char\""}'::text[])::regtype AS type;

CREATE SCHEMA twins;
SELECT lay_trap('twins', oprname, oprleft, oprright, oprresult) FROM pg_operator
WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprleft IN (SELECT type FROM trap_type) AND oprright IN (SELECT type FROM trap_type) \g /dev/null
CREATE FUNCTION lay_function_trap(called regprocedure) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FUNCTION twins.%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN PERFORM public.sprung(); END''',
		(SELECT proname FROM pg_proc WHERE oid = called), pg_get_function_identity_arguments(called), pg_get_function_result(called));
END $$;
SELECT lay_function_trap(oid) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND provariadic = 0 AND NOT proretset
	AND proargmodes IS NULL AND prorettype NOT IN ('internal'::regtype, 'cstring'::regtype) AND prorettype::regtype::text !~ '^any|handler|trigger'
	AND NOT proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[]
	AND proname IN ('length', 'octet_length', 'lpad', 'encode', 'uuid_send', 'to_hex', 'date_bin', 'cardinality', 'array_position',
		'pg_has_role', 'has_function_privilege', 'now', 'clock_timestamp', 'hashtext', 'trim_scale', 'quote_ident', 'pg_get_userbyid') \g /dev/null
CREATE FUNCTION twins.format(text, text) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM public.sprung(); END';
CREATE FUNCTION twins.format(text, VARIADIC "any") RETURNS text LANGUAGE internal AS 'text_format';
CREATE TABLE twins.pg_roles (oid oid, rolname name);
CREATE DOMAIN twins.regrole AS text CHECK (VALUE = 'no role');
CREATE DOMAIN twins.text AS text CHECK (VALUE = 'no text');
GRANT ALL ON SCHEMA twins TO roles_caller;

SELECT genops_track('openai', 'gpt-4o', total_cost => 0.1, tenant_id => 'acme', attributes => '{"a": 1}') \g /dev/null
SELECT genops_track('openai', 'gpt-4o', total_cost => 0.1, tenant_id => 'globex') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT trace_id FROM genops.spans WHERE tenant_id = 'acme' \gset

-- In front of pg_catalog, for an administrator and for a reader.
CREATE FUNCTION outcome(role_name text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.set_config('role', role_name, true);
	PERFORM pg_catalog.set_config('search_path', 'twins, pg_catalog, public', true);
	EXECUTE statement;
	PERFORM pg_catalog.set_config('role', 'none', true);
	PERFORM pg_catalog.set_config('search_path', 'public', true);
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
SELECT is(outcome('none', 'SELECT 1 + 1'), 'a trap was sprung', 'the traps work');
SELECT is(outcome('none', statement), 'done', 'an administrator meets none in ' || statement) FROM unnest(ARRAY[
	$$SELECT genops_grant('roles_caller', 'read', '{acme}')$$,
	$$SELECT genops_grant('roles_caller', 'configure')$$,
	$$SELECT genops_revoke('roles_caller', 'configure')$$,
	$$SELECT genops_grant('public', 'record')$$,
	$$SELECT genops_pin('roles_caller', team => 'a', tenant_id => 'acme')$$,
	$$SELECT genops_unpin('roles_caller', 'team')$$,
	$$SELECT genops_configure(environment => 'test', retention => '90 days', headers => '{"X-Key": "k"}')$$,
	$$INSERT INTO genops.route (name, tenant_id) VALUES ('r', 'acme')$$,
	$$SELECT genops_route_headers('r', '{"X-Key": "k"}')$$,
	$$DELETE FROM genops.route$$,
	$$SELECT genops_reset('all')$$,
	$$SELECT genops_pause_delivery()$$,
	$$SELECT genops_resume_delivery('now')$$,
	$$SELECT genops_resend('2000-01-01')$$,
	$$SELECT * FROM genops.stat_delivery$$,
	$$SELECT * FROM genops.configuration$$,
	$$SELECT * FROM genops.spans$$,
	$$SELECT * FROM genops_validate(timeout => 0.1)$$,
	$$SELECT * FROM genops_validation_report(timeout => 0.1)$$,
	$$SELECT genops_quick_start()$$,
	$$SELECT * FROM genops_reset('endpoint')$$,
	$$SELECT * FROM genops_traceql('{ .a = 1 } | count_over_time() by (.team)')$$,
	$$SELECT * FROM genops_traceql_explain('{ .a = 1 }')$$]) statement;
SELECT is(outcome('roles_caller', format(statement, :'trace_id')), 'done', 'nor does a reader in ' || statement) FROM unnest(ARRAY[
	'SELECT * FROM genops.spans', 'SELECT * FROM genops.spend', 'SELECT * FROM genops.stat_delivery',
	'SELECT * FROM genops_trace(%L)', $$SELECT genops_track('p', 'm', attributes => '{"a": [1.5]}')$$,
	$$SELECT * FROM genops_traceql('{ .team = "a" && duration < 1h } | select(.k)', max_traces => 3)$$,
	$$SELECT * FROM genops_traceql('{ .a = 1 } | sum_over_time(.cost) by (name, .team)')$$,
	$$SELECT * FROM genops_traceql('{} >> {}')$$, $$SELECT * FROM genops_traceql_explain('{ name = "x" } | rate()')$$,
	'SELECT * FROM genops_tags()', $$SELECT * FROM genops_tag_values('.team')$$, $$SELECT * FROM genops_tag_values('name')$$,
	'SELECT genops_internal.span_delivery(1)', $$SELECT genops_internal.span_delivery(seq) FROM genops.ledger_span$$,
	'SELECT bytes FROM genops.ledger_segment', 'SELECT total_cost_e12 FROM genops.ledger_span']) statement;

-- Beside ours, with a signature that fits better what is left out.
SELECT set_config('search_path', 'public', false) \g /dev/null
CREATE FUNCTION public.genops_tags(scope text) RETURNS TABLE (tag_scope text, tag text) LANGUAGE plpgsql AS 'BEGIN PERFORM public.sprung(); END';
CREATE FUNCTION public.genops_traceql(query text, since interval, start_time timestamptz, end_time timestamptz, step text, tenant_id text, source text)
	RETURNS SETOF genops.traceql_row LANGUAGE plpgsql AS 'BEGIN PERFORM public.sprung(); END';
CREATE FUNCTION public.genops_traceql(query text, start_time timestamptz, end_time timestamptz, step interval, tenant_id text, source text)
	RETURNS SETOF genops.traceql_row LANGUAGE plpgsql AS 'BEGIN PERFORM public.sprung(); END';
SELECT lives_ok($$SELECT * FROM genops_tag_values('name')$$, 'genops_tag_values() calls none of them');
SELECT lives_ok($$SELECT * FROM genops_tag_values('.a')$$, 'of an attribute neither');
SELECT throws_ok($$SELECT * FROM genops_traceql_compare('{}')$$, '55000', NULL, 'nor does genops_traceql_compare(), which misses a Tempo');
DROP FUNCTION public.genops_tags(text), public.genops_traceql(text, interval, timestamptz, timestamptz, text, text, text),
	public.genops_traceql(text, timestamptz, timestamptz, interval, text, text);

-- Hidden behind a name in the temporary schema, which is searched before all others.
SET ROLE roles_caller;
CREATE TEMPORARY TABLE ledger_span AS SELECT 'globex'::text AS tenant_id;
CREATE TEMPORARY TABLE pg_roles AS SELECT 10::oid AS oid, 'roles_caller'::name AS rolname;
CREATE TEMPORARY TABLE reader AS SELECT 0::oid AS role, NULL::text AS tenant_id;
SELECT results_eq('SELECT DISTINCT tenant_id FROM genops.spans', $$VALUES ('acme')$$, 'temporary tables change nothing for a reader');
RESET ROLE;
SELECT genops_grant('roles_caller', 'charge') \g /dev/null
SELECT ok(has_function_privilege('roles_caller', 'genops.may_charge()', 'EXECUTE'), 'nor whom a privilege goes to');
DROP OWNED BY roles_caller;
DROP ROLE roles_caller;

-- Made before the extension, in its schema.
DROP EXTENSION genops_tempo;
CREATE SCHEMA crowded;
SELECT lay_trap('crowded', operator, l.type, r.type, result)
FROM (VALUES ('=', 'bool'::regtype), ('<>', 'bool'), ('>', 'bool'), ('>=', 'bool'), ('<', 'bool'), ('<=', 'bool'), ('~', 'bool'),
		('*', 'interval'), ('/', 'float8'), ('+', 'int8'), ('-', 'int8'), ('||', 'text'),
		('&', 'int8'), ('|', 'int8'), ('#', 'int8'), ('<<', 'int8'), ('>>', 'int8'), ('%', 'int8'), ('^', 'float8')) o (operator, result),
	trap_type l, trap_type r
WHERE NOT EXISTS (SELECT FROM pg_operator p WHERE p.oprname = o.operator AND p.oprleft = l.type AND p.oprright = r.type) \g /dev/null
CREATE FUNCTION crowded.genops_begin() RETURNS text LANGUAGE sql AS $$SELECT 'x'::text$$;
SELECT throws_ok('CREATE EXTENSION genops_tempo SCHEMA crowded', '42723', 'function genops_begin() exists already', 'it is not created beside others'' genops_*');
DROP FUNCTION crowded.genops_begin();
CREATE EXTENSION genops_tempo SCHEMA crowded;
SELECT is_empty($$SELECT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, 0)
	FROM pg_depend d
		LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
		LEFT JOIN pg_proc f ON d.refclassid = 'pg_proc'::regclass AND f.oid = d.refobjid
	WHERE 'crowded'::regnamespace IN (o.oprnamespace, f.pronamespace) AND (o.oid IS NOT NULL OR f.proname LIKE 'trap\_%')
		AND d.classid <> 'pg_operator'::regclass$$,
	'nor has anything of it one of others'' operators');
SELECT * FROM finish();
