-- SPDX-License-Identifier: PostgreSQL
-- genops.route: which tenant and which stream a span gets.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT set_config('genops.project', 'configuration_routes ' || gen_random_uuid(), false) \g /dev/null
CREATE FUNCTION pg_temp.tenant(feature text) RETURNS text LANGUAGE sql AS
	$$SELECT coalesce(s.tenant_id, '(none)') FROM genops.spans s
	WHERE s.project = current_setting('genops.project') AND s.feature = $1$$;

BEGIN;
SELECT plan(32);
SELECT genops_reset('all') \g /dev/null
DELETE FROM genops.route;
SELECT genops_configure(tenant_id => 'configured', environment => 'staging') \g /dev/null
CREATE ROLE genops_test_router;
INSERT INTO genops.route (position, name, team, customer_id, environment, database, role, tenant_id) VALUES
	(1, 'elsewhere', NULL, NULL, NULL, 'no such database', NULL, 'elsewhere'),
	(2, 'no role', NULL, NULL, NULL, NULL, 'no such role', 'nobody'),
	(3, 'big', NULL, 'big', NULL, NULL, NULL, 'big-customer'),
	(4, 'per customer', 'saas', NULL, NULL, NULL, NULL, 'cust-{customer_id}'),
	(5, 'two', 'saas', NULL, NULL, NULL, NULL, '{team}.{environment}'),
	(6, 'production', NULL, NULL, 'production', current_database(), NULL, 'prod'),
	(7, 'role', NULL, NULL, NULL, NULL, 'genops_test_router', 'router');

SELECT genops_track('p', 'm', feature => 'none matches') \g /dev/null
SELECT genops_track('p', 'm', feature => 'customer', customer_id => 'big', team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'template', customer_id => 77, team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'no placeholder', team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'environment', environment => 'production') \g /dev/null
SELECT genops_track('p', 'm', feature => 'argument', customer_id => 'big', tenant_id => 'given') \g /dev/null
SELECT genops_track('p', 'm', feature => 'no tenant', customer_id => 'big', tenant_id => '') \g /dev/null
SELECT genops_track('p', 'm', feature => 'slash', customer_id => 'a/b', team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'underscore', customer_id => 'a_b', team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'escape', customer_id => 'a!2Fb', team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'umlaut', customer_id => 'ä', team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'long 1', customer_id => repeat('x', 200) || '1', team => 'saas') \g /dev/null
SELECT genops_track('p', 'm', feature => 'long 2', customer_id => repeat('x', 200) || '2', team => 'saas') \g /dev/null
SET LOCAL genops.tenant_id = 'session';
SELECT genops_track('p', 'm', feature => 'session', customer_id => 'big') \g /dev/null
RESET genops.tenant_id;
SET LOCAL ROLE genops_test_router;
SELECT genops_track('p', 'm', feature => 'role') \g /dev/null
RESET ROLE;

-- Own changes are seen at once, and those of a savepoint that is rolled back are not.
SAVEPOINT before;
DELETE FROM genops.route;
SELECT genops_track('p', 'm', feature => 'deleted', customer_id => 'big') \g /dev/null
ROLLBACK TO before;
SELECT genops_track('p', 'm', feature => 'not deleted', customer_id => 'big') \g /dev/null
UPDATE genops.route SET position = 0, customer_id = NULL WHERE name = 'big';
SELECT genops_track('p', 'm', feature => 'order', customer_id => 1, team => 'saas') \g /dev/null

SELECT complete AS flushed FROM genops_flush('stored') \gset
SELECT ok(:'flushed', 'what was recorded is stored');
SELECT is(pg_temp.tenant(feature), tenant, feature || ': ' || tenant) FROM (VALUES
	('none matches', 'configured'),
	('customer', 'big-customer'),
	('template', 'cust-77'),
	('no placeholder', 'saas.staging'),
	('environment', 'prod'),
	('argument', 'given'),
	('session', 'session'),
	('no tenant', '(none)'),
	('slash', 'cust-a!2Fb'),
	('underscore', 'cust-a_b'),
	('escape', 'cust-a!212Fb'),
	('umlaut', 'cust-!C3!A4'),
	('role', 'router'),
	('deleted', 'configured'),
	('not deleted', 'big-customer'),
	('order', 'big-customer')) AS v (feature, tenant);
SELECT is(length(pg_temp.tenant('long 1')), 150, 'a long tenant is cut');
SELECT isnt(pg_temp.tenant('long 1'), pg_temp.tenant('long 2'), 'and still is the customer''s own');

-- What a route may be.
SELECT throws_ok(row, '23514', NULL, row) FROM unnest(ARRAY[
	$$INSERT INTO genops.route (name, sampling_rate) VALUES ('x', 1.5)$$,
	$$INSERT INTO genops.route (name, sampling_rate) VALUES ('x', 'NaN')$$,
	$$INSERT INTO genops.route (name, tenant_id) VALUES ('x', 'a|b')$$,
	$$INSERT INTO genops.route (name, tenant_id) VALUES ('x', '{nothing}')$$,
	$$INSERT INTO genops.route (name, tenant_id) VALUES ('x', '..')$$,
	$$INSERT INTO genops.route (name, otlp_endpoint) VALUES ('x', 'tempo:4318')$$,
	$$INSERT INTO genops.route (name, otlp_endpoint) VALUES ('x', 'http://user:pw@tempo:4318')$$,
	$$INSERT INTO genops.route (name) VALUES ('')$$]) AS row;

-- Its headers.
SELECT genops_route_headers('big', '{"Authorization": "Bearer r", "X-Key": "k"}') \g /dev/null
SELECT genops_route_headers('big', '{"x-key": null}') \g /dev/null
SELECT is(headers, '{authorization}', 'a route tells the names of its headers')
FROM genops.route WHERE name = 'big';
SELECT set_eq('SELECT name, value FROM genops.secret WHERE route = ''big''',
	$$VALUES ('authorization', 'Bearer r')$$, 'their values are secrets');
UPDATE genops.route SET name = 'renamed' WHERE name = 'big';
SELECT isnt_empty('SELECT 1 FROM genops.secret WHERE route = ''renamed''', 'they follow the route''s name');
DELETE FROM genops.route WHERE name = 'renamed';
SELECT is_empty('SELECT 1 FROM genops.secret WHERE route = ''renamed''', 'and go with it');
SELECT throws_ok($$SELECT genops_route_headers('no such', '{}')$$, '42704',
	'route "no such" does not exist', 'there must be a route');
SELECT * FROM finish();
ROLLBACK;
