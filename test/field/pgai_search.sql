-- SPDX-License-Identifier: PostgreSQL
-- pgai: a search by an embedding.  ai.openai_embed is immutable there, as here.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(5);
CREATE SCHEMA ai;
CREATE SEQUENCE ai.asked;
CREATE FUNCTION ai.openai_embed(model text, input_text text) RETURNS point LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM nextval('ai.asked'); RETURN point(length(input_text), 1); END $$;
CREATE FUNCTION ai.openai_chat_complete(model text, messages jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM nextval('ai.asked');
	RETURN jsonb_build_object('id', 'chatcmpl-' || gen_random_uuid(), 'model', model, 'object', 'chat.completion',
		'choices', '[{"message": {"content": "an answer"}, "finish_reason": "stop"}]'::jsonb, 'usage', '{"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}'::jsonb);
END $$;
CREATE TABLE doc AS SELECT i AS id, point(i % 100, i) AS embedding, CASE WHEN i % 2 = 0 THEN 'acme' END AS customer FROM generate_series(1, 1000) i;
CREATE INDEX ON doc USING gist (embedding);
ANALYZE doc;

-- As the README has it.
SELECT is(count(*), 5::bigint, 'the search answers') FROM (SELECT id FROM doc ORDER BY embedding <-> (SELECT genops_observe(
	genops_begin('openai', 'text-embedding-3-small', operation => 'embeddings', feature => 'search'), ai.openai_embed('text-embedding-3-small', 'question'))) LIMIT 5) s;
-- As people write it first.
SELECT is(count(*), 50::bigint, 'so does the other') FROM (SELECT id FROM doc ORDER BY embedding <-> genops_observe(
	genops_begin('openai', 'text-embedding-3-small', operation => 'embeddings', feature => 'per row'), ai.openai_embed('text-embedding-3-small', 'question')) LIMIT 50) s;
-- A chat in a list.
SELECT is(count(genops_observe(genops_begin('openai', 'gpt-4o', customer_id => customer, feature => 'chat'),
	ai.openai_chat_complete('gpt-4o', jsonb_build_array(jsonb_build_object('role', 'user', 'content', id)))) #>> '{choices,0,message,content}'), 3::bigint, 'and the chat')
FROM doc WHERE id <= 3;
SELECT genops_flush('stored') \g /dev/null
SELECT is(string_agg(feature || ' ' || calls, ', ' ORDER BY feature), 'chat 3, per row 1, search 1', 'each call of the model is one call')
FROM (SELECT feature, sum(calls) AS calls FROM genops.spend GROUP BY feature) s;
SELECT is(last_value, 5::bigint, 'and no more were made') FROM ai.asked;
SELECT * FROM finish();
