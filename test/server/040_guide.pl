# SPDX-License-Identifier: PostgreSQL
# docs/ and examples/: their SQL does what they say it does.
#
# In the pages of docs/ a block's first line says what it needs: "sql" nothing, "sql error" is
# refused, "sql env" a server with the guide's environment, "sql tempo" a Tempo, and is
# not run here.
use strict;
use warnings;

use GenopsTempo;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

# In the order in which they are run: a page may use what one before it made.
my @pages = ('getting-started', map({ "how-to/$_" } qw(deliver-to-tempo configure troubleshoot query-with-traceql attribute-costs
	separate-tenants run-in-production secure)), 'tempo-guide');

# Of the pages: [place, info, SQL].
sub blocks
{
	my @blocks;

	for my $page (@pages)
	{
		my $text = slurp_file("$ENV{TESTDIR}/docs/$page.md");

		while ($text =~ /^( *)```(sql[^\n]*)\n(.*?)^\1```$/msg)
		{
			push @blocks, [ "docs/$page.md:" . (1 + substr($text, 0, $-[0]) =~ tr/\n//), $2, $3 ];
		}
	}
	return @blocks;
}

# A block as psql's input, which stops at the first error.
sub script
{
	my ($place, $info, $sql) = @{ $_[0] };

	return "\\echo $place\n$sql\n" unless $info eq 'sql error';
	return <<"END";
\\echo $place
\\set ON_ERROR_STOP 0
\\set LAST_ERROR_SQLSTATE 00000
$sql
\\set ON_ERROR_STOP 1
SELECT 1 / (:'LAST_ERROR_SQLSTATE' <> '00000')::int AS it_was_refused;
END
}

sub runs
{
	my ($node, $what, @blocks) = @_;
	my ($status, $out, $err) =
	  $node->psql('postgres', join("\n", map { script($_) } @blocks), on_error_stop => 1);

	ok($status == 0, "$what: " . scalar(@blocks) . ' blocks')
	  or diag('the last block was ' . ($out =~ /.*(docs\/\S+\.md:\d+)/s ? $1 : 'none') . "\n$err");
}

# What an example prints; fails if it does not come to its end.
sub example
{
	my ($node, $database, $name, %variables) = @_;
	my ($out, $err);

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	my $done = run_log(
		[
			'psql', '-XAq', ( map { ('-v', "$_=$variables{$_}") } sort keys %variables ),
			'-d', $node->connstr($database), '-f', "$ENV{TESTDIR}/examples/$name.sql"
		],
		'>', \$out, '2>', \$err);
	ok($done, "$name.sql") or diag($err);
	is($err, '', "$name.sql warns of nothing");
	return $out;
}

# Nothing is sent: the guide names addresses of others.
my @blocks = blocks();
my $node = new_node('guide', conf => "genops_tempo.export = off\ntimezone = 'UTC'");
runs($node, 'the pages', grep { $_->[1] eq 'sql' || $_->[1] eq 'sql error' } @blocks);
is($node->safe_psql('postgres', 'SELECT count(*) FROM genops.stat_delivery WHERE exported > 0'), 0, 'nothing was sent');
$node->stop;
ok(!( grep { $_->[1] !~ /\Asql( error| env| tempo)?\z/ } @blocks), 'every block says what it needs');

my $of_guide = new_node('environment', conf => 'genops_tempo.export = off', start => 0);
start_node_with(
	$of_guide,
	OTEL_SERVICE_NAME => 'my-ai-service',
	ENVIRONMENT => 'production',
	OTEL_EXPORTER_OTLP_ENDPOINT => 'http://tempo:4318',
	TEMPO_ENDPOINT => 'http://localhost:3200',
	TEMPO_AUTH_HEADER => 'Bearer token');
create_ledger($of_guide);
runs($of_guide, 'its variables', grep { $_->[1] eq 'sql env' } @blocks);
$of_guide->stop;

# The README's first screen answers what it says, as psql shows it.
my $first = new_node('readme', conf => "timezone = 'UTC'");
my ($lines, $shown) = slurp_file("$ENV{TESTDIR}/README.md") =~ /^```sql\n(.*?)^```\n```text\n(.*?)^```$/ms;
$first->safe_psql('postgres', 'CREATE DATABASE first');
my $answered;
ok(run_log([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-P', 'footer=off', '-d', $first->connstr('first'), '-c', "\\set QUIET 1", '-f', '-' ],
		'<', \$lines, '>', \$answered), 'the first lines of the README run');
is($answered =~ s/ +$//mgr =~ s/\n+\z/\n/r, $shown =~ s/ +$//mgr, 'and answer what it shows');
$first->stop;

# The examples, each in a database of its own.
my $receiver = start_receiver();
my $tempo = GenopsTempo->start(spans => $receiver);
my %addresses = (endpoint => $tempo->url, otlp_endpoint => $receiver->url);
my $main = new_node('main', conf => "timezone = 'UTC'");

my $out = example($main, 'direct_export', 'direct_export', %addresses);
like($out, qr/^✅ All checks passed! Tempo is ready for trace ingestion\.$/m, 'direct export: validates');
like($out, qr/^delivering\|4\|4\|0$/m, 'sends');
like($out, qr/^chat gpt-4o\|00:00:01\.7$/m, 'finds');
my @sent = grep { (values %{ $_->{resource}{'service.name'} })[0] eq 'direct-export' } $receiver->spans;
is_deeply([ sort map { $_->{name} } grep { $_->{name} ne 'genops_validate' } @sent ],
	[ 'answer a ticket', 'chat gpt-4o', 'chat gpt-4o', 'embeddings text-embedding-3-small' ], 'what the endpoint has');

$out = example($main, 'traceql_queries', 'traceql_queries');
like($out, qr/^chat claude-opus\|00:00:09\.5\|0\.75\nchat claude-sonnet\|00:00:06\.1\|0\.15\nchat gpt-4o\|00:00:04\.2\|0\.065$/m,
	'TraceQL: slow and expensive');
like($out, qr/^ml-platform\|104\.5\nresearch\|88$/m, 'budgets of both types');
like($out, qr/^ml-platform\|0\.00144\nplatform\|0\.22775\nresearch\|0\.75$/m, 'sums');

$out = example($main, 'cost_attribution', 'cost_attribution');
like($out, qr/^search\|3\|0\.0612\|USD\|1\nsupport\|2\|0\.0295\|USD\|0$/m, 'cost by team, to the last digit');
like($out, qr/^Initech\|2\|0\.057\|USD\|1$/m, 'a bill');
like($out, qr/^anthropic\|claude-opus\|1$/m, 'a call without a price');

$out = example($main, 'multi_tenant', 'multi_tenant', %addresses);
like($out, qr/^acme\|delivering\|1\|1\ncust-globex\|delivering\|1\|1\nteam-platform\|delivering\|1\|1\nteam-research\|delivering\|2\|2$/m,
	'tenants: delivered apart');
like($out, qr/^tenant_id\|calls\|total_cost\nteam-research\|2\|0\.10\ntenant_id\|name\n/m, 'and read apart');
like($out, qr/^\|5\|0\.21$/m, 'the total of all');

$main->stop('fast');
done_testing();
