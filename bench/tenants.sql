-- SPDX-License-Identifier: PostgreSQL
-- What a ledger of many tenants needs and how fast it answers: bytes a span, a trace by
-- its id, a question that nothing matches.
-- psql sets tenants, spans, and flushed: after so many spans they are stored, as a server
-- does it that records so many a second; 0: as they come.
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = warning;

CREATE PROCEDURE make_calls(calls integer, tenants integer, flushed integer) LANGUAGE plpgsql AS $$
DECLARE
    tenant integer;
BEGIN
    FOR i IN 1 .. calls LOOP
        tenant := (i::bigint * 1000003 + i / 7) % tenants;
        PERFORM genops_track(provider => 'openai', model => 'gpt-4o-' || i % 7, operation => 'chat',
            prompt_tokens => 100 + i % 1999, completion_tokens => 10 + i % 499,
            total_cost => (i % 9973) * 0.0000125, team => 'team-' || i % 997 % 23, project => 'assistant',
            customer_id => tenant, cost_center => 'engineering', environment => 'production',
            feature => 'summary', tenant_id => 'cust-' || tenant, attributes => jsonb_build_object('session', i % 1000));
        IF flushed > 0 AND i % flushed = 0 THEN
            PERFORM genops_flush('stored', 60);
            COMMIT;
        END IF;
    END LOOP;
END
$$;

SELECT clock_timestamp() AS started \gset
CALL make_calls(:spans, :tenants, :flushed);
SELECT complete FROM genops_flush('stored', 600) \gset
SELECT round(:spans / extract(epoch FROM clock_timestamp() - :'started'::timestamptz)) AS rate \gset
SELECT format('VACUUM ANALYZE %s', relid) FROM (VALUES ('genops.ledger_span'::regclass), ('genops.ledger_segment')) t (parent),
    pg_partition_tree(parent) WHERE isleaf \gexec
SELECT round(sum(pg_total_relation_size(tree.relid))::numeric / :spans) AS bytes
FROM unnest(ARRAY['genops.ledger_span', 'genops.ledger_segment']::regclass[]) AS part, pg_partition_tree(part) AS tree \gset
SELECT count(*) AS rows FROM genops.ledger_segment \gset

CREATE FUNCTION median_ms(query text, arguments text[]) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    took float8[];
    one text;
BEGIN
    FOREACH one IN ARRAY arguments LOOP
        started := clock_timestamp();
        EXECUTE query USING one;
        took := took || (1000 * extract(epoch FROM clock_timestamp() - started))::float8;
    END LOOP;
    RETURN (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 2) FROM unnest(took) AS t);
END
$$;

SELECT :tenants AS tenants, :flushed AS flushed, :spans AS spans, :'complete' AS complete, :rate AS spans_per_second, :rows AS rows_of_segments, :bytes AS bytes_per_span,
    median_ms('SELECT count(*) FROM genops_trace($1)', ARRAY(SELECT trace_id FROM (SELECT trace_id, row_number() OVER () AS number FROM genops.spans) s
        WHERE number % greatest(:spans / 100, 1) = 0)) AS trace_ms,
    median_ms('SELECT count(*) FROM genops_traceql(format(''{.team="%s"}'', $1))', array_fill('nosuch'::text, ARRAY[9])) AS no_team_ms,
    median_ms('SELECT count(*) FROM genops_traceql(format(''{.session="%s"}'', $1))', array_fill('nosuch'::text, ARRAY[9])) AS no_session_ms,
    median_ms('SELECT count(*) FROM genops_traceql(format(''{.team="%s"}'', $1), max_traces => 20)', array_fill('team-3'::text, ARRAY[9])) AS team_20_ms,
    median_ms('SELECT count(*) FROM genops_traceql(format(''{.session=%s}'', $1))', array_fill('77'::text, ARRAY[5])) AS session_77_ms
\gx
