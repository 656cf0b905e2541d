-- SPDX-License-Identifier: PostgreSQL
-- genops.price: what it takes, whose rows win, who sees and changes them, and what stays.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(50);

CREATE FUNCTION pg_temp.rate(model text, options jsonb DEFAULT NULL, at timestamptz DEFAULT now())
RETURNS numeric LANGUAGE sql AS
	$$ SELECT (rates ->> 'input')::numeric FROM genops_price_for('acme', model, at, options) $$;

-- Rows of one's own, seen at once, also in the statement's own transaction.
INSERT INTO genops.price (provider, model, input) VALUES ('acme', 'm', 1);
SELECT is(pg_temp.rate('m'), 1.0, 'a row is used at once');
BEGIN;
INSERT INTO genops.price (provider, model, input, valid_from) VALUES ('acme', 'm', 2, now() - interval '1 day');
SELECT is(pg_temp.rate('m'), 2.0, 'before its transaction ends');
SELECT is(pg_temp.rate('m', at => now() - interval '2 days'), 1.0, 'and the row before it for what was before');
ROLLBACK;
SELECT is(pg_temp.rate('m'), 1.0, 'and not after it was rolled back');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) >= 0 AS snapshot_taken FROM genops.price \gset
UPDATE genops.price SET valid_to = now() - interval '1 day' WHERE provider = 'acme';
SELECT is(pg_temp.rate('m'), NULL, 'a price that has ended is none');
ROLLBACK;

INSERT INTO genops.price (provider, model, input, service_tier) VALUES ('acme', 'm', 0.5, 'Flex');
SELECT is(pg_temp.rate('m', '{"service_tier": "flex"}'), 0.5, 'a tier of its own');
SELECT is((SELECT note FROM genops_price_for('acme', 'm', options => '{"service_tier": "priority"}')),
	'the model has a price, but not of this service tier', 'a tier without a row is none');
INSERT INTO genops.price (provider, model, input, region, multiplier) VALUES ('acme', 'm', 1, 'eu', 1.1);
SELECT is(pg_temp.rate('m', '{"region": "EU"}'), 1.1, 'a region and a multiplier');
INSERT INTO genops.price_alias (provider, alias, model) VALUES ('acme', 'my-deployment', 'm'), ('acme', 'ACME Corp', NULL);
SELECT is(pg_temp.rate('my-deployment'), 1.0, 'an alias of a model');
SELECT is((SELECT price_id FROM genops_price_for('acme-corp', 'm')), (SELECT price_id FROM genops_price_for('acme', 'm')),
	'an alias of a provider');
DELETE FROM genops.price_alias WHERE alias = 'my-deployment';
SELECT is(pg_temp.rate('my-deployment'), NULL, 'an alias that is gone');

-- User over loaded over shipped, whatever the dates.
INSERT INTO genops.price (provider, model, input, origin) VALUES ('openai', 'gpt-4o', 7, 'loaded');
SELECT is((SELECT rates ->> 'input' FROM genops_price_for('openai', 'gpt-4o')), '7', 'loaded over shipped');
INSERT INTO genops.price (provider, model, input) VALUES ('openai', 'gpt-4o', 8);
SELECT is((SELECT rates ->> 'input' FROM genops_price_for('openai', 'gpt-4o')), '8', 'user over loaded');
SELECT is((SELECT count(*) FROM genops.price WHERE origin = 'shipped' AND provider = 'openai' AND model = 'gpt-4o'),
	1::bigint, 'the shipped one stays');

-- The same row has the same id.
INSERT INTO genops.price (provider, model, currency, input, output, cache_read, batch_input, batch_output, batch_cache_read)
SELECT provider, model, currency, input, output, cache_read, batch_input, batch_output, batch_cache_read
FROM genops.price WHERE provider = 'openai' AND model = 'gpt-4o-mini' AND origin = 'shipped';
SELECT is(count(DISTINCT id), 1::bigint, 'a copy has the id of what it copies')
FROM genops.price WHERE provider = 'openai' AND model = 'gpt-4o-mini';
SELECT ok(bool_and(id > 0), 'ids are positive') FROM genops.price;
SELECT is(count(DISTINCT id), count(*), 'no two shipped prices have one id') FROM genops.price WHERE origin = 'shipped';

-- What cannot be meant.
CREATE FUNCTION pg_temp.refused(columns text, with_values text, message text) RETURNS text LANGUAGE sql AS $$
	SELECT throws_ok(format('INSERT INTO genops.price (provider, model, %s) VALUES (''acme'', ''bad'', %s)', columns, with_values),
		NULL, message, columns || ' = ' || with_values)
$$;
SELECT pg_temp.refused('input', '-1', 'input: price "-1" is negative');
SELECT pg_temp.refused('input', '''NaN''', 'input: price "NaN" is not a finite number');
SELECT pg_temp.refused('input', '''Infinity''', 'input: price "Infinity" is not a finite number');
SELECT pg_temp.refused('input', '100001', 'input must be from 0 to 100,000 for a million tokens');
SELECT pg_temp.refused('input, currency', '1, ''usd''', 'currency must be a code of three letters, like USD');
SELECT pg_temp.refused('input, utc_window', '1, ''1-2''', 'utc_window must be two times of the day, like 01:00-04:00');
SELECT pg_temp.refused('input, utc_days', '1, ''Monday''', 'utc_days must be days of the week, like Mon-Fri or Sat,Sun');
SELECT pg_temp.refused('input, input_above', '1, 2', 'rates above a threshold need the threshold');
SELECT pg_temp.refused('input, threshold, threshold_rule', '1, 5, ''eq''', 'threshold_rule must be gt or ge');
SELECT pg_temp.refused('input, batch_output', '1, 2', 'rates of batches need "batch_input"');
SELECT pg_temp.refused('input, multiplier', '1, 0', 'multiplier must be above 0, and at most 1000');
SELECT pg_temp.refused('input, valid_from, valid_to', '1, now(), now()', 'valid_to must be after valid_from');
SELECT throws_ok('INSERT INTO genops.price (provider, model, input) VALUES (''acme'', ''m'', 3)', '23505',
	'duplicate key value violates unique constraint "price_key"', 'one price of a key and date');

