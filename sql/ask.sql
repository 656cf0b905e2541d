-- SPDX-License-Identifier: PostgreSQL
-- What people query: genops.spans, genops.spend, genops_trace().
--
-- The views are security invokers: a reader needs SELECT on the tables under
-- them (on the parents, never on partitions), which genops_grant gives, and row
-- security sees the reader.
--
-- An operator that pg_catalog does not have for just these types could be somebody
-- else's, made in the schema of the extension before it: hence the casts.

-- The planner waits for what was recorded: see src/ask/await_stored.c.
CREATE FUNCTION genops_internal.await_stored_support(internal) RETURNS internal
LANGUAGE C STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'genops_await_stored_support';
COMMENT ON FUNCTION genops_internal.await_stored_support(internal) IS
	'Internal: waits, while a statement is planned, until what was recorded before is stored.';
CREATE FUNCTION genops_internal.is_awaited() RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE SUPPORT genops_internal.await_stored_support
AS 'MODULE_PATHNAME', 'genops_is_awaited';
COMMENT ON FUNCTION genops_internal.is_awaited() IS
	'Internal: true, and nothing at all in a plan. Makes the planner wait for what was recorded before.';

CREATE FUNCTION genops_internal.cost_from_e12(e12 bigint) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_cost_from_e12';
COMMENT ON FUNCTION genops_internal.cost_from_e12(bigint) IS 'An exact amount from the ledger''s integers.';

-- Segments that share a row: see src/keep/pack.h.  What the reader may not see of such a
-- row does not come out.  Its rows come from one process: an estimate of many would make
-- the planner start others for nothing.
CREATE FUNCTION genops_internal.packed_segments(recorded_from timestamptz, first_seq bigint, last_seq bigint,
	range_start timestamptz, range_end timestamptz, not_exact boolean, trace_ids bytea, tenants text[], by_row boolean,
	OUT recorded_at timestamptz, OUT seq bigint, OUT min_start timestamptz, OUT max_end timestamptz,
	OUT span_count integer, OUT sampled boolean, OUT exact boolean, OUT tenant_id text, OUT route text)
RETURNS SETOF record LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
AS 'MODULE_PATHNAME', 'genops_packed_segments';
COMMENT ON FUNCTION genops_internal.packed_segments(timestamptz, bigint, bigint, timestamptz, timestamptz, boolean, bytea, text[], boolean) IS
'Internal: lists the segments that share rows, of tenants that the user may read. With by_row one for each row, which has the number of its last segment and no tenant. Arguments that are NULL filter nothing.';

CREATE FUNCTION genops_internal.segment_bytes(recorded_at timestamptz, seq bigint) RETURNS bytea
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'genops_segment_bytes';
COMMENT ON FUNCTION genops_internal.segment_bytes(timestamptz, bigint) IS
'Internal: the bytes of a segment (content of an OTLP ResourceSpans), if the user may read its tenant.';

