-- SPDX-License-Identifier: PostgreSQL
-- A trigger that summarises, a job that retries, a procedure that commits, a pooler's autocommit.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(9);
CREATE ROLE field_app;
CREATE TABLE note (id int, customer bpchar(8), body text, summary text);
GRANT ALL ON note TO field_app;
CREATE FUNCTION chat(prompt text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN IF prompt = 'fails' THEN RAISE EXCEPTION 'openai.RateLimitError: slow down' USING ERRCODE = '38000'; END IF; RETURN left(prompt, 3); END $$;
CREATE FUNCTION summarise() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	call text;
BEGIN
	BEGIN
		call := genops_begin('openai', 'gpt-4o', customer_id => NEW.customer, feature => 'trigger');
		NEW.summary := chat(NEW.body);
		PERFORM genops_end(call, prompt_tokens => length(NEW.body), total_cost => 0.01);
	EXCEPTION WHEN OTHERS THEN
		PERFORM genops_end(call, error => SQLERRM);
	END;
	RETURN NEW;
END $$;
CREATE TRIGGER summarise BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION summarise();
-- A role that may not state a cost writes all the same, also when the model fails.
SET ROLE field_app;
SELECT lives_ok($$ INSERT INTO note VALUES (1, 'acme', 'hello'), (2, 'acme', 'fails') $$, 'the INSERT succeeds');
RESET ROLE;
SELECT is(string_agg(coalesce(summary, '-'), ',' ORDER BY id), 'hel,-', 'with what there was') FROM note;

CREATE PROCEDURE job(name text) LANGUAGE plpgsql AS $$
DECLARE
	call text;
BEGIN
	FOR attempt IN 1..3 LOOP
		BEGIN
			PERFORM genops_observe(genops_begin('openai', 'gpt-4o', feature => name), chat(CASE WHEN attempt < 3 THEN 'fails' ELSE 'works' END));
			EXIT;
		EXCEPTION WHEN OTHERS THEN
			NULL;
		END;
	END LOOP;
	call := genops_begin('openai', 'gpt-4o', feature => name || ' across');
	COMMIT;
	PERFORM genops_end(call, prompt_tokens => 4);
	PERFORM genops_track('openai', 'gpt-4o', feature => name || ' imported', call => 'order 7', prompt_tokens => 4);
END $$;
CALL job('job');
CALL job('job');
-- A pooler: begin and end are transactions of their own.
SELECT genops_begin('openai', 'gpt-4o', feature => 'pooled') AS call \gset
SELECT genops_end(:'call', prompt_tokens => 5) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
CREATE TEMP VIEW spent AS SELECT feature, sum(calls) AS calls, sum(errors) AS errors, sum(unfinished_calls) AS unfinished FROM genops.spend GROUP BY feature;
SELECT is(row(calls, errors)::text, '(2,1)', 'the trigger''s calls') FROM spent WHERE feature = 'trigger';
SELECT is(string_agg(DISTINCT customer_id, ','), 'acme', 'for their customer') FROM genops.spans WHERE feature = 'trigger';
SELECT is(string_agg(DISTINCT coalesce(attributes ->> 'error.type', '-'), ',' ORDER BY coalesce(attributes ->> 'error.type', '-')), '-,openai.RateLimitError', 'and their errors') FROM genops.spans WHERE feature = 'trigger';
SELECT is(row(calls, errors)::text, '(6,4)', 'each attempt is a call') FROM spent WHERE feature = 'job';
SELECT is(row(calls, unfinished)::text, '(2,2)', 'a COMMIT between begin and end') FROM spent WHERE feature = 'job across';
SELECT is(calls, 1::numeric, 'what two runs import is one call') FROM spent WHERE feature = 'job imported';
SELECT is(row(calls, unfinished)::text, '(1,1)', 'a pooler') FROM spent WHERE feature = 'pooled';
DROP OWNED BY field_app;
DROP ROLE field_app;
SELECT * FROM finish();
