-- SPDX-License-Identifier: PostgreSQL
-- The ledger: facts in ledger_span, bytes in ledger_segment, both by the day of
-- recording (UTC).
--
-- The parents carry no index, key, identity or trigger, and no partition is
-- made here: partitions are made by the worker, are no members of the
-- extension, and are dumped as plain tables.  An index of a parent would make
-- the restored partition's collide, and a partition made by this script would
-- be dumped without its rows.

-- A narrow row per span.  Columns are ordered so that what most questions need
-- comes first and nothing is padded: numbers, texts, then the numbers that few
-- spans have.  Money is bigint, in 10^-12 of the currency's unit.
CREATE TABLE genops.ledger_span (
	recorded_at timestamptz NOT NULL,
	seq bigint NOT NULL,				-- of the segment with the span's bytes
	start_time timestamptz NOT NULL,	-- cut to microseconds
	duration_ns bigint NOT NULL,
	span_id bigint NOT NULL,			-- the eight bytes, big-endian
	total_cost_e12 bigint,
	prompt_tokens bigint,				-- tokens beyond 2^53 - 1 are cut, see flags
	completion_tokens bigint,
	trace_id uuid NOT NULL,
	"offset" integer NOT NULL,			-- of the span's content in the segment
	kind smallint NOT NULL,				-- OTLP's numbers, as is status
	status smallint NOT NULL,
	ai_call boolean NOT NULL,
	exact boolean NOT NULL,				-- the columns are the attributes, see keep/segment.h
	tenant_id text,
	team text,
	project text,
	customer_id text,
	cost_center text,
	environment text,
	feature text,
	user_id text,
	service_name text,
	provider text,
	model text,
	operation text,
	name text,							-- NULL: operation and model
	currency text,						-- NULL: USD
	parent_span_id bigint,
	cache_read_tokens bigint,
	cache_write_tokens bigint,
	reasoning_tokens bigint,
	input_cost_e12 bigint,
	output_cost_e12 bigint,
	cache_read_cost_e12 bigint,
	cache_write_cost_e12 bigint,
	-- From here on in the order in which they came: columns are only added at the end.
	flags bigint,						-- NULL: none; genops_internal.span_flags()
	price_id bigint,					-- of genops.price
	cost_source smallint,				-- 1 price_table, 2 provider, 3 caller, 4 unpriced, 5 none
	service_tier text,					-- that the provider served
	cache_write_1h_tokens bigint,		-- of cache_write_tokens
	reasoning_cost_e12 bigint,			-- of output_cost_e12
	role oid,							-- of the session that recorded it
	response_model text,				-- that answered, where it is not the one that was asked
	usage_flags text[]					-- what was done to read the usage; NULL: nothing
) PARTITION BY RANGE (recorded_at);

-- A row per tenant, resource and flush: a whole OTLP ResourceSpans.  Small ones of a
-- flush share a row, which has a directory of them: see src/keep/pack.h, and
-- genops.segment, which has a row for each.  The bloom filters stay in the row, the bytes
-- do not: looking through the filters of a day must not read the bytes.
CREATE TABLE genops.ledger_segment (
	recorded_at timestamptz NOT NULL,
	seq bigint NOT NULL,				-- with a directory, of the last one
	min_start timestamptz NOT NULL,
	max_end timestamptz NOT NULL,
	span_count integer NOT NULL,
	sampled boolean NOT NULL,			-- is to be sent
	exact boolean NOT NULL,				-- of all its spans
	tenant_id text COLLATE "C" NOT NULL,	-- '' for none, '|' with a directory
	route text COLLATE "C" NOT NULL,	-- likewise
	service_name text NOT NULL,
	environment text NOT NULL,
	bloom bytea NOT NULL,				-- of the trace ids
	bytes bytea NOT NULL,
	directory bytea,					-- NULL: the row is one segment
	stream_bloom bytea					-- with a directory: of its streams
) PARTITION BY RANGE (recorded_at);
ALTER TABLE genops.ledger_segment ALTER COLUMN bloom SET STORAGE MAIN;
ALTER TABLE genops.ledger_segment ALTER COLUMN stream_bloom SET STORAGE MAIN;

-- lz4 packs as well as pglz, eight times as fast; not every server has it.
DO $$
BEGIN
	IF (SELECT 'lz4' = ANY (enumvals) FROM pg_catalog.pg_settings
		WHERE name = 'default_toast_compression')
	THEN
		ALTER TABLE genops.ledger_segment ALTER COLUMN bytes SET COMPRESSION lz4;
	ELSE
		ALTER TABLE genops.ledger_segment ALTER COLUMN bytes SET COMPRESSION pglz;
	END IF;
END
$$;

COMMENT ON TABLE genops.ledger_span IS 'Internal: the facts of the spans. Query genops.spans.';
COMMENT ON TABLE genops.ledger_segment IS
	'Internal: the bytes of the spans, as they are delivered (content of an OTLP ResourceSpans).';

REVOKE ALL ON genops.ledger_span, genops.ledger_segment FROM PUBLIC;

-- The worker gives the partitions a copy of this policy.
ALTER TABLE genops.ledger_span ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON genops.ledger_span FOR SELECT USING (
	(SELECT genops.reads_all_tenants())
	OR coalesce(tenant_id, '') OPERATOR(pg_catalog.=) ANY ((SELECT genops.readable_tenants())::text[]));
ALTER TABLE genops.ledger_segment ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON genops.ledger_segment FOR SELECT USING (
	(SELECT genops.reads_all_tenants())
	OR tenant_id OPERATOR(pg_catalog.=) ANY ((SELECT genops.readable_tenants())::text[]));

-- What calls are known again by, so that each is charged once: a row for each key of a call that
-- charged.  The worker looks here at what no session knew any more.  Internal, and of no
-- use to anybody: keys are hashes.
CREATE TABLE genops.call_key (
	recorded_at timestamptz NOT NULL,
	key bigint NOT NULL,
	reply bigint,						-- key of the reply, of a call with an id of its own
	failed boolean NOT NULL,			-- without using anything
	used boolean NOT NULL				-- false: what it used was not said
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE genops.call_key IS 'Internal: keys of the calls of the last duplicate_window. See genops.call_keys.';
REVOKE ALL ON genops.call_key FROM PUBLIC;
ALTER TABLE genops.call_key ENABLE ROW LEVEL SECURITY;

CREATE VIEW genops.call_keys AS
SELECT k.keys, k.oldest, w.value::interval AS duplicate_window, m.value::bigint AS max_keys,
	CASE WHEN k.keys >= m.value::bigint / bigint '10' * bigint '9' THEN 'max_keys' ELSE 'duplicate_window' END AS bounded_by
FROM (SELECT pg_catalog.count(*) AS keys, pg_catalog.min(recorded_at) AS oldest FROM genops.call_key) AS k,
	genops.configuration AS w, genops.configuration AS m
WHERE w.setting OPERATOR(pg_catalog.=) 'duplicate_window' AND m.setting OPERATOR(pg_catalog.=) 'max_keys';
COMMENT ON VIEW genops.call_keys IS
	'operate: how many keys of calls are kept to know a call again, and what bounds them: duplicate_window or max_keys of genops_configure().';
REVOKE ALL ON genops.call_keys FROM PUBLIC;
GRANT SELECT ON genops.call_keys TO pg_monitor;