-- What calls were priced by stays.
SELECT format('CREATE TABLE genops.test_spans PARTITION OF genops.ledger_span FOR VALUES FROM (%L) TO (%L)',
	'2020-01-01', '2020-01-02') \gexec
INSERT INTO genops.ledger_span (recorded_at, seq, start_time, duration_ns, span_id, trace_id, "offset", kind, status,
		ai_call, exact, provider, model, response_model, prompt_tokens, completion_tokens, price_id, cost_source, flags, tenant_id)
	SELECT '2020-01-01 12:00', 1, '2020-01-01 11:00', 1, 1, gen_random_uuid(), 0, 3, 0, true, true, v.*
	FROM (VALUES ('acme', 'm', NULL, 10::bigint, 5::bigint, (SELECT price_id FROM genops_price_for('acme', 'm')), 1::smallint, NULL::bigint, NULL),
		('acme', 'asked', 'unheard-of', 1000, 100, NULL, 4::smallint, NULL, 'a'),
		('acme', 'asked', 'unheard-of', 2000, NULL, NULL, 4::smallint, NULL, 'b'),
		('acme', 'unfinished', NULL, NULL, NULL, NULL, 4::smallint, 4, NULL),
		('acme', 'failed', NULL, NULL, NULL, NULL, 5::smallint, NULL, NULL)) v;
SELECT throws_ok('DELETE FROM genops.price WHERE provider = ''acme'' AND service_tier IS NULL AND region IS NULL', '55006',
	'the price of "m" of "acme" cannot be changed or deleted', 'a price that calls name is not deleted');
SELECT throws_ok('UPDATE genops.price SET input = 9 WHERE provider = ''acme'' AND service_tier IS NULL AND region IS NULL', '55006',
	'the price of "m" of "acme" cannot be changed or deleted', 'nor changed');
SELECT lives_ok('UPDATE genops.price SET valid_to = now() + interval ''1 day'', note = ''ends'' WHERE provider = ''acme''',
	'but may end');
SELECT is(count(*), 0::bigint, 'which is looked up once a statement') FROM pg_trigger
WHERE tgfoid = 'genops_internal.price_stays'::regproc AND tgtype & 1 = 1;
SELECT lives_ok('DELETE FROM genops.price WHERE provider = ''acme'' AND region = ''eu''', 'one that nothing names may go');

-- Unpriced calls, by what answered.
SELECT results_eq('SELECT provider, model, calls, prompt_tokens, completion_tokens FROM genops.unpriced',
	$$VALUES ('acme', 'unheard-of', 2::bigint, 3000::bigint, 100::bigint)$$, 'unpriced calls are listed');

-- Rights.
CREATE ROLE price_reader;
CREATE ROLE price_setter;
SELECT genops_grant('price_reader', 'read', ARRAY['a']), genops_grant('price_setter', 'configure') \g /dev/null
SET ROLE price_reader;
SELECT is((SELECT rates ->> 'input' FROM genops_price_for('acme', 'm')), '1', 'who reads may ask for a price');
SELECT is(calls, 1::bigint, 'and sees the unpriced calls of its tenants') FROM genops.unpriced;
SELECT throws_ok('SELECT * FROM genops.price', '42501', NULL, 'but sees no contract');
SELECT throws_ok('INSERT INTO genops.price (provider, model, input) VALUES (''acme'', ''n'', 1)', '42501', NULL, 'and sets none');
SELECT throws_ok('SELECT genops_load_prices(''provider,model,input'')', '42501', NULL, 'and loads none');
RESET ROLE;
SET ROLE price_setter;
SELECT lives_ok('INSERT INTO genops.price (provider, model, input) VALUES (''acme'', ''n'', 1)', 'who configures sets prices');
SELECT lives_ok('INSERT INTO genops.price_alias (provider, alias, model) VALUES (''acme'', ''o'', ''n'')', 'and aliases');
SELECT throws_ok('DELETE FROM genops.price WHERE provider = ''acme'' AND service_tier IS NULL AND model = ''m''', '55006', NULL,
	'the guard sees calls that the role does not');
RESET ROLE;
CREATE ROLE price_nobody;
SET ROLE price_nobody;
SELECT throws_ok('SELECT * FROM genops.price', '42501', NULL, 'prices are not for everybody');
SELECT throws_ok('SELECT * FROM genops_price_for(''acme'', ''m'')', '42501', NULL, 'nor is asking for one');
RESET ROLE;
DROP OWNED BY price_reader, price_setter;
DROP ROLE price_reader, price_setter, price_nobody;

-- The shipped ones are not dumped, all others are.
SELECT is(extcondition[i], 'WHERE origin <> ''shipped''', 'user rows are dumped: ' || c.oid::regclass)
FROM pg_extension, unnest(extconfig) WITH ORDINALITY c (oid, i)
WHERE extname = 'genops_tempo' AND c.oid IN ('genops.price'::regclass, 'genops.price_alias'::regclass) ORDER BY c.oid;
SELECT ok(count(*) > 4000, 'prices are shipped') FROM genops.price WHERE origin = 'shipped';
SELECT is((SELECT rates ->> 'input' FROM genops_price_for('ollama', 'llama3.2')), '0', 'a local model costs nothing');
SELECT * FROM finish();
