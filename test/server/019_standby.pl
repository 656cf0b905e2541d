# SPDX-License-Identifier: PostgreSQL
# A hot standby reads the ledger, and sends what is recorded there straight to the
# endpoint.  When it is promoted it delivers what was pending, and has the ledger.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $primary = new_node('primary', streaming => 1);

create_ledger($primary);
deliver_to($primary, $receiver, arguments => "tenant_id => 'acme'");
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');

$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sub arrived
{
	my %count;

	$count{ $_->{attributes}{feature}{string} }++ for $receiver->spans;
	return join ' ', map { "$_=$count{$_}" } sort keys %count;
}

# Reading.
$primary->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'primary') FROM generate_series(1, 5)");
flush_exported($primary);
ok($standby->poll_query_until('postgres', 'SELECT exported = 5 FROM genops.stat_delivery'),
	'a standby reads how far delivery is');
is( $standby->safe_psql('postgres', <<'END'),
SELECT count(*), min(attributes ->> 'feature'), (SELECT sum(calls) FROM genops.spend) FROM genops.spans
END
	'5|primary|5', 'the ledger');
is($standby->safe_psql('postgres', 'SELECT t.feature FROM genops.spans s, genops_trace(s.trace_id) t LIMIT 1'),
	'primary', 'and its traces');
is($standby->safe_psql('postgres', "SELECT count(*), sum(matched) FROM genops_traceql($_)"), '5|5', "TraceQL is answered: $_")
  for q('{ .feature = "primary" }'), q('{ .feature = "primary" } | count() = 1'), q('{ .feature = "primary" }', max_traces => 10);
is($standby->safe_psql('postgres', q(SELECT value, spans FROM genops_tag_values('.feature'))), 'primary|5', 'and its kind');

# Recording.
sub counts
{
	my ($node) = @_;

	return $node->safe_psql('postgres',
		'SELECT recorded, sent_outside_ledger, stored, queued, dropped FROM genops.stat_recording');
}

$standby->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'standby') FROM generate_series(1, 3)");
my ($status) = $standby->psql('postgres',
	"SELECT genops_observe(genops_begin('p', 'm', feature => 'failed'), (1 / (random() * 0)::int)::text)");
isnt($status, 0, 'a call fails on the standby');
$receiver->wait_for_spans(9);
is(arrived(), 'failed=1 primary=5 standby=3', 'calls on the standby go straight to the endpoint');
is((grep { $_->{attributes}{feature}{string} eq 'standby' } $receiver->spans)[0]{tenant}, 'acme', 'to their tenant');
wait_until('their count', sub { counts($standby) eq '4|4|0|0|0' });
is($standby->safe_psql('postgres', 'SELECT complete, queued FROM genops_flush()'), 't|0', 'all of them');
is(counts($standby), '4|4|0|0|0', 'and are counted as outside the ledger');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM genops.spans'), 5, 'where they are not');

my (undef, $recorded, $warning) = $standby->psql('postgres',
	"\\set VERBOSITY verbose\nSET genops_tempo.durability = sync;\nSELECT length(genops_track('p', 'm', feature => 'sync')) FROM generate_series(1, 2)");
is($recorded, "55\n55", 'durability "sync" fails no query there');
is(() = $warning =~ /WARNING: .*spans are not stored on a hot standby/g, 1, 'but is warned of once');
$receiver->wait_for_spans(11);

# An endpoint that is away for a moment.
$receiver->set_mode({ mode => 'status', code => 503, times => 1 });
$standby->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'late')");
$receiver->wait_for_spans(12);
wait_until('its count', sub { counts($standby) eq '7|7|0|0|0' });
is(arrived(), 'failed=1 late=1 primary=5 standby=3 sync=2', 'the standby tries again');

# The primary dies with spans that were not delivered.
$receiver->set_mode({ mode => 'status', code => 503 });
$primary->safe_psql('postgres',
	"SELECT genops_track('p', 'm', feature => 'pending') FROM generate_series(1, 7); SELECT genops_flush('stored')");
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$standby->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'before_promotion')");
$standby->promote;
$receiver->set_mode;
$receiver->wait_for_spans(20);
flush_exported($standby);
is( arrived(),
	'before_promotion=1 failed=1 late=1 pending=7 primary=5 standby=3 sync=2',
	'the promoted standby delivers what was pending, and what it was about to send');
$standby->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'promoted')");
flush_exported($standby);
is( $standby->safe_psql('postgres', <<'END'),
SELECT string_agg(f, ' ' ORDER BY f)
FROM (SELECT feature || '=' || count(*) AS f FROM genops.spans WHERE feature <> 'before_promotion' GROUP BY feature) x
END
	'pending=7 primary=5 promoted=1', 'it has the ledger, and goes on');
is( $standby->safe_psql('postgres', 'SELECT recorded - stored - sent_outside_ledger, queued, dropped FROM genops.stat_recording'),
	'0|0|0', 'nothing was lost');
is($standby->safe_psql('postgres', 'SELECT state, pending FROM genops.stat_delivery'), 'delivering|0', 'it is no copy');

$standby->stop('fast');
$receiver->stop;
done_testing();
