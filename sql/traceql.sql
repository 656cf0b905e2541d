-- TraceQL over the ledger and over Tempo.

-- One row type for searches and metrics, with a name, so that functions and
-- views can refer to it.
CREATE TYPE genops.traceql_row AS (
	trace_id text,
	span_id text,
	parent_span_id text,
	tenant_id text,
	service_name text,
	name text,
	kind text,
	status text,
	status_message text,
	root_service_name text,
	root_name text,
	start_time timestamptz,
	duration interval,
	duration_ms double precision,
	attributes jsonb,
	resource_attributes jsonb,
	labels jsonb,
	matched integer,
	"time" timestamptz,
	value double precision
);
COMMENT ON TYPE genops.traceql_row IS
'A row of genops_traceql(). Of a search: a span that matched, with labels for what by() and aggregates say of its group. Of a metrics query: labels, time and value of one point of a series.';

COMMENT ON COLUMN genops.traceql_row.trace_id IS '32 hexadecimal digits';
COMMENT ON COLUMN genops.traceql_row.span_id IS '16 hexadecimal digits';
COMMENT ON COLUMN genops.traceql_row.parent_span_id IS 'NULL: the root of its trace';
COMMENT ON COLUMN genops.traceql_row.tenant_id IS 'NULL where several tenants, or none, were asked for';
COMMENT ON COLUMN genops.traceql_row.root_name IS 'of the trace''s first span; NULL where it is not there';
COMMENT ON COLUMN genops.traceql_row.duration IS 'to the microsecond; duration_ms has the fraction';
COMMENT ON COLUMN genops.traceql_row.attributes IS 'from Tempo only those that the query mentions or selects, by their names without scope';
COMMENT ON COLUMN genops.traceql_row.labels IS 'of metrics, what identifies the series; of a search, what by() and aggregates say of the spanset';
COMMENT ON COLUMN genops.traceql_row.matched IS 'spans in the spanset, also those that are not returned';
COMMENT ON COLUMN genops.traceql_row."time" IS 'of metrics: the end of the step, or of the whole range';

