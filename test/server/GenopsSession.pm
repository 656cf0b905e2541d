# SPDX-License-Identifier: PostgreSQL
# A session that stays open: for what other sessions do meanwhile.
package GenopsSession;

use strict;
use warnings;

use GenopsTest qw(wait_until);
use IPC::Run;

my $END = 'end of the answer';

#   settings    for PGOPTIONS
sub new
{
	my ($class, $node, $database, %options) = @_;
	my $self = bless { node => $node, in => '', out => '', err => '' }, $class;

	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @{ $options{settings} || [] };
	$self->{psql} = IPC::Run::start(
		[ 'psql', '-XAtq', '-f', '-', '-d', $node->connstr($database || 'postgres') ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
		IPC::Run::timeout($GenopsTest::DEADLINE_SECONDS));
	$self->{pid} = $self->query('SELECT pg_backend_pid()');
	return $self;
}

sub pid { return $_[0]->{pid}; }

# Everything that it was told in errors, warnings and notices.
sub errors { return $_[0]->{err}; }

# Starts statements and does not wait for them.
sub start
{
	my ($self, $statements) = @_;

	$self->{in} .= "$statements;\n\\echo $END\n\\warn $END\n";
	$self->{psql}->pump_nb while length $self->{in};
}

# Waits for what was started, and returns the rows.
sub finish
{
	my ($self) = @_;

	$self->{psql}->pump until $self->{out} =~ /^\Q$END\E\n/m && $self->{err} =~ /^\Q$END\E\n/m;
	$self->{out} =~ s/^(.*?)\n?^\Q$END\E\n//ms or die;
	my $rows = $1;

	$self->{err} =~ s/^\Q$END\E\n//m;
	return $rows;
}

sub query
{
	my ($self, $statements) = @_;

	$self->start($statements);
	return $self->finish;
}

# Until the server says that it waits for such a thing, 'PgSleep' or 'relation', or for one of its
# kind, 'Extension'.
sub wait_for_event
{
	my ($self, $event) = @_;

	wait_until(
		"session waits for $event",
		sub {
			$self->{node}->safe_psql('postgres',
				"SELECT '$event' IN (wait_event, wait_event_type) FROM pg_stat_activity WHERE pid = $self->{pid}") eq 't';
		});
}

# Waits until psql has ended, because its server process was ended.
sub wait_for_end
{
	my ($self) = @_;

	IPC::Run::finish($self->{psql});
	$self->{psql} = undef;
}

sub close
{
	my ($self) = @_;

	return unless $self->{psql};
	$self->{in} .= "\\q\n";
	$self->wait_for_end;
}

1;
