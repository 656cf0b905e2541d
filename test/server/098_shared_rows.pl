# SPDX-License-Identifier: PostgreSQL
# Small segments of many tenants share rows of the ledger.  Read from there, each goes to
# its own tenant and route: after a restart, once more, and from a dump that was restored
# into another encoding.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');
my $TENANTS = 200;

$node->safe_psql('postgres', "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
$node->safe_psql('latin', 'CREATE EXTENSION genops_tempo');
deliver_to($node, $receiver, database => 'latin');

sub query { return $node->safe_psql($_[1] || 'latin', $_[0]); }

sub record
{
	my ($round) = @_;

	query(<<"END");
SELECT count(genops_track('p', 'm', name => 't' || i % $TENANTS, tenant_id => 't' || i % $TENANTS, feature => '$round ' || i,
	team => CASE i % 7 WHEN 0 THEN 'apart' END))
FROM generate_series(1, 1000) i;
END
	query("SELECT genops_flush('stored')");
}

# Of what arrived: how many, how many whose name is not their tenant, how many twice.
sub arrived
{
	my ($from) = @_;
	my @spans = $receiver->spans;
	my %times;

	@spans = @spans[ $from .. $#spans ];
	$times{ $_->{attributes}{feature}{string} }++ for @spans;
	return join ' ', scalar(@spans), scalar(grep { $_->{name} ne ($_->{tenant} // '') } @spans),
	  scalar(grep { $_ > 1 } values %times);
}

# The numbers of each tenant's spans, as they came, go up.
sub in_order
{
	my ($from) = @_;
	my @spans = $receiver->spans;
	my %last;
	my $wrong = 0;

	for my $span (@spans[ $from .. $#spans ])
	{
		my ($number) = $span->{attributes}{feature}{string} =~ /(\d+)$/;
		my $stream = "$span->{tenant} " . ($span->{attributes}{team}{string} // '');

		$wrong++ if ($last{$stream} // 0) > $number;
		$last{$stream} = $number;
	}
	return !$wrong;
}

query(<<"END");
SET client_encoding = 'UTF8';
INSERT INTO genops.route (name, team, otlp_endpoint) VALUES ('a part', 'apart', '@{[ $receiver->url ]}');
SELECT genops_pause_delivery();
END
record('first');
cmp_ok(query('SELECT count(*) FROM genops.ledger_segment'), '<', 50, 'a thousand spans of as good as as many streams are in a few rows');
is(query('SELECT count(*) FROM (SELECT DISTINCT tenant_id, route FROM genops.segment) s'), query('SELECT count(*) FROM genops.delivery'),
	'each stream has segments');

my $folder = PostgreSQL::Test::Utils::tempdir();
$node->command_ok([ 'pg_dump', '-f', "$folder/dump", '-d', 'latin' ], 'dumped while all is pending');

$node->restart;
query('SELECT genops_resume_delivery()');
flush_exported($node, 'latin');
is(arrived(0), '1000 0 0', 'after a restart all arrive once, each at its tenant');
ok(in_order(0), 'in order');
is(query('SELECT sum(pending), sum(exported) FROM genops.stat_delivery'), '0|1000', 'and are counted so');

my $from = scalar($receiver->spans);
is(query("SELECT genops_resend('-infinity', tenant_id => 't7')"), 5, 'those of one tenant are sent once more');
wait_until('they are', sub { query("SELECT sum(resent) FROM genops.stat_delivery") == 5 });
is(arrived($from), '5 0 0', 'and nobody else');

# Restored into UTF-8, from where all is pending still.
query("CREATE DATABASE utf8 TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'", 'postgres');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/out", '-d', 'utf8', '-f', "$folder/dump" ],
	'restored into another encoding');
is(query("SELECT count(*) FROM genops.segment WHERE route = 'a part'", 'utf8') > 0, 1, 'names are what they were');
$from = scalar($receiver->spans);
query('SELECT genops_resume_delivery()', 'utf8');
flush_exported($node, 'utf8');
is(arrived($from), '1000 0 0', 'what was pending in the dump is delivered from there');
is(query('SELECT sum(pending) FROM genops.stat_delivery', 'utf8'), 0, 'all of it');

$node->stop('fast');
$receiver->stop;
done_testing();
