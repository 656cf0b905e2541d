-- What TraceQL answers, and the functions that ask a Tempo for it.

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
'A row of a TraceQL answer. A search gives a row per span; metrics a row per series and time, or per series.';
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
