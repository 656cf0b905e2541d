-- How far each stream is delivered.  Written by the worker alone.
CREATE TABLE genops.delivery (
    tenant_id text COLLATE "C" NOT NULL,    -- '' where a span has none
    route text COLLATE "C" NOT NULL,        -- name in genops.route, '' for the configuration's own target
    cursor_seq bigint NOT NULL,     -- every segment up to here is settled
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
    paused boolean NOT NULL
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

SELECT pg_catalog.pg_extension_config_dump('genops.delivery', '');
SELECT pg_catalog.pg_extension_config_dump('genops.ledger_state', '');
SELECT pg_catalog.pg_extension_config_dump('genops.delivery_resend', '');

REVOKE ALL ON genops.delivery, genops.ledger_state, genops.delivery_resend FROM PUBLIC;

CREATE FUNCTION genops_flush(
    wait_for text DEFAULT 'exported',
    timeout double precision DEFAULT 30,
    OUT complete boolean,
    OUT queued bigint,
    OUT pending bigint
) LANGUAGE C VOLATILE PARALLEL UNSAFE STRICT
AS 'MODULE_PATHNAME', 'genops_flush';

COMMENT ON FUNCTION genops_flush(text, double precision) IS
'Waits until everything recorded before the call is stored in the ledger (''stored'') or answered for by its endpoints (''exported''), at most timeout seconds. Returns whether it is, how many spans are not stored and how many are not delivered. Does not wait for an endpoint that is blocked or paused.';
