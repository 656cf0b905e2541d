# SPDX-License-Identifier: PostgreSQL
# A clock that is wrong for a moment: far ahead while something was recorded, and then
# right again; or a hundred days ahead when retention looks.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver);
$node->safe_psql('postgres', "ALTER DATABASE postgres SET timezone = 'UTC'");

sub query { return $node->safe_psql('postgres', $_[0]); }

sub record
{
	my ($feature, $tenant) = @_;

	$tenant //= '';
	return query(<<"END");
SELECT count(genops_track('p', 'm', total_cost => 0.1, feature => '$feature', tenant_id => tenant))
FROM unnest(string_to_array('$tenant,$tenant-b', ',')) tenant
END
}

# All that is in the ledger, as if it had been recorded on another day.
sub move_to
{
	my ($time) = @_;
	my $day = query("SELECT to_char('$time'::timestamptz, 'YYYYMMDD')");

	query(<<"END");
SET session_replication_role = replica;
CREATE TABLE genops.ledger_span_$day (LIKE genops.ledger_span INCLUDING ALL);
CREATE TABLE genops.ledger_segment_$day (LIKE genops.ledger_segment INCLUDING ALL);
ALTER TABLE genops.ledger_segment_$day ADD CONSTRAINT ledger_segment_${day}_pkey PRIMARY KEY (seq);
CREATE INDEX ledger_segment_${day}_stream ON genops.ledger_segment_$day (tenant_id, route, seq) WHERE sampled;
ALTER TABLE genops.ledger_span ATTACH PARTITION genops.ledger_span_$day
	FOR VALUES FROM (date_trunc('day', '$time'::timestamptz)) TO (date_trunc('day', '$time'::timestamptz) + interval '1 day');
ALTER TABLE genops.ledger_segment ATTACH PARTITION genops.ledger_segment_$day
	FOR VALUES FROM (date_trunc('day', '$time'::timestamptz)) TO (date_trunc('day', '$time'::timestamptz) + interval '1 day');
UPDATE genops.ledger_span SET recorded_at = '$time';
UPDATE genops.ledger_segment SET recorded_at = '$time', min_start = '$time', max_end = '$time';
UPDATE genops.ledger_state SET newest_recorded_at = '$time';
END
}

sub restart_worker
{
	query('SELECT pg_terminate_backend(worker_pid, 60000) FROM genops.stat_recording WHERE worker_pid IS NOT NULL');
}

record('before', 'acme');
flush_exported($node);
record('in 2048', 'acme');
flush_exported($node);
move_to('2048-11-28 12:00+00');
restart_worker();
record('after', 'acme');
record('after', 'globex');
flush_exported($node);

is(query("SELECT count(*), bool_and(recorded_at BETWEEN now() - interval '1 hour' AND now()) FROM genops.spans WHERE feature = 'after'"),
	'4|t', 'what is recorded now says so, whatever a clock said before');
is(query('SELECT count(*), count(DISTINCT segment) > 4 FROM genops.spans'), '8|t', 'all spans are there');
is(query('SELECT count(*) FROM genops.spans s, genops_trace(s.trace_id)'), 8, 'every trace is found');
is(query('SELECT sum(calls), sum(total_cost) FROM genops.spend'), '8|0.8', 'and counted once');
is(query("SELECT count(*) FROM genops_traceql('{ .feature != nil }', since => '30 days')"), 8, 'and found by a query');
is(scalar($receiver->spans), 8, 'all were delivered, once');
is(query('SELECT sum(pending) FROM genops.stat_delivery'), 0, 'nothing is pending');

# Segments of the future lie between those of today: read from disk they come in order.
is(query("SELECT genops_resend('-infinity')"), 8, 'all may be sent again');
flush_exported($node);
$node->poll_query_until('postgres', 'SELECT sum(resent) = 8 FROM genops.stat_delivery') or die 'not sent again';
is(scalar($receiver->spans), 16, 'and are');

# Of the future and of today, old and new.
query('SELECT genops_pause_delivery()');
record('pending', 'acme');
query("SELECT genops_flush('stored')");
restart_worker();
query('SELECT genops_resume_delivery()');
flush_exported($node);
is(scalar($receiver->spans), 18, 'what is behind the cursor is sent, and nothing else');

# A hundred days of silence, or a clock that is a hundred days ahead: who knows.
query("SELECT genops_configure(retention => '30 days')");
flush_exported($node);
query('DROP TABLE genops.ledger_span_20481128, genops.ledger_segment_20481128');
my $kept = query('SELECT count(*) FROM genops.spans');
my $log_from = -s $node->logfile;

move_to(query("SELECT date_trunc('day', now()) - interval '100 days' + interval '12 hours'"));
restart_worker();
record('a hundred days later', 'acme');
query("SELECT genops_flush('stored')");
$node->wait_for_log(qr/retention of the genops ledger waits an hour/, $log_from);
is(query('SELECT count(*) FROM genops.spans'), $kept + 2, 'retention believes a step of the clock only when it stands');
$log_from = -s $node->logfile;
restart_worker();
record('a moment later', 'acme');
query("SELECT genops_flush('stored')");
$node->wait_for_log(qr/retention of the genops ledger waits an hour/, $log_from);
is(query('SELECT count(*) FROM genops.spans'), $kept + 4, 'and the next worker does not take its word either');

$node->stop('fast');
$receiver->stop;
done_testing();
