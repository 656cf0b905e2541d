# SPDX-License-Identifier: PostgreSQL
# Each database has a ledger and an endpoint of its own.  What needs a database
# without connections works while its worker delivers; a copy of a database sends
# nothing until somebody says so.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $one_receiver = start_receiver();
my $two_receiver = start_receiver();
my $node = new_node('main');

sub record
{
	my ($database, $feature, $count) = @_;

	$count ||= 1;
	$node->safe_psql($database, "SELECT genops_track('p', 'm', feature => '$feature') FROM generate_series(1, $count)");
}

# Name and number of what is in a ledger, or arrived.
sub stored
{
	my ($database) = @_;

	return $node->safe_psql($database,
		"SELECT string_agg(f, ' ' ORDER BY f) FROM (SELECT feature || '=' || count(*) f FROM genops.spans GROUP BY feature) x");
}

sub arrived
{
	my ($receiver) = @_;
	my %count;

	$count{ $_->{attributes}{feature}{string} }++ for $receiver->spans;
	return join ' ', map { "$_=$count{$_}" } sort keys %count;
}

create_ledger($node, 'one');
create_ledger($node, 'two');
deliver_to($node, $one_receiver, database => 'one');
deliver_to($node, $two_receiver, database => 'two');

# Independent of each other, also when the other's endpoint hangs.
$one_receiver->set_mode({ hang => 1 });
record('one', 'of_one', 3);
record('two', 'of_two', 2);
flush_exported($node, 'two');
is(stored('two'), 'of_two=2', 'a database has its own spans');
is(arrived($two_receiver), 'of_two=2', 'and sends them to its own endpoint');
wait_until('a request of database one', sub { $one_receiver->stats->{requests} > 0 });
is(stored('one'), 'of_one=3', 'while the other\'s endpoint hangs');

# Commands that want the database for themselves, while its request hangs.
sub delivering
{
	my ($database) = @_;

	wait_until(
		"a worker in $database",
		sub {
			$node->safe_psql('postgres',
				"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'genops worker' AND datname = '$database'") eq '1';
		});
}
mkdir(my $tablespace = PostgreSQL::Test::Utils::tempdir() . '/tablespace');
$node->safe_psql('postgres', "CREATE TABLESPACE elsewhere LOCATION '$tablespace'");
for my $statement (
	'CREATE DATABASE copy TEMPLATE one',
	'ALTER DATABASE one SET TABLESPACE elsewhere',
	'ALTER DATABASE one RENAME TO uno',
	'ALTER DATABASE uno RENAME TO one')
{
	my ($database) = $statement =~ /\b(one|uno)\b/;

	delivering($database);
	my ($status, undef, $error) = $node->psql('postgres', $statement);
	is("$status$error", '0', "$statement works while a worker is in there");
}
delivering('one');

# Who may not run such a command does not send the worker away.
$node->safe_psql('postgres', 'CREATE ROLE nobody; CREATE ROLE maker CREATEDB');
my $worker_of_one = $node->safe_psql('one', 'SELECT worker_pid FROM genops.stat_recording');
for my $case (
	[ 'nobody', 'CREATE DATABASE other TEMPLATE one' ],
	[ 'maker', 'CREATE DATABASE other TEMPLATE one' ],
	[ 'maker', 'ALTER DATABASE one RENAME TO uno' ])
{
	my ($role, $statement) = @$case;
	my ($status, undef, $error) = $node->psql('postgres', "SET ROLE $role; $statement");

	like($error, qr/permission denied|must be owner/, "$statement is refused to $role");
	is($node->safe_psql('one', 'SELECT worker_pid FROM genops.stat_recording'), $worker_of_one, 'the worker stays');
}
$one_receiver->set_mode;
deliver_to($node, $one_receiver, database => 'one', arguments => 'timeout => 9');    # ends the request
record('one', 'of_one', 1);
flush_exported($node, 'one');
is(stored('one'), 'of_one=4', 'the worker comes back and stores');
like(arrived($one_receiver), qr/^of_one=4$/, 'and delivers');

# The copy has the ledger as it was, records, and sends nothing.
record('copy', 'of_copy');
$node->safe_psql('copy', "SELECT genops_flush('stored')");
is(stored('copy'), 'of_copy=1 of_one=3', 'a copy has its template\'s ledger, and records into its own');
is($node->safe_psql('copy', 'SELECT complete FROM genops_flush()'), 'f', 'a copy delivers nothing');
like(
	$node->safe_psql('copy', 'SELECT state, reason FROM genops.stat_delivery'),
	qr/^paused\|.*copy.*genops_resume_delivery/,
	'and says why, and what to do');
is($node->safe_psql('copy', 'SELECT pending FROM genops.stat_delivery'), 4, 'it is all pending');
is(arrived($one_receiver), 'of_one=4', 'nothing came');

is($node->safe_psql('copy', "SELECT skipped FROM genops_resume_delivery('now')"),
	4, 'resuming from now passes over what is pending');
record('copy', 'of_copy_later');
flush_exported($node, 'copy');
is(arrived($one_receiver), 'of_copy_later=1 of_one=4', 'from then on, a copy delivers what it records');
is(stored('one'), 'of_one=4', 'the original has nothing of it');

# A database that goes while its worker is delivering, and another's goes on.
$one_receiver->set_mode({ hang => 1 });
record('one', 'gone');
record('copy', 'gone');
delivering($_) for qw(one copy);
$node->safe_psql('postgres', "DROP DATABASE $_") for qw(one copy);
pass('a database can be dropped while a worker is in there');
record('two', 'of_two');
flush_exported($node, 'two');
is(arrived($two_receiver), 'of_two=3', 'another database goes on');

# And comes again, under its name.
create_ledger($node, 'one');
deliver_to($node, $two_receiver, database => 'one');
record('one', 'of_new_one');
flush_exported($node, 'one');
is(stored('one'), 'of_new_one=1', 'a new database of the same name begins with nothing');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|server process .* was terminated/, 'nothing crashed');

$node->stop('fast');
$_->stop for $one_receiver, $two_receiver;
done_testing();
