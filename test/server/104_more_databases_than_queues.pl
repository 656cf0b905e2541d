# SPDX-License-Identifier: PostgreSQL
# Rule: how many databases may record is a setting, genops_tempo.max_databases; who finds no
# place is told by an error or a warning with a hint, by the log and by genops_validate(),
# and counted; no call is lost in silence.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');

is($node->safe_psql('postgres', "SELECT setting, context FROM pg_settings WHERE name = 'genops_tempo.max_databases'"),
	'256|postmaster', 'the limit is a setting of the server');
$node->append_conf('postgresql.conf', 'genops_tempo.max_databases = 3');
$node->restart;

my @databases = map { "db_$_" } 1 .. 4;
for my $database (@databases[ 0 .. 2 ])
{
	create_ledger($node, $database);
	is($node->safe_psql($database, "SELECT count(genops_track('p', 'm')) FROM generate_series(1, 5)"), 5, "$database records");
	is($node->safe_psql($database, "SELECT complete FROM genops_flush('stored')"), 't', 'and stores');
}

my $log = -s $node->logfile;
create_ledger($node, 'db_4');
my (undef, undef, $told) = $node->psql('db_4', "SELECT count(genops_track('p', 'm')) FROM generate_series(1, 5)");
like($told, qr/(ERROR|WARNING): .*\n(.*\n)*HINT: .*genops_tempo\.max_databases/, 'one database too many is told so, with the setting');
is(scalar(() = $told =~ /(?:WARNING|ERROR):/g), 1, 'once a statement');
ok( eval {
		local $GenopsTest::DEADLINE_SECONDS = 30;
		wait_until('a line in the log', sub { slurp_file($node->logfile, $log) =~ /LOG: .*(?:max_databases|database "db_4")/ });
	},
	'the log says so');
like($node->safe_psql('db_4', 'SELECT string_agg(status || message || fix, E\'\n\') FROM genops_validate(check_connectivity => false) WHERE status IN (\'warning\', \'error\')'),
	qr/max_databases/, 'genops_validate() finds it, and says what to change');
(undef, undef, $told) = $node->psql('db_4', "SET genops_tempo.durability = sync; SELECT genops_track('p', 'm')");
like($told, qr/ERROR|WARNING/, 'a call that wants to be stored is told as well');
isnt($node->safe_psql('db_4', "SELECT complete FROM genops_flush('stored', 1)"), undef, 'a flush there ends');

# Who has a place keeps it; and a database that goes makes room for another.
is($node->safe_psql('db_1', "SELECT count(genops_track('p', 'm')) FROM generate_series(1, 5)"), 5, 'the others go on');
is($node->safe_psql('db_1', "SELECT recorded, dropped FROM genops.stat_recording"), '10|0', 'and lose nothing');
$node->safe_psql('postgres', 'DROP DATABASE db_2');
wait_until('room', sub { ($node->psql('db_4', "SELECT genops_track('p', 'm')"))[2] eq '' });
is($node->safe_psql('db_4', "SELECT complete FROM genops_flush('stored')"), 't', 'a database that is dropped makes room');
cmp_ok($node->safe_psql('db_4', 'SELECT count(*) FROM genops.spans'), '>=', 1, 'for one that records');

# With room for all of them nothing is told.
$node->append_conf('postgresql.conf', 'genops_tempo.max_databases = 4');
$node->restart;
is(($node->psql('db_4', "SELECT genops_track('p', 'm')"))[2], '', 'with a greater limit it records in silence');

$node->stop('fast');
done_testing();
