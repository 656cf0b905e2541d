# SPDX-License-Identifier: PostgreSQL
# Without shared_preload_libraries the extension can be created, what reads works, and
# what records says which line is missing.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');

create_ledger($node);
$node->safe_psql('postgres', "SELECT genops_track('p', 'm', team => 'before'); SELECT genops_flush('stored')");
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;

my ($status, undef, $error) = $node->psql('postgres', 'CREATE DATABASE other');

is("$status$error", '0', 'the server works');
($status, undef, $error) = $node->psql('other', 'CREATE EXTENSION genops_tempo');
is($status, 0, 'the extension can be created') or diag($error);

# What was recorded before is read.
is( $node->safe_psql('postgres', "SELECT team, attributes ->> 'team' FROM genops.spans"),
	'before|before', 'spans are read');
is($node->safe_psql('postgres', 'SELECT team, sum(calls) FROM genops.spend GROUP BY 1'), 'before|1', 'totals are read');
is( $node->safe_psql('postgres', 'SELECT t.team FROM genops.spans s, genops_trace(s.trace_id) t'),
	'before', 'traces are read');
is($node->safe_psql('postgres', "SELECT attributes ->> 'team' FROM genops_traceql('{}')"), 'before', 'TraceQL is answered');
is($node->safe_psql('postgres', "SELECT value FROM genops_tag_values('.team')"), 'before', 'values of attributes are read');
is($node->safe_psql('postgres', "SELECT tag FROM genops_tags('span') WHERE tag = 'team'"), 'team', 'attributes are read');
is($node->safe_psql($_, 'SELECT recorded, stored, queued, worker_pid FROM genops.stat_recording'),
	'0|0|0|', 'nothing is recorded')
  for qw(postgres other);
is($node->safe_psql('postgres', 'SELECT stored, pending FROM genops.stat_delivery'), '1|1', 'nor delivered');

# It can be configured already.
for my $database (qw(postgres other))
{
	$node->safe_psql($database, "SELECT genops_configure(otlp_endpoint => 'http://127.0.0.1:9', retention => '1 year')");
	is( $node->safe_psql($database, "SELECT value FROM genops.configuration WHERE setting = 'retention'"),
		'1 year', 'it can be configured');
}

# What would record, or wait for the worker, raises.
for my $statement (
	"SELECT genops_track('p', 'm')",
	"SELECT genops_begin('p', 'm')",
	'SELECT genops_observe(response => 1)',
	"SELECT genops_end('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')",
	'SELECT genops_traceparent()',
	"SELECT genops_ingest('{}')",
	"SELECT genops_ingest_protobuf('')",
	'SELECT genops_flush()')
{
	my (undef, undef, $refused) = $node->psql('other', "\\set VERBOSITY verbose\n$statement");

	like(
		$refused,
		qr/ERROR:  55000: .*HINT:  [^\n]*shared_preload_libraries = 'genops_tempo'[^\n]*restart/s,
		"$statement names the missing line");
}
($status) = $node->psql('other', "SET genops_tempo.durability = sync; SET genops.team = 'a'");
is($status, 0, 'its settings can be set');

# With the line, it goes on.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'genops_tempo'");
$node->restart;
for my $database (qw(postgres other))
{
	$node->safe_psql($database, "SELECT genops_track('p', 'm', team => 'after'); SELECT genops_flush('stored')");
	is($node->safe_psql($database, "SELECT count(*) FROM genops.spans WHERE team = 'after'"),
		1, "database $database records once it is preloaded");
}
is($node->safe_psql('other', 'DROP EXTENSION genops_tempo'), '', 'it can be dropped');

$node->stop('fast');
done_testing();
