-- SPDX-License-Identifier: PostgreSQL
-- Who records, who says what a call cost, and what a role can't say about itself.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET genops.on_error = error;
SELECT plan(52);

CREATE ROLE roles_app;
CREATE ROLE roles_billing IN ROLE roles_app;
CREATE ROLE roles_pool;
GRANT roles_app, roles_billing TO roles_pool;

CREATE FUNCTION attribution(feature text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS $$
	SELECT concat_ws(' ', team, project, customer_id, cost_center, environment, user_id, service_name, tenant_id)
	FROM genops.spans s WHERE s.feature = $1
$$;

-- Recording is open.
SET ROLE roles_app;
SELECT lives_ok(call, 'everybody may: ' || call) FROM unnest(ARRAY[
	$$SELECT genops_track('p', 'm', prompt_tokens => 1)$$,
	$$SELECT genops_observe(genops_begin('p', 'm'), 'reply'::text)$$,
	$$SELECT genops_end(genops_begin('p', 'm'), prompt_tokens => 1)$$,
	$$SELECT genops_track('p', 'm', call => genops_traceparent())$$,
	$$SELECT genops_flush('stored')$$]) call;
-- A cost is not.
SELECT throws_ok(call, '42501', 'permission denied to state the cost of a call', 'nobody may: ' || call) FROM unnest(ARRAY[
	$$SELECT genops_track('p', 'm', total_cost => 1e6)$$,
	$$SELECT genops_track('p', 'm', total_cost => 0)$$,
	$$SELECT genops_track('p', 'm', options => '{"input_cost": 1}')$$,
	$$SELECT genops_track('p', 'm', options => '{"cache_write_cost": "1"}')$$,
	$$SELECT genops_end(genops_begin('p', 'm'), total_cost => 1)$$,
	$$SELECT genops_end(genops_begin('p', 'm'), options => '{"output_cost": 1}')$$]) call;
SELECT throws_ok(format('SELECT genops_track(''p'', ''m'', attributes => %L)', json_build_object(key, 1)), '22023', NULL,
	'nor as an attribute: ' || key) FROM unnest(ARRAY['genops.cost.total_cost', 'genops.cost.input_cost', 'cost']) key;
SELECT throws_ok(call, '42501', NULL, 'nor hand in others'' spans: ' || call) FROM unnest(ARRAY[
	$$SELECT genops_ingest('{"resourceSpans": []}')$$, $$SELECT genops_ingest_protobuf('')$$]) call;
SELECT lives_ok($$SELECT genops_track('p', 'm', total_cost => NULL)$$, 'an unknown cost is none');

-- It follows grants, memberships and the current role within a session.
RESET ROLE;
SELECT genops_grant('roles_app', 'charge') \g /dev/null
SET ROLE roles_app;
SELECT lives_ok($$SELECT genops_track('p', 'm', total_cost => 1)$$, 'who may charge may');
SELECT lives_ok($$SELECT genops_ingest('{"resourceSpans": []}')$$, 'and hand in spans');
SET ROLE roles_billing;
SELECT lives_ok($$SELECT genops_track('p', 'm', total_cost => 1)$$, 'so may its members');
RESET ROLE;
REVOKE roles_app FROM roles_billing;
SET ROLE roles_billing;
SELECT throws_ok($$SELECT genops_track('p', 'm', total_cost => 1)$$, '42501', NULL, 'while they are');
RESET ROLE;
CREATE FUNCTION charge_one() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$SELECT genops_track('p', 'm', total_cost => 1)$$;
SET ROLE roles_billing;
SELECT lives_ok('SELECT charge_one()', 'a security definer function may for them');
RESET ROLE;
SELECT genops_revoke('roles_app', 'charge') \g /dev/null
SET ROLE roles_app;
SELECT throws_ok($$SELECT genops_track('p', 'm', total_cost => 1)$$, '42501', NULL, 'a revoked privilege is gone');
RESET ROLE;
ALTER ROLE roles_app SUPERUSER;
SET ROLE roles_app;
SELECT lives_ok($$SELECT genops_track('p', 'm', total_cost => 1)$$, 'a superuser needs none');
RESET ROLE;
ALTER ROLE roles_app NOSUPERUSER;
SET ROLE roles_app;
SELECT throws_ok($$SELECT genops_track('p', 'm', total_cost => 1)$$, '42501', NULL, 'as long as it is one');
RESET ROLE;

-- Recording can be closed.
SELECT genops_revoke('public', 'record') \g /dev/null
SELECT genops_grant('roles_app', 'record') \g /dev/null
SET ROLE roles_billing;
SELECT throws_ok(call, '42501', NULL, 'not any more: ' || call) FROM unnest(ARRAY[
	$$SELECT genops_track('p', 'm')$$, $$SELECT genops_begin('p', 'm')$$, $$SELECT genops_traceparent()$$,
	$$SELECT genops_observe(response => 'reply'::text)$$, $$SELECT genops_end('x')$$, $$SELECT genops_flush()$$]) call;
SET ROLE roles_app;
SELECT lives_ok($$SELECT genops_track('p', 'm')$$, 'but for whom it was granted');
RESET ROLE;
SELECT genops_grant('public', 'record') \g /dev/null

-- A pin beats argument, setting and configuration.
SELECT genops_configure(environment => 'test', tenant_id => 'configured') \g /dev/null
SELECT genops_pin('roles_app', team => 'pinned', customer_id => '', environment => 'live', tenant_id => 'acme') \g /dev/null
SET ROLE roles_app;
SET genops.team = 'mine'; SET genops.project = 'set'; SET genops.customer_id = 'set'; SET genops.tenant_id = 'globex';
SELECT genops_track('p', 'm', feature => 'argument', team => 'mine', customer_id => 'globex', environment => 'x', tenant_id => 'globex', user_id => 7) \g /dev/null
SELECT genops_end(genops_begin('p', 'm', feature => 'begun', team => '', tenant_id => '')) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(attribution('argument'), 'pinned set live 7 genops-ai acme', 'arguments don''t beat pins');
SELECT is(attribution('begun'), 'pinned set live genops-ai acme', 'nor do settings, nor none');
SELECT throws_ok($$SELECT genops_track('p', 'm', attributes => '{"team": "mine"}')$$, '22023', NULL, 'nor can an attribute');
SELECT throws_ok(call, '42501', NULL, 'nor can the role: ' || call) FROM unnest(ARRAY[
	$$SELECT genops_unpin('roles_app')$$, $$SELECT genops_pin('roles_app', team => 'mine')$$,
	$$DELETE FROM genops.pin$$, $$SELECT * FROM genops.pin$$]) call;
RESET ROLE;

-- A definer's function is the caller's spending; of ingested spans only the tenant is pinned.
CREATE FUNCTION track_one(feature text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$SELECT genops_track('p', 'm', feature => $1)$$;
SELECT genops_grant('roles_app', 'charge') \g /dev/null
SET ROLE roles_app;
SELECT track_one('definer') \g /dev/null
SELECT genops_ingest('{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "0af7651916cd43dd8448eb211c80319c",
	"spanId": "b7ad6b7169203331", "name": "x", "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000",
	"attributes": [{"key": "team", "value": {"stringValue": "theirs"}}, {"key": "feature", "value": {"stringValue": "ingested"}}]}]}]}]}') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(attribution('definer'), 'pinned set live genops-ai acme', 'a security definer function is no way round');