-- What a span adds to genops.spend.unpriced_calls.  A supplement that settles (flag 2048)
-- takes its call away and stands for it.  src/keep/spend_sums.c has the same.
CREATE FUNCTION genops_internal.unpriced_calls(ai_call boolean, total_cost_e12 bigint, cost_source smallint, flags bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN ai_call IS NOT TRUE THEN bigint '0'
	WHEN total_cost_e12 IS NULL AND cost_source IS DISTINCT FROM 5
	THEN CASE WHEN (flags & bigint '2048') <> 0 THEN bigint '0' ELSE bigint '1' END
	ELSE CASE WHEN (flags & bigint '2048') <> 0 THEN bigint '-1' ELSE bigint '0' END END;
COMMENT ON FUNCTION genops_internal.unpriced_calls(boolean, bigint, smallint, bigint) IS
'Internal: how many calls without a price a span counts as; -1 takes one back.';

-- least() would make the greatest number of NULL.
CREATE FUNCTION genops_internal.token_sum(tokens numeric) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN tokens > numeric '9223372036854775807' THEN bigint '9223372036854775807' ELSE tokens::bigint END;
COMMENT ON FUNCTION genops_internal.token_sum(numeric) IS
'Internal: a sum of tokens, which ends at the greatest number; NULL stays NULL.';

CREATE VIEW genops.segment WITH (security_invoker = true) AS
SELECT recorded_at, seq, min_start, max_end, span_count, sampled, exact, tenant_id, route
FROM genops.ledger_segment WHERE directory IS NULL
UNION ALL
SELECT recorded_at, seq, min_start, max_end, span_count, sampled, exact, tenant_id COLLATE "C", route COLLATE "C"
FROM genops_internal.packed_segments(NULL::timestamptz, NULL::bigint, NULL::bigint, NULL::timestamptz, NULL::timestamptz, false, NULL::bytea, NULL::text[], false);
COMMENT ON VIEW genops.segment IS
'Internal: a row for each segment, the packets of spans that are stored and sent as one, whether it shares its row of the ledger or not. genops_internal.segment_bytes() reads its spans.';

CREATE FUNCTION genops_internal.span_flags(flags bigint) RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_span_flags';
COMMENT ON FUNCTION genops_internal.span_flags(bigint) IS 'Internal: the names of the flags of a span.';

-- A function, because a subquery would keep the view's second arm from running in
-- parallel; it looks once a statement.
CREATE FUNCTION genops_internal.folded_seq() RETURNS bigint
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_folded_seq';
COMMENT ON FUNCTION genops_internal.folded_seq() IS 'Internal: the last segment that is in genops.spend_total.';

-- What is read from a span's bytes.  They cost a look at the segment (the last
-- few are kept unpacked while the statement runs), so that a plan evaluates them for
-- the rows that come out, after ORDER BY and LIMIT.
CREATE FUNCTION genops_internal.span_attributes(recorded_at timestamptz, seq bigint, "offset" integer)
RETURNS jsonb LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'genops_span_attributes';
COMMENT ON FUNCTION genops_internal.span_attributes(timestamptz, bigint, integer) IS
'Internal: the attributes of a span, read from its segment.';
CREATE FUNCTION genops_internal.span_resource_attributes(recorded_at timestamptz, seq bigint, "offset" integer)
RETURNS jsonb LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'genops_span_resource_attributes';
COMMENT ON FUNCTION genops_internal.span_resource_attributes(timestamptz, bigint, integer) IS
'Internal: the attributes of a span''s resource, read from its segment.';
CREATE FUNCTION genops_internal.span_events(recorded_at timestamptz, seq bigint, "offset" integer)
RETURNS jsonb LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'genops_span_events';
COMMENT ON FUNCTION genops_internal.span_events(timestamptz, bigint, integer) IS
'Internal: the events of a span, read from its segment.';
CREATE FUNCTION genops_internal.span_links(recorded_at timestamptz, seq bigint, "offset" integer)
RETURNS jsonb LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'genops_span_links';
COMMENT ON FUNCTION genops_internal.span_links(timestamptz, bigint, integer) IS
'Internal: the links of a span, read from its segment.';
CREATE FUNCTION genops_internal.span_status_message(recorded_at timestamptz, seq bigint, "offset" integer)
RETURNS text LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'genops_span_status_message';
COMMENT ON FUNCTION genops_internal.span_status_message(timestamptz, bigint, integer) IS
'Internal: the status message of a span, read from its segment.';
CREATE FUNCTION genops_internal.span_trace_state(recorded_at timestamptz, seq bigint, "offset" integer)
RETURNS text LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'genops_span_trace_state';
COMMENT ON FUNCTION genops_internal.span_trace_state(timestamptz, bigint, integer) IS
'Internal: the W3C tracestate of a span, read from its segment.';

