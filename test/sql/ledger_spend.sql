-- SPDX-License-Identifier: PostgreSQL
-- genops.spend: exact before, while and after spans are folded.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(13);

SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 10, completion_tokens => 5, total_cost => 0.1, team => 'a', customer_id => 'x')
UNION ALL SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 20, completion_tokens => 5, total_cost => 0.2, team => 'a', customer_id => 'x')
UNION ALL SELECT genops_track('openai', 'gpt-4o', team => 'a', customer_id => 'x', error => 'e')
UNION ALL SELECT genops_track('openai', 'gpt-4o', total_cost => 7, team => 'a', options => '{"currency": "EUR"}')
UNION ALL SELECT genops_track(NULL, NULL, operation => 'invoke_workflow', name => 'step', team => 'a')
UNION ALL SELECT genops_track('openai', 'gpt-4o', total_cost => 1, team => 'late', started_at => '2026-01-02 03:17:00Z')
\g /dev/null
SELECT genops_flush('stored') \g /dev/null

PREPARE totals AS
SELECT team, customer_id, currency, sum(calls) AS calls, sum(errors) AS errors, sum(unpriced_calls) AS unpriced_calls,
	sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(total_cost) AS total_cost
FROM genops.spend WHERE team IN ('a', 'late') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
PREPARE expected AS
VALUES ('a', 'x', 'USD', 3::numeric, 1::numeric, 0::numeric, 30::numeric, 10::numeric, 0.3::numeric),
	('a', NULL, 'EUR', 1, 0, 0, NULL, NULL, 7),
	('late', NULL, 'USD', 1, 0, 0, NULL, NULL, 1);

SELECT is(max(folded_seq), 0::bigint, 'nothing is folded yet') FROM genops.ledger_state;
SELECT results_eq('totals', 'expected', 'calls are counted and summed, steps around them are not');
SELECT is(period_start, '2026-01-02 03:15:00Z', 'a call belongs to the quarter hour in which it began')
FROM genops.spend WHERE team = 'late';
SELECT ok(recorded_at > now() - interval '1 hour', 'and says that it came late') FROM genops.spend WHERE team = 'late';

-- So many that they are folded at once.
SELECT count(genops_track('p', 'm', 'chat', n, 2, n * 0.000001, team => 'team ' || n % 7, customer_id => 'c' || n % 1000,
						  status => CASE WHEN n % 10 = 0 THEN 'error' END))
FROM generate_series(1, 260000) n \g /dev/null
SELECT genops_flush('stored', 60) \g /dev/null

CREATE FUNCTION await_fold() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR attempt IN 1..1200 LOOP
		IF EXISTS (SELECT FROM genops.ledger_state WHERE folded_seq > 0) THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.05);
	END LOOP;
	RETURN false;
END
$$;
SELECT ok(await_fold(), 'many spans are folded');
SELECT is(sum(calls), 260005::numeric, 'each call is counted once') FROM genops.spend;
SELECT is(sum(total_cost), 33800.13::numeric + 8.3, 'the cost is exact') FROM genops.spend;
SELECT results_eq('totals', 'expected', 'folding changed nothing');
SELECT ok(count(*) < 20000, 'rows are fewer than spans') FROM genops.spend_total;
SELECT results_eq(
	$$SELECT team, customer_id, sum(calls), sum(errors), sum(prompt_tokens), sum(total_cost) FROM genops.spend GROUP BY 1, 2 ORDER BY 1, 2$$,
	$$SELECT team, customer_id, count(*)::numeric, count(*) FILTER (WHERE status = 'error')::numeric, sum(prompt_tokens)::numeric, sum(total_cost)
	FROM genops.spans WHERE ai_call GROUP BY 1, 2 ORDER BY 1, 2$$,
	'the totals are what the spans say');

SELECT genops_track('openai', 'gpt-4o', total_cost => 0.7, team => 'a', customer_id => 'x') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(sum(total_cost), 1.0::numeric, 'what came after the fold counts with it')
FROM genops.spend WHERE customer_id = 'x';

CREATE ROLE ledger_spend_reader;
GRANT USAGE ON SCHEMA genops TO ledger_spend_reader;
GRANT SELECT ON genops.spend TO ledger_spend_reader;
SET ROLE ledger_spend_reader;
SELECT throws_ok('SELECT * FROM genops.spend', '42501', NULL, 'the view is read with the reader''s rights');
RESET ROLE;
SELECT genops_grant('ledger_spend_reader', 'read') \g /dev/null
SET ROLE ledger_spend_reader;
SELECT is(sum(calls), 260006::numeric, 'which need no right on how far it is folded') FROM genops.spend;
RESET ROLE;
DROP OWNED BY ledger_spend_reader;
DROP ROLE ledger_spend_reader;
SELECT * FROM finish();
