# SPDX-License-Identifier: PostgreSQL
# Rules: on a hot standby one tenant's trouble is its own: others go on being sent, and
# recording goes on, within bounded memory; what is lost for that is counted.  Nobody waits
# there for a ledger that cannot be written.
use strict;
use warnings;

use GenopsTest;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $primary = new_node('primary', streaming => 1, conf => "genops_tempo.shared_memory = '1MB'");

create_ledger($primary);
deliver_to($primary, $receiver, arguments => 'schedule_delay_millis => 20, timeout => 600');
$primary->safe_psql('postgres', "SELECT genops_track('p', 'm', tenant_id => 'primary')");
flush_exported($primary);
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');

$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sub query { return $standby->safe_psql('postgres', "SET statement_timeout = '30s'; $_[0]"); }

my %recorded;

sub record
{
	my ($tenant, $count) = @_;

	query("SELECT count(genops_track('p', 'm', tenant_id => '$tenant')) FROM generate_series(1, $count)");
	$recorded{$tenant} += $count;
}

sub at_endpoint { return $receiver->stats->{by_tenant}{ $_[0] } || 0; }

sub arrives
{
	my ($tenant, $what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok( eval {
			local $GenopsTest::DEADLINE_SECONDS = 30;
			wait_until('its spans', sub { at_endpoint($tenant) == $recorded{$tenant} });
		},
		$what) or diag("$tenant: " . at_endpoint($tenant) . " of $recorded{$tenant}");
}

# Of the three ways to be in trouble none concerns the others.
$receiver->set_mode(
	{ tenant => 'silent', hang => JSON::PP::true },
	{ tenant => 'refused', mode => 'status', code => 401 },
	{ tenant => 'unavailable', mode => 'status', code => 503 });
for my $round (1 .. 3)
{
	record($_, 5) for qw(silent refused unavailable healthy);
	arrives('healthy', "round $round: a healthy tenant's spans arrive though others are in trouble");
}

# Waiting for what cannot happen.
my ($status, $out, $errors) = $standby->psql('postgres', 
	"SET statement_timeout = '20s'; SELECT complete FROM genops_flush('stored', 600)");
unlike($errors, qr/statement timeout/, "genops_flush('stored') does not wait on a standby");
isnt($out, 't', 'nor says that it is done');
like($errors, qr/standby|recovery/, 'but why') if $errors ne '' || $out eq 'f';

# What nobody takes fills what it may fill, and no more.
record($_, 4000) for qw(refused unavailable);
record('healthy', 3000);
arrives('healthy', 'also when those in trouble record a lot');
record('another', 5);
arrives('another', 'and a tenant that is new');
is(query("SELECT recorded = queued + stored + dropped + sent_outside_ledger FROM genops.stat_recording"), 't',
	'every call is queued, sent or counted as dropped');
is(query("SELECT dropped_full FROM genops.stat_recording"), '0', 'none for want of room in shared memory');

# What is in memory is sent when it can be.
$receiver->set_mode({ tenant => 'silent', hang => JSON::PP::true });
ok( eval {
		local $GenopsTest::DEADLINE_SECONDS = 60;
		wait_until('some spans of the one that was unavailable', sub { at_endpoint('unavailable') > 0 });
	},
	'a tenant whose trouble is over is served');
is(query("SELECT recorded = queued + stored + dropped + sent_outside_ledger FROM genops.stat_recording"), 't',
	'the sums hold');

$standby->stop('immediate');
$primary->stop('immediate');
$receiver->stop;
done_testing();
