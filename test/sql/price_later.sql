-- SPDX-License-Identifier: PostgreSQL
-- Usage that is told after a call ended: it is one call, and without a price only if it has none.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(9);
INSERT INTO genops.price (provider, model, input, output) VALUES ('acme', 'm', 1, 2);

BEGIN;
SELECT genops_begin('acme', 'm', feature => 'priced later') AS call \gset
SELECT genops_end(:'call') \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 12, completion_tokens => 1) \g /dev/null
SELECT genops_begin('acme', 'm', feature => 'tracked later') AS call \gset
SELECT genops_end(:'call') \g /dev/null
SELECT genops_track('acme', 'm', call => :'call', prompt_tokens => 12, completion_tokens => 1, feature => 'tracked later') \g /dev/null
SELECT genops_begin('acme', 'other', feature => 'unpriced later') AS call \gset
SELECT genops_end(:'call') \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 13, completion_tokens => 1) \g /dev/null
SELECT genops_begin('acme', 'm', feature => 'failed, then priced') AS call \gset
SELECT genops_end(:'call', error => 'no answer') \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 14, completion_tokens => 1) \g /dev/null
SELECT genops_begin('acme', 'third', feature => 'failed, then unpriced') AS call \gset
SELECT genops_end(:'call', error => 'no answer') \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 15, completion_tokens => 1) \g /dev/null
SELECT genops_begin('acme', 'm', feature => 'never told') AS call \gset
SELECT genops_end(:'call') \g /dev/null
COMMIT;

PREPARE spent AS SELECT feature, sum(calls), sum(unpriced_calls), sum(prompt_tokens) FROM genops.spend GROUP BY 1 ORDER BY 1;
PREPARE expected AS VALUES ('failed, then priced', 1::numeric, 0::numeric, 14::numeric), ('failed, then unpriced', 1, 1, 15),
	('never told', 1, 1, NULL), ('priced later', 1, 0, 12), ('tracked later', 1, 0, 12), ('unpriced later', 1, 1, 13);

-- Asked right away: it waits for what was recorded.
SELECT results_eq('SELECT model, calls, prompt_tokens FROM genops.unpriced ORDER BY 1',
	$$VALUES ('m', 1::bigint, NULL::bigint), ('other', 1, 13), ('third', 1, 15)$$, 'what has no price is listed once, at once');
SELECT results_eq('spent', 'expected', 'span by span');
SELECT is(string_agg(feature, ', ' ORDER BY feature), 'priced later, tracked later, unpriced later', 'who settles')
FROM genops.spans WHERE 'settles' = ANY (flags);

CREATE FUNCTION fold() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	last CONSTANT bigint := (SELECT max(seq) FROM genops.ledger_span);
BEGIN
	PERFORM count(genops_track('p', 'm', total_cost => 0, feature => 'many')) FROM generate_series(1, 260000);
	PERFORM genops_flush('stored', 60);
	FOR attempt IN 1..1200 LOOP
		IF EXISTS (SELECT FROM genops.ledger_state WHERE folded_seq >= last) THEN
			RETURN 'folded';
		END IF;
		PERFORM pg_sleep(0.05);
	END LOOP;
	RETURN 'not folded';
END
$$;
CREATE VIEW totals AS SELECT feature, sum(calls) AS calls, sum(unpriced_calls) AS unpriced, sum(prompt_tokens) AS prompt_tokens FROM genops.spend_total
	WHERE feature <> 'many' GROUP BY 1 ORDER BY 1;

-- By the memory of the worker.
SELECT genops_flush('stored') \g /dev/null
SELECT is(fold(), 'folded', 'many calls are folded');
SELECT results_eq('TABLE totals', 'expected', 'which changed nothing');

-- By a worker that is new, has nothing in memory, and adds up the rows.
SELECT genops_track('acme', 'm', feature => 'never told') \g /dev/null
BEGIN;
SELECT genops_begin('acme', 'm', feature => 'told to the rows') AS call \gset
SELECT genops_end(:'call') \g /dev/null
SELECT genops_end(:'call', prompt_tokens => 12, completion_tokens => 1) \g /dev/null
COMMIT;
SELECT genops_flush('stored') \g /dev/null
SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type ~ 'genops' \g /dev/null
SELECT is(fold(), 'folded', 'the same by the rows');
SELECT results_eq($$SELECT * FROM totals WHERE feature IN ('never told', 'told to the rows')$$,
	$$VALUES ('never told', 2::numeric, 2::numeric, NULL::numeric), ('told to the rows', 1, 0, 12)$$, 'what is unknown stays so');

-- Sums that no bigint holds.
SELECT count(genops_track('acme', 'huge', prompt_tokens => 9000000000000000)) FROM generate_series(1, 1100) \g /dev/null
SELECT is(prompt_tokens, 9223372036854775807, 'ends at the greatest number') FROM genops.unpriced WHERE model = 'huge';
SELECT is(calls, 1100::bigint, 'with all calls') FROM genops.unpriced WHERE model = 'huge';
SELECT * FROM finish();
