# SPDX-License-Identifier: PostgreSQL
# Retention that removes what was not delivered: a reader keeps it from doing so, and then
# nothing of it has happened; and days that lie in another order than what was recorded
# lose nothing without counting it.
use strict;
use warnings;

use GenopsDelivery;
use GenopsSession;
use GenopsTest;
use JSON::PP;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => q(timeout => 600, schedule_delay_millis => 20, max_export_batch_size => 10));

$node->append_conf('postgresql.conf', "log_lock_waits = on\ndeadlock_timeout = 10ms\n");
$node->reload;

sub query { return $node->safe_psql('postgres', $_[0]); }

sub make_day
{
	my ($day) = @_;

	query(<<"END");
CREATE TABLE genops.ledger_span_$day (LIKE genops.ledger_span INCLUDING ALL);
CREATE TABLE genops.ledger_segment_$day (LIKE genops.ledger_segment INCLUDING ALL);
ALTER TABLE genops.ledger_segment_$day ADD CONSTRAINT ledger_segment_${day}_pkey PRIMARY KEY (seq);
CREATE INDEX ledger_segment_${day}_stream ON genops.ledger_segment_$day (tenant_id, route, seq) WHERE sampled;
ALTER TABLE genops.ledger_span ATTACH PARTITION genops.ledger_span_$day
	FOR VALUES FROM ('$day 00:00+00') TO ('$day 00:00+00'::timestamptz + interval '1 day');
ALTER TABLE genops.ledger_segment ATTACH PARTITION genops.ledger_segment_$day
	FOR VALUES FROM ('$day 00:00+00') TO ('$day 00:00+00'::timestamptz + interval '1 day');
END
}

# Segments with these numbers, as if they had been recorded on another day.
sub move_to
{
	my ($day, $condition) = @_;

	query(<<"END");
SET session_replication_role = replica;
UPDATE genops.ledger_span SET recorded_at = '$day 12:00+00' WHERE $condition;
UPDATE genops.ledger_segment SET recorded_at = '$day 12:00+00', min_start = '$day 12:00+00', max_end = '$day 12:00+00' WHERE $condition;
END
}

sub new_worker
{
	is(query('SELECT pg_terminate_backend(worker_pid, 60000) FROM genops.stat_recording'), 't', 'the next worker begins with housekeeping');
}

# Ten flushes while delivery is paused, on an old day; three in the middle on a later one, or not.
sub record_on_old_days
{
	my ($in_order) = @_;

	query('SELECT genops_pause_delivery()');
	my $newest = query('SELECT newest_seq FROM genops.ledger_state');
	for (1 .. 10)
	{
		record($node, 'acme', 5);
		query("SELECT genops_flush('stored')");
	}
	# Spend that is folded does not keep a day.
	query('UPDATE genops.ledger_state SET folded_seq = newest_seq');
	make_day($_) for '20200101', '20200102';
	move_to('20200101', "seq > $newest");
	move_to('20200102', "seq > $newest + 3 AND seq <= $newest + 6") unless $in_order;
}

record_on_old_days(1);

# A reader of the old days, while the spans are pending.
my $reader = GenopsSession->new($node);
$reader->query('BEGIN; SELECT count(*) FROM genops.spans');
my $log_from = -s $node->logfile;
query("SELECT genops_configure(retention => '30 days')");
$receiver->set_mode({ mode => 'status', code => 503 });
query('SELECT genops_resume_delivery()');
new_worker();
$node->wait_for_log(qr/still waiting for AccessExclusiveLock/, $log_from);
$receiver->set_mode();
wait_for_state($node, 'acme', 'delivering', 'pending = 0');
is(numbers($receiver, 'acme'), join(' ', 1 .. 50), 'what a reader keeps from expiring is delivered, in order and once');
is(query("SELECT exported, expired FROM genops.stat_delivery WHERE tenant_id = 'acme'"), '50|0', 'and counted so');
$reader->query('COMMIT');
wait_until('the days expire', sub { query('SELECT count(*) FROM genops.spans') == 0 });
is(query("SELECT exported, expired FROM genops.stat_delivery WHERE tenant_id = 'acme'"), '50|0', 'what was delivered is not counted as expired');

# No reader, and nobody who takes the spans.
query("SELECT genops_configure(retention => '0')");
flush_exported($node);
record_on_old_days(0);
$receiver->set_mode({ mode => 'status', code => 503 });
query("SELECT genops_configure(retention => '30 days')");
query('SELECT genops_resume_delivery()');
new_worker();
wait_until('the days expire', sub { query('SELECT count(*) FROM genops.spans') == 0 });
is(query("SELECT exported, expired, pending FROM genops.stat_delivery WHERE tenant_id = 'acme'"), '50|50|0',
	'whatever day they lie on, spans that are not sent any more are counted');
$receiver->set_mode();
record($node, 'acme', 5);
flush_exported($node);
is(numbers($receiver, 'acme'), join(' ', 1 .. 50, 101 .. 105), 'and what comes after them is delivered');

$node->stop('fast');
$receiver->stop;
done_testing();
