# SPDX-License-Identifier: PostgreSQL
# A server that has no place for another background worker: calls are recorded and
# wait, the log says once why, and nothing is lost until there is a place.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();

# One for the launcher, one for that of logical replication.
my $node = new_node('main', conf => 'max_worker_processes = 2');

create_ledger($node);
deliver_to($node, $receiver);

sub in_log
{
	my ($pattern) = @_;

	return scalar(() = slurp_file($node->logfile) =~ /$pattern/g);
}

sub counts { return $node->safe_psql('postgres', 'SELECT recorded, queued, stored, dropped FROM genops.stat_recording'); }

my $missing = qr/could not start a genops worker: .*?\n.*DETAIL: .*?\n.*HINT: .*max_worker_processes/;

$node->safe_psql('postgres', "SELECT genops_track('p', 'm', team => 't') FROM generate_series(1, 10)");
wait_until('the log says why', sub { in_log($missing) });
is($node->safe_psql('postgres', "SELECT complete, queued FROM genops_flush('stored', 2.5)"), 'f|10', 'spans wait');
is(counts(), '10|10|0|0', 'and are counted');
my (undef, undef, $warning) = $node->psql('postgres',
	"SET statement_timeout = '100ms'; SET genops_tempo.durability = sync; SELECT genops_track('p', 'm', team => 't')");
like($warning, qr/canceling statement due to statement timeout/, 'a session that wants to wait until they are stored can be cancelled');
is(counts(), '11|11|0|0', 'and its call is recorded');
is(in_log($missing), 1, 'the log says it once');

$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
$receiver->wait_for_spans(11);
flush_exported($node);
is(counts(), '11|0|11|0', 'with a place for it, a worker stores them');
is($node->safe_psql('postgres', 'SELECT sum(calls) FROM genops.spend'), 11, 'once');
is(scalar($receiver->spans), 11, 'and delivers them');

# What waits when its ledger is dropped is not the next one's, also where a clean shutdown
# comes in between, or the transaction is prepared.
sub spans { return $node->safe_psql('postgres', "SELECT complete FROM genops_flush('stored'); SELECT string_agg(team, ' ') FROM genops.spans"); }

for my $end ('COMMIT', "PREPARE TRANSACTION 'created'; COMMIT PREPARED 'created'")
{
	$node->append_conf('postgresql.conf', 'max_worker_processes = 2');
	$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
	$node->restart;
	$node->safe_psql('postgres', "SELECT genops_track('p', 'm', team => 'dropped')");
	$node->safe_psql('postgres', $_) for 'BEGIN; DROP EXTENSION genops_tempo; CREATE EXTENSION genops_tempo; ' . $end =~ s/; COMMIT PREPARED.*//r;
	$node->safe_psql('postgres', $1) if $end =~ /(COMMIT PREPARED.*)/;
	$node->safe_psql('postgres', "SELECT genops_track('p', 'm', team => 'new')");
	$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
	$node->restart;
	is(spans(), "t\nnew", "a new ledger has only its own spans after a restart: $end");
}

$node->stop('fast');
$receiver->stop;
done_testing();
