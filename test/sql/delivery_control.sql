-- SPDX-License-Identifier: PostgreSQL
-- Pausing, resuming, resending, and what the statistics say: without an
-- endpoint, so that nothing moves by itself.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(27);

\set tenant 'delivery-control'
SELECT genops_reset('all') \g /dev/null
CREATE TEMP VIEW mine AS SELECT * FROM genops.stat_delivery WHERE tenant_id = 'delivery-control';
CREATE FUNCTION pg_temp.adds_up() RETURNS boolean LANGUAGE sql AS
	'SELECT stored = exported + pending + rejected + not_sampled + expired + skipped FROM mine';

SELECT recorded AS recorded_before, stored AS stored_before FROM genops.stat_recording \gset
SELECT coalesce(max(stored), 0) AS delivery_stored_before FROM mine \gset
SELECT genops_track('p', 'm', tenant_id => :'tenant') FROM generate_series(1, 3) \g /dev/null
SELECT complete AS flushed FROM genops_flush('stored') \gset
SELECT ok(:'flushed', 'stored');
SELECT is(recorded - :recorded_before, 3::bigint, 'stat_recording counts what is recorded') FROM genops.stat_recording;
SELECT is(stored - :stored_before, 3::bigint, 'and stored') FROM genops.stat_recording;
SELECT is(recorded, queued + stored + dropped + sent_outside_ledger, 'and it adds up') FROM genops.stat_recording;
SELECT is(dropped, dropped_full + dropped_too_large + dropped_abandoned + dropped_unstorable +
	dropped_standby + dropped_discarded, 'as do the reasons') FROM genops.stat_recording;
SELECT is(stored - :delivery_stored_before, 3::bigint, 'stat_delivery has the tenant') FROM mine;
SELECT ok(pending >= 3, 'its spans are pending without an endpoint') FROM mine;
SELECT ok(lag >= interval '0' AND lag < interval '1 day', 'for a while now') FROM mine;
SELECT ok(pg_temp.adds_up(), 'it adds up');

-- Pausing.
SELECT throws_ok($$SELECT genops_resume_delivery('now')$$, '55000', 'delivery is not paused',
	'what may be on its way is not passed over');
SELECT throws_ok($$SELECT genops_resume_delivery('yesterday')$$, '22023', NULL, 'there are two places to resume from');
SELECT genops_pause_delivery() \g /dev/null
SELECT is(state || ' ' || reason, 'paused by genops_pause_delivery()', 'paused') FROM mine;
SELECT genops_track('p', 'm', tenant_id => :'tenant') \g /dev/null
SELECT complete AS flushed FROM genops_flush('stored') \gset
SELECT ok(:'flushed', 'the ledger goes on meanwhile');
SELECT pending AS pending_before FROM mine \gset

-- Resuming.
SELECT skipped AS cursor_skipped, pending AS cursor_pending FROM genops_resume_delivery() \gset
SELECT is(:cursor_skipped::bigint, 0::bigint, 'resuming from the cursor skips nothing');
SELECT ok(:cursor_pending >= :pending_before, 'and says what is pending');
SELECT is(genops_internal.delivery_hold(), NULL, 'not paused any more');
SELECT genops_pause_delivery() \g /dev/null
SELECT skipped AS skipped_before FROM mine \gset
SELECT skipped AS now_skipped, pending AS now_pending FROM genops_resume_delivery('now') \gset
SELECT ok(:now_skipped >= :pending_before, 'resuming from now passes over what is pending');
SELECT is(:now_pending::bigint, 0::bigint, 'nothing is pending then');
SELECT is(skipped - :skipped_before, :pending_before::bigint, 'the tenant''s spans count as skipped') FROM mine;
SELECT is(pending, 0::bigint, 'and not as pending') FROM mine;
SELECT ok(pg_temp.adds_up(), 'it still adds up');
SELECT is(lag, NULL, 'nothing is late') FROM mine;

-- Resending.
SELECT is(genops_resend('-infinity', '1980-01-01', :'tenant'), 0::bigint, 'there were no spans in the seventies');
SELECT ok(genops_resend(now() - interval '1 hour', tenant_id => :'tenant') >= 4, 'spans are resent by their time');
SELECT isnt_empty($$SELECT 1 FROM genops.delivery_resend WHERE tenant_id = 'delivery-control'$$, 'the worker is asked for them');
SELECT is_empty($$SELECT 1 FROM genops.delivery_resend WHERE tenant_id <> 'delivery-control'$$, 'and for no other tenant''s');
SELECT genops_pause_delivery() \g /dev/null
SELECT genops_resume_delivery('now') \g /dev/null
SELECT is_empty('SELECT 1 FROM genops.delivery_resend', 'resuming from now forgets them');
SELECT * FROM finish();
