# SPDX-License-Identifier: PostgreSQL
# Two sessions drop the same database at the same time.  The one that comes too late
# leaves no trace in the place of the database's queue, which another gets.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
my $workers = "FROM pg_stat_activity WHERE backend_type = 'genops worker'";

create_ledger($node, 'first');
$node->safe_psql('first', "SELECT genops_track('p', 'm'); SELECT genops_flush('stored')");

# Both get as far as the catalog, with the worker asked to leave.
my $lock = GenopsSession->new($node, 'postgres');
my @drops = map { GenopsSession->new($node, 'postgres') } 1 .. 2;

$lock->query('BEGIN; LOCK TABLE pg_catalog.pg_database IN SHARE MODE');
$_->start('DROP DATABASE first') for @drops;
$node->poll_query_until('postgres', <<'END') or die 'the DROPs do not wait';
SELECT count(*) = 2 FROM pg_locks WHERE NOT granted AND relation = 'pg_database'::regclass
END
$lock->query('COMMIT');
$_->finish for @drops;
is(scalar(grep { $_->errors =~ /database "first" does not exist/ } @drops), 1, 'one of two sessions dropped the database');

create_ledger($node, 'second');
$node->safe_psql('second', "SELECT genops_track('p', 'm'); SELECT genops_flush('stored')");
is($node->safe_psql('second', 'SELECT recorded, stored, dropped FROM genops.stat_recording'),
	'1|1|0', 'another database has a queue of its own');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 $workers AND datname = 'second'"), 'and a worker');
my ($status, undef, $error) = $node->psql('postgres', 'CREATE DATABASE copy TEMPLATE second');
is("$status$error", '0', 'which leaves when it is in the way');

$node->stop('fast');
done_testing();
