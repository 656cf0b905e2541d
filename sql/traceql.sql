-- SPDX-License-Identifier: PostgreSQL
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
'ask: a row of genops_traceql(). Of a search: a span that matched, with labels for what by() and aggregates say of its group. Of a metrics query: labels, time and value of one point of a series.';

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
CREATE FUNCTION genops_internal.cost_to_double(e12 bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_cost_to_double';
COMMENT ON FUNCTION genops_internal.cost_to_double(bigint) IS 'Internal: an amount as spans carry it.';

CREATE FUNCTION genops_internal.time_bucket(start_time timestamptz, first_edge bigint, step bigint)
RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_time_bucket';
COMMENT ON FUNCTION genops_internal.time_bucket(timestamptz, bigint, bigint) IS
'Internal: the point of a series that a span belongs to.';

CREATE FUNCTION genops_internal.duration_exponent(duration_ns bigint) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_duration_exponent';
COMMENT ON FUNCTION genops_internal.duration_exponent(bigint) IS
'Internal: the histogram bucket of a duration or count, as a power of two.';

CREATE FUNCTION genops_internal.segment_matches(query bytea, candidates boolean, range_start timestamptz,
	range_end timestamptz, bytes bytea, offsets integer[])
RETURNS bytea LANGUAGE C STABLE PARALLEL SAFE COST 20000
AS 'MODULE_PATHNAME', 'genops_segment_matches';
COMMENT ON FUNCTION genops_internal.segment_matches(bytea, boolean, timestamptz, timestamptz, bytea, integer[]) IS
'Internal: the spans of a segment that a search finds.';

CREATE FUNCTION genops_internal.segment_traces(bytes bytea, wanted bytea,
	OUT trace_id uuid, OUT spans bytea, OUT offsets integer[])
RETURNS SETOF record LANGUAGE C STABLE PARALLEL SAFE COST 20000 ROWS 100
AS 'MODULE_PATHNAME', 'genops_segment_traces';
COMMENT ON FUNCTION genops_internal.segment_traces(bytea, bytea) IS 'Internal: a segment, cut into its traces.';

CREATE FUNCTION genops_internal.segment_pick(bytes bytea, seq bigint, places bytea) RETURNS bytea
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20000
AS 'MODULE_PATHNAME', 'genops_segment_pick';
COMMENT ON FUNCTION genops_internal.segment_pick(bytea, bigint, bytea) IS 'Internal: some spans of a segment.';

CREATE FUNCTION genops_internal.bloom_has_any(bloom bytea, trace_ids bytea) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'genops_bloom_has_any';
COMMENT ON FUNCTION genops_internal.bloom_has_any(bytea, bytea) IS
'Internal: whether a segment may have a span of one of these traces.';

CREATE FUNCTION genops_internal.segment_counts_add(state internal, query bytea, call integer,
	first_ns bigint, step_ns bigint, buckets integer, instant boolean, bytes bytea,
	offsets integer[])
RETURNS internal LANGUAGE C STABLE PARALLEL SAFE COST 20000
AS 'MODULE_PATHNAME', 'genops_segment_counts_add';
CREATE FUNCTION genops_internal.segment_counts_combine(state internal, other internal) RETURNS internal
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_segment_counts_combine';
CREATE FUNCTION genops_internal.segment_counts_save(state internal) RETURNS bytea
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_segment_counts_save';
CREATE FUNCTION genops_internal.segment_counts_load(saved bytea, dummy internal) RETURNS internal
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_segment_counts_load';
COMMENT ON FUNCTION genops_internal.segment_counts_add(internal, bytea, integer, bigint, bigint, integer, boolean, bytea, integer[]) IS
'Internal: of genops_internal.segment_counts().';
COMMENT ON FUNCTION genops_internal.segment_counts_combine(internal, internal) IS 'Internal: of genops_internal.segment_counts().';
COMMENT ON FUNCTION genops_internal.segment_counts_save(internal) IS 'Internal: of genops_internal.segment_counts().';
COMMENT ON FUNCTION genops_internal.segment_counts_load(bytea, internal) IS 'Internal: of genops_internal.segment_counts().';
CREATE AGGREGATE genops_internal.segment_counts(query bytea, call integer, first_ns bigint,
	step_ns bigint, buckets integer, instant boolean, bytes bytea, offsets integer[])
(
	SFUNC = genops_internal.segment_counts_add,
	STYPE = internal,
	COMBINEFUNC = genops_internal.segment_counts_combine,
	SERIALFUNC = genops_internal.segment_counts_save,
	DESERIALFUNC = genops_internal.segment_counts_load,
	FINALFUNC = genops_internal.segment_counts_save,
	PARALLEL = safe
);
COMMENT ON AGGREGATE genops_internal.segment_counts(bytea, integer, bigint, bigint, integer, boolean, bytea, integer[]) IS
'Internal: what a metrics query counts in segments.';

-- Asking Tempo, whatever the ledger has.
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
	genops.tempo_trace, genops.tempo_tags, genops.tempo_tag_values, genops.tempo_version
FROM PUBLIC;

-- A statement sees what was stored before it began.
CREATE FUNCTION genops_internal.await_stored() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_await_stored';
COMMENT ON FUNCTION genops_internal.await_stored() IS
'Internal: waits a moment until what is recorded is stored.';

CREATE FUNCTION genops_internal.traceql_rows_estimate(request internal) RETURNS internal
LANGUAGE C STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_traceql_rows_estimate';
COMMENT ON FUNCTION genops_internal.traceql_rows_estimate(internal) IS
'Internal: tells the planner how many rows genops_traceql() may give.';

CREATE FUNCTION genops_internal.asks_tempo(source text) RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_asks_tempo';
COMMENT ON FUNCTION genops_internal.asks_tempo(text) IS
'Internal: whether an argument "source" means Tempo; NULL means as genops.traceql_source has it.';

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
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 SUPPORT genops_internal.traceql_rows_estimate
AS 'MODULE_PATHNAME', 'genops_traceql';
COMMENT ON FUNCTION genops_traceql(text, interval, timestamptz, timestamptz, integer, integer, interval, text, text, boolean) IS
'ask: answers a TraceQL query, from the ledger. A search gives a row per span, newest traces first; a metrics query a row per series and step.';

-- TraceQL finds, SQL gets the columns, exact money among them.
CREATE FUNCTION genops_spans(
	query text,
	since interval DEFAULT '24 hours',
	start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL,
	max_traces integer DEFAULT NULL)
RETURNS SETOF genops.spans
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 100 COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found record;
BEGIN
	FOR found IN
		SELECT r.trace_id, array_agg(r.span_id) AS span_ids, max(r.start_time) AS latest,
			bool_or(r."time" IS NOT NULL) AS metrics
		FROM @extschema@.genops_traceql(query, since, start_time, end_time, max_traces,
			source => 'ledger') AS r
		GROUP BY r.trace_id
		ORDER BY latest DESC, r.trace_id
	LOOP
		IF found.metrics THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
				MESSAGE = 'a metrics query finds no spans',
				HINT = 'Use genops_traceql() for it, or leave out what follows the last "|".';
		END IF;
		RETURN QUERY SELECT s.* FROM @extschema@.genops_trace(found.trace_id) AS s
			WHERE s.span_id = ANY (found.span_ids);
	END LOOP;
END
$$;
COMMENT ON FUNCTION genops_spans(text, interval, timestamptz, timestamptz, integer) IS
'ask: the spans of the ledger that a TraceQL search finds, as rows of genops.spans: exact costs, percentiles of duration_ms, joins. Newest traces first';

CREATE FUNCTION genops_traceql_explain(
	query text,
	since interval DEFAULT '24 hours',
	start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL,
	max_traces integer DEFAULT NULL,
	spans_per_trace integer DEFAULT NULL,
	step interval DEFAULT NULL,
	tenant_id text DEFAULT NULL,
	source text DEFAULT NULL,
	"verbatim" boolean DEFAULT false,
	OUT item text,
	OUT detail text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10
AS 'MODULE_PATHNAME', 'genops_traceql_explain';
COMMENT ON FUNCTION genops_traceql_explain(text, interval, timestamptz, timestamptz, integer, integer, interval, text, text, boolean) IS
'ask: how genops_traceql() with the same arguments reads a query: as parsed, as it would be sent to Tempo and why it is rewritten for that, what is pushed down to the ledger''s columns, and the SQL on the ledger''s tables.';

-- Why a span of the ledger may be missing elsewhere, as far as delivery tells; 'sent' otherwise.  It
-- reads what the caller may: of another tenant's segment nothing is said.
CREATE FUNCTION genops_internal.span_delivery(seq bigint) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN NOT s.sampled THEN 'not sampled'
		WHEN d.answered_seq IS NULL OR s.seq > d.answered_seq THEN
			'pending' || coalesce(': delivery is ' || nullif(d.state, 'delivering') || coalesce(', ' || d.reason, ''), '')
		WHEN s.recorded_at > pg_catalog.clock_timestamp() - interval '1 minute' THEN
			'too young: Tempo shows a span some time after it took it'
		ELSE 'sent' || CASE WHEN d.rejected > 0 THEN ', or among the ' || d.rejected || ' spans of this tenant that the endpoint rejected' ELSE '' END
			|| CASE WHEN d.skipped > 0 THEN ', or skipped when delivery was resumed from ''now''' ELSE '' END
			|| CASE WHEN d.expired > 0 THEN ', or expired before it was sent' ELSE '' END
	END
	FROM (SELECT l.recorded_at, l.seq, l.sampled, l.tenant_id, l.route FROM genops.ledger_segment l
			WHERE l.seq = $1 AND l.directory IS NULL
			UNION ALL
			SELECT p.recorded_at, p.seq, p.sampled, p.tenant_id COLLATE "C", p.route COLLATE "C"
			FROM genops_internal.packed_segments(NULL::timestamptz, $1, $1, NULL::timestamptz, NULL::timestamptz, false, NULL::bytea, NULL::text[], false) p) s
		LEFT JOIN genops.stat_delivery d ON d.tenant_id = s.tenant_id AND d.route = s.route
$$;
COMMENT ON FUNCTION genops_internal.span_delivery(bigint) IS
'Internal: how far the segment with that number is delivered, in words.';
REVOKE ALL ON FUNCTION genops_internal.span_delivery FROM PUBLIC;

-- Functions of ours are called with every argument and its exact type: who may create
-- functions beside them could make one that fits better.
CREATE FUNCTION genops_internal.delivers_via_collector() RETURNS boolean
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_delivers_via_collector';
COMMENT ON FUNCTION genops_internal.delivers_via_collector() IS
'Internal: whether spans go to a Collector.';

-- Not in the query below: that is planned before anybody has asked whether the caller may read.
CREATE FUNCTION genops_internal.oldest_start() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT min(s.min_start) FROM genops.segment s
$$;
COMMENT ON FUNCTION genops_internal.oldest_start() IS
'Internal: when the oldest span began that the caller may read.';

CREATE FUNCTION genops_traceql_compare(
	query text,
	since interval DEFAULT '1 hour',
	start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL,
	step interval DEFAULT NULL,
	tenant_id text DEFAULT NULL)
RETURNS TABLE (
	only_in text,
	reason text,
	trace_id text,
	span_id text,
	name text,
	span_start timestamptz,
	labels jsonb,
	"time" timestamptz,
	ledger_value double precision,
	tempo_value double precision)
LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT genops_internal.require_read();
	SELECT genops_internal.await_stored();
	WITH asked AS MATERIALIZED (
		SELECT coalesce($3, e.range_end - $2) AS range_start, e.range_end
		FROM (SELECT coalesce($4, clock_timestamp()) AS range_end) e
	), ledger AS MATERIALIZED (
		SELECT t.* FROM asked, @extschema@.genops_traceql($1, $2, range_start, range_end,
			NULL::integer, NULL::integer, $5, $6, 'ledger'::text, false) t
	), tempo AS MATERIALIZED (
		SELECT t.* FROM asked, @extschema@.genops_traceql($1, $2, range_start, range_end,
			NULL::integer, NULL::integer, $5, $6, 'tempo'::text, false) t
	), spans_of_ledger AS (
		SELECT DISTINCT ON (l.trace_id, l.span_id) l.* FROM ledger l WHERE l.span_id IS NOT NULL
	), spans_of_tempo AS (
		SELECT DISTINCT ON (t.trace_id, t.span_id) t.* FROM tempo t WHERE t.span_id IS NOT NULL
	), missing_there AS MATERIALIZED (
		SELECT l.*, (
			SELECT genops_internal.span_delivery(s.segment) FROM @extschema@.genops_trace(l.trace_id) s
			WHERE s.span_id = l.span_id LIMIT 1) AS delivery
		FROM spans_of_ledger l
		WHERE NOT EXISTS (SELECT FROM spans_of_tempo t WHERE t.trace_id = l.trace_id AND t.span_id = l.span_id)
	), missing_here AS MATERIALIZED (
		SELECT t.* FROM spans_of_tempo t
		WHERE NOT EXISTS (SELECT FROM spans_of_ledger l WHERE l.trace_id = t.trace_id AND l.span_id = t.span_id)
	), asked_by_id AS MATERIALIZED (
		-- The newest of them; each is a request.
		SELECT m.trace_id FROM missing_there m WHERE m.delivery !~ '^(not sampled|pending)'
		GROUP BY m.trace_id ORDER BY max(m.start_time) DESC LIMIT 20
	), there_by_id AS MATERIALIZED (
		SELECT t.trace_id, t.span_id FROM asked_by_id a, LATERAL genops.tempo_trace(a.trace_id, $6) t
	), here_by_id AS MATERIALIZED (
		SELECT s.trace_id, s.span_id
		FROM (SELECT DISTINCT m.trace_id FROM missing_here m LIMIT 20) m, LATERAL @extschema@.genops_trace(m.trace_id) s
	)
	SELECT 'ledger',
		CASE WHEN EXISTS (SELECT FROM there_by_id t WHERE t.trace_id = m.trace_id AND t.span_id = m.span_id)
			THEN 'Tempo has it, and does not find it by the query that it was sent: see genops_traceql_explain()'
		WHEN m.delivery !~ '^sent' THEN m.delivery
		WHEN m.trace_id IN (SELECT a.trace_id FROM asked_by_id a)
			THEN 'unknown: ' || m.delivery || ', and Tempo does not have the trace. It may be beyond Tempo''s retention, or dropped by its limits' ||
				CASE WHEN genops_internal.delivers_via_collector() THEN ', or by the Collector after it answered' ELSE '' END
		ELSE 'unknown: ' || m.delivery || '; Tempo was not asked for so many traces by their ids' END,
		m.trace_id, m.span_id, m.name, m.start_time, NULL::jsonb, NULL::timestamptz, NULL::float8, NULL::float8
	FROM missing_there m
	UNION ALL
	SELECT 'tempo',
		CASE WHEN EXISTS (SELECT FROM here_by_id h WHERE h.trace_id = m.trace_id AND h.span_id = m.span_id)
			THEN 'the ledger has it, and this query does not find it there: one of the differences in docs/traceql.md'
		WHEN m.start_time < (SELECT genops_internal.oldest_start())
			THEN 'older than the ledger, or beyond its retention'
		ELSE 'not recorded here: by another sender, on a standby, or in a ledger that was dropped' END,
		m.trace_id, m.span_id, m.name, m.start_time, NULL, NULL, NULL, NULL
	FROM missing_here m
	UNION ALL
	SELECT CASE WHEN t.value IS NULL THEN 'ledger' WHEN l.value IS NULL THEN 'tempo' END,
		'the spans that are counted differ: compare the search without its metrics function',
		NULL, NULL, NULL, NULL, coalesce(l.labels, t.labels), coalesce(l."time", t."time"), l.value, t.value
	FROM (SELECT * FROM ledger WHERE ledger."time" IS NOT NULL) l
		FULL JOIN (SELECT * FROM tempo WHERE tempo."time" IS NOT NULL) t
			ON t.labels = l.labels AND t."time" = l."time"
	-- A series that one side lacks differs where it counts something.
	WHERE coalesce(abs(l.value - t.value) > 1e-9 * greatest(abs(l.value), abs(t.value)),
		coalesce(l.value, t.value) <> 0);
$$;
COMMENT ON FUNCTION genops_traceql_compare(text, interval, timestamptz, timestamptz, interval, text) IS
'ask: asks both the ledger and Tempo, and returns what only one of them has and why (not sampled, pending, too young, in Tempo but not found by the query ..., or that the cause is unknown), or, of a metrics query, the points whose values differ. No row: both give the same answer.';

CREATE FUNCTION genops_internal.segment_tags(bytes bytea, OUT scope text, OUT tag text)
RETURNS SETOF record LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20000 ROWS 50
AS 'MODULE_PATHNAME', 'genops_segment_tags';
COMMENT ON FUNCTION genops_internal.segment_tags(bytea) IS 'Internal: the attributes that a segment''s spans have.';

CREATE FUNCTION genops_tags(
	scope text DEFAULT NULL,
	since interval DEFAULT '24 hours',
	start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL,
	tenant_id text DEFAULT NULL,
	source text DEFAULT NULL)
RETURNS TABLE (tag_scope text, tag text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	scopes CONSTANT text[] := '{span,resource,event,link,instrumentation,intrinsic}';
	range_end CONSTANT timestamptz := coalesce($4, 'infinity');
	range_start CONSTANT timestamptz :=
		coalesce($3, coalesce($4, pg_catalog.clock_timestamp()) - $2, '-infinity');
BEGIN
	IF $1 <> ALL (scopes) THEN
		RAISE EXCEPTION 'invalid value for parameter "scope": "%"', $1
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'A scope is one of ' || array_to_string(scopes, ', ') || '.';
	END IF;
	PERFORM genops_internal.require_read();
	IF genops_internal.asks_tempo($6) THEN
		RETURN QUERY SELECT t.scope_name, t.tag
			FROM genops.tempo_tags($1, $2, $3, $4, $5) t ORDER BY 1, 2;
		RETURN;
	END IF;
	PERFORM genops_internal.await_stored();
	RETURN QUERY
	SELECT DISTINCT t.scope, t.tag
	FROM genops.segment s, LATERAL genops_internal.segment_tags(genops_internal.segment_bytes(s.recorded_at, s.seq)) t
	WHERE s.max_end >= range_start AND s.min_start <= range_end
		AND s.recorded_at >= range_start - interval '1 day'
		AND ($5 IS NULL OR s.tenant_id = ANY (CASE $5 WHEN '' THEN ARRAY[''] ELSE string_to_array($5, '|') END))
		AND ($1 IS NULL OR t.scope = $1)
	UNION ALL
	SELECT 'intrinsic', i.tag
	FROM unnest('{duration,event:name,event:timeSinceStart,instrumentation:name,instrumentation:version,kind,link:spanID,link:traceID,name,nestedSetLeft,nestedSetParent,nestedSetRight,rootName,rootServiceName,span:childCount,span:id,span:parentID,status,statusMessage,trace:id,traceDuration}'::text[]) AS i (tag)
	WHERE $1 IS NULL OR $1 = 'intrinsic'
	ORDER BY 1, 2;
END
$$;
COMMENT ON FUNCTION genops_tags(text, interval, timestamptz, timestamptz, text, text) IS
'ask: the attributes that spans have, by scope (span, resource, event, link, instrumentation), and the intrinsics of every span.';

CREATE FUNCTION genops_tag_values(
	tag text,
	query text DEFAULT NULL,
	since interval DEFAULT '24 hours',
	start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL,
	tenant_id text DEFAULT NULL,
	source text DEFAULT NULL)
RETURNS TABLE (value text, type text, spans bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	parts CONSTANT text[] := regexp_match($1, '^(\.|(?:span|resource|event|link|instrumentation)\.)(.+)$');
	attribute CONSTANT boolean := parts IS NOT NULL;
	-- A name as genops_tags() gives it has no quotes, which some need in a query.
	identifier CONSTANT text := CASE WHEN parts[2] ~ '[\s(){}=~!<>&|^,]' AND parts[2] !~ '["\\]'
		THEN parts[1] || '"' || parts[2] || '"' ELSE $1 END;
BEGIN
	IF NOT attribute AND coalesce($1, '') !~ '^(span|trace|event|link|instrumentation):\w+$'
		AND NOT EXISTS (SELECT FROM @extschema@.genops_tags(
			'intrinsic'::text, $3, $4, $5, $6, 'ledger'::text) t WHERE t.tag = $1) THEN
		RAISE EXCEPTION 'invalid tag: "%"', coalesce($1, '')
			USING ERRCODE = 'invalid_parameter_value',
				HINT = format('Write .%1$s for an attribute of the span or the resource, span.%1$s or resource.%1$s, or an intrinsic such as name.',
					CASE WHEN $1 ~ '^\w[\w.-]*$' THEN $1 ELSE 'team' END);
	END IF;
	PERFORM genops_internal.require_read();
	IF genops_internal.asks_tempo($7) THEN
		RETURN QUERY SELECT t.value, t.type, NULL::bigint
			FROM genops.tempo_tag_values(identifier, $2, $3, $4, $5, $6) t ORDER BY 1;
		RETURN;
	END IF;
	RETURN QUERY
	SELECT l.value #>> '{}',
		CASE WHEN $1 IN ('status', 'kind', 'span:status', 'span:kind') THEN 'keyword'
			WHEN jsonb_typeof(l.value) = 'number' THEN
				CASE WHEN l.value::text ~ '[.e]' THEN 'float' ELSE 'int' END
			WHEN jsonb_typeof(l.value) = 'boolean' THEN 'bool'
			WHEN $1 ~* 'duration|timeSinceStart' AND NOT attribute THEN 'duration'
			ELSE 'string' END,
		r.value::bigint
	FROM @extschema@.genops_traceql(
			coalesce($2, '{ }') || CASE WHEN attribute THEN ' | { ' || identifier || ' != nil }' ELSE '' END ||
			' | count_over_time() by (' || identifier || ')',
			$3, $4, $5, NULL::integer, NULL::integer, interval '0', $6, 'ledger'::text, false) r,
		LATERAL jsonb_each(r.labels) l
	ORDER BY 3 DESC, 1;
END
$$;
COMMENT ON FUNCTION genops_tag_values(text, text, interval, timestamptz, timestamptz, text, text) IS
'ask: the values of an attribute or intrinsic, named as in TraceQL (.team, resource.service.name, name), the most frequent first, of the spans that a query such as { status = error } finds.';