CREATE VIEW genops.spans WITH (security_invoker = true) AS
SELECT
	pg_catalog.encode(pg_catalog.uuid_send(trace_id), 'hex') AS trace_id,
	pg_catalog.lpad(pg_catalog.to_hex(span_id), 16, '0') AS span_id,
	pg_catalog.lpad(pg_catalog.to_hex(parent_span_id), 16, '0') AS parent_span_id,
	tenant_id,
	service_name,
	coalesce(name, operation || coalesce(' ' || model, '')) AS name,
	CASE kind WHEN 1 THEN 'internal' WHEN 2 THEN 'server' WHEN 3 THEN 'client'
		WHEN 4 THEN 'producer' WHEN 5 THEN 'consumer' ELSE 'unspecified' END AS kind,
	CASE status WHEN 1 THEN 'ok' WHEN 2 THEN 'error' ELSE 'unset' END AS status,
	start_time,
	CASE WHEN (flags & bigint '3') <> 0 THEN NULL
		ELSE start_time + (duration_ns / 1000)::double precision * interval '1 microsecond' END AS end_time,
	CASE WHEN (flags & bigint '3') <> 0 THEN NULL
		ELSE (duration_ns / 1000)::double precision * interval '1 microsecond' END AS duration,
	CASE WHEN (flags & bigint '3') <> 0 THEN NULL
		ELSE duration_ns::double precision / 1000000::double precision END AS duration_ms,
	ai_call,
	team,
	project,
	customer_id,
	cost_center,
	environment,
	feature,
	user_id,
	provider,
	model,
	operation,
	prompt_tokens,
	completion_tokens,
	cache_read_tokens,
	cache_write_tokens,
	reasoning_tokens,
	CASE WHEN prompt_tokens IS NOT NULL OR completion_tokens IS NOT NULL
		THEN coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0) END AS total_tokens,
	genops_internal.cost_from_e12(total_cost_e12) AS total_cost,
	genops_internal.cost_from_e12(input_cost_e12) AS input_cost,
	genops_internal.cost_from_e12(output_cost_e12) AS output_cost,
	genops_internal.cost_from_e12(cache_read_cost_e12) AS cache_read_cost,
	genops_internal.cost_from_e12(cache_write_cost_e12) AS cache_write_cost,
	CASE WHEN total_cost_e12 IS NOT NULL THEN coalesce(currency, 'USD') END AS currency,
	recorded_at,
	genops_internal.span_attributes(recorded_at, seq, "offset") AS attributes,
	genops_internal.span_resource_attributes(recorded_at, seq, "offset") AS resource_attributes,
	genops_internal.span_events(recorded_at, seq, "offset") AS events,
	genops_internal.span_links(recorded_at, seq, "offset") AS links,
	genops_internal.span_status_message(recorded_at, seq, "offset") AS status_message,
	genops_internal.span_trace_state(recorded_at, seq, "offset") AS trace_state,
	seq AS segment,
	response_model,
	CASE cost_source WHEN 1 THEN 'price_table' WHEN 2 THEN 'provider' WHEN 3 THEN 'caller'
		WHEN 4 THEN 'unpriced' WHEN 5 THEN 'none' END AS cost_source,
	usage_flags,
	price_id,
	service_tier,
	cache_write_1h_tokens,
	genops_internal.span_flags(flags) AS flags,
	coalesce((flags & bigint '16') <> 0, false) AS blocked
FROM genops_internal.is_awaited() AS awaited, genops.ledger_span;

COMMENT ON VIEW genops.spans IS
'ask: every recorded span: AI calls, workflow steps around them, and spans that were ingested. A statement that is planned anew waits for what was recorded before it; one whose plan is kept does not: genops_flush(''stored'') does. NULL is unknown.';
COMMENT ON COLUMN genops.spans.trace_id IS '32 hexadecimal digits. To find one trace, genops_trace() is fast; a condition on this column reads the whole time range.';
COMMENT ON COLUMN genops.spans.span_id IS '16 hexadecimal digits';
COMMENT ON COLUMN genops.spans.parent_span_id IS 'NULL: the root of its trace';
COMMENT ON COLUMN genops.spans.tenant_id IS 'the tenant that the span belongs to and is delivered to (X-Scope-OrgID)';
COMMENT ON COLUMN genops.spans.name IS 'operation and model, unless the caller named it';
COMMENT ON COLUMN genops.spans.kind IS 'client for a call to a model; internal, server, producer, consumer, unspecified';
COMMENT ON COLUMN genops.spans.status IS 'error if the call failed; else unset, or ok where somebody said so';
COMMENT ON COLUMN genops.spans.start_time IS 'when the call began, which may be long before recorded_at';
COMMENT ON COLUMN genops.spans.duration IS 'to the microsecond; duration_ms has the fraction. NULL where it is not known, which percentiles leave out';
COMMENT ON COLUMN genops.spans.duration_ms IS 'milliseconds, for charts';
COMMENT ON COLUMN genops.spans.ai_call IS 'a call that costs, as counted in genops.spend; false for the steps around calls';
COMMENT ON COLUMN genops.spans.prompt_tokens IS 'input tokens, those read from and written to a cache included';
COMMENT ON COLUMN genops.spans.completion_tokens IS 'output tokens, reasoning included';
COMMENT ON COLUMN genops.spans.total_tokens IS 'prompt_tokens + completion_tokens, as far as they are known; an embedding has no completion';
COMMENT ON COLUMN genops.spans.total_cost IS 'exact; NULL: the call has no price, which is not 0';
COMMENT ON COLUMN genops.spans.currency IS 'of the costs; NULL where there is none';
COMMENT ON COLUMN genops.spans.recorded_at IS 'when the ledger stored it. The ledger is partitioned by the day of this time: a condition on it makes any query faster, and retention counts from it.';
COMMENT ON COLUMN genops.spans.attributes IS 'all attributes of the span as they are sent, the columns'' among them. Read from the packed bytes: select it for few rows.';
COMMENT ON COLUMN genops.spans.resource_attributes IS 'of the service that made the span; packed like attributes, as are the next four';
COMMENT ON COLUMN genops.spans.events IS 'array of {time, name, attributes}';
COMMENT ON COLUMN genops.spans.links IS 'array of {trace_id, span_id, trace_state, attributes}';
COMMENT ON COLUMN genops.spans.status_message IS 'what went wrong';
COMMENT ON COLUMN genops.spans.trace_state IS 'W3C tracestate';
COMMENT ON COLUMN genops.spans.segment IS 'number of the packed segment that holds the span';
COMMENT ON COLUMN genops.spans.response_model IS 'the model that answered, where it is not the one that was asked for';
COMMENT ON COLUMN genops.spans.cost_source IS 'price_table, provider (the reply said it), caller, unpriced, or none: there is nothing to price';
COMMENT ON COLUMN genops.spans.usage_flags IS 'what was done to read the usage of the reply';
COMMENT ON COLUMN genops.spans.price_id IS 'the price that made the cost';
COMMENT ON COLUMN genops.spans.service_tier IS 'the tier that served the call, where the provider has several';
COMMENT ON COLUMN genops.spans.cache_write_1h_tokens IS 'of cache_write_tokens, those that are kept for an hour';
COMMENT ON COLUMN genops.spans.flags IS 'what is to be known of the span: untimed (its duration was measured around something else, and is NULL), no_duration, unfinished (its transaction ended first), duplicate (charged before), blocked (the call was refused), partial_stream, tokens_cut, supplement (usage of a call that is counted already), container (has the usage of the calls in it), unclear (looks like a call and says too little), cache_outside (its input was said without the cache''s tokens), settles (a supplement of a call that was counted among genops.spend.unpriced_calls, and is no more if this one has a price)';
COMMENT ON COLUMN genops.spans.blocked IS 'the call was refused by a budget or a policy, and was not made';

