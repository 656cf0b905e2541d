# SPDX-License-Identifier: PostgreSQL
# Under load every span arrives under its own tenant: its name carries the tenant that
# it was recorded for, and the receiver is asked under which one it came.
use strict;
use warnings;

use GenopsTest;
use Test::More;

my %servers = (
	'async, small ring' => "genops_tempo.shared_memory = '1MB'",
	'sync' => "genops_tempo.durability = sync");

# What a client runs: two calls of two tenants in a transaction, so that their records
# lie side by side in the ring.
sub transaction_script
{
	my $file = PostgreSQL::Test::Utils::tempdir() . '/transaction.sql';

	PostgreSQL::Test::Utils::append_to_file($file, <<'END');
\set a random(1, 50)
\set b random(1, 50)
BEGIN;
SELECT genops_track('openai', 'cust-' || :a, tenant_id => 'cust-' || :a);
SELECT genops_track('openai', 'customer-number-' || :b, tenant_id => 'customer-number-' || :b);
COMMIT;
END
	return $file;
}

for my $name (sort keys %servers)
{
	my $receiver = start_receiver();
	my $node = new_node($name =~ s/\W+/_/gr, conf => $servers{$name});

	create_ledger($node);
	deliver_to($node, $receiver,
		arguments => "max_queue_size => 512, schedule_delay_millis => 100");
	PostgreSQL::Test::Utils::run_log(
		[ 'pgbench', '-n', '-c', '4', '-t', $name eq 'sync' ? 1500 : 4000, '-f', transaction_script(), '-h', $node->host,
			'-p', $node->port, 'postgres' ])
	  or die "pgbench failed\n";
	flush_exported($node);

	my @spans = $receiver->spans;
	my @wrong = grep { $_->{name} ne "chat $_->{tenant}" } @spans;

	cmp_ok(scalar @spans, '>', 1000, "$name: spans arrived");
	is(scalar @wrong, 0, "$name: each under the tenant that its name carries");
	diag("for example \"$wrong[0]{name}\" under \"$wrong[0]{tenant}\"") if @wrong;
	is($node->safe_psql('postgres', <<'END'), '', "$name: the ledger knows no other tenant, and nothing is left pending");
SELECT tenant_id, pending FROM genops.stat_delivery
WHERE pending <> 0 OR tenant_id !~ '^(cust|customer-number)-[0-9]+$'
END
	$node->stop('fast');
}

done_testing();