-- What the queries on the ledger's tables call, in parallel.  They look at
-- their arguments alone.
CREATE FUNCTION genops.cost_to_double(e12 bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_cost_to_double';
COMMENT ON FUNCTION genops.cost_to_double(bigint) IS 'Internal: an amount as spans carry it.';

CREATE FUNCTION genops.time_bucket(start_time timestamptz, first_edge bigint, step bigint)
RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_time_bucket';
COMMENT ON FUNCTION genops.time_bucket(timestamptz, bigint, bigint) IS
'Internal: the point of a series that a span belongs to.';

CREATE FUNCTION genops.duration_exponent(duration_ns bigint) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_duration_exponent';
COMMENT ON FUNCTION genops.duration_exponent(bigint) IS
'Internal: the histogram bucket of a duration or count, as a power of two.';

CREATE FUNCTION genops.segment_matches(query bytea, candidates boolean, range_start timestamptz,
	range_end timestamptz, bytes bytea, offsets integer[])
RETURNS bytea LANGUAGE C STABLE PARALLEL SAFE COST 20000
AS 'MODULE_PATHNAME', 'genops_segment_matches';
COMMENT ON FUNCTION genops.segment_matches(bytea, boolean, timestamptz, timestamptz, bytea, integer[]) IS
'Internal: the spans of a segment that a search finds.';

CREATE FUNCTION genops.segment_traces(bytes bytea, wanted bytea,
	OUT trace_id uuid, OUT spans bytea, OUT offsets integer[])
RETURNS SETOF record LANGUAGE C STABLE PARALLEL SAFE COST 20000 ROWS 100
AS 'MODULE_PATHNAME', 'genops_segment_traces';
COMMENT ON FUNCTION genops.segment_traces(bytea, bytea) IS 'Internal: a segment, cut into its traces.';

CREATE FUNCTION genops.segment_pick(bytes bytea, seq bigint, places bytea) RETURNS bytea
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20000
AS 'MODULE_PATHNAME', 'genops_segment_pick';
COMMENT ON FUNCTION genops.segment_pick(bytea, bigint, bytea) IS 'Internal: some spans of a segment.';

CREATE FUNCTION genops.bloom_has_any(bloom bytea, trace_ids bytea) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'genops_bloom_has_any';
COMMENT ON FUNCTION genops.bloom_has_any(bytea, bytea) IS
'Internal: whether a segment may have a span of one of these traces.';

CREATE FUNCTION genops.segment_counts_add(state internal, query bytea, call integer,
	first_ns bigint, step_ns bigint, buckets integer, instant boolean, bytes bytea,
	offsets integer[])
RETURNS internal LANGUAGE C STABLE PARALLEL SAFE COST 20000
AS 'MODULE_PATHNAME', 'genops_segment_counts_add';
CREATE FUNCTION genops.segment_counts_combine(state internal, other internal) RETURNS internal
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_segment_counts_combine';
CREATE FUNCTION genops.segment_counts_save(state internal) RETURNS bytea
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_segment_counts_save';
CREATE FUNCTION genops.segment_counts_load(saved bytea, dummy internal) RETURNS internal
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_segment_counts_load';
CREATE AGGREGATE genops.segment_counts(query bytea, call integer, first_ns bigint,
	step_ns bigint, buckets integer, instant boolean, bytes bytea, offsets integer[])
(
	SFUNC = genops.segment_counts_add,
	STYPE = internal,
	COMBINEFUNC = genops.segment_counts_combine,
	SERIALFUNC = genops.segment_counts_save,
	DESERIALFUNC = genops.segment_counts_load,
	FINALFUNC = genops.segment_counts_save,
	PARALLEL = safe
);
COMMENT ON AGGREGATE genops.segment_counts(bytea, integer, bigint, bigint, integer, boolean, bytea, integer[]) IS
'Internal: what a metrics query counts in segments.';

-- Asking Tempo, whatever the ledger has.
CREATE FUNCTION genops.traceql_ask_tempo(query text, since interval DEFAULT '1 hour', start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL, max_traces integer DEFAULT NULL, spans_per_trace integer DEFAULT NULL,
	step interval DEFAULT NULL, tenant_id text DEFAULT NULL, verbatim boolean DEFAULT false)
RETURNS SETOF genops.traceql_row LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 1000
AS 'MODULE_PATHNAME', 'genops_traceql_ask_tempo';
COMMENT ON FUNCTION genops.traceql_ask_tempo(text, interval, timestamptz, timestamptz, integer, integer, interval, text, boolean) IS
'Internal: asks the Tempo at the configured endpoint.';

CREATE FUNCTION genops.tempo_trace(trace_id text, tenant_id text DEFAULT NULL)
RETURNS SETOF genops.traceql_row LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 20
AS 'MODULE_PATHNAME', 'genops_tempo_trace';
COMMENT ON FUNCTION genops.tempo_trace(text, text) IS
'The spans of a trace as the Tempo at the configured endpoint has them. Takes a trace id or a traceparent.';

CREATE FUNCTION genops.tempo_tags(scope text DEFAULT NULL, since interval DEFAULT '1 hour', start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL, tenant_id text DEFAULT NULL, OUT scope_name text, OUT tag text)
RETURNS SETOF record LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 100
AS 'MODULE_PATHNAME', 'genops_tempo_tags';
COMMENT ON FUNCTION genops.tempo_tags(text, interval, timestamptz, timestamptz, text) IS
'The attributes and intrinsics that Tempo knows, by scope.';

CREATE FUNCTION genops.tempo_tag_values(tag text, query text DEFAULT NULL, since interval DEFAULT '1 hour',
	start_time timestamptz DEFAULT NULL, end_time timestamptz DEFAULT NULL, tenant_id text DEFAULT NULL, OUT type text, OUT value text)
RETURNS SETOF record LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 100
AS 'MODULE_PATHNAME', 'genops_tempo_tag_values';
COMMENT ON FUNCTION genops.tempo_tag_values(text, text, interval, timestamptz, timestamptz, text) IS
'The values that Tempo has of an attribute, named as in TraceQL: .team, resource.service.name, name.';

CREATE FUNCTION genops.tempo_version() RETURNS text
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100000
AS 'MODULE_PATHNAME', 'genops_tempo_version';
COMMENT ON FUNCTION genops.tempo_version() IS
'The version of the Tempo at the configured endpoint; empty where it does not know.';

-- They make the server talk to an address, with the configuration's credentials.
REVOKE ALL ON FUNCTION
	genops.traceql_ask_tempo, genops.tempo_trace, genops.tempo_tags, genops.tempo_tag_values, genops.tempo_version
FROM PUBLIC;

CREATE FUNCTION genops_traceql(
	query text,
	since interval DEFAULT '24 hours',
	start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL,
	max_traces integer DEFAULT NULL,
	spans_per_trace integer DEFAULT NULL,
	step interval DEFAULT NULL,
	tenant_id text DEFAULT NULL,
	source text DEFAULT NULL,
	"verbatim" boolean DEFAULT false)
RETURNS SETOF genops.traceql_row
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'genops_traceql';
COMMENT ON FUNCTION genops_traceql(text, interval, timestamptz, timestamptz, integer, integer, interval, text, text, boolean) IS
'Answers a TraceQL query, from the ledger. A search gives a row per span, newest traces first; a metrics query a row per series and step.';
