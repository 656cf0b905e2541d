-- SPDX-License-Identifier: PostgreSQL
-- Recording.  The signatures are frozen: what comes later goes into "options",
-- because a function cannot get another argument without breaking views that
-- call it.
--
-- NULL means inherit or unknown, '' means none.  None is STRICT.

CREATE FUNCTION genops_track(
    provider text DEFAULT NULL,
    model text DEFAULT NULL,
    operation text DEFAULT 'chat',
    prompt_tokens genops.value DEFAULT NULL,
    completion_tokens genops.value DEFAULT NULL,
    total_cost genops.value DEFAULT NULL,
    team text DEFAULT NULL,
    project text DEFAULT NULL,
    customer_id genops.value DEFAULT NULL,
    cost_center text DEFAULT NULL,
    environment text DEFAULT NULL,
    feature text DEFAULT NULL,
    user_id genops.value DEFAULT NULL,
    service_name text DEFAULT NULL,
    tenant_id text DEFAULT NULL,
    traceparent text DEFAULT NULL,
    name text DEFAULT NULL,
    attributes jsonb DEFAULT NULL,
    started_at timestamptz DEFAULT NULL,
    duration genops.value DEFAULT NULL,
    status text DEFAULT NULL,
    error text DEFAULT NULL,
    response genops.value DEFAULT NULL,
    call text DEFAULT NULL,
    options jsonb DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_track';

COMMENT ON FUNCTION genops_track IS
'record: an AI call that is over; returns its W3C traceparent. "call" is the call''s own id, of genops_traceparent() or any text: recorded again with it, the call is charged once. "traceparent" is the parent. A duration is an interval, or option "duration_ms". Options: cache_read_tokens, cache_write_tokens, reasoning_tokens, input_cost and the like, currency, response_id, response_model, finish_reasons, error_type, ended_at, duration_ms, kind, service_tier, base_model, headers';

-- For clients that have neither named arguments nor types.
CREATE FUNCTION genops_record(call jsonb)
RETURNS text
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_record';

COMMENT ON FUNCTION genops_record(jsonb) IS
'record: an AI call that is over, from one JSON object: every argument and option of genops_track is a key';

CREATE FUNCTION genops_begin(
    provider text DEFAULT NULL,
    model text DEFAULT NULL,
    operation text DEFAULT 'chat',
    team text DEFAULT NULL,
    project text DEFAULT NULL,
    customer_id genops.value DEFAULT NULL,
    cost_center text DEFAULT NULL,
    environment text DEFAULT NULL,
    feature text DEFAULT NULL,
    user_id genops.value DEFAULT NULL,
    service_name text DEFAULT NULL,
    tenant_id text DEFAULT NULL,
    traceparent text DEFAULT NULL,
    name text DEFAULT NULL,
    attributes jsonb DEFAULT NULL,
    options jsonb DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'genops_begin';

COMMENT ON FUNCTION genops_begin IS
'record: begins an AI call; returns its handle for genops_observe or genops_end, a W3C traceparent. Options: kind, tracestate, and what the call may take: estimated_cost, prompt_tokens, max_tokens, prompt, service_tier, base_model, headers';

-- The same for a call that ends in the same expression, and so in the same process: the
-- planner has genops_observe's argument call this one.
CREATE FUNCTION genops_internal.begin(
    text,
    text,
    text,
    text,
    text,
    genops.value,
    text,
    text,
    text,
    genops.value,
    text,
    text,
    text,
    text,
    jsonb,
    jsonb)
RETURNS text
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_begin';

CREATE FUNCTION genops_internal.observe_support(internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_observe_support';

CREATE FUNCTION genops_internal.observe(call text, response anyelement, mark bigint)
RETURNS anyelement
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_observe_marked';

-- Its default begins a call before the reply is evaluated.
CREATE FUNCTION genops_observe(
    call text DEFAULT genops_begin(),
    response anyelement DEFAULT NULL::text)
RETURNS anyelement
LANGUAGE c VOLATILE PARALLEL SAFE
SUPPORT genops_internal.observe_support
AS 'MODULE_PATHNAME', 'genops_observe';

COMMENT ON FUNCTION genops_observe IS
'record: ends a begun AI call and returns the model''s reply unchanged: genops_observe(genops_begin(...), reply). Where the reply does not depend on the row, write (SELECT genops_observe(genops_begin(...), reply)): one call in a statement, and an index stays usable';

CREATE FUNCTION genops_end(
    call text,
    response genops.value DEFAULT NULL,
    error text DEFAULT NULL,
    prompt_tokens genops.value DEFAULT NULL,
    completion_tokens genops.value DEFAULT NULL,
    total_cost genops.value DEFAULT NULL,
    attributes jsonb DEFAULT NULL,
    options jsonb DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'genops_end';

COMMENT ON FUNCTION genops_end IS
'record: ends a begun AI call with its outcome; returns its W3C traceparent. One that has ended by itself, with its transaction say, takes what can still be said of it';

CREATE FUNCTION genops_traceparent()
RETURNS text
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_traceparent';

COMMENT ON FUNCTION genops_traceparent() IS
'record: makes an id for an asynchronous AI call: send it along, and pass it as "call" to genops_track when the reply is there';

CREATE FUNCTION genops_ingest(
    otlp jsonb,
    OUT accepted bigint,
    OUT rejected bigint,
    OUT reason text)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_ingest';

COMMENT ON FUNCTION genops_ingest(jsonb) IS
'record: spans that others made, an ExportTraceServiceRequest in OTLP/JSON; waits while the queue is full';

CREATE FUNCTION genops_ingest_protobuf(
    otlp bytea,
    OUT accepted bigint,
    OUT rejected bigint,
    OUT reason text)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_ingest_protobuf';

COMMENT ON FUNCTION genops_ingest_protobuf(bytea) IS
'record: spans that others made, an ExportTraceServiceRequest in protobuf; waits while the queue is full';

-- Whoever may ingest may write anybody's spans and costs.
REVOKE ALL ON FUNCTION genops_ingest(jsonb), genops_ingest_protobuf(bytea) FROM PUBLIC;