-- All arms are plain scans, so that the planner can push conditions into them,
-- leave out columns and run them in parallel; a GROUP BY here would prevent all
-- three.
CREATE VIEW genops.spend WITH (security_invoker = true) AS
SELECT s.* FROM genops_internal.is_awaited() AS awaited, (
SELECT
	period_start, recorded_at,
	tenant_id, team, project, customer_id, cost_center, environment, feature,
	provider, model, operation, currency,
	calls, errors, unpriced_calls,
	prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
	total_cost, input_cost, output_cost, cache_read_cost, cache_write_cost,
	coalesce(blocked_calls, 0) AS blocked_calls, coalesce(unfinished_calls, 0) AS unfinished_calls
FROM genops.spend_total
UNION ALL
SELECT
	pg_catalog.date_bin(interval '15 minutes', start_time, timestamptz '2000-01-01 00:00:00+00'),
	pg_catalog.date_bin(interval '15 minutes', recorded_at, timestamptz '2000-01-01 00:00:00+00'),
	tenant_id, team, project, customer_id, cost_center, environment, feature,
	provider, model, operation, coalesce(currency, 'USD'),
	CASE WHEN ai_call AND (flags & bigint '128') IS DISTINCT FROM 128 THEN bigint '1' ELSE bigint '0' END,
	CASE WHEN ai_call AND (flags & bigint '128') IS DISTINCT FROM 128 AND status = 2 THEN bigint '1' ELSE bigint '0' END,
	genops_internal.unpriced_calls(ai_call, total_cost_e12, cost_source, flags),
	prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
	genops_internal.cost_from_e12(total_cost_e12), genops_internal.cost_from_e12(input_cost_e12),
	genops_internal.cost_from_e12(output_cost_e12), genops_internal.cost_from_e12(cache_read_cost_e12),
	genops_internal.cost_from_e12(cache_write_cost_e12),
	CASE WHEN (flags & bigint '16') <> 0 THEN bigint '1' ELSE bigint '0' END,
	CASE WHEN (flags & bigint '4') <> 0 THEN bigint '1' ELSE bigint '0' END
FROM genops.ledger_span
WHERE (ai_call OR (flags & bigint '20') <> 0) AND seq > genops_internal.folded_seq()
UNION ALL
SELECT
	period_start, recorded_at,
	tenant_id, team, project, customer_id, cost_center, environment, feature,
	provider, model, operation, currency,
	calls, bigint '0', unpriced_calls,
	NULL, NULL, NULL, NULL, NULL,
	cost, NULL, NULL, NULL, NULL,
	bigint '0', bigint '0'
FROM genops.adjustment
) AS s;

