-- SPDX-License-Identifier: PostgreSQL
-- A pipeline in brackets is all of its stages, also where the first is a matter of
-- the ledger's columns alone.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(2);

SELECT genops_track('p', 'm', team => 'a', attributes => '{"n": 1}'), genops_track('p', 'm', team => 'a', attributes => '{"n": 2}'),
	genops_track('p', 'm', team => 'b', attributes => '{"n": 1}') \g /dev/null
SELECT is(count(*), 1::bigint, 'both filters count') FROM genops_traceql('({ .team = "a" } | { .n = 1 })');
SELECT is(count(*), 2::bigint, 'the first may let all through') FROM genops_traceql('({} | { .n = 1 })');

SELECT * FROM finish();
