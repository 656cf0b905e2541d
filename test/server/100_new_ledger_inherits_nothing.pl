# SPDX-License-Identifier: PostgreSQL
# Rules: the cursor alone says what is to be sent, never a difference of counters; a new
# ledger inherits nothing of the one before it: no answers, no spans, no counts.
use strict;
use warnings;

use GenopsAccounts;
use GenopsSession;
use GenopsTest;
use Test::More;
use Time::HiRes qw(sleep);

my $receiver = start_receiver();
my $node = new_node('main');

sub query { return $node->safe_psql('postgres', $_[0]); }

sub configure { deliver_to($node, $receiver, arguments => "tenant_id => 'acme', schedule_delay_millis => 20"); }

sub record
{
	my ($feature, $count) = @_;

	query("SELECT count(genops_track('p', 'm', feature => '$feature')) FROM generate_series(1, $count)");
}

sub accepted { return $receiver->stats->{by_status}{200} || 0; }

# Answers of the old ledger's requests, which come while the transaction that drops it has
# its tables locked: they cannot be written down before the new one is there.
create_ledger($node);
configure();
for my $round (1 .. 2)
{
	my $before = accepted();
	my $dropper = GenopsSession->new($node);

	record("old $round", 8);
	flush_exported($node);
	$receiver->set_mode({ delay_ms => 700 });
	my $requests = $receiver->stats->{requests};
	record("under way $round", 80);
	query("SELECT genops_flush('stored')");
	wait_until('a request under way', sub { $receiver->stats->{requests} > $requests });
	$dropper->query('BEGIN; DROP EXTENSION genops_tempo; CREATE EXTENSION genops_tempo');
	wait_until('its answer', sub { accepted() > $before + 1 });
	sleep 0.5;    # for the worker to read it, which nobody sees
	$dropper->query('COMMIT');
	is($dropper->errors, '', 'the extension is dropped and created again');
	$dropper->close;
	$receiver->set_mode({ mode => 'status', code => 503 });
	configure();

	record("new $round", 80);
	query("SELECT genops_flush('stored')");
	is(query('SELECT stored, exported, pending FROM genops.stat_delivery'), '80|0|80',
		"round $round: the new ledger counts its own spans alone");
	accounts_add_up($node, undef, "round $round");

	# A worker that knows nothing but what is on disk.
	$node->restart;
	$receiver->set_mode();
	is(query("SELECT complete FROM genops_flush('exported', 60)"), 't', 'everything is delivered after a restart');
	like(features($receiver), qr/\bnew $round=80\b/, 'it is');
	is(query('SELECT stored, exported, pending FROM genops.stat_delivery'), '80|80|0', 'and counted');
}

# Spans that wait in shared memory when their ledger goes, go with it.
my $recorder = GenopsSession->new($node);
my $dropper = GenopsSession->new($node);

$recorder->query("SELECT genops_track('p', 'm', feature => 'kept')");
flush_exported($node);
$dropper->query('BEGIN; DROP EXTENSION genops_tempo');
$recorder->query("SELECT count(genops_track('p', 'm', feature => 'of the dropped ledger')) FROM generate_series(1, 30)");
is($recorder->errors, '', 'calls are recorded while the extension is being dropped');
$dropper->query('CREATE EXTENSION genops_tempo; COMMIT');
configure();
record('of the new ledger', 5);
flush_exported($node);
is(query('SELECT feature, count(*) FROM genops.spans GROUP BY 1 ORDER BY 1'), 'of the new ledger|5',
	'the new ledger has only what was recorded for it');
unlike(features($receiver), qr/of the dropped ledger/, 'and sends nothing else');
is(query('SELECT recorded - stored - dropped, queued, dropped_discarded FROM genops.stat_recording'), '0|0|30',
	'what was recorded for the other is counted as discarded');
$_->close for $recorder, $dropper;

# The table of the cursors is emptied while a request is under way.
$receiver->set_mode({ mode => 'status', code => 503 });
record('before the loss', 10);
query("SELECT genops_flush('stored')");
query('TRUNCATE genops.delivery');
$receiver->set_mode();
wait_until('what was stored before is delivered', sub { features($receiver) =~ /\bbefore the loss=10\b/ });
$receiver->set_mode({ mode => 'status', code => 503 });
record('after the loss', 5);
query("SELECT genops_flush('stored')");
$node->restart;
$receiver->set_mode();
is(query("SELECT complete FROM genops_flush('exported', 60)"), 't', 'cursors that are lost: everything is delivered');
like(features($receiver), qr/\bafter the loss=5\b/, 'it is');
is(query('SELECT count(*) FROM genops.stat_delivery WHERE pending < 0'), 0, 'nothing is pending that was never stored');

$node->stop('fast');
$receiver->stop;
done_testing();
