-- SPDX-License-Identifier: PostgreSQL
-- What a call is when little is said of it.
BEGIN;
SELECT plan(5);

SELECT throws_ok(
    $$SET genops.tenant_id = 'a/b'$$, '22023', NULL,
    'a tenant that can not be one is refused when it is set');
SELECT lives_ok($$SET LOCAL genops.tenant_id = 'cust-7'$$, 'one that can be is not');

SELECT genops_observe(response => clock_timestamp()) IS NOT NULL AS observed \gset
SELECT genops_end(genops_begin(name => 'a step', operation => 'invoke_workflow')) IS NOT NULL AS ended \gset
SELECT ok(:'observed' AND :'ended', 'both are recorded');
COMMIT;

BEGIN;
SELECT complete FROM genops_flush('stored') \gset
SELECT is(sum(calls), 1::numeric, 'a call of which nothing is known is a call')
FROM genops.spend WHERE tenant_id = 'cust-7';
SELECT is(sum(unpriced_calls), 1::numeric, 'without a price')
FROM genops.spend WHERE tenant_id = 'cust-7';
SELECT * FROM finish();
ROLLBACK;
