-- SPDX-License-Identifier: PostgreSQL
-- Where a call stands in its trace.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(26);

\o /dev/null
SELECT set_config('genops.project', 'record_trace ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS
	SELECT *, trace_id || ' ' || coalesce(parent_span_id, '-') AS place
	FROM genops.spans WHERE project = current_setting('genops.project');

\set remote '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
\set remote_place '0af7651916cd43dd8448eb211c80319c b7ad6b7169203331'
\set setting '00-11111111111111111111111111111111-2222222222222222-01'
\set setting_place '11111111111111111111111111111111 2222222222222222'

SELECT matches(genops_track('p', 'm', feature => 'argument', traceparent => :'remote',
	options => '{"tracestate": "vendor=1,ot=th:8"}'),
	'^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$', 'the flags are the parent''s');
SELECT matches(genops_track('p', 'm', feature => 'not sampled', traceparent => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02'),
	'-02$', 'a parent that is not sampled decides so');
SELECT matches(genops_track('p', 'm', feature => 'root'), '-03$', 'a root is random and sampled');
SET genops.traceparent = :'setting';
SELECT genops_track('p', 'm', feature => 'setting') \g /dev/null
SELECT genops_track('p', 'm', feature => 'argument beats setting', traceparent => :'remote') \g /dev/null
SELECT genops_track('p', 'm', feature => 'none', traceparent => '') \g /dev/null
SELECT genops_track('p', 'm', feature => 'setting beats comment') /*traceparent='00-33333333333333333333333333333333-4444444444444444-01'*/ \g /dev/null
BEGIN;
SELECT genops_begin('p', 'm', feature => 'open') AS call \gset
SELECT genops_track('p', 'm', feature => 'open beats setting') \g /dev/null
SELECT genops_traceparent() AS minted_within \gset
SELECT genops_begin('p', 'm', feature => 'inner') AS inner_call \gset
SELECT genops_track('p', 'm', feature => 'by handle', traceparent => :'call') \g /dev/null
SELECT genops_end(:'call') \g /dev/null
SELECT genops_track('p', 'm', feature => 'innermost is left') \g /dev/null
SELECT genops_end(:'inner_call') \g /dev/null
COMMIT;
SELECT genops_track('p', 'm', feature => 'taken over', call => genops_begin('p', 'm', feature => 'begun')) \g /dev/null
RESET genops.traceparent;
SELECT throws_ok($$ SET genops.traceparent = 'x' $$, '22023');

SELECT genops_track('p', 'm', feature => 'comment') /*action='x',traceparent='00-33333333333333333333333333333333-4444444444444444-01',tracestate='k%3Dv'*/ \g /dev/null
\o /dev/null
SELECT genops_track('p', 'm', feature => 'comment and semicolon') /*traceparent='00-33333333333333333333333333333333-4444444444444444-01'*/;
\o
SELECT genops_track('p', 'm', feature => 'after comment') \g /dev/null
SELECT genops_track('p', 'm', feature => 'wrong comment') /*traceparent='00-33'*/ \g /dev/null
DO $$ BEGIN
	PERFORM genops_track('p', 'm', feature => 'comment around function');
END $$ /*traceparent='00-33333333333333333333333333333333-4444444444444444-01'*/;
PREPARE prepared AS SELECT genops_track('p', 'm', feature => 'prepared') /*traceparent='00-33333333333333333333333333333333-4444444444444444-01'*/;
EXECUTE prepared \g /dev/null

-- Ids that travel.
SELECT genops_traceparent() AS minted \gset
SELECT is(genops_track('p', 'm', feature => 'minted', call => :'minted'), :'minted', 'ids made before are the call''s own');
SELECT is(genops_track('p', 'm', feature => 'minted within', call => :'minted_within', traceparent => :'call'), :'minted_within', 'with their parent');
SELECT genops_traceparent() AS elsewhere /*traceparent='00-33333333333333333333333333333333-4444444444444444-01'*/ \gset
SELECT matches(:'elsewhere'::text, '^00-33333333333333333333333333333333-[0-9a-f]{16}-01$', 'they are of the current trace');
SELECT genops_track('p', 'm', feature => 'elsewhere', call => :'elsewhere') \g /dev/null
SELECT isnt(genops_traceparent(), genops_traceparent(), 'and never the same');

SELECT genops_flush('stored') \g /dev/null

SELECT is(place, :'remote_place', 'the argument is the parent') FROM mine WHERE feature = 'argument';
SELECT is(trace_state, 'vendor=1,ot=th:8', 'tracestate goes on') FROM mine WHERE feature = 'argument';
SELECT ok(parent_span_id IS NULL, 'without a parent a new trace begins') FROM mine WHERE feature = 'root';
SELECT is(trace_state, 'ot=th:0', 'and says its sampling rate') FROM mine WHERE feature = 'root';
SELECT is(place, :'setting_place', 'the setting') FROM mine WHERE feature = 'setting';
SELECT is(place, :'remote_place', 'the argument goes before it') FROM mine WHERE feature = 'argument beats setting';
SELECT ok(parent_span_id IS NULL, 'an empty argument is no parent') FROM mine WHERE feature = 'none';
SELECT is(place, :'setting_place', 'the setting goes before the comment') FROM mine WHERE feature = 'setting beats comment';
SELECT is((SELECT place FROM mine WHERE feature = 'open beats setting'), trace_id || ' ' || span_id, 'the open call goes before the setting') FROM mine WHERE feature = 'open';
SELECT is((SELECT place FROM mine WHERE feature = 'by handle'), trace_id || ' ' || span_id, 'a handle as parent') FROM mine WHERE feature = 'open';
SELECT is((SELECT place FROM mine WHERE feature = 'innermost is left'), trace_id || ' ' || span_id, 'calls may end in any order') FROM mine WHERE feature = 'inner';
SELECT is((SELECT place FROM mine WHERE feature = 'minted within'), trace_id || ' ' || span_id, 'made within an open call, and its child') FROM mine WHERE feature = 'open';

SELECT is(string_agg(feature, ', ' ORDER BY feature),
	'comment, comment and semicolon, comment around function, elsewhere',
	'the comment that ends the statement')
FROM mine WHERE trace_id = '33333333333333333333333333333333';
SELECT is(trace_state, 'k=v', 'with its tracestate') FROM mine WHERE feature = 'comment';
SELECT ok(parent_span_id IS NULL, 'the comment of a PREPARE is not that of the EXECUTE') FROM mine WHERE feature = 'prepared';
SELECT ok(parent_span_id IS NULL, 'a comment that is no traceparent') FROM mine WHERE feature = 'wrong comment';
SELECT ok(parent_span_id IS NULL, 'nothing is left of an earlier comment') FROM mine WHERE feature = 'after comment';
SELECT is(string_agg(feature, ',') || ' ' || count(DISTINCT span_id), 'taken over 1', 'an open call that is tracked is recorded once')
FROM mine WHERE feature IN ('begun', 'taken over');
SELECT * FROM finish();
