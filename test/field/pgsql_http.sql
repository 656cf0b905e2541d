-- SPDX-License-Identifier: PostgreSQL
-- pgsql-http and pg_net: the reply is a row with a status.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(5);
CREATE TYPE http_header AS (field varchar, value varchar);
CREATE TYPE http_response AS (status integer, content_type varchar, headers http_header[], content varchar);
CREATE FUNCTION http_post(uri varchar, content varchar, content_type varchar) RETURNS http_response LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF content = 'too much' THEN
		RETURN ROW(429, 'application/json', NULL, '{"error": {"type": "rate_limit_error", "message": "slow down"}}')::http_response;
	END IF;
	RETURN ROW(200, 'application/json', NULL, '{"id": "chatcmpl-0123456789abcdef0123", "usage": {"prompt_tokens": 9}}')::http_response;
END $$;
SELECT is((genops_observe(genops_begin('openai', 'gpt-4o', feature => 'answered'), http_post('https://api.openai.com', 'x', 'application/json'))).status, 200, 'answered');
SELECT is((genops_observe(genops_begin('openai', 'gpt-4o', feature => 'refused'), http_post('https://api.openai.com', 'too much', 'application/json'))).status, 429, 'refused');
-- pg_net: the request leaves now, the reply comes in another transaction, and the job may run twice.
CREATE TABLE job AS SELECT genops_traceparent() AS call, 42 AS customer;
CREATE TABLE net_http_response (id bigint, status_code int, content text, created timestamptz);
INSERT INTO net_http_response VALUES (1, 200, '{"id": "chatcmpl-0123456789abcdef4567"}', now());
SELECT genops_track('openai', 'gpt-4o', call => job.call, customer_id => job.customer, feature => 'pg_net', response => r.content::jsonb, prompt_tokens => 9)
FROM job, net_http_response r, generate_series(1, 2) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(string_agg(feature || ' ' || status, ', ' ORDER BY feature), 'answered unset, refused error', '429 is a failure') FROM genops.spans WHERE feature <> 'pg_net';
SELECT is(string_agg(feature || ' ' || calls || ' ' || errors, ', ' ORDER BY feature), 'answered 1 0, pg_net 1 0, refused 1 1', 'a job that runs twice is one call')
FROM (SELECT feature, sum(calls) AS calls, sum(errors) AS errors FROM genops.spend GROUP BY feature) s;
SELECT is(sum(unpriced_calls), 2::numeric, 'what used nothing has nothing to be priced') FROM genops.spend;
SELECT * FROM finish();
