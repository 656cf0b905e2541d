-- SPDX-License-Identifier: PostgreSQL
-- What the demo's calls are made with: a model server behind a SQL function, as
-- pgai, pgsql-http or one of your own would be, and what the calls cost.
-- psql sets model_server and otlp_endpoint.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;

CREATE EXTENSION plpython3u;

SELECT format('ALTER DATABASE %I SET demo.model_server = %L', current_database(), :'model_server') \gexec
SELECT set_config('demo.model_server', :'model_server', false) \g /dev/null

CREATE FUNCTION ai_chat(model text, question text) RETURNS jsonb
LANGUAGE plpython3u VOLATILE AS $$
import json
import urllib.error
import urllib.request

server = plpy.execute("SELECT current_setting('demo.model_server') AS url")[0]["url"]
body = {"model": model, "messages": [{"role": "user", "content": question}]}
request = urllib.request.Request(server + "/chat/completions", json.dumps(body).encode(),
                                 {"Content-Type": "application/json"})
try:
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()
except urllib.error.HTTPError as error:
    reason = json.load(error)["error"]["message"]
    plpy.error(f"the model server answered {error.code}: {reason}")
$$;

-- US dollars for a million tokens.
CREATE TABLE model_price (model text PRIMARY KEY, prompt numeric NOT NULL, completion numeric NOT NULL);
INSERT INTO model_price VALUES ('gpt-4o', 2.50, 10.00), ('gpt-4o-mini', 0.15, 0.60);

CREATE FUNCTION cost_of(model text, prompt_tokens bigint, completion_tokens bigint) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT (prompt_tokens * price.prompt + completion_tokens * price.completion) / 1000000
    FROM model_price AS price WHERE price.model = cost_of.model
$$;

-- A call in two steps: begun before, ended with what the reply says it used.
CREATE FUNCTION ask(team text, customer_id text, model text, question text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    call text;
    reply jsonb;
    prompt bigint;
    completion bigint;
BEGIN
    call := genops_begin('openai', model, team => ask.team, customer_id => ask.customer_id);
    reply := ai_chat(model, question);
    prompt := reply #> '{usage,prompt_tokens}';
    completion := reply #> '{usage,completion_tokens}';
    PERFORM genops_end(call, reply, prompt_tokens => prompt, completion_tokens => completion,
                       total_cost => cost_of(model, prompt, completion));
    RETURN reply #>> '{choices,0,message,content}';
END
$$;

SELECT count(*) FROM genops_configure(otlp_endpoint => :'otlp_endpoint', service_name => 'demo',
                                      environment => 'development') \g /dev/null
