-- SPDX-License-Identifier: PostgreSQL
-- genops_adjust: what it takes, who may, and whose invoice it changes.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(24);

SELECT throws_ok(statement, '22023', NULL, 'refused: ' || statement) FROM unnest(ARRAY[
	$$SELECT genops_adjust(NULL, 'x')$$, $$SELECT genops_adjust(0, 'x')$$, $$SELECT genops_adjust(0, 'x', calls => 0)$$,
	$$SELECT genops_adjust('-Infinity', 'x', calls => 1)$$, $$SELECT genops_adjust('NaN', 'x')$$,
	$$SELECT genops_adjust(1, 'x', at => 'infinity')$$, $$SELECT genops_adjust(1, 'x', at => '-infinity')$$,
	$$SELECT genops_adjust(1, 'x', tenant_id => 'a/b')$$, $$SELECT genops_adjust(1, 'x', tenant_id => '..')$$,
	$$SELECT genops_adjust(1, '')$$, $$SELECT genops_adjust(1, NULL)$$, $$SELECT genops_adjust(1, 'x', currency => 'usd')$$]) statement;
SELECT is(count(*), 0::bigint, 'none of these is there') FROM genops.adjustment;
SELECT lives_ok($$SELECT genops_adjust(0, 'a call too many', calls => -1, tenant_id => 'beta')$$, 'calls alone');
SELECT lives_ok($$SELECT genops_adjust(-0.5, 'a discount', tenant_id => 'beta', at => '2026-01-02 03:17Z')$$, 'or a cost');
SELECT is(row(sum(calls), sum(total_cost))::text, '(-1,-0.5)', 'count') FROM genops.spend WHERE tenant_id = 'beta';

-- Who may.
CREATE ROLE adjust_nobody;
CREATE ROLE adjust_charger;
CREATE ROLE adjust_pinned;
SELECT genops_grant(role, 'charge'), genops_grant(role, 'read', ARRAY['acme']) FROM unnest('{adjust_charger,adjust_pinned}'::text[]) role \g /dev/null
SELECT genops_pin('adjust_pinned', tenant_id => 'acme') \g /dev/null
SET ROLE adjust_nobody;
SELECT throws_ok($$SELECT genops_adjust(1, 'x')$$, '42501', NULL, 'nobody without "charge"');
RESET ROLE;
SET ROLE adjust_charger;
SELECT lives_ok($$SELECT genops_adjust(1, 'by the charger', tenant_id => 'beta')$$, 'who has it corrects any tenant');
SELECT throws_ok($$INSERT INTO genops.adjustment SELECT * FROM genops.adjustment$$, '42501', NULL, 'but by the function');
SELECT is(count(*), 0::bigint, 'and sees those of its tenants') FROM genops.adjustment;
RESET ROLE;

-- A pin.
SET ROLE adjust_pinned;
SELECT genops_adjust(2, 'for another', tenant_id => 'beta'), genops_adjust(3, 'for nobody'), genops_adjust(4, 'for none', tenant_id => '') \g /dev/null
SELECT is(string_agg(cost || ' ' || tenant_id, ', ' ORDER BY cost), '2 acme, 3 acme, 4 acme', 'a pinned role corrects its own')
FROM genops.adjustment;
RESET ROLE;
SELECT is(sum(cost), 0.5, 'nothing of another') FROM genops.adjustment WHERE tenant_id = 'beta';

-- Without a word it is where calls are.
SELECT genops_configure(tenant_id => 'main') \g /dev/null
INSERT INTO genops.route (name, team, tenant_id) VALUES ('r', 'web', 'web-{customer_id}');
SELECT genops_adjust(10, 'configured'), genops_adjust(11, 'routed', team => 'web', customer_id => 7), genops_adjust(12, 'none', tenant_id => '') \g /dev/null
SELECT results_eq('SELECT tenant_id FROM genops.adjustment WHERE cost >= 10 ORDER BY cost', $$VALUES ('main'), ('web-7'), (NULL)$$,
	'the tenant is that of the route or the configuration');
SELECT is(made_by, session_user::name, 'signed by who logged in') FROM genops.adjustment WHERE cost = 2;
DROP OWNED BY adjust_charger, adjust_pinned;
SELECT genops_unpin('adjust_pinned') \g /dev/null
DROP ROLE adjust_nobody, adjust_charger, adjust_pinned;
SELECT * FROM finish();
