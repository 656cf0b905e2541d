-- SPDX-License-Identifier: PostgreSQL
-- How far each stream is delivered.  Written by the worker alone.
CREATE TABLE genops.delivery (
    tenant_id text COLLATE "C" NOT NULL,    -- '' where a span has none
    route text COLLATE "C" NOT NULL,        -- name in genops.route, '' for the configuration's own target
    cursor_seq bigint NOT NULL,     -- every segment of the stream up to here is settled
    stored bigint NOT NULL,         -- spans, as are the next five
    not_sampled bigint NOT NULL,
    exported bigint NOT NULL,
    rejected bigint NOT NULL,
    expired bigint NOT NULL,        -- retention removed them before they could be sent
    skipped bigint NOT NULL,        -- genops_resume_delivery(from_ => 'now') passed over them
    resent bigint NOT NULL,
    bytes bigint NOT NULL,          -- of request bodies that were answered
    requests bigint NOT NULL,
    retries bigint NOT NULL,
    state text NOT NULL,            -- delivering, retrying, blocked, paused
    reason text,
    last_success timestamptz,
    last_error text,
    last_error_at timestamptz,
    newest_seq bigint NOT NULL,     -- the newest segment that is to be sent
    PRIMARY KEY (tenant_id, route)
) WITH (fillfactor = 50);

-- The ledger's one row; made with the first span, not here, so that a dump
-- restores.
CREATE TABLE genops.ledger_state (
    singleton boolean PRIMARY KEY CHECK (singleton),
    newest_seq bigint NOT NULL,
    folded_seq bigint NOT NULL,
    newest_recorded_at timestamptz NOT NULL,
    system_identifier bigint NOT NULL,
    database_oid oid NOT NULL,
    paused boolean NOT NULL,
    timeline integer                -- on which delivery was begun or resumed; NULL: not known
) WITH (fillfactor = 50);

-- Ranges of segments to be sent once more.
CREATE TABLE genops.delivery_resend (
    tenant_id text COLLATE "C" NOT NULL,
    route text COLLATE "C" NOT NULL,
    next_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, route, next_seq, last_seq)
);

COMMENT ON TABLE genops.delivery IS 'Internal: how far each stream is delivered. Query genops.stat_delivery.';
COMMENT ON TABLE genops.ledger_state IS 'Internal: how far the ledger is stored and folded.';
COMMENT ON TABLE genops.delivery_resend IS 'Internal: what is being sent again. Use genops_resend().';

SELECT pg_catalog.pg_extension_config_dump('genops.delivery', '');
SELECT pg_catalog.pg_extension_config_dump('genops.ledger_state', '');
SELECT pg_catalog.pg_extension_config_dump('genops.delivery_resend', '');

REVOKE ALL ON genops.delivery, genops.ledger_state, genops.delivery_resend FROM PUBLIC;

-- Without a policy: genops.stat_delivery shows what may be seen.
ALTER TABLE genops.delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE genops.delivery_resend ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION genops_internal.ledger_begins() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_ledger_begins';

COMMENT ON FUNCTION genops_internal.ledger_begins() IS
'Internal: what was recorded before, for a ledger that was dropped, is not for this one.';
REVOKE ALL ON FUNCTION genops_internal.ledger_begins FROM PUBLIC;

SELECT genops_internal.ledger_begins();

CREATE FUNCTION genops_flush(
    wait_for text DEFAULT 'exported',
    timeout double precision DEFAULT 30,
    OUT complete boolean,
    OUT queued bigint,
    OUT pending bigint
) LANGUAGE C VOLATILE PARALLEL UNSAFE STRICT
AS 'MODULE_PATHNAME', 'genops_flush';

COMMENT ON FUNCTION genops_flush(text, double precision) IS
'operate: waits until everything recorded before the call is stored in the ledger (''stored'') or answered for by its endpoints (''exported''), at most timeout seconds. Returns whether it is, how many spans are not stored and how many are not delivered, NULL while somebody has locked the ledger. Does not wait for an endpoint that is blocked or paused.';

CREATE FUNCTION genops_pause_delivery() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'genops_pause_delivery';

COMMENT ON FUNCTION genops_pause_delivery() IS
'operate: stops delivery, in this database, until genops_resume_delivery(). Recording and the ledger go on. Commit soon: until then nothing is stored.';

CREATE FUNCTION genops_resume_delivery(
    from_ text DEFAULT 'cursor',
    OUT pending bigint,
    OUT skipped bigint
) LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'genops_resume_delivery';

COMMENT ON FUNCTION genops_resume_delivery(text) IS
'operate: goes on delivering after genops_pause_delivery(), and makes a copied or restored database deliver for the first time. From the ''cursor'', what is pending is sent; from ''now'', it is passed over and counted as skipped. Returns how many spans are pending and were skipped. Commit soon: until then nothing is stored.';

