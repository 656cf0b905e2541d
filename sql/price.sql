-- SPDX-License-Identifier: PostgreSQL
-- Prices.
--
-- A row is never changed once calls were priced by it, and never deleted: history keeps its
-- price.  A price ends where the next one of the same key begins.

CREATE TABLE genops.price (
	id bigint NOT NULL,					-- a hash of the key and the rates: the same in every database
	provider text COLLATE "C" NOT NULL,
	model text COLLATE "C" NOT NULL,	-- exact; '*' is any model of the provider that has no row
	mode text COLLATE "C",
	currency text COLLATE "C" NOT NULL DEFAULT 'USD',
	valid_from timestamptz,				-- NULL: since ever
	valid_from_kind text COLLATE "C" CHECK (valid_from_kind IN ('published', 'first_seen')),
	valid_to timestamptz,				-- NULL: until the next row begins
	service_tier text COLLATE "C",		-- NULL: standard
	utc_window text COLLATE "C",		-- hh:mm-hh:mm, the end excluded; NULL: the whole day
	utc_days text COLLATE "C",			-- such as Mon-Fri; NULL: every day
	-- For a million tokens.
	input numeric NOT NULL,
	output numeric,
	cache_read numeric,					-- NULL: as input
	cache_write numeric,				-- of the shortest lifetime; NULL: as input
	cache_write_1h numeric,				-- NULL: as cache_write, as is the next
	cache_write_12h numeric,
	reasoning numeric,					-- NULL: as output
	-- A call whose input, the cache's included, reaches the threshold has these; NULL: the base rate.
	threshold bigint,
	threshold_rule text COLLATE "C",	-- gt (the default): more than it; ge: as many, too
	input_above numeric,
	output_above numeric,
	cache_read_above numeric,
	cache_write_above numeric,
	cache_write_1h_above numeric,
	-- Batches; without batch_input the model is not known to take them.
	batch_input numeric,
	batch_output numeric,
	batch_cache_read numeric,
	batch_cache_write numeric,
	batch_cache_write_1h numeric,
	multiplier numeric,					-- of all rates: a discount by contract, a region's uplift
	region text COLLATE "C",			-- NULL: any
	deprecated_from date,
	unpriced_extras text COLLATE "C",	-- what the provider charges for and no rate here is of
	origin text COLLATE "C" NOT NULL DEFAULT 'user' CHECK (origin IN ('shipped', 'loaded', 'user')),
	source text,
	as_of date,
	note text,
	prepared bigint[] NOT NULL,			-- the rates as the library takes them, see govern/price_list.c
	PRIMARY KEY (id, origin),
	CONSTRAINT price_key UNIQUE NULLS NOT DISTINCT
		(provider, model, service_tier, region, valid_from, utc_window, utc_days, origin)
);

COMMENT ON TABLE genops.price IS
'govern: what tokens cost. Rows of yours (origin user) beat those of genops_load_prices (loaded), and those the shipped ones. Insert a row with a later valid_from to change a price; genops_price_for() shows which row applies.';
COMMENT ON COLUMN genops.price.id IS 'what genops.spans.price_id names; set by itself';
COMMENT ON COLUMN genops.price.model IS 'the exact name; * is any model of the provider that has no row of its own';
COMMENT ON COLUMN genops.price.prepared IS 'internal';

SELECT pg_catalog.pg_extension_config_dump('genops.price', 'WHERE origin <> ''shipped''');

-- Other names: of a model, or, without a model, of a provider.
CREATE TABLE genops.price_alias (
	provider text COLLATE "C" NOT NULL,
	alias text COLLATE "C" NOT NULL CHECK (alias <> ''),
	model text COLLATE "C",				-- NULL: alias is another name of the provider
	origin text COLLATE "C" NOT NULL DEFAULT 'user' CHECK (origin IN ('shipped', 'loaded', 'user')),
	PRIMARY KEY (provider, alias, origin)
);

COMMENT ON TABLE genops.price_alias IS
'govern: other names of models for their price, such as a deployment''s; without a model, another name of the provider. Rows of yours beat the shipped ones.';

SELECT pg_catalog.pg_extension_config_dump('genops.price_alias', 'WHERE origin <> ''shipped''');

