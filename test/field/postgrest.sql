-- SPDX-License-Identifier: PostgreSQL
-- PostgREST passes one JSON object, or named arguments whose types it takes from the function.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(3);
CREATE ROLE field_web;
SET ROLE field_web;
WITH pgrst_source AS (SELECT genops_record(convert_from('\x7b2270726f7669646572223a20226f70656e6169222c20226d6f64656c223a20226770742d346f222c202270726f6d70745f746f6b656e73223a20372c202266656174757265223a2022626f6479227d', 'utf8')::jsonb) AS pgrst_scalar)
SELECT matches(pgrst_scalar, '^00-', 'one object') FROM pgrst_source;
WITH pgrst_args AS (SELECT * FROM json_to_record('{"provider": "openai", "prompt_tokens": "7", "customer_id": 42, "feature": "arguments", "response": {"a": 1}}')
	AS _ (provider text, prompt_tokens genops.value, customer_id genops.value, feature text, response genops.value))
SELECT matches(genops_track(provider => provider, prompt_tokens => prompt_tokens, customer_id => customer_id, feature => feature, response => response), '^00-', 'named arguments') FROM pgrst_args;
RESET ROLE;
SELECT genops_flush('stored') \g /dev/null
SELECT is(string_agg(feature || ' ' || prompt_tokens || ' ' || coalesce(customer_id, '-'), ', ' ORDER BY feature), 'arguments 7 42, body 7 -', 'both are recorded') FROM genops.spans;
DROP ROLE field_web;
SELECT * FROM finish();
