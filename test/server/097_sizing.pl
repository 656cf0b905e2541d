# SPDX-License-Identifier: PostgreSQL
# genops_validate() on a server with more databases than workers, and on what a crash loses.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', conf => "genops_tempo.max_workers = 1");

create_ledger($node);

sub found
{
	my ($check, $message) = @_;

	return $node->safe_psql('postgres', <<"END");
SELECT status, message, coalesce(fix, '') FROM genops_validate(check_connectivity => false, check_write => false,
	check_read => false, check_traceql => false) WHERE check_name = '$check' AND message ~ '$message'
END
}

# Marked as one that has a ledger, as CREATE EXTENSION does.
sub more_databases
{
	for my $number (@_)
	{
		$node->safe_psql('postgres', "CREATE DATABASE more_$number");
		$node->safe_psql('postgres', "ALTER DATABASE more_$number SET genops_tempo.ledger = on");
	}
}

is(found('Worker Slots', 'in turns'), '', 'a database for each worker is not worth a word');
more_databases(1 .. 2);
is(found('Worker Slots', 'in turns'), 'ok|3 databases have a ledger, and 1 workers serve them in turns|',
	'more databases than workers are told');
more_databases(3 .. 10);
like(found('Worker Slots', 'in turns'), qr/^warning\|11 databases .*max_workers = 2; .*max_worker_processes = 9;/,
	'many more are warned of');

like(found('Ledger', 'crash'), qr/loses at most the calls of the last 50 ms/, 'what a crash loses is told');
$node->safe_psql('postgres', "ALTER SYSTEM SET genops_tempo.durability = sync");
$node->reload;
wait_until('the setting is in force', sub { found('Ledger', 'loses no call that has returned') =~ /^ok/ });
pass('with durability sync: nothing');
like(found('Delivery', ''), qr/no endpoint is configured/, 'a ledger without an endpoint');

$node->stop('fast');
done_testing();
