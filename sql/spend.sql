-- SPDX-License-Identifier: PostgreSQL
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

-- Corrections: what an import brought twice, what an invoice says otherwise, what a new
-- price makes of old calls.  The ledger's rows stay what they are; these are added to them.
CREATE TABLE genops.adjustment (
	id bigint PRIMARY KEY,
	period_start timestamptz NOT NULL,	-- quarter hour of the calls' start
	recorded_at timestamptz NOT NULL,	-- quarter hour in which the correction was made
	calls bigint NOT NULL,
	unpriced_calls bigint NOT NULL,
	cost numeric,						-- NULL: only calls are corrected
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
	reason text NOT NULL,
	price_ids bigint[],					-- of genops.price, where a price made it
	made_by name NOT NULL,
	made_at timestamptz NOT NULL
);
CREATE SEQUENCE genops.adjustment_id OWNED BY genops.adjustment.id;
SELECT pg_catalog.pg_extension_config_dump('genops.adjustment', '');
SELECT pg_catalog.pg_extension_config_dump('genops.adjustment_id', '');
REVOKE ALL ON genops.adjustment, genops.adjustment_id FROM PUBLIC;

COMMENT ON TABLE genops.adjustment IS
	'administer: corrections that genops.spend adds to the calls. Made by genops_adjust(), never changed: what was wrong is corrected by another one.';
COMMENT ON COLUMN genops.adjustment.cost IS 'is added to the cost; negative takes away';
COMMENT ON COLUMN genops.adjustment.calls IS 'likewise, of calls';

ALTER TABLE genops.adjustment ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON genops.adjustment FOR SELECT USING (
	(SELECT genops.reads_all_tenants())
	OR coalesce(tenant_id, '') OPERATOR(pg_catalog.=) ANY ((SELECT genops.readable_tenants())::text[]));

CREATE FUNCTION genops_internal.fold_provider(provider text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_fold_provider';

CREATE FUNCTION genops_internal.adjusted_tenant(
	tenant_id text,
	team text,
	project text,
	customer_id text,
	cost_center text,
	environment text,
	feature text,
	provider text,
	model text,
	operation text
) RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'genops_adjusted_tenant';
COMMENT ON FUNCTION genops_internal.adjusted_tenant IS
	'Internal: the tenant of a correction: what is pinned for the caller, else what is given, else that of the route or the configuration.';
REVOKE ALL ON FUNCTION genops_internal.adjusted_tenant FROM PUBLIC;

CREATE FUNCTION genops_adjust(
	amount genops.value,
	reason text,
	currency text DEFAULT 'USD',
	at timestamptz DEFAULT now(),
	team text DEFAULT NULL,
	customer_id genops.value DEFAULT NULL,
	tenant_id text DEFAULT NULL,
	project text DEFAULT NULL,
	cost_center text DEFAULT NULL,
	environment text DEFAULT NULL,
	feature text DEFAULT NULL,
	provider text DEFAULT NULL,
	model text DEFAULT NULL,
	operation text DEFAULT NULL,
	calls bigint DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	adjusted CONSTANT numeric := amount::text::numeric;
	folded CONSTANT text := genops_internal.fold_provider(nullif(provider, ''));
	made bigint;
BEGIN
	IF adjusted IN ('NaN', 'Infinity', '-Infinity') OR (coalesce(adjusted, 0) = 0 AND coalesce(calls, 0) = 0) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'there is nothing to adjust',
			DETAIL = 'The amount must be a number other than 0; it may be 0 or NULL if "calls" is not 0.',
			HINT = 'A negative amount takes away from the cost.';
	END IF;
	IF coalesce(btrim(reason), '') = '' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'a reason must be given',
			HINT = 'Say what was wrong; whoever reads the invoice wants to know.';
	END IF;
	IF currency IS NULL OR currency !~ '^[A-Z]{3}$' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('"%s" is not a currency', currency),
			HINT = 'Use a code of ISO 4217, like USD or EUR.';
	END IF;
	IF NOT isfinite(at) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'the time of a correction must be finite',
			HINT = 'Give a time of the quarter hour whose spend is corrected.';
	END IF;
	PERFORM genops_internal.require_tenant(tenant_id);
	PERFORM genops_internal.require_own_triggers('genops.adjustment');
	made = nextval('genops.adjustment_id');
	INSERT INTO genops.adjustment
	VALUES (made,
		date_bin('15 minutes', coalesce(at, now()), '2000-01-01 00:00:00+00'),
		date_bin('15 minutes', now(), '2000-01-01 00:00:00+00'),
		coalesce(calls, 0), 0, adjusted,
		genops_internal.adjusted_tenant(tenant_id, team, project, customer_id::text, cost_center, environment,
			feature, folded, model, operation),
		nullif(team, ''),
		nullif(project, ''), nullif(customer_id::text, ''), nullif(cost_center, ''),
		nullif(environment, ''), nullif(feature, ''),
		folded, nullif(model, ''),
		nullif(operation, ''), currency, reason, NULL, session_user, now());
	RETURN made;
END
$$;
COMMENT ON FUNCTION genops_adjust IS
	'administer: corrects genops.spend by an amount, and by a number of calls if that was wrong, for the quarter hour of "at" and the dimensions given. The tenant that is pinned for a role is that of its corrections; else it is that of the argument, the route or the configuration. Returns the id in genops.adjustment. Whoever may say what a call cost may ("charge")';
REVOKE ALL ON FUNCTION genops_adjust FROM PUBLIC;
