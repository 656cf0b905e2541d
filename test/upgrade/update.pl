# SPDX-License-Identifier: PostgreSQL
# ALTER EXTENSION ... UPDATE, from 1.0 to a 1.1 made of it: the new library works with the old SQL
# objects until then, nothing is lost, and afterwards all is as if 1.1 had been installed afresh.
#
#   GENOPS_UPGRADE_FILES    where what "make install" installs is: of 1.0 in 1.0/, of 1.1 in 1.1/
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Copy qw(copy);
use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use UpgradeTest;

my $files = $ENV{GENOPS_UPGRADE_FILES} or die 'GENOPS_UPGRADE_FILES is not set';
my %place = map { $_ => `pg_config --$_` =~ s/\n//r } qw(pkglibdir sharedir);
my $catalog = slurp_file(dirname(__FILE__) . '/catalog.sql');

# What a package of that version would have installed; the library is replaced, not written to.
sub install
{
	my ($version, @kinds) = @_;
	my %installed = (
		library => [ map { [ $_, $place{pkglibdir} ] } glob("$files/$version/pkglibdir/*.so") ],
		scripts => [ map { [ $_, "$place{sharedir}/extension" ] } glob("$files/$version/extension/*") ]);

	for (map { @{ $installed{$_} } } @kinds)
	{
		my ($from, $folder) = @$_;
		my $to = "$folder/" . (split '/', $from)[-1];

		unlink $to;
		copy($from, $to) or die "could not copy $from to $to: $!";
	}
}

sub installed_version
{
	return $_[0]->safe_psql('shop', q(SELECT extversion FROM pg_extension WHERE extname = 'genops_tempo'));
}

my $receiver = start_receiver();
install('1.0', qw(library scripts));
my $node = new_node('main');
fill_ledger($node, $receiver);
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->safe_psql('plain', 'CREATE EXTENSION genops_tempo');
my $before = contents($node, qw(delivered pending));
like($before, qr/^@{[ 20 + $UpgradeTest::PENDING ]}\|/m, 'there is a ledger');

# The package has been upgraded, and the server not been restarted: nothing has happened yet, and an
# update is refused.
install('1.1', qw(library scripts));
record($node, 'not restarted', 3);
my ($status, undef, $error) = $node->psql('shop', 'ALTER EXTENSION genops_tempo UPDATE');
isnt($status, 0, 'no update before the restart');
like($error, qr/library that is loaded has version 1\.0.*HINT:.*[Rr]estart/s, 'it says why');
is(installed_version($node), '1.0', 'nothing is changed');

# The new library and the old objects.
$node->restart;
is($node->safe_psql('shop', 'SELECT genops_version()'), '1.1', 'the new library runs');
record($node, 'old objects', 5);
is($node->safe_psql('shop', q(SELECT count(*) FROM genops.spans WHERE feature = 'old objects')), '5', 'it stores with the old objects');
is($node->safe_psql('shop', q(SELECT sum(calls) FROM genops.spend WHERE feature = 'old objects')), '5', 'and counts');
is( $node->safe_psql('shop', q(SELECT count(*) FROM genops_traceql('{ span.genops.feature = "old objects" }'))),
	'5', 'and answers');
like($node->safe_psql('shop', 'SELECT * FROM genops_validate()'), qr/1\.1.*1\.0.*ALTER EXTENSION genops_tempo UPDATE/,
	'genops_validate() tells of the update');

# The update, with sessions that record all the time.
my @sessions = map { GenopsSession->new($node, 'shop') } 1 .. 2;
$_->start(<<'END') for @sessions;
SELECT FROM generate_series(1, 200) i, LATERAL (SELECT i, genops_track('openai', 'gpt-4o', feature => 'meanwhile'), pg_sleep(0.005)) s
END
$node->safe_psql('shop', 'ALTER EXTENSION genops_tempo UPDATE');
is(installed_version($node), '1.1', 'updated');
$_->finish for @sessions;
is(join('', map { $_->errors } @sessions), '', 'nobody was disturbed');
$node->safe_psql('shop', q(SELECT genops_flush('stored')));
is($node->safe_psql('shop', q(SELECT count(*) FROM genops.spans WHERE feature = 'meanwhile')), '400', 'nothing was lost meanwhile');

# Afterwards.
record($node, 'new objects', 4);
is( $node->safe_psql('shop', <<'END'), "old objects||5\nnew objects|11|4", 'the new column is filled from the update on');
SELECT s.feature, r.new_in_1_1, count(*)
FROM genops.spans s JOIN genops.ledger_span r ON r.seq = s.segment
WHERE s.feature IN ('old objects', 'new objects') AND r.feature = s.feature
	AND r.span_id = ('x' || s.span_id)::bit(64)::bigint
GROUP BY s.feature, r.new_in_1_1 ORDER BY r.new_in_1_1 NULLS FIRST
END
is($node->safe_psql('shop', 'SELECT genops.new_in_1_1()'), '11', 'a new function works');
is(without_counts(contents($node, qw(delivered pending))), without_counts($before), 'what was there is there, with rights, pins and secrets');
$node->safe_psql('shop', q(SET ROLE app; SELECT genops_track('p', 'm', feature => 'by app')));
$node->safe_psql('shop', q(SELECT genops_flush('stored')));
is($node->safe_psql('shop', q(SELECT team, tenant_id FROM genops.spans WHERE feature = 'by app')),
	'pinned|acme', 'a role that could record still can, as what it is pinned to');

# What was pending is delivered, once each, with the secret.
$receiver->set_mode;
flush_exported($node, 'shop');
my %sent;
$sent{ $_->{attributes}{'genops.feature'}{string} }++ for grep { $_->{authorization} eq 'Bearer sesame' } $receiver->spans;
is($sent{pending}, $UpgradeTest::PENDING, 'what was pending is delivered');
is($sent{delivered}, 20, 'and nothing twice');
is($sent{meanwhile}, 400, 'and what came meanwhile');

# The same objects as in a database that began with 1.1.
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION genops_tempo');
my $fresh = $node->safe_psql('fresh', $catalog);
cmp_ok(scalar(split /\n/, $fresh), '>', 300, 'the catalogs tell of many things');
$node->safe_psql('plain', 'ALTER EXTENSION genops_tempo UPDATE');
same_catalog('plain', 'updated and installed afresh are the same');

# If the update had forgotten something, that would have been seen.
for my $forgotten (
	q(COMMENT ON FUNCTION genops.new_in_1_1() IS NULL),
	q(GRANT EXECUTE ON FUNCTION genops.new_in_1_1() TO PUBLIC),
	q(ALTER FUNCTION genops.new_in_1_1() PARALLEL UNSAFE),
	q(ALTER TABLE genops.note ALTER COLUMN note DROP NOT NULL),
	q(ALTER VIEW genops.new_rows RESET (security_invoker)),
	q(UPDATE pg_extension SET extconfig = extconfig[1:1], extcondition = extcondition[1:1] WHERE extname = 'genops_tempo'))
{
	isnt($node->safe_psql('fresh', "BEGIN; $forgotten; $catalog"), $fresh, "another catalog: $forgotten");
}

# 1.0 can still be installed, for whoever restores a dump of it.
$node->safe_psql('postgres', 'CREATE DATABASE old');
$node->safe_psql('old', q(CREATE EXTENSION genops_tempo VERSION '1.0'));
is($node->safe_psql('old', q(SELECT genops_track('p', 'm') IS NOT NULL)), 't', 'the old version can be installed, and records');
$node->safe_psql('old', 'ALTER EXTENSION genops_tempo UPDATE');
same_catalog('old', 'and be updated while it is new');

done_testing();

# Shows what differs, not all there is.
sub same_catalog
{
	my ($database, $what) = @_;
	my %fresh = map { $_ => 1 } split /\n/, $fresh;
	my %lines = map { $_ => 1 } split /\n/, $node->safe_psql($database, $catalog);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply([ grep { !$lines{$_} } sort keys %fresh ], [], "$what: nothing is missing");
	is_deeply([ grep { !$fresh{$_} } sort keys %lines ], [], "$what: there is nothing else");
}

# Less the lines of the streams, which have moved on.
sub without_counts
{
	return join "\n", grep { !/^(?:acme|customer-3|)\|\w*\|\d+\|\d+\|\d+\|\d+$/ } split /\n/, $_[0];
}
