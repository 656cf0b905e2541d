-- SPDX-License-Identifier: PostgreSQL
-- AI calls from SQL, and what the database knows about them afterwards.
\set ON_ERROR_STOP 1
\pset footer off
\pset null '-'
SET client_min_messages = notice;

\echo
\echo '== Calls that are observed while they are made:'
\echo '==   genops_observe(genops_begin(''openai'', ''gpt-4o'', team => ..., customer_id => ...), ai_chat(...))'
SELECT customer, genops_observe(genops_begin('openai', 'gpt-4o', team => 'support', customer_id => customer),
                                ai_chat('gpt-4o', question)) #>> '{choices,0,message,content}' AS answer
FROM (VALUES ('acme', 'Why was I charged twice?'),
             ('globex', 'How do I export my data?')) AS ticket (customer, question);

\echo '== Calls in two steps, genops_begin() and genops_end(), which knows what they cost'
SELECT question, ask(team, customer, model, question) AS answer
FROM (VALUES ('support', 'acme', 'gpt-4o', 'Summarise the last ten tickets.'),
             ('search', 'acme', 'gpt-4o-mini', 'Rewrite this query: cheap red shoes'),
             ('search', 'globex', 'gpt-4o-mini', 'Rewrite this query: laptops under 500'),
             ('search', 'initech', 'gpt-4o', 'Which of these products fit together?')
     ) AS request (team, customer, model, question);

\echo '== A call that fails, in a block that catches it'
DO $$
BEGIN
    PERFORM genops_observe(genops_begin('openai', 'gpt-4o', team => 'support', customer_id => 'acme'),
                           ai_chat('gpt-4o', 'Is anybody there? [429]'));
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'caught: %', SQLERRM;
END
$$;

\echo
\echo '== A call whose transaction is rolled back: its money is spent nevertheless'
BEGIN;
SELECT ask('billing', 'globex', 'gpt-4o', 'Draft a reminder for invoice 4711.') AS answer;
ROLLBACK;

\echo '== A call that an application made, recorded when it was over'
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1200, completion_tokens => 350,
                    total_cost => cost_of('gpt-4o', 1200, 350), team => 'billing',
                    customer_id => 'initech', duration => '1.7 s') AS traceparent;

SELECT complete AS everything_is_delivered, queued, pending FROM genops_flush();

\echo '== The calls: genops.spans'
SELECT name, team, customer_id AS customer, status, round(duration_ms::numeric, 1) AS ms,
       prompt_tokens AS prompt, completion_tokens AS completion, total_cost::numeric(12, 6) AS usd
FROM genops.spans ORDER BY start_time;

\echo '== Cost by team and model: genops.spend'
SELECT team, model, sum(calls) AS calls, sum(errors) AS errors, sum(unpriced_calls) AS unpriced,
       sum(total_cost)::numeric(12, 6) AS usd
FROM genops.spend GROUP BY team, model ORDER BY team, model;

\echo '== Recording: genops.stat_recording'
SELECT recorded, stored, queued, dropped FROM genops.stat_recording;

\echo '== Delivery: genops.stat_delivery'
SELECT tenant_id, state, stored, exported, pending, rejected, requests, bytes FROM genops.stat_delivery;

-- The first of these is no TraceQL of Tempo's; what it is read as, a notice would tell.
SET client_min_messages = warning;

\echo
\echo '== TraceQL, asked of the database: genops_traceql()'
\echo '== Cost by team:  {} | sum(.genops.cost.total_cost) by (.team)'
SELECT labels->>'.team' AS team, value AS usd
FROM genops_traceql('{} | sum(.genops.cost.total_cost) by (.team)') ORDER BY value DESC;

\echo '== Slow and expensive:  { duration > 50ms && .genops.cost.total_cost > 0.0002 }'
SELECT name, attributes->>'team' AS team, attributes->>'customer_id' AS customer, round(duration_ms::numeric, 1) AS ms,
       attributes->'genops.cost.total_cost' AS usd
FROM genops_traceql('{ duration > 50ms && .genops.cost.total_cost > 0.0002 }') ORDER BY duration_ms DESC;

\echo '== Errors:  { status = error }'
SELECT name, attributes->>'team' AS team, status_message FROM genops_traceql('{ status = error }');
