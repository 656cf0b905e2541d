-- SPDX-License-Identifier: PostgreSQL
-- The ledger's columns: what is in them, and tables that have more or fewer than the
-- library knows.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(14);

SELECT genops_track('p', 'm', team => 'a', prompt_tokens => 5000000000, completion_tokens => 9223372036854775807) \g /dev/null
SELECT genops_track('p', 'm', team => 'a', prompt_tokens => 5000000000, completion_tokens => 9223372036854775807) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT set_eq('SELECT prompt_tokens, completion_tokens, total_tokens, flags FROM genops.spans',
			  $$VALUES (5000000000, 9007199254740991, 9007204254740991, '{no_duration,tokens_cut}'::text[])$$,
			  'tokens beyond 2^31 are kept, those beyond 2^53 are cut and marked');
SELECT results_eq('SELECT sum(prompt_tokens), sum(completion_tokens), sum(blocked_calls), sum(unfinished_calls) FROM genops.spend',
				  'VALUES (10000000000::numeric, 18014398509481982::numeric, 0::numeric, 0::numeric)', 'and summed');
SELECT is((SELECT attributes -> 'gen_ai.usage.output_tokens' FROM genops.spans LIMIT 1)::text, '9223372036854775807',
		  'the span says what was said');

-- What later work fills, by hand.
UPDATE genops.ledger_span SET flags = 2 | 4, ai_call = false WHERE span_id = (SELECT min(span_id) FROM genops.ledger_span);
UPDATE genops.ledger_span SET flags = 16, ai_call = false, cost_source = 5, usage_flags = '{no_usage}', response_model = 'n'
WHERE span_id = (SELECT max(span_id) FROM genops.ledger_span);
SELECT results_eq('SELECT duration IS NULL, duration_ms IS NULL, end_time IS NULL, flags, blocked FROM genops.spans WHERE ''unfinished'' = ANY (flags)',
				  $$VALUES (true, true, true, '{no_duration,unfinished}'::text[], false)$$, 'an unknown duration is NULL');
SELECT results_eq('SELECT duration IS NULL, flags, blocked, cost_source, usage_flags, response_model FROM genops.spans WHERE blocked',
				  $$VALUES (false, '{blocked}'::text[], true, 'none', '{no_usage}'::text[], 'n')$$, 'and a refused call says so');
SELECT results_eq('SELECT sum(calls), sum(errors), sum(unpriced_calls), sum(blocked_calls), sum(unfinished_calls) FROM genops.spend',
				  'VALUES (0::numeric, 0::numeric, 0::numeric, 1::numeric, 1::numeric)', 'neither is a call');
SELECT is(genops_internal.span_flags(0), NULL, 'no flag is NULL');
SELECT is(genops_internal.span_flags(-1), '{untimed,no_duration,unfinished,duplicate,blocked,partial_stream,tokens_cut,supplement,container,unclear,cache_outside,settles}'::text[],
		  'a flag without a name is left out');

-- A newer extension under this library.
ALTER TABLE genops.ledger_span ADD COLUMN of_a_later_version text;
ALTER TABLE genops.ledger_segment ADD COLUMN of_a_later_version text;
ALTER TABLE genops.spend_total ADD COLUMN of_a_later_version text;
ALTER TABLE genops.ledger_state ADD COLUMN of_a_later_version text;
SELECT genops_track('p', 'm', team => 'later') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(count(*), 1::bigint, 'tables with more columns are filled') FROM genops.spans WHERE team = 'later';
SELECT is(count(*), 1::bigint, 'and read') FROM genops_traceql('{ .team = "later" && .genops.provider = "p" }');

-- An extension of an older version: the tables end with the columns that were there first.
CREATE FUNCTION without_columns(parent text, columns integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	list CONSTANT text := (SELECT string_agg(format('%I %s %s', attname, format_type(atttypid, atttypmod),
		CASE WHEN attnotnull THEN 'NOT NULL' ELSE '' END), ', ' ORDER BY attnum)
		FROM pg_attribute WHERE attrelid = ('genops.' || parent)::regclass AND attnum BETWEEN 1 AND columns);
BEGIN
	EXECUTE format('ALTER EXTENSION genops_tempo DROP TABLE genops.%I', parent);
	EXECUTE format('ALTER TABLE genops.%I RENAME TO %I', parent, parent || '_newer');
	EXECUTE format('CREATE TABLE genops.%I (%s) PARTITION BY RANGE (recorded_at)', parent, list);
END
$$;
SELECT format('ALTER TABLE %s RENAME TO %s', inhrelid::regclass, split_part(inhrelid::regclass::text, '.', 2) || '_newer')
FROM pg_inherits WHERE inhparent = 'genops.ledger_span'::regclass \gexec
SELECT format('ALTER TABLE genops.%s RENAME CONSTRAINT %s_pkey TO %s_newer_pkey; ALTER TABLE genops.%s RENAME TO %s_newer', name, name, name, name, name)
FROM (SELECT split_part(inhrelid::regclass::text, '.', 2) AS name FROM pg_inherits WHERE inhparent = 'genops.ledger_segment'::regclass) s \gexec
SELECT format('ALTER INDEX %s RENAME TO %s', indexrelid::regclass, split_part(indexrelid::regclass::text, '.', 2) || '_newer')
FROM pg_index WHERE indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent IN ('genops.ledger_span'::regclass, 'genops.ledger_segment'::regclass))
	AND NOT indisprimary \gexec
SELECT without_columns('ledger_span', 36) \g /dev/null
SELECT without_columns('ledger_segment', 13) \g /dev/null
SELECT genops_track('p', 'm', team => 'earlier', prompt_tokens => 9223372036854775807) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(count(*), 1::bigint, 'tables with fewer columns are filled as far as they go') FROM genops.ledger_span WHERE team = 'earlier';

-- What is no table of ours.
ALTER TABLE genops.ledger_state RENAME TO ledger_state_away;
CREATE VIEW genops.ledger_state AS SELECT * FROM genops.ledger_state_away;
SELECT throws_ok('SELECT genops_internal.folded_seq()', '42809', '"genops.ledger_state" is not the table that the extension made',
				 'a view under a table''s name is refused');
DROP VIEW genops.ledger_state;
SELECT throws_ok('SELECT genops_internal.folded_seq()', '42P01', NULL, 'as is nothing');
ALTER TABLE genops.ledger_state_away RENAME TO ledger_state;
SELECT lives_ok('SELECT genops_internal.folded_seq()', 'the table is found again');

SELECT * FROM finish();