CREATE FUNCTION genops_internal.price_ready() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'genops_price_ready';
COMMENT ON FUNCTION genops_internal.price_ready() IS
	'Checks a row of genops.price, and sets its id and the rates as the library takes them.';

CREATE FUNCTION genops_internal.prices_changed() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'genops_prices_changed';
COMMENT ON FUNCTION genops_internal.prices_changed() IS
	'Tells every session that prices changed, when the transaction commits.';

-- As the owner, who sees the calls of every tenant.  Once a statement: the ledger has no
-- index of prices.
CREATE FUNCTION genops_internal.price_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	gone bigint[];
	used record;
BEGIN
	-- An id that is there still, of whatever origin, names what it named.
	SELECT array_agg(o.id) INTO gone FROM old_prices o
	WHERE NOT EXISTS (SELECT FROM genops.price p WHERE p.id = o.id);
	IF gone IS NULL THEN
		RETURN NULL;
	END IF;
	FOR used IN
		SELECT o.provider, o.model FROM old_prices o
		WHERE o.id = (SELECT s.price_id FROM genops.ledger_span s WHERE s.price_id = ANY (gone) LIMIT 1)
	LOOP
		RAISE EXCEPTION USING ERRCODE = 'object_in_use',
			MESSAGE = format('the price of "%s" of "%s" cannot be changed or deleted', used.model, used.provider),
			DETAIL = 'Calls were priced by it.',
			HINT = 'Insert a row with a later valid_from, or set valid_to of this one.';
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION genops_internal.price_stays() IS
	'Keeps the rows of genops.price that the ledger names.';

CREATE TRIGGER a_ready BEFORE INSERT OR UPDATE ON genops.price
	FOR EACH ROW EXECUTE FUNCTION genops_internal.price_ready();
CREATE TRIGGER changed_stays AFTER UPDATE ON genops.price REFERENCING OLD TABLE AS old_prices
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.price_stays();
CREATE TRIGGER deleted_stays AFTER DELETE ON genops.price REFERENCING OLD TABLE AS old_prices
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.price_stays();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON genops.price
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.prices_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON genops.price_alias
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.prices_changed();
ALTER TABLE genops.price ENABLE ALWAYS TRIGGER a_ready;
ALTER TABLE genops.price ENABLE ALWAYS TRIGGER changed_stays;
ALTER TABLE genops.price ENABLE ALWAYS TRIGGER deleted_stays;
ALTER TABLE genops.price ENABLE ALWAYS TRIGGER changed;
ALTER TABLE genops.price_alias ENABLE ALWAYS TRIGGER changed;

CREATE FUNCTION genops_price_for(
	provider text,
	model text,
	at timestamptz DEFAULT now(),
	options jsonb DEFAULT NULL
) RETURNS TABLE (price_id bigint, matched_by text, provider text, model text, rates jsonb, note text)
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_price_for';

-- Files.
CREATE FUNCTION genops_internal.price_file(
	prices text,
	source text,
	origin text,
	OUT line bigint,
	OUT reason text,
	OUT price genops.price
) RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_price_file';
COMMENT ON FUNCTION genops_internal.price_file(text, text, text) IS
	'The rows of a file of prices, in LiteLLM''s JSON or our own CSV; with a reason, one that is refused.';

CREATE FUNCTION genops_internal.price_alias_file(
	aliases text,
	OUT provider text,
	OUT alias text,
	OUT model text
) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_price_alias_file';
COMMENT ON FUNCTION genops_internal.price_alias_file(text) IS
	'The rows of a file of aliases.';

