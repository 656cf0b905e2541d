-- SPDX-License-Identifier: PostgreSQL
-- The TraceQL of the user's guide, answered by the ledger; no Tempo is needed.
--
--   psql -f examples/traceql_queries.sql
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS genops_tempo;

\echo '== Some calls'
SELECT count(*) AS recorded
FROM (VALUES
    ('platform',    'acme-corp', 'openai',    'gpt-4o',         1500,  900, 0.01275, interval '0.9 s', NULL, NULL),
    ('platform',    'acme-corp', 'openai',    'gpt-4o',        12000, 3500, 0.065,   '4.2 s', NULL, NULL),
    ('platform',    'globex',    'anthropic', 'claude-sonnet', 30000, 4000, 0.15,    '6.1 s', NULL, NULL),
    ('research',    NULL,        'anthropic', 'claude-opus',   20000, 6000, 0.75,    '9.5 s', NULL,
        '{"genops.budget.utilization_pct": 88, "genops.budget.remaining": 12}'),
    ('ml-platform', 'acme-corp', 'openai',    'gpt-4o-mini',    9000,  150, 0.00144, '0.7 s', NULL,
        '{"genops.budget.utilization_pct": 104.5, "genops.budget.remaining": -4.5}'),
    ('platform',    'initech',   'openai',    'gpt-4o',         NULL, NULL, NULL,    '0.2 s', 'RateLimitError: slow down', NULL)
  ) AS call (team, customer, provider, model, prompt, completion, cost, took, error, attributes)
WHERE genops_track(provider, model, prompt_tokens => prompt, completion_tokens => completion, total_cost => cost,
                   team => team, customer_id => customer, environment => 'production', service_name => 'traceql-queries',
                   duration => took, error => error, attributes => attributes::jsonb) IS NOT NULL;

\echo '== By team, customer, provider'
SELECT attributes->>'team' AS team, name, duration FROM genops_traceql('{ .team = "platform" || .team = "ml-platform" }') ORDER BY 1, 3;
SELECT attributes->>'team' AS team, name FROM genops_traceql('{ .customer_id = "acme-corp" }') ORDER BY 1, 2;
SELECT name FROM genops_traceql('{ .genops.provider = "anthropic" }') ORDER BY 1;

\echo '== Expensive, slow, large'
SELECT name, duration, attributes->'genops.cost.total_cost' AS cost
FROM genops_traceql('{ duration > 1s && .genops.cost.total_cost > 0.05 }') ORDER BY duration DESC;
SELECT name, attributes->'genops.cost.total_tokens' AS tokens FROM genops_traceql('{ .genops.cost.total_tokens > 20000 }') ORDER BY 1;

\echo '== Errors'
SELECT name, status_message FROM genops_traceql('{ .deployment.environment = "production" && status = error }');
SELECT name FROM genops_traceql('{ event.exception.message != "" }');

\echo '== Budgets, as the callers stated them'
SELECT attributes->>'team' AS team, attributes->'genops.budget.utilization_pct' AS pct
FROM genops_traceql('{ .genops.budget.utilization_pct > 80 }') ORDER BY 1;
SELECT attributes->>'team' AS team FROM genops_traceql('{ .genops.budget.remaining < 0 }');

\echo '== Metrics: one value a group (the guide''s form, and TraceQL''s own)'
SELECT labels->>'.team' AS team, value FROM genops_traceql('{} | sum(.genops.cost.total_cost) by (.team)') ORDER BY 1;
SELECT labels->>'.customer_id' AS customer, value
FROM genops_traceql('{ .customer_id != "" } | sum_over_time(.genops.cost.total_cost) by (.customer_id)', step => '0') ORDER BY 1;

\echo '== Metrics: a row per series and step'
SELECT labels->>'.team' AS team, sum(value) AS calls
FROM genops_traceql('{} | count_over_time() by (.team)', since => '1 hour', step => '5 minutes') GROUP BY 1 ORDER BY 1;

\echo '== What the guide writes, what it is read as, and what Tempo would be sent'
SELECT item, detail FROM genops_traceql_explain('{} | quantile(.duration, 0.95)') WHERE item IN ('read as', 'for Tempo');

\echo '== What can be asked for'
SELECT value, type, spans FROM genops_tag_values('.team') ORDER BY 1;
