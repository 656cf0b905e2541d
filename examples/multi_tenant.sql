-- SPDX-License-Identifier: PostgreSQL
-- Tenants: whose spans go where, who reads what, and the totals of all.
--
--   psql -f examples/multi_tenant.sql
--
-- For a Tempo elsewhere: -v endpoint=http://tempo:3200 -v otlp_endpoint=http://tempo:4318
\set ON_ERROR_STOP 1
\pset footer off
\if :{?endpoint} \else \set endpoint http://localhost:3200 \endif
\if :{?otlp_endpoint} \else \set otlp_endpoint http://localhost:4318 \endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS genops_tempo;

\echo '== The tenant of whatever says nothing else'
SELECT setting, value FROM genops_configure(endpoint => :'endpoint', otlp_endpoint => :'otlp_endpoint', tenant_id => 'team-platform');

\echo '== Rules: one customer has a tenant of its own, every other one gets its name'
INSERT INTO genops.route (name, position, customer_id, tenant_id)
VALUES ('acme has its own', 10, 'acme-corp', 'acme'),
       ('every other customer', 20, NULL, 'cust-{customer_id}')
ON CONFLICT (name) DO NOTHING;
SELECT position, name, customer_id, tenant_id FROM genops.route ORDER BY position;

\echo '== Calls: by the configuration, by argument, by session, by rule'
SELECT genops_track('openai', 'gpt-4o', team => 'platform', total_cost => 0.02) IS NOT NULL AS recorded;
SELECT genops_track('openai', 'gpt-4o', team => 'research', total_cost => 0.03, tenant_id => 'team-research') IS NOT NULL AS recorded;
BEGIN;
SET LOCAL genops.tenant_id = 'team-research';
SELECT genops_track('anthropic', 'claude-sonnet', team => 'research', total_cost => 0.07) IS NOT NULL AS recorded;
COMMIT;
SELECT genops_track('openai', 'gpt-4o', customer_id => 'acme-corp', total_cost => 0.04) IS NOT NULL AS recorded;
SELECT genops_track('openai', 'gpt-4o', customer_id => 'globex', total_cost => 0.05) IS NOT NULL AS recorded;

\echo '== Each tenant has requests of its own, under its X-Scope-OrgID'
SELECT complete FROM genops_flush();
SELECT tenant_id, state, stored, exported FROM genops.stat_delivery ORDER BY tenant_id;

\echo '== Isolation: a role reads the tenants that it was granted'
BEGIN;
CREATE ROLE example_research_reader;
SELECT genops_grant('example_research_reader', 'read', ARRAY['team-research']) \g /dev/null
SET LOCAL ROLE example_research_reader;
SELECT tenant_id, sum(calls) AS calls, sum(total_cost) AS total_cost FROM genops.spend GROUP BY tenant_id;
SELECT tenant_id, name FROM genops_traceql('{}') ORDER BY name;
ROLLBACK;

\echo '== Across tenants, who may read all: what each owes'
SELECT tenant_id, sum(calls) AS calls, sum(total_cost) AS total_cost
FROM genops.spend GROUP BY ROLLUP (tenant_id) ORDER BY tenant_id NULLS LAST;
SELECT tenant_id, name FROM genops_traceql('{ .genops.cost.total_cost > 0.04 }', tenant_id => 'team-research|cust-globex') ORDER BY 1;
