# SPDX-License-Identifier: PostgreSQL
# pg_upgrade with a ledger: all of it is there in the new cluster, delivery is paused until somebody
# says that this one is to deliver, and the administrator is told so.
#
#   GENOPS_OLD_PREFIX    where the old server's bin/ is
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use UpgradeTest;

my $old_prefix = $ENV{GENOPS_OLD_PREFIX} or plan skip_all => 'GENOPS_OLD_PREFIX is not set';
my $new_bindir = `pg_config --bindir` =~ s/\n//r;
my @initdb = (extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
my $folder = PostgreSQL::Test::Utils::tempdir();
chdir $folder or die;

# A cluster of the old server, and an empty one of the new.
sub clusters
{
	my ($name) = @_;
	my $old = PostgreSQL::Test::Cluster->new("old_$name", install_path => $old_prefix);
	my $new = PostgreSQL::Test::Cluster->new("new_$name");

	# Since version 18 a new cluster has checksums unless told otherwise, and both must agree.
	my @no_checksums = $new->pg_version >= 18 ? ('--no-data-checksums') : ();
	$old->init(@initdb);
	$new->init(extra => [ @{ $initdb[1] }, @no_checksums ]);
	return ($old, $new);
}

sub pg_upgrade
{
	my ($old, $new) = @_;

	return (
		'pg_upgrade', '--no-sync',
		'-d', $old->data_dir, '-D', $new->data_dir,
		'-b', "$old_prefix/bin", '-B', $new_bindir,
		'-s', $new->host, '-p', $old->port, '-P', $new->port);
}

# Minor releases of the two that do not belong together may fail with any table at all.
{
	my ($old, $new) = clusters('plain');

	$old->start;
	$old->safe_psql('postgres', 'CREATE TABLE plain (i integer)');
	my $versions = $old->safe_psql('postgres', 'SHOW server_version');
	$old->stop;
	plan skip_all => "pg_upgrade from $versions to " . `pg_config --version` =~ s/\n//r . ' fails with any table'
	  unless run_log([ pg_upgrade($old, $new) ]);
}

my $receiver = start_receiver();
my ($old, $new) = clusters('ledger');
preload($_) for $old, $new;
$old->start;
fill_ledger($old, $receiver);
my $before = contents($old, qw(delivered pending));
my $versions = $old->safe_psql('postgres', 'SHOW server_version');
$old->stop;

$new->command_ok([ pg_upgrade($old, $new) ], 'pg_upgrade');
$receiver->set_mode;
$new->start;
$versions .= ' -> ' . $new->safe_psql('postgres', 'SHOW server_version');
note($versions);

is(contents($new, qw(delivered pending)), $before, "$versions: all is there");
record($new, 'after', 3);
is($new->safe_psql('shop', q(SELECT sum(calls) FROM genops.spend WHERE feature = 'after')), '3', 'it records');

# Told in three places, with the statement that ends it.
like($new->safe_psql('shop', q(SELECT DISTINCT state, reason FROM genops.stat_delivery WHERE tenant_id = 'acme')),
	qr/^paused\|.*upgraded.*genops_resume_delivery\(\)/, 'genops.stat_delivery says that delivery is paused, and what to do');
like($new->safe_psql('shop', 'SELECT * FROM genops_validate()'), qr/upgraded.*SELECT genops_resume_delivery\(\)/s, 'so does genops_validate()');
wait_until('the log says so', sub { slurp_file($new->logfile) =~ /LOG: .*(?:upgraded|paused)/ });
like(slurp_file($new->logfile), qr/upgraded.*genops_resume_delivery\(\)/s, 'so does the log');
is(scalar(grep { $_->{attributes}{'genops.feature'}{string} ne 'delivered' } $receiver->spans), 0, 'nothing was sent');

$new->safe_psql('shop', 'SELECT genops_resume_delivery()');
flush_exported($new, 'shop');
my %sent;
$sent{ $_->{attributes}{'genops.feature'}{string} }++ for $receiver->spans;
is_deeply(\%sent, { delivered => 20, pending => $UpgradeTest::PENDING, after => 3 }, 'then all is delivered, once each');
$new->command_ok([ 'vacuumdb', '--all', '--analyze-in-stages', '-p', $new->port, '-h', $new->host ], 'the advice of pg_upgrade can be followed');

done_testing();
