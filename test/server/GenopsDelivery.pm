# SPDX-License-Identifier: PostgreSQL
# What the tests of delivery share: spans that carry their number, and the sums
# that must hold.
package GenopsDelivery;

use strict;
use warnings;

use Exporter 'import';
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(record numbers delivery wait_for_state counts_agree log_lines);

my %recorded;    # by tenant, per database of a node

# Records "count" calls of a tenant; more arguments of genops_track() as SQL.  Each
# has a number as its feature, which goes on from call to call of this function.
sub record
{
	my ($node, $tenant, $count, %options) = @_;
	my $database = $options{database} || 'postgres';
	my $recorded = \$recorded{ $node->name }{$database}{$tenant};
	my ($first, $last) = (($$recorded || 0) + 1, ($$recorded || 0) + $count);
	my $arguments = $options{arguments} || "tenant_id => '$tenant'";

	$node->safe_psql($database, <<"END");
SELECT genops_track('openai', 'gpt-4o', feature => i::text, $arguments)
FROM generate_series($first, $last) i
END
	$$recorded = $last;
}

# The numbers of the spans of a tenant ('' for none) that a receiver accepted, as
# they arrived: "1 2 3".
sub numbers
{
	my ($receiver, $tenant) = @_;

	return join ' ',
	  map { $_->{attributes}{'genops.feature'}{string} } grep { ($_->{tenant} || '') eq $tenant } $receiver->spans;
}

# Columns of a tenant's row in genops.stat_delivery.
sub delivery
{
	my ($node, $tenant, $columns, $database) = @_;

	return $node->safe_psql($database || 'postgres',
		"SELECT $columns FROM genops.stat_delivery WHERE tenant_id = '$tenant'");
}

# Until a tenant's stream is in a state (and a condition on its row holds).
sub wait_for_state
{
	my ($node, $tenant, $state, $condition) = @_;

	$condition = defined $condition ? " AND $condition" : '';
	wait_until(
		"tenant $tenant is $state$condition",
		sub { (delivery($node, $tenant, "state = '$state'$condition") || '') eq 't' });
}

# What was recorded is in the ledger, all of it, and accounted for: "pending" is
# what else is in the segments behind the cursor.
sub counts_agree
{
	my ($node, $what, $database) = @_;
	my $recorded = $recorded{ $node->name }{ $database || 'postgres' };
	my $expected = join "\n", map { "$_|$recorded->{$_}|t|t|t" } sort keys %$recorded;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql($database || 'postgres', <<"END"), $expected, "$what: all is in the ledger, and adds up");
SELECT d.tenant_id, sum(d.stored),
	sum(d.stored) = (SELECT count(*) FROM genops.spans s WHERE coalesce(s.tenant_id, '') = d.tenant_id),
	bool_and(d.stored = d.exported + d.pending + d.rejected + d.not_sampled + d.expired + d.skipped),
	sum(d.pending) = (SELECT coalesce(sum(s.span_count), 0) FROM genops.segment s
		JOIN genops.delivery c USING (tenant_id, route)
		WHERE s.tenant_id = d.tenant_id AND s.sampled AND s.seq > c.cursor_seq)
FROM genops.stat_delivery d GROUP BY d.tenant_id ORDER BY d.tenant_id COLLATE "C"
END
}

# The lines of the server's log that match.
sub log_lines
{
	my ($node, $pattern, $offset) = @_;

	return grep { /$pattern/ } split /\n/, substr slurp_file($node->logfile), $offset || 0;
}

1;
