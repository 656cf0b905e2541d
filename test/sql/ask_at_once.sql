-- SPDX-License-Identifier: PostgreSQL
-- What was recorded is in the answer to the next question, whatever is asked.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(7);

SELECT genops_track('p', 'm', feature => 'spans') \g /dev/null
SELECT is(count(*), 1::bigint, 'genops.spans') FROM genops.spans WHERE feature = 'spans';
SELECT genops_track('p', 'm', feature => 'spend') \g /dev/null
SELECT is(sum(calls)::int, 1, 'genops.spend') FROM genops.spend WHERE feature = 'spend';
SELECT genops_track('p', 'm', feature => 'trace') AS traceparent \gset
SELECT is(count(*), 1::bigint, 'genops_trace()') FROM genops_trace(:'traceparent');
SELECT genops_track('p', 'm', feature => 'traceql') \g /dev/null
SELECT is(count(*), 1::bigint, 'genops_traceql()') FROM genops_traceql('{ .feature = "traceql" }');
SELECT genops_track('p', 'm', feature => 'tags', attributes => '{"asked at once": 1}') \g /dev/null
SELECT is(count(*), 1::bigint, 'genops_tags()') FROM genops_tags('span') WHERE tag = 'asked at once';

-- Also within a transaction, where it is not the recording that is visible or not.
BEGIN;
SELECT genops_track('p', 'm', feature => 'transaction') \g /dev/null
SELECT is(count(*), 1::bigint, 'in one transaction') FROM genops.spans WHERE feature = 'transaction';
ROLLBACK;
DO $$
BEGIN
	PERFORM genops_track('p', 'm', feature => 'function');
	IF (SELECT sum(calls) FROM genops.spend WHERE feature = 'function') IS DISTINCT FROM 1 THEN
		RAISE 'nothing is found';
	END IF;
END $$;
SELECT pass('in a function');
SELECT * FROM finish();