SELECT matches(attribution('ingested'), '^theirs .*acme$', 'ingested spans say what they say, of the pinned tenant');
RESET ROLE;

-- Pins change like the configuration: at once, with the transaction, field by field.
BEGIN;
SELECT genops_pin('roles_app', team => 'other') \g /dev/null
SET LOCAL ROLE roles_app;
SELECT genops_track('p', 'm', feature => 'in transaction') \g /dev/null
ROLLBACK;
SET ROLE roles_app;
SELECT genops_track('p', 'm', feature => 'after rollback') \g /dev/null
RESET ROLE;
SELECT genops_unpin('roles_app', 'customer_id') \g /dev/null
SET ROLE roles_app;
SELECT genops_track('p', 'm', feature => 'unpinned') \g /dev/null
RESET ROLE;
ALTER ROLE roles_app RENAME TO roles_app2;
SET ROLE roles_app2;
SELECT genops_track('p', 'm', feature => 'renamed') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(attribution('in transaction'), 'other set live genops-ai acme', 'a pin holds in its transaction');
SELECT is(attribution('after rollback'), 'pinned set live genops-ai acme', 'and goes with it');
SELECT is(attribution('unpinned'), 'pinned set set live genops-ai acme', 'a field is unpinned by itself');
SELECT is(attribution('renamed'), 'pinned set set live genops-ai acme', 'a renamed role keeps its pins');
RESET ROLE;
SELECT genops_unpin('roles_app2') \g /dev/null
SELECT is_empty('SELECT * FROM genops.pin', 'all are unpinned');

-- What can't be a pin.
SELECT throws_ok($$SELECT genops_pin('roles_nobody', team => 'x')$$, '42704', 'role "roles_nobody" does not exist', 'a role must be');
SELECT throws_ok($$SELECT genops_pin('public', team => 'x')$$, '22023', NULL, 'PUBLIC is none');
SELECT throws_ok($$SELECT genops_pin('roles_pool', tenant_id => 'a/b')$$, '22023', 'invalid tenant: "a/b"', 'a tenant must be one');
SELECT throws_ok($$SELECT genops_pin('roles_pool', service_name => '')$$, '22023', 'service_name cannot be pinned to none', 'and a service');
SELECT throws_ok($$SELECT genops_pin('roles_pool', taem => 'x')$$, '42883', NULL, 'a field must be one');
SELECT throws_ok($$SELECT genops_unpin('roles_pool')$$, '42704', 'nothing is pinned for role "roles_pool"', 'nothing pinned, nothing unpinned');
DROP OWNED BY roles_app2, roles_billing, roles_pool;
DROP ROLE roles_app2, roles_billing, roles_pool;
SELECT * FROM finish();
