-- SPDX-License-Identifier: PostgreSQL
-- Spans straight to a Tempo: set up, validate, record, find.
--
--   psql -f examples/direct_export.sql
--
-- For a Tempo elsewhere: -v endpoint=http://tempo:3200 -v otlp_endpoint=http://tempo:4318
\set ON_ERROR_STOP 1
\pset footer off
\if :{?endpoint} \else \set endpoint http://localhost:3200 \endif
\if :{?otlp_endpoint} \else \set otlp_endpoint http://localhost:4318 \endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS genops_tempo;

\echo '== Where Tempo is queried, and where spans go'
SELECT setting, value, note
FROM genops_configure(endpoint => :'endpoint', otlp_endpoint => :'otlp_endpoint',
                      service_name => 'direct-export', environment => 'development');

\echo '== Is all as it should be?'
SELECT * FROM genops_validation_report();

\echo '== A call that is over'
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1200, completion_tokens => 300, total_cost => 0.006,
                    team => 'platform', customer_id => 'acme-corp', duration => '1.7 s') AS traceparent \gset
\echo :traceparent

\echo '== A step with two calls in it, as one trace'
BEGIN;
SELECT genops_begin(name => 'answer a ticket', operation => 'invoke_workflow', team => 'support') AS step \gset
SELECT genops_track('openai', 'text-embedding-3-small', operation => 'embeddings', prompt_tokens => 40,
                    total_cost => 0.0000008, duration => '80 ms', traceparent => :'step') IS NOT NULL AS recorded;
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 2100, completion_tokens => 180, total_cost => 0.00705,
                    duration => '2.2 s', traceparent => :'step') IS NOT NULL AS recorded;
SELECT genops_end(:'step') IS NOT NULL AS ended;
COMMIT;

\echo '== All of it is sent'
SELECT complete, queued, pending FROM genops_flush();
SELECT state, stored, exported, rejected FROM genops.stat_delivery;

\echo '== Found by their ids, in the ledger; Grafana finds them by the same'
SELECT name, kind, duration, total_cost FROM genops_trace(:'traceparent');
SELECT name, kind, parent_span_id IS NULL AS root, team, total_cost FROM genops_trace(:'step') ORDER BY parent_span_id NULLS FIRST, name;

\echo '== Found by what they are, with TraceQL'
SELECT name, duration FROM genops_traceql('{ .team = "platform" && duration > 1s }', since => '1 hour');
