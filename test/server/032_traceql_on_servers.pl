# SPDX-License-Identifier: PostgreSQL
# genops_traceql on a standby, on a server without the library preloaded, and in
# databases of other encodings.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = new_node('primary', streaming => 1);

create_ledger($primary);
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');

$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', <<'END');
SELECT genops_track('openai', 'gpt-4o', team => 'team ' || i % 3, total_cost => i, attributes => jsonb_build_object('i', i)) FROM generate_series(1, 100) i \g /dev/null
SELECT genops_flush('stored');
END
$primary->wait_for_catchup($standby);

my %answers = (
	'{ .team = "team 1" && .i > 90 }' => '4',
	'{ .i > 90 } | count() = 1' => '10',
	'{} | count() by (.team)' => '3',
	'{} | sum(.genops.cost.total_cost)' => '1');

sub answers
{
	my ($node, $where) = @_;

	is($node->safe_psql('postgres', "SET client_min_messages = warning; SELECT count(*) FROM genops_traceql('$_')"), $answers{$_}, "$where: $_") for sort keys %answers;
	is($node->safe_psql('postgres', "SELECT (attributes ->> 'i')::int FROM genops_traceql('{ .i > 0 }', max_traces => 2)"), "100\n99", "$where: the newest");
}

answers($primary, 'primary');
answers($standby, 'standby');

# What a standby records itself is not in the ledger, and is not waited for.
$standby->safe_psql('postgres', "SELECT genops_track('openai', 'gpt-4o', attributes => '{\"i\": 1000}')");
is($standby->safe_psql('postgres', "SELECT count(*) FROM genops_traceql('{ .i = 1000 }')"), '0', 'a standby stores nothing');
$standby->stop('fast');

# Other encodings: what is stored is UTF-8, what SQL sees is not.
$primary->safe_psql('postgres', "CREATE DATABASE $_ ENCODING '$_' LOCALE 'C' TEMPLATE template0") for qw(latin1 sql_ascii);
$primary->safe_psql($_, 'CREATE EXTENSION genops_tempo') for qw(latin1 sql_ascii);

# OTLP's protobuf, of short fields; SQL in LATIN1 cannot say this.
sub field { return chr($_[0] << 3 | 2) . chr(length $_[1]) . $_[1]; }
my $time = pack 'Q<', 1767323045000000000;
my $span = field(1, pack 'H*', '0af7651916cd43dd8448eb211c80319c') . field(2, pack 'H*', 'b7ad6b7169203331') . field(5, '日本 été') . "\x39$time\x41$time";
my $request = unpack 'H*', field(1, field(1, field(1, field(1, 'service.name') . field(2, field(1, '日本')))) . field(2, field(2, $span)));

$primary->safe_psql('latin1', <<"END");
SET client_encoding = 'UTF8';
SELECT genops_track('openai', 'modèle', team => 'équipe', name => 'été', attributes => '{"clé": "çà"}') \\g /dev/null
SELECT genops_track('openai', 'gpt-4o', team => 'zone', name => 'plain') \\g /dev/null
SELECT genops_ingest_protobuf('\\x$request') \\g /dev/null
SELECT genops_flush('stored');
END

sub latin1
{
	my ($sql) = @_;

	return $primary->safe_psql('latin1', "SET client_encoding = 'UTF8'; $sql");
}

my $rows = 'FROM genops_traceql(%s, since => NULL)';

for my $case (
	[ q('{ .team = "équipe" }'), 'équipe' ],
	[ q('{ .team != "zone" && span.team != nil }'), 'équipe' ],
	[ q('{ .team > "z" }'), 'équipe zone' ],
	[ q('{ .team < "zz" }'), 'zone' ],
	[ q('{ .team =~ "é.*" }'), 'équipe' ],
	[ q('{ .team =~ ".quipe" }'), 'équipe' ],
	[ q('{ .clé = "çà" }'), 'équipe' ],
	[ q('{ name = "été" }'), 'équipe' ],
	[ q('{ name =~ "[é-ü]t." || .team = "zone" }'), 'équipe zone' ])
{
	my ($query, $teams) = @$case;

	is(latin1("SELECT string_agg(attributes ->> 'team', ' ' ORDER BY attributes ->> 'team' COLLATE \"C\" DESC) " . sprintf($rows, $query)), $teams, "LATIN1: $query");
}
is(latin1("SELECT name, attributes, labels " . sprintf $rows, q('{ .team = "équipe" } | by(.clé)')) =~ /^été\|.*"clé": "çà".*\|\{"by\(\.clé\)": "çà"\}$/, 1, 'LATIN1: columns');
is(latin1("SELECT labels ->> '.team' FROM genops_traceql('{ .team != nil } | rate() by (.team)', step => '0')"), "zone\néquipe", 'LATIN1: labels');
is(latin1('SELECT count(*) ' . sprintf $rows, q('{ name =~ ".*été" }')), '2', 'LATIN1: what it has no letters for is searched');
like(latin1('SELECT name, service_name ' . sprintf $rows, q('{ span:id = "b7ad6b7169203331" }')), qr/^.+ été\|.+$/, 'LATIN1: and returned');
my (undef, undef, $error) = $primary->psql('latin1', q(SET client_encoding = 'UTF8'; SELECT genops_traceql('{ .é = "à" && foo }')));
like($error, qr/column 15.*\{ \.é = "à" && foo \}\n {14}\^\n/s, 'LATIN1: an error');

$primary->safe_psql('sql_ascii', "SELECT genops_track('openai', 'gpt-4o', team => 'équipe'); SELECT genops_flush('stored')");
is($primary->safe_psql('sql_ascii', q(SELECT count(*) FROM genops_traceql('{ .team = "équipe" }'))), '1', 'SQL_ASCII');
is($primary->safe_psql('sql_ascii', q(SELECT count(*) FROM genops_traceql('{ .team =~ ".quipe" }'))), '1', 'SQL_ASCII: by the bytes');

# Without the library preloaded.
$primary->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$primary->restart;
answers($primary, 'not preloaded');

$primary->stop('fast');
done_testing();
