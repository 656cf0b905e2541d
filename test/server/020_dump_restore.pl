# SPDX-License-Identifier: PostgreSQL
# A dump has the whole ledger and no secret.  What is restored from it records at once,
# behind what was there, and sends nothing until genops_resume_delivery().
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $SECRET = 'Bearer sesame-open';

my $receiver = start_receiver();
my $node = new_node('main');
my $other = new_node('other');

sub record
{
	my ($in, $database, $feature, $count) = @_;

	$in->safe_psql($database, <<"END");
SELECT genops_track('p', 'm', total_cost => 0.1, feature => '$feature', attributes => '{"n": 1}') FROM generate_series(1, $count);
SELECT genops_track('p', 'm', total_cost => 0.1, feature => '$feature', customer_id => i) FROM generate_series(1, $count) i;
SELECT genops_flush('stored');
END
}

create_ledger($node, 'shop');
deliver_to($node, $receiver, database => 'shop', arguments => qq(headers => '{"Authorization": "$SECRET"}'));
$node->safe_psql('shop', <<'END');
INSERT INTO genops.route (name, customer_id, tenant_id) VALUES ('by customer', '3', 'tenant-{customer_id}');
CREATE ROLE analyst;
GRANT SELECT ON genops.spans TO analyst;
END
record($node, 'shop', 'delivered', 10);
flush_exported($node, 'shop');
my @delivered = $receiver->spans;
is(scalar @delivered, 20, 'spans were delivered');
is($delivered[0]{authorization}, $SECRET, 'with the secret');
$receiver->set_mode({ mode => 'status', code => 503 });
record($node, 'shop', 'pending', 5);

# Everything of the ledger in a text.
my $contents = <<'END';
SELECT count(*), md5(string_agg(s::text, ' ' ORDER BY segment, span_id)) FROM genops.spans s;
SELECT count(*), md5(string_agg(s::text, ' ' ORDER BY seq)) FROM genops.ledger_segment s;
SELECT sum(calls), sum(total_cost), count(DISTINCT customer_id) FROM genops.spend;
SELECT tenant_id, stored, exported, pending FROM genops.stat_delivery ORDER BY 1;
SELECT name, tenant_id FROM genops.route;
SELECT setting, value FROM genops.configuration WHERE source = 'configure' AND setting NOT LIKE 'headers%' ORDER BY 1;
END
my $original = $node->safe_psql('shop', $contents);
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->command_ok([ 'pg_dump', '-f', "$folder/plain", '-d', 'shop' ], 'pg_dump');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/custom", '-d', 'shop' ], 'pg_dump -Fc');
unlike(slurp_file("$folder/plain"), qr/sesame/, 'no secret is in a dump');

# Restored in one go, into a database beside the first.
$node->safe_psql('postgres', 'CREATE DATABASE beside');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/out", '-d', 'beside', '-f', "$folder/plain" ],
	'psql -v ON_ERROR_STOP=1');

# And in parallel, into another cluster.
$other->safe_psql('postgres', 'CREATE DATABASE away');
$other->safe_psql('postgres', 'CREATE ROLE analyst');
$other->command_ok([ 'pg_restore', '-j2', '-e', '-d', 'away', "$folder/custom" ], 'pg_restore -j2');

# Both hold the ledger, record, and send nothing.
$receiver->set_mode;
flush_exported($node, 'shop');
is(scalar($receiver->spans), 30, 'the original delivered all');
for ([ $node, 'beside' ], [ $other, 'away' ])
{
	my ($in, $database) = @$_;

	is($in->safe_psql($database, $contents), $original, "$database: all is as it was");
	is($in->safe_psql($database, 'SELECT count(*) FROM genops.secret'), 0, "$database: but for the secret");
	record($in, $database, $database, 2);
	is( $in->safe_psql($database, <<"END"),
SELECT count(*), min(segment) FILTER (WHERE feature = '$database') > max(segment) FILTER (WHERE feature <> '$database'),
	(SELECT sum(calls) FROM genops.spend)
FROM genops.spans
END
		'34|t|34', "$database: it records, with higher segment numbers");
	like(
		$in->safe_psql($database, 'SELECT DISTINCT state, reason FROM genops.stat_delivery'),
		qr/^paused\|[^\n]*copy[^\n]*genops_resume_delivery[^\n]*$/,
		"$database: it sends nothing, and says why");
}
is(scalar($receiver->spans), 30, 'nothing was sent');

# From the cursor: what was pending, and what it recorded itself.
sub resume
{
	my ($in, $database, $from, $counts) = @_;
	my (undef, $result, $warning) =
	  $in->psql($database, "SELECT pending, skipped FROM genops_resume_delivery('$from')");

	is($result, $counts, "$database resumes from $from");
	like($warning, qr/WARNING:.*is missing.*DETAIL:.*secrets.*HINT:.*genops_configure/s, 'and warns of the missing secret');
	$in->safe_psql($database, "SELECT genops_flush('exported', 0)");
	is(scalar($receiver->spans), 30 + ($database eq 'away' ? 14 : 0), 'without which nothing is sent');
	$in->safe_psql($database, qq(SELECT genops_configure(headers => '{"Authorization": "$SECRET"}')));
}

sub arrived_since
{
	my ($seen) = @_;
	my @spans = $receiver->spans;
	my %count;

	$count{ $_->{attributes}{feature}{string} }++ for @spans[ $seen .. $#spans ];
	return join ' ', map { "$_=$count{$_}" } sort keys %count;
}
resume($node, 'beside', 'cursor', '14|0');
flush_exported($node, 'beside');
is(arrived_since(30), 'beside=4 pending=10', 'then all that was pending is');
resume($other, 'away', 'now', '0|14');
record($other, 'away', 'later', 1);
flush_exported($other, 'away');
is(arrived_since(44), 'later=2', 'and from now, only what comes later');
is( $other->safe_psql('away', 'SELECT bool_and(stored = exported + skipped), sum(skipped) FROM genops.stat_delivery'),
	't|14', 'the rest is counted as skipped');

# The restored ledger lives on: the next start finds it.
$other->restart;
record($other, 'away', 'restarted', 1);
flush_exported($other, 'away');
is(arrived_since(46), 'restarted=2', 'also after a restart');
is(scalar(grep { ($_->{authorization} // '') ne $SECRET } $receiver->requests), 0, 'no request ever lacked the secret');

$_->stop('fast') for $node, $other;
$receiver->stop;
done_testing();
