-- Spend: totals by quarter hour, which is every time zone's midnight.
--
-- The worker folds spans into spend_total from time to time; the view
-- genops.spend adds what is not folded yet, span by span.  Each fold counts the
-- segments after the one before it (genops.ledger_state.folded_seq), in one
-- transaction, so that every snapshot sees each call once.  Totals outlive the
-- spans.
CREATE TABLE genops.spend_total (
	period_start timestamptz NOT NULL,	-- quarter hour of the calls' start
	recorded_at timestamptz NOT NULL,	-- quarter hour in which they were recorded
	fold bigint NOT NULL,				-- the last segment of the fold; of a merged row, of its last
	calls bigint NOT NULL,
	errors bigint NOT NULL,
	unpriced_calls bigint NOT NULL,
	prompt_tokens bigint,				-- NULL: unknown for every call, as are the next
	completion_tokens bigint,
	cache_read_tokens bigint,
	cache_write_tokens bigint,
	reasoning_tokens bigint,
	total_cost numeric,
	input_cost numeric,
	output_cost numeric,
	cache_read_cost numeric,
	cache_write_cost numeric,
	tenant_id text,
	team text,
	project text,
	customer_id text,
	cost_center text,
	environment text,
	feature text,
	provider text,
	model text,
	operation text,
	currency text NOT NULL,
	blocked_calls bigint,				-- NULL: 0
	unfinished_calls bigint				-- NULL: 0
);

-- For the invoice of a period, and for merging what a quarter hour's folds left.
CREATE INDEX spend_total_brin ON genops.spend_total USING brin (period_start, recorded_at)
	WITH (pages_per_range = 16);

-- Merging deletes; a publication FOR ALL TABLES must not make that fail.
ALTER TABLE genops.spend_total REPLICA IDENTITY FULL;

COMMENT ON TABLE genops.spend_total IS 'Internal: folded totals. Query genops.spend.';

SELECT pg_catalog.pg_extension_config_dump('genops.spend_total', '');
REVOKE ALL ON genops.spend_total FROM PUBLIC;

ALTER TABLE genops.spend_total ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON genops.spend_total FOR SELECT USING (
	(SELECT genops.reads_all_tenants())
	OR coalesce(tenant_id, '') OPERATOR(pg_catalog.=) ANY ((SELECT genops.readable_tenants())::text[]));