-- Ranges are runs of segments that follow each other in their stream, so that
-- nothing between two of them is sent.
CREATE FUNCTION genops_resend(
    start_time timestamptz,
    end_time timestamptz DEFAULT NULL,
    tenant_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT genops_internal.require_own_triggers('genops.delivery_resend');
    SELECT genops_internal.wake_worker();
    WITH chosen AS MATERIALIZED (
        SELECT s.tenant_id, s.route, s.seq, s.span_count
        FROM genops.segment s
            JOIN genops.delivery d ON d.tenant_id = s.tenant_id AND d.route = s.route
        WHERE s.sampled AND s.seq <= d.cursor_seq
            AND s.max_end >= $1 AND s.min_start <= coalesce($2, 'infinity')
            AND ($3 IS NULL OR s.tenant_id = $3)
    ), bounds AS (
        SELECT c.tenant_id, c.route, min(c.seq) AS first_seq, max(c.seq) AS last_seq
        FROM chosen c GROUP BY 1, 2
    ), numbered AS (
        SELECT s.tenant_id, s.route, s.seq,
            row_number() OVER (PARTITION BY s.tenant_id, s.route ORDER BY s.seq) AS number
        FROM genops.segment s
            JOIN bounds b ON b.tenant_id = s.tenant_id AND b.route = s.route
        WHERE s.sampled AND s.seq BETWEEN b.first_seq AND b.last_seq
    ), runs AS (
        SELECT c.tenant_id, c.route, c.seq,
            n.number - row_number() OVER (PARTITION BY c.tenant_id, c.route ORDER BY c.seq) AS run
        FROM chosen c
            JOIN numbered n ON n.tenant_id = c.tenant_id AND n.route = c.route AND n.seq = c.seq
    ), asked AS (
        INSERT INTO genops.delivery_resend (tenant_id, route, next_seq, last_seq)
        SELECT r.tenant_id, r.route, min(r.seq), max(r.seq)
        FROM runs r GROUP BY r.tenant_id, r.route, r.run
        ON CONFLICT DO NOTHING
    )
    SELECT coalesce(sum(c.span_count), 0)::bigint FROM chosen c;
$$;

COMMENT ON FUNCTION genops_resend(timestamptz, timestamptz, text) IS
'operate: sends the spans of a time once more, of one tenant or of all: whole segments that have a span in it and were settled before, also those that the endpoint had rejected. Returns how many spans these are.';

CREATE FUNCTION genops_internal.delivery_hold() RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_delivery_hold';

COMMENT ON FUNCTION genops_internal.delivery_hold() IS
'Why nothing is delivered from this database, whatever the streams'' states; NULL if nothing forbids it.';

CREATE FUNCTION genops.pending(tenant_id text, route text, cursor_seq bigint,
	OUT spans bigint, OUT oldest timestamptz)
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_pending';

COMMENT ON FUNCTION genops.pending(text, text, bigint) IS
'Internal: how many spans the segments of a stream behind its cursor have, and when the first of them was stored; NULL for who may not see the stream.';

-- A monitor and who may pause delivery see every stream, a reader those of the
-- tenants whose spans it may read.
CREATE VIEW genops.stat_delivery WITH (security_barrier = true) AS
SELECT
    d.tenant_id,
    d.route,
    CASE WHEN h.reason IS NULL THEN d.state ELSE 'paused' END AS state,
    coalesce(h.reason, d.reason) AS reason,
    d.stored,
    d.exported,
    coalesce(p.spans, 0) AS pending,
    d.rejected,
    d.not_sampled,
    d.expired,
    d.skipped,
    d.resent,
    d.bytes,
    d.requests,
    d.retries,
    d.last_success,
    d.last_error,
    d.last_error_at,
    CASE WHEN p.oldest IS NOT NULL THEN
        greatest(pg_catalog.clock_timestamp() - p.oldest, interval '0')
    END AS lag,
    d.cursor_seq AS answered_seq
FROM genops.delivery d
    CROSS JOIN LATERAL genops.pending(d.tenant_id, d.route,
        CASE WHEN d.newest_seq > d.cursor_seq THEN d.cursor_seq END) p
    CROSS JOIN (SELECT genops_internal.delivery_hold() AS reason) h
WHERE (SELECT genops.reads_all_tenants()
        OR pg_catalog.pg_has_role('pg_monitor', 'USAGE')
        OR pg_catalog.has_function_privilege(
            '@extschema@.genops_pause_delivery()'::pg_catalog.regprocedure, 'EXECUTE'))
    OR d.tenant_id OPERATOR(pg_catalog.=) ANY ((SELECT genops.readable_tenants())::text[]);

COMMENT ON VIEW genops.stat_delivery IS
'operate: how far spans are delivered: a row per tenant and route. Always stored = exported + pending + rejected + not_sampled + expired + skipped.';
COMMENT ON COLUMN genops.stat_delivery.tenant_id IS 'Empty for spans without a tenant.';
COMMENT ON COLUMN genops.stat_delivery.route IS 'A route of genops.route with an address or headers of its own; empty for where the configuration sends.';
COMMENT ON COLUMN genops.stat_delivery.state IS 'delivering; retrying (the endpoint asked for a pause, or did not answer); blocked (it refuses until something is mended); paused.';
COMMENT ON COLUMN genops.stat_delivery.stored IS 'Spans that the ledger took.';
COMMENT ON COLUMN genops.stat_delivery.exported IS 'Spans that the endpoint accepted.';
COMMENT ON COLUMN genops.stat_delivery.pending IS 'Spans that are still to be sent.';
COMMENT ON COLUMN genops.stat_delivery.rejected IS 'Spans that the endpoint refused as bad; they are not tried again.';
COMMENT ON COLUMN genops.stat_delivery.not_sampled IS 'Spans that sampling keeps from being sent.';
COMMENT ON COLUMN genops.stat_delivery.expired IS 'Spans that retention removed before they could be sent.';
COMMENT ON COLUMN genops.stat_delivery.skipped IS 'Spans that genops_resume_delivery(from_ => ''now'') passed over.';
COMMENT ON COLUMN genops.stat_delivery.resent IS 'Spans that were sent once more for genops_resend(); not counted as exported again.';
COMMENT ON COLUMN genops.stat_delivery.bytes IS 'Bytes of request bodies that were answered.';
COMMENT ON COLUMN genops.stat_delivery.answered_seq IS 'The segment (genops.spans.segment) up to which the stream is answered for: by the endpoint, by sampling, or by being passed over.';
COMMENT ON COLUMN genops.stat_delivery.lag IS 'Age of the oldest span that is pending, since it was stored.';

CREATE FUNCTION genops_internal.recording_counts(
    OUT recorded bigint,
    OUT queued bigint,
    OUT stored bigint,
    OUT dropped bigint,
    OUT dropped_full bigint,
    OUT dropped_too_large bigint,
    OUT dropped_abandoned bigint,
    OUT dropped_unstorable bigint,
    OUT dropped_standby bigint,
    OUT dropped_discarded bigint,
    OUT repaired_texts bigint,
    OUT cut_attributes bigint,
    OUT duplicates bigint,
    OUT waits bigint,
    OUT sent_outside_ledger bigint,
    OUT worker_pid integer,
    OUT last_stored_at timestamptz,
    OUT stats_reset timestamptz,
    OUT complaints bigint
) LANGUAGE C VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_recording_counts';
COMMENT ON FUNCTION genops_internal.recording_counts() IS 'Internal: the row of genops.stat_recording.';

CREATE VIEW genops.stat_recording AS SELECT * FROM genops_internal.recording_counts();

COMMENT ON VIEW genops.stat_recording IS
'operate: what this database recorded since the server started: one row. Always recorded = queued + stored + dropped + sent_outside_ledger.';
COMMENT ON COLUMN genops.stat_recording.queued IS 'Spans that wait in shared memory to be stored.';
COMMENT ON COLUMN genops.stat_recording.stored IS 'Spans that the ledger took.';
COMMENT ON COLUMN genops.stat_recording.dropped IS 'Spans that were lost, for all reasons together.';
COMMENT ON COLUMN genops.stat_recording.dropped_full IS 'The queue was full, also after waiting genops_tempo.queue_timeout.';
COMMENT ON COLUMN genops.stat_recording.dropped_too_large IS 'The span was larger than the queue can take.';
COMMENT ON COLUMN genops.stat_recording.dropped_abandoned IS 'The process died while it wrote the span.';
COMMENT ON COLUMN genops.stat_recording.dropped_unstorable IS 'The ledger refused the span; the log says why.';
COMMENT ON COLUMN genops.stat_recording.dropped_standby IS 'On a hot standby, the endpoint refused it or sampling left it out.';
COMMENT ON COLUMN genops.stat_recording.dropped_discarded IS 'The ledger it was recorded for was dropped.';
COMMENT ON COLUMN genops.stat_recording.repaired_texts IS 'Texts that were no valid UTF-8 and were made so.';
COMMENT ON COLUMN genops.stat_recording.cut_attributes IS 'Texts that were longer than genops_tempo.max_attribute_length, and attributes that their span had no room for.';
COMMENT ON COLUMN genops.stat_recording.duplicates IS 'Calls that were recorded before, by their own id, their reply''s id or a span''s ids: recorded, not charged.';
COMMENT ON COLUMN genops.stat_recording.complaints IS 'What could not be recorded as it was said: a value that cannot be meant, a privilege that is missing, a call that had ended. Sessions are warned once of each kind; genops.on_error = error raises instead.';
COMMENT ON COLUMN genops.stat_recording.waits IS 'Calls that waited for room in the queue.';
COMMENT ON COLUMN genops.stat_recording.sent_outside_ledger IS 'On a hot standby: spans that were sent and are in no ledger.';
COMMENT ON COLUMN genops.stat_recording.worker_pid IS 'The process that stores and delivers; NULL while none is needed.';
