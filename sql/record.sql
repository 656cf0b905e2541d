-- Recording.  The signatures are frozen: what comes later goes into "options",
-- because a function can't get another argument without breaking views that
-- call it.
--
-- NULL means inherit or unknown, '' means none.  None is STRICT.

CREATE FUNCTION genops_track(
    provider text DEFAULT NULL,
    model text DEFAULT NULL,
    operation text DEFAULT 'chat',
    prompt_tokens bigint DEFAULT NULL,
    completion_tokens bigint DEFAULT NULL,
    total_cost "any" DEFAULT NULL::text,
    team text DEFAULT NULL,
    project text DEFAULT NULL,
    customer_id "any" DEFAULT NULL::text,
    cost_center text DEFAULT NULL,
    environment text DEFAULT NULL,
    feature text DEFAULT NULL,
    user_id "any" DEFAULT NULL::text,
    service_name text DEFAULT NULL,
    tenant_id text DEFAULT NULL,
    traceparent text DEFAULT NULL,
    name text DEFAULT NULL,
    attributes jsonb DEFAULT NULL,
    started_at timestamptz DEFAULT NULL,
    duration interval DEFAULT NULL,
    status text DEFAULT NULL,
    error text DEFAULT NULL,
    response jsonb DEFAULT NULL,
    call text DEFAULT NULL,
    options jsonb DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_track';

COMMENT ON FUNCTION genops_track IS
'Records an AI call that is over; returns its W3C traceparent. "call" is an id of genops_traceparent(), "traceparent" the parent';

CREATE FUNCTION genops_begin(
    provider text DEFAULT NULL,
    model text DEFAULT NULL,
    operation text DEFAULT 'chat',
    team text DEFAULT NULL,
    project text DEFAULT NULL,
    customer_id "any" DEFAULT NULL::text,
    cost_center text DEFAULT NULL,
    environment text DEFAULT NULL,
    feature text DEFAULT NULL,
    user_id "any" DEFAULT NULL::text,
    service_name text DEFAULT NULL,
    tenant_id text DEFAULT NULL,
    traceparent text DEFAULT NULL,
    name text DEFAULT NULL,
    attributes jsonb DEFAULT NULL,
    options jsonb DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_begin';

COMMENT ON FUNCTION genops_begin IS
'Begins an AI call; returns its handle for genops_observe or genops_end, a W3C traceparent';

-- Its default begins a call before the reply is evaluated.
CREATE FUNCTION genops_observe(
    call text DEFAULT genops_begin(),
    response anyelement DEFAULT NULL::text)
RETURNS anyelement
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_observe';

COMMENT ON FUNCTION genops_observe IS
'Ends a begun AI call and returns the model''s reply unchanged: genops_observe(genops_begin(...), reply)';

CREATE FUNCTION genops_end(
    call text,
    response jsonb DEFAULT NULL,
    error text DEFAULT NULL,
    prompt_tokens bigint DEFAULT NULL,
    completion_tokens bigint DEFAULT NULL,
    total_cost "any" DEFAULT NULL::text,
    attributes jsonb DEFAULT NULL,
    options jsonb DEFAULT NULL)
RETURNS text
LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'genops_end';

COMMENT ON FUNCTION genops_end IS
'Ends a begun AI call with its outcome; returns its W3C traceparent';

CREATE FUNCTION genops_traceparent()
RETURNS text
LANGUAGE c VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_traceparent';

COMMENT ON FUNCTION genops_traceparent() IS
'Makes an id for an asynchronous AI call: send it along, and pass it as "call" to genops_track when the reply is there';

CREATE FUNCTION genops_ingest(
    otlp jsonb,
    OUT accepted bigint,
    OUT rejected bigint,
    OUT reason text)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_ingest';

COMMENT ON FUNCTION genops_ingest(jsonb) IS
'Records spans that others made, an ExportTraceServiceRequest in OTLP/JSON; waits while the queue is full';

CREATE FUNCTION genops_ingest_protobuf(
    otlp bytea,
    OUT accepted bigint,
    OUT rejected bigint,
    OUT reason text)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_ingest_protobuf';

COMMENT ON FUNCTION genops_ingest_protobuf(bytea) IS
'Records spans that others made, an ExportTraceServiceRequest in protobuf; waits while the queue is full';

-- Whoever may ingest may write anybody's spans and costs.
REVOKE ALL ON FUNCTION genops_ingest(jsonb), genops_ingest_protobuf(bytea) FROM PUBLIC;
