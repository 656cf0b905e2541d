# SPDX-License-Identifier: PostgreSQL
# The sums that must hold for every tenant, each term counted where it comes from: what is
# stored by the rows of the ledger, what is exported at the endpoint, what is pending by the
# spans behind the stream's cursor.
package GenopsAccounts;

use strict;
use warnings;

use Exporter 'import';
use GenopsTest;
use Test::More;

our @EXPORT = qw(accounts_add_up arrived features worker_pid worker_cpu_ms);

# The distinct spans of a tenant ('' for none) that a receiver accepted.
sub arrived
{
	my ($receiver, $tenant) = @_;
	my %ids = map { $_->{span_id} => 1 } grep { ($_->{tenant} || '') eq $tenant } $receiver->spans;

	return scalar keys %ids;
}

# How many distinct spans of each feature a receiver accepted: "a=1 b=2".
sub features
{
	my ($receiver) = @_;
	my %seen;
	my %count;

	for my $span ($receiver->spans)
	{
		$count{ $span->{attributes}{feature}{string} }++ unless $seen{ $span->{span_id} }++;
	}
	return join ' ', map { "$_=$count{$_}" } sort keys %count;
}

sub worker_pid
{
	my ($node, $database) = @_;

	return $node->safe_psql($database || 'postgres', 'SELECT worker_pid FROM genops.stat_recording');
}

# The processor time that a process has used, in milliseconds.
sub worker_cpu_ms
{
	my ($pid) = @_;

	open my $file, '<', "/proc/$pid/stat" or die "there is no process $pid\n";
	my $line = <$file>;
	my @fields = split ' ', $line =~ s/^.*\) //r;    # behind the name: state is the first

	return ($fields[11] + $fields[12]) * 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# At rest (nothing queued, no request under way), of every tenant.  Without a receiver the
# exported spans are not counted at their endpoint.
sub accounts_add_up
{
	my ($node, $receiver, $what, %options) = @_;
	my $rows = $node->safe_psql($options{database} || 'postgres', <<'END');
SELECT d.tenant_id, d.stored, d.exported, d.pending, d.rejected, d.not_sampled, d.expired, d.skipped, s.stored, s.pending
FROM genops.stat_delivery d
	CROSS JOIN LATERAL (SELECT count(*) AS stored, count(*) FILTER (WHERE s.segment > d.answered_seq) AS pending
		FROM genops.spans s WHERE coalesce(s.tenant_id, '') = d.tenant_id) s
ORDER BY d.tenant_id COLLATE "C"
END
	my @wrong;

	for my $row (split /\n/, $rows)
	{
		my ($tenant, $stored, $exported, $pending, $rejected, $not_sampled, $expired, $skipped, $rows_stored, $rows_pending) =
		  split /\|/, $row;
		my $at_endpoint = $receiver ? arrived($receiver, $tenant) : $exported;

		push @wrong, $row
		  unless $stored == $exported + $pending + $rejected + $not_sampled + $expired + $skipped
		  && $stored == $rows_stored + $expired
		  && $pending == $rows_pending
		  && $exported == $at_endpoint;
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join("\n", @wrong), '', "$what: every tenant's sums hold, each term counted by itself");
}

use POSIX ();

1;