COMMENT ON VIEW genops.spend IS
'ask: what AI calls cost, exact at every moment. Several rows may have the same dimensions, so always sum: SELECT team, sum(calls), sum(total_cost), sum(unpriced_calls) FROM genops.spend WHERE period_start >= ''2026-11-01'' AT TIME ZONE ''Europe/Berlin'' GROUP BY team. Totals stay when retention has removed the spans.';
COMMENT ON COLUMN genops.spend.period_start IS 'the quarter hour in which the calls began';
COMMENT ON COLUMN genops.spend.recorded_at IS 'the quarter hour in which they were recorded: later than period_start''s for calls that came late, e.g. after an invoice was written';
COMMENT ON COLUMN genops.spend.currency IS 'costs of different currencies must not be added: group by it';
COMMENT ON COLUMN genops.spend.calls IS 'calls that cost; not the workflow steps around them';
COMMENT ON COLUMN genops.spend.errors IS 'of calls, those that failed';
COMMENT ON COLUMN genops.spend.unpriced_calls IS 'of calls, those whose cost is unknown: they are not in total_cost. A call that failed before it used anything has nothing to be priced';
COMMENT ON COLUMN genops.spend.blocked_calls IS 'calls that a budget or a policy refused; not among calls';
COMMENT ON COLUMN genops.spend.unfinished_calls IS 'calls that were begun and whose transaction ended before they did; not among calls';
COMMENT ON COLUMN genops.spend.prompt_tokens IS 'input tokens, those read from and written to a cache included';
COMMENT ON COLUMN genops.spend.completion_tokens IS 'output tokens, reasoning included';
COMMENT ON COLUMN genops.spend.total_cost IS 'exact sum of the priced calls; NULL if none has a price';

-- A simple view takes changes as its table does.  The ledger, its segments and its totals
-- would then say different things.
CREATE FUNCTION genops_internal.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
		MESSAGE = format('view "%I.%I" is read-only', TG_TABLE_SCHEMA, TG_TABLE_NAME),
		DETAIL = 'What was recorded is not changed; totals would no longer agree with it.',
		HINT = 'Correct a cost by genops_adjust(). Retention removes old spans.';
END
$$;
CREATE TRIGGER read_only INSTEAD OF INSERT OR UPDATE OR DELETE ON genops.spans
	FOR EACH ROW EXECUTE FUNCTION genops_internal.refuse_change();

CREATE VIEW genops.uncounted WITH (security_invoker = true) AS
SELECT
	pg_catalog.encode(pg_catalog.uuid_send(trace_id), 'hex') AS trace_id,
	pg_catalog.lpad(pg_catalog.to_hex(span_id), 16, '0') AS span_id,
	tenant_id, service_name,
	coalesce(name, operation || coalesce(' ' || model, '')) AS name,
	start_time,
	CASE WHEN (flags & bigint '4') <> 0 THEN 'unfinished'
		WHEN (flags & bigint '8') <> 0 THEN 'duplicate'
		WHEN (flags & bigint '16') <> 0 THEN 'blocked'
		WHEN (flags & bigint '256') <> 0 THEN 'container'
		ELSE 'unclear' END AS reason,
	provider, model, operation, team, customer_id,
	prompt_tokens, completion_tokens,
	genops_internal.cost_from_e12(total_cost_e12) AS total_cost,
	CASE WHEN total_cost_e12 IS NOT NULL THEN coalesce(currency, 'USD') END AS currency,
	recorded_at
FROM genops_internal.is_awaited() AS awaited, genops.ledger_span
WHERE NOT ai_call AND (flags & bigint '796') <> 0;
CREATE TRIGGER read_only INSTEAD OF INSERT OR UPDATE OR DELETE ON genops.uncounted
	FOR EACH ROW EXECUTE FUNCTION genops_internal.refuse_change();

COMMENT ON VIEW genops.uncounted IS
'ask: what looks like an AI call and is not counted in genops.spend.calls, with the reason: unfinished (its transaction ended before somebody said how it ended), duplicate (it was charged before), blocked (it was refused), container (an agent, chain or workflow, whose calls are counted), unclear (it has names that AI calls have, and neither provider or model with usage, nor a cost).';
COMMENT ON COLUMN genops.uncounted.total_cost IS 'what it says and is not charged';

CREATE FUNCTION genops_trace(trace_id text) RETURNS SETOF genops.spans
LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 20 COST 10000 SUPPORT genops_internal.await_stored_support
AS 'MODULE_PATHNAME', 'genops_trace';
COMMENT ON FUNCTION genops_trace(text) IS
'ask: all spans of a trace, in the order in which they began. Takes a trace id (32 hexadecimal digits) or a traceparent, as genops_track() returns it.';