-- What the build must not ship does not install.
CREATE FUNCTION genops_internal.ship_prices(prices text, aliases text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	refused text;
BEGIN
	SELECT format('line %s: %s', f.line, f.reason) INTO refused
	FROM genops_internal.price_file(prices, NULL, 'shipped') f WHERE f.reason IS NOT NULL LIMIT 1;
	IF refused IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'data_corrupted',
			MESSAGE = 'the shipped prices have a row that cannot be meant', DETAIL = refused || '.';
	END IF;
	INSERT INTO genops.price SELECT (f.price).* FROM genops_internal.price_file(prices, NULL, 'shipped') f;
	INSERT INTO genops.price_alias
	SELECT a.provider, a.alias, a.model, 'shipped' FROM genops_internal.price_alias_file(aliases) a;
END
$$;
COMMENT ON FUNCTION genops_internal.ship_prices(text, text) IS
	'Fills genops.price and genops.price_alias when the extension is installed.';

CREATE FUNCTION genops_internal.price_rates(p genops.price) RETURNS numeric[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT ARRAY[p.input, p.output, p.cache_read, p.cache_write, p.cache_write_1h, p.cache_write_12h,
		p.reasoning, p.input_above, p.output_above, p.cache_read_above, p.cache_write_above,
		p.cache_write_1h_above, p.batch_input, p.batch_output, p.batch_cache_read,
		p.batch_cache_write, p.batch_cache_write_1h, p.threshold]
$$;
COMMENT ON FUNCTION genops_internal.price_rates(genops.price) IS
	'The numbers of a price, to be compared.';

CREATE FUNCTION genops_internal.price_change(
	held genops.price,
	wanted genops.price,
	OUT field text,
	OUT old numeric,
	OUT new numeric,
	OUT large boolean
) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT n.field, o.rate, w.rate,
		coalesce(n.field <> 'threshold' AND NOT (w.rate BETWEEN 0.7 * o.rate AND 1.3 * o.rate), false)
	FROM unnest(ARRAY['input', 'output', 'cache_read', 'cache_write', 'cache_write_1h', 'cache_write_12h',
			'reasoning', 'input_above', 'output_above', 'cache_read_above', 'cache_write_above',
			'cache_write_1h_above', 'batch_input', 'batch_output', 'batch_cache_read',
			'batch_cache_write', 'batch_cache_write_1h', 'threshold']) WITH ORDINALITY n (field, i)
		JOIN unnest(genops_internal.price_rates(held)) WITH ORDINALITY o (rate, i) USING (i)
		JOIN unnest(genops_internal.price_rates(wanted)) WITH ORDINALITY w (rate, i) USING (i)
	WHERE round(o.rate, 6) IS DISTINCT FROM round(w.rate, 6)
	ORDER BY i
$$;
COMMENT ON FUNCTION genops_internal.price_change(genops.price, genops.price) IS
	'The numbers in which two prices differ, and whether by more than 30 percent.';

-- The price of the same key that a new one would take the place of; loaded ones come before
-- shipped ones, and rows of users are theirs.
CREATE FUNCTION genops_internal.price_held(wanted genops.price) RETURNS genops.price
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT p FROM genops.price p
	WHERE p.provider = wanted.provider AND p.model = wanted.model AND p.origin <> 'user'
		AND p.service_tier IS NOT DISTINCT FROM wanted.service_tier
		AND p.region IS NOT DISTINCT FROM wanted.region
		AND p.utc_window IS NOT DISTINCT FROM wanted.utc_window
		AND p.utc_days IS NOT DISTINCT FROM wanted.utc_days
		AND coalesce(p.valid_from, '-infinity') <= coalesce(wanted.valid_from, now())
		AND coalesce(p.valid_to, 'infinity') > coalesce(wanted.valid_from, now())
	ORDER BY p.origin, p.valid_from DESC NULLS LAST
	LIMIT 1
$$;
COMMENT ON FUNCTION genops_internal.price_held(genops.price) IS
	'The price that a new one of the same key would follow.';

-- A price that was loaded for the same moment is put right; others get a successor.
CREATE FUNCTION genops_internal.price_keep(wanted genops.price) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO genops.price SELECT (wanted).*
	ON CONFLICT ON CONSTRAINT price_key DO UPDATE SET
		(mode, currency, valid_from_kind, valid_to, input, output, cache_read, cache_write, cache_write_1h,
		cache_write_12h, reasoning, threshold, threshold_rule, input_above, output_above,
		cache_read_above, cache_write_above, cache_write_1h_above, batch_input, batch_output,
		batch_cache_read, batch_cache_write, batch_cache_write_1h, multiplier, deprecated_from,
		unpriced_extras, source, as_of, note) =
		ROW (wanted.mode, wanted.currency, wanted.valid_from_kind, wanted.valid_to, wanted.input,
		wanted.output, wanted.cache_read, wanted.cache_write, wanted.cache_write_1h,
		wanted.cache_write_12h, wanted.reasoning, wanted.threshold, wanted.threshold_rule,
		wanted.input_above, wanted.output_above, wanted.cache_read_above, wanted.cache_write_above,
		wanted.cache_write_1h_above, wanted.batch_input, wanted.batch_output, wanted.batch_cache_read,
		wanted.batch_cache_write, wanted.batch_cache_write_1h, wanted.multiplier, wanted.deprecated_from,
		wanted.unpriced_extras, wanted.source, wanted.as_of, wanted.note);
END
$$;
COMMENT ON FUNCTION genops_internal.price_keep(genops.price) IS
	'Adds a loaded price.';

CREATE FUNCTION genops_load_prices(
	prices genops.value,
	source text DEFAULT NULL,
	confirm boolean DEFAULT false
) RETURNS TABLE (action text, provider text, model text, field text, old numeric, new numeric, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	entry record;
	wanted genops.price;
	held genops.price;
	is_dated boolean;
	is_large boolean;
	seen text[] = '{}';
BEGIN
	PERFORM genops_internal.require_own_triggers('genops.price');
	FOR entry IN
		SELECT f.line, f.price, coalesce(a.provider, (f.price).provider) AS provider,
			coalesce(f.reason, CASE
				WHEN row_number() OVER of_key > 1 THEN 'the same model, tier, window and date was there before'
				WHEN (f.price).valid_to > lead((f.price).valid_from) OVER of_series
					THEN 'it overlaps with the next row of the same model'
				END) AS reason
		FROM genops_internal.price_file(prices::text, source, 'loaded') WITH ORDINALITY AS f (line, reason, price, i)
			LEFT JOIN genops.price_alias a
				ON a.alias = (f.price).provider AND a.model IS NULL AND a.origin = 'shipped'
		WINDOW of_key AS (PARTITION BY coalesce(a.provider, (f.price).provider), (f.price).model,
				(f.price).service_tier, (f.price).region, (f.price).utc_window, (f.price).utc_days,
				(f.price).valid_from, f.reason IS NULL ORDER BY f.i),
			of_series AS (PARTITION BY coalesce(a.provider, (f.price).provider), (f.price).model,
				(f.price).service_tier, (f.price).region, (f.price).utc_window, (f.price).utc_days,
				f.reason IS NULL ORDER BY (f.price).valid_from NULLS FIRST)
		ORDER BY f.i
	LOOP
		wanted = entry.price;
		wanted.provider = entry.provider;
		seen = seen || (wanted.provider || '/' || wanted.model);
		action = 'refused';
		provider = wanted.provider;
		model = wanted.model;
		field = NULL;
		old = NULL;
		new = NULL;
		reason = NULL;
		IF entry.reason IS NOT NULL THEN
			reason = CASE WHEN entry.line > 0 THEN format('line %s: %s', entry.line, entry.reason) ELSE entry.reason END;
			RETURN NEXT;
			CONTINUE;
		END IF;

		is_dated = wanted.valid_from IS NOT NULL;
		wanted.as_of = coalesce(wanted.as_of, current_date);
		held = genops_internal.price_held(wanted);
		IF held.id IS NULL THEN
			PERFORM genops_internal.price_keep(wanted);
			action = 'added';
			RETURN NEXT;
			CONTINUE;
		END IF;

		-- What a file does not say stays.
		wanted = jsonb_populate_record(held, jsonb_strip_nulls(to_jsonb(wanted)));
		IF NOT is_dated THEN
			wanted.valid_from = now();
			wanted.valid_from_kind = 'first_seen';
			wanted.valid_to = NULL;
		END IF;
		SELECT bool_or(c.large) INTO is_large FROM genops_internal.price_change(held, wanted) c;
		CONTINUE WHEN is_large IS NULL;
		IF NOT is_large OR confirm THEN
			BEGIN
				PERFORM genops_internal.price_keep(wanted);
				action = 'changed';
			EXCEPTION WHEN object_in_use THEN
				reason = 'calls were priced by the row of that date; give the new price a later valid_from';
				RETURN NEXT;
				CONTINUE;
			END;
		ELSE
			action = 'unconfirmed';
		END IF;
		FOR field, old, new, is_large IN SELECT c.* FROM genops_internal.price_change(held, wanted) c LOOP
			reason = CASE
				WHEN is_large AND old = 0 THEN 'it was 0'
				WHEN is_large AND new >= 2 * old THEN format('%s times the old price', trim_scale(round(new / old, 2)))
				WHEN is_large THEN format('%s%% of the old price', trim_scale(round(100 * new / old, 2)))
				END || CASE WHEN action = 'unconfirmed' THEN '; confirm => true applies it' ELSE '' END;
			RETURN NEXT;
		END LOOP;
	END LOOP;

	RETURN QUERY
	SELECT DISTINCT 'missing', p.provider, p.model, NULL, NULL::numeric, NULL::numeric,
		'it is not in the new file; its price stays'
	FROM genops.price p
	WHERE p.origin <> 'user' AND p.model <> '*'
		AND p.provider IN (SELECT split_part(s, '/', 1) FROM unnest(seen) s)
		AND NOT EXISTS (SELECT FROM unnest(seen) s WHERE s = p.provider || '/' || p.model)
	ORDER BY 2, 3;
END
$$;

-- What is kept of calls without a price, which retention ends.
CREATE VIEW genops.unpriced WITH (security_invoker) AS
SELECT
	provider,
	coalesce(response_model, model) AS model,
	service_tier,
	sum(genops_internal.unpriced_calls(ai_call, total_cost_e12, cost_source, flags))::bigint AS calls,
	genops_internal.token_sum(sum(prompt_tokens) FILTER (WHERE total_cost_e12 IS NULL)) AS prompt_tokens,
	genops_internal.token_sum(sum(completion_tokens) FILTER (WHERE total_cost_e12 IS NULL)) AS completion_tokens,
	min(start_time) AS first_seen,
	max(start_time) AS last_seen
FROM genops_internal.is_awaited() AS awaited, genops.ledger_span
WHERE ai_call
	-- Neither unfinished, nor a duplicate, nor blocked.
	AND (coalesce(flags, bigint '0') & bigint '28') = 0
	-- What brings a call's usage later, priced or not, takes the call away (2048).
	AND ((flags & bigint '2048') <> 0 OR (total_cost_e12 IS NULL
		AND (cost_source = 4 OR (cost_source IS NULL AND status <> 2))))
GROUP BY 1, 2, 3
HAVING sum(genops_internal.unpriced_calls(ai_call, total_cost_e12, cost_source, flags)) > numeric '0';

COMMENT ON VIEW genops.unpriced IS
'govern: models whose calls have no price, with what they used. Add a row to genops.price, or an alias to genops.price_alias.';

COMMENT ON FUNCTION genops_price_for IS
'govern: the price that applies to a model at a time: its id, how its name was found, and what a million tokens cost. Options: service_tier, region, prompt_tokens (for the threshold). Without a price, price_id is NULL and note says why.';
COMMENT ON FUNCTION genops_load_prices IS
'govern: adds prices from LiteLLM''s model_prices_and_context_window.json as it is published, or from CSV with the columns of genops.price. Rows that cannot be meant are refused with line and reason; changes of more than 30 percent are applied only with confirm => true; nothing is deleted, and what the file no longer has is listed. A changed price holds from now on.';

CREATE FUNCTION genops_internal.price_reply(
	provider text,
	model text,
	operation text,
	response anyelement,
	at timestamptz,
	options jsonb DEFAULT NULL,
	may_charge boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_price_reply';
COMMENT ON FUNCTION genops_internal.price_reply IS
	'What is read of a reply, and what the call costs, without recording it: for tests.';

REVOKE ALL ON genops.price, genops.price_alias, genops.unpriced FROM PUBLIC;
REVOKE ALL ON FUNCTION
	genops_price_for, genops_load_prices, genops_internal.price_ready, genops_internal.prices_changed,
	genops_internal.price_stays, genops_internal.price_file, genops_internal.price_alias_file,
	genops_internal.ship_prices,
	genops_internal.price_rates, genops_internal.price_change, genops_internal.price_held,
	genops_internal.price_keep, genops_internal.price_reply
FROM PUBLIC;
