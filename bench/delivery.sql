-- SPDX-License-Identifier: PostgreSQL
-- From the call through the ledger to an endpoint that only counts: how fast,
-- how long the worst call takes meanwhile, and what the ledger needs for it.
-- psql sets endpoint, spans and tenants (1: none is named).
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = warning;

SELECT count(*) FROM genops_configure(otlp_endpoint => :'endpoint', compression => 'none') \g /dev/null

-- Transactions are short, as those of applications: nobody's snapshot keeps what the
-- worker has long replaced.
CREATE PROCEDURE make_calls(calls bigint, tenants bigint, INOUT seconds numeric, INOUT worst_call_ms numeric) LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz := clock_timestamp();
    before timestamptz := first;
    after timestamptz;
    worst interval := '0';
BEGIN
    FOR i IN 1 .. calls LOOP
        PERFORM genops_track(provider => 'openai', model => 'gpt-4o-' || i % 7, operation => 'chat',
            prompt_tokens => 100 + i % 1999, completion_tokens => 10 + i % 499,
            total_cost => (i % 9973) * 0.0000125, team => 'team-' || i % 997 % 23, project => 'assistant',
            customer_id => i % 997, cost_center => 'engineering', environment => 'production',
            feature => 'summary',
            tenant_id => CASE WHEN tenants > 1 THEN 'tenant-' || i % tenants END);
        after := clock_timestamp();
        worst := greatest(worst, after - before);
        IF i % 1000 = 0 THEN
            COMMIT;
            after := clock_timestamp();
        END IF;
        before := after;
    END LOOP;
    seconds := round(extract(epoch FROM after - first), 2);
    worst_call_ms := round(1000 * extract(epoch FROM worst), 2);
END
$$;

SELECT clock_timestamp() AS started \gset
CALL make_calls(:spans, :tenants, NULL, NULL) \gset
SELECT complete FROM genops_flush('exported', 600) \gset
SELECT round(extract(epoch FROM clock_timestamp() - :'started'::timestamptz), 2) AS took \gset

SELECT :spans AS spans, :tenants AS tenants, :seconds AS seconds_to_record, :took AS seconds_to_the_endpoint,
       round(:spans / :took) AS spans_per_second, :worst_call_ms AS worst_call_ms, :'complete' AS complete;

SELECT recorded, stored, dropped FROM genops.stat_recording;
SELECT state, stored, exported, pending, rejected, requests FROM genops.stat_delivery;

CHECKPOINT;
SELECT round(sum(pg_total_relation_size(tree.relid))::numeric / :spans) AS ledger_bytes_per_span
FROM unnest(ARRAY['genops.ledger_span', 'genops.ledger_segment', 'genops.spend_total']::regclass[]) AS part,
     pg_partition_tree(part) AS tree;

\timing on
\echo Counting by team, from genops.spend and from genops.spans:
SELECT team, sum(calls) AS calls FROM genops.spend GROUP BY team \g /dev/null
SELECT team, count(*) AS calls FROM genops.spans GROUP BY team \g /dev/null
\timing off

-- A hundred traces, from all over.
CREATE FUNCTION find_traces(OUT traces_found bigint, OUT median_ms numeric) LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    took float8[];
    one text;
    spans bigint;
BEGIN
    traces_found := 0;
    FOR one IN SELECT trace_id FROM (SELECT trace_id, row_number() OVER () AS number FROM genops.spans) AS s
               WHERE number % (SELECT greatest(count(*) / 100, 1) FROM genops.spans) = 0 LIMIT 100 LOOP
        started := clock_timestamp();
        SELECT count(*) INTO spans FROM genops_trace(one);
        took := took || (1000 * extract(epoch FROM clock_timestamp() - started))::float8;
        traces_found := traces_found + spans;
    END LOOP;
    SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 2) INTO median_ms FROM unnest(took) AS t;
END
$$;
SELECT traces_found, median_ms AS median_ms_to_find_one FROM find_traces();
