# SPDX-License-Identifier: PostgreSQL
# What the soak's files share: their sizes, and what is asked of a server's processes.
package GenopsSoak;

use strict;
use warnings;

use Exporter 'import';
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(size background wait_for_all memory_kb percentile tenants_agree);

# A size by its name: GENOPS_SOAK_NAME of the environment, or one of the two; the greater in
# "make soak", the smaller in "make check".
sub size
{
	my ($name, $short, $full) = @_;

	return $ENV{"GENOPS_SOAK_$name"} || ($ENV{GENOPS_SOAK} ? $full : $short);
}

# A command that runs beside the test, with its output in a file; wait_for_all() ends it.
sub background
{
	my ($name, @command) = @_;
	my $log = PostgreSQL::Test::Utils::tempdir() . "/$name";
	my $pid = fork;

	die "could not fork: $!\n" unless defined $pid;
	if ($pid == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $log;
		open STDERR, '>&', \*STDOUT;
		exec @command or POSIX::_exit(1);
	}
	return { pid => $pid, log => $log, name => $name };
}

# What those printed that failed.
sub wait_for_all
{
	my @failed;

	for my $command (@_)
	{
		local $?;

		waitpid $command->{pid}, 0;
		push @failed, "$command->{name}: " . slurp_file($command->{log}) if $? != 0;
	}
	return join "\n", @failed;
}

# What a process has for itself, in kB: its resident memory but for what it shares.
sub memory_kb
{
	my ($pid) = @_;
	my $sum = 0;

	open my $file, '<', "/proc/$pid/status" or return 0;
	/^Rss(?:Anon|File):\s+(\d+)/ and $sum += $1 while <$file>;
	return $sum;
}

sub percentile
{
	my ($share, @values) = @_;

	@values = sort { $a <=> $b } @values;
	return @values ? $values[ int($share * $#values) ] : undef;
}

# The sums of all tenants (of whom there may be thousands), each term counted by itself: what
# is stored by the rows of the ledger, what is exported at the endpoint, what is pending by
# the rows behind the cursor.
sub tenants_agree
{
	my ($node, $receiver, $what, $database) = @_;
	my %at_endpoint = $receiver->tenants;
	my $rows = $node->safe_psql($database || 'postgres', <<'END');
WITH s AS (
	SELECT coalesce(s.tenant_id, '') AS tenant_id, count(*) AS stored,
		count(*) FILTER (WHERE s.segment > d.answered_seq) AS pending
	FROM genops.spans s LEFT JOIN genops.stat_delivery d ON d.tenant_id = coalesce(s.tenant_id, '')
	GROUP BY 1)
SELECT coalesce(d.tenant_id, s.tenant_id), coalesce(s.stored, 0), coalesce(s.pending, 0),
	d.stored, d.exported, d.pending, d.rejected, d.not_sampled, d.expired, d.skipped
FROM s FULL JOIN genops.stat_delivery d ON d.tenant_id = s.tenant_id
END
	my @wrong;

	for my $row (split /\n/, $rows)
	{
		my ($tenant, $rows_stored, $rows_pending, @counts) = split /\|/, $row;
		my ($stored, $exported, $pending, $rejected, $not_sampled, $expired, $skipped) = @counts;

		push @wrong, "$row|" . ($at_endpoint{$tenant} || 0)
		  unless @counts == 7
		  && $rows_stored + $expired == $stored
		  && $rows_pending == $pending
		  && $exported == ($at_endpoint{$tenant} || 0)
		  && $stored == $exported + $pending + $rejected + $not_sampled + $expired + $skipped;
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(scalar @wrong, 0, "$what: every tenant's sums hold, each term counted by itself")
	  or diag(join "\n", 'tenant|in the ledger|behind the cursor|stored|exported|pending|rejected|not sampled|expired|skipped|at the endpoint',
		@wrong[ 0 .. ($#wrong < 5 ? $#wrong : 5) ]);
}

use POSIX ();

1;
