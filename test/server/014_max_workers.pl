# SPDX-License-Identifier: PostgreSQL
# With fewer workers than databases every database is served, in turns.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my @databases = qw(one two three);
my %receiver = map { $_ => start_receiver() } @databases;
my $node = new_node('main', conf => 'genops_tempo.max_workers = 1');

for my $database (@databases)
{
	create_ledger($node, $database);
	deliver_to($node, $receiver{$database}, database => $database);
}

# The first one would keep its worker for ever: its endpoint hangs.
$receiver{one}->set_mode({ hang => 1 });
$node->safe_psql('one', "SELECT genops_track('p', 'm', feature => 'one')");
wait_until('a request of database one', sub { $receiver{one}->stats->{requests} > 0 });
for my $database (@databases)
{
	$node->safe_psql($database, "SELECT genops_track('p', 'm', feature => '$database') FROM generate_series(1, 100)");
}
$receiver{$_}->wait_for_spans(100) for qw(two three);
pass('the other databases get their turns');

my $most = $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'genops worker'");
cmp_ok($most, '<=', 1, 'of one worker');

$receiver{one}->set_mode;
$receiver{one}->wait_for_spans(101);
pass('a worker that had to leave with spans pending comes back for them');
for my $database (@databases)
{
	flush_exported($node, $database);
	is($node->safe_psql($database, 'SELECT feature, count(*) FROM genops.spans GROUP BY 1'),
		"$database|" . ($database eq 'one' ? 101 : 100), "database $database has its spans");
	is(scalar(grep { $_->{attributes}{feature}{string} ne $database } $receiver{$database}->spans),
		0, 'and sent only these');
}

# More workers come with a reload.
$node->safe_psql('postgres', 'ALTER SYSTEM SET genops_tempo.max_workers = 3');
$node->reload;
wait_until(
	'three workers',
	sub {
		$node->safe_psql($_, "SELECT genops_track('p', 'm', feature => '$_')") for @databases;
		$node->safe_psql('postgres',
			"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'genops worker'") == 3;
	});
pass('three databases are served at a time after a reload');

$node->stop('fast');
$_->stop for values %receiver;
done_testing();
