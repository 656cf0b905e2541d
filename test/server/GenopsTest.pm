# SPDX-License-Identifier: PostgreSQL
# What the server tests share: servers with the extension, OTLP endpoints, and
# waiting for what is to happen.
package GenopsTest;

use strict;
use warnings;

use Exporter 'import';
use GenopsReceiver;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(new_node start_node_with create_ledger start_receiver deliver_to wait_until wait_for_port
  flush_exported);

# What ends a wait that is in vain.  No test measures time by it.
our $DEADLINE_SECONDS = $ENV{PG_TEST_TIMEOUT_DEFAULT} || 180;

# A running server with the extension preloaded.
#   conf        more lines for its postgresql.conf
#   streaming   can feed a standby
#   initdb      more arguments of initdb, in an array
#   start => 0  is not started yet
sub new_node
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(
		extra => [ '--encoding=UTF8', '--locale=C.UTF-8', @{ $options{initdb} || [] } ],
		allows_streaming => $options{streaming} || 0);
	$node->append_conf('postgresql.conf', <<"END");
shared_preload_libraries = 'genops_tempo'
genops_tempo.flush_interval = '50ms'
log_statement = none
@{[ $options{conf} || '' ]}
END
	$node->start unless defined $options{start} && !$options{start};
	return $node;
}

# Starts it with more in its environment.
sub start_node_with
{
	my ($node, %environment) = @_;

	local %ENV = (%ENV, %environment);
	$node->start;
}

# A database with a ledger; made if it is another than "postgres".
sub create_ledger
{
	my ($node, $database) = @_;

	$database ||= 'postgres';
	$node->safe_psql('postgres', "CREATE DATABASE $database") if $database ne 'postgres';
	$node->safe_psql($database, 'CREATE EXTENSION genops_tempo');
}

# An OTLP endpoint, see GenopsReceiver.
sub start_receiver
{
	return GenopsReceiver->start(@_);
}

# Sends what this database records to a receiver; more arguments of
# genops_configure() as SQL.
sub deliver_to
{
	my ($node, $receiver, %options) = @_;
	my $more = $options{arguments} ? ", $options{arguments}" : '';

	$node->safe_psql($options{database} || 'postgres',
		"SELECT * FROM genops_configure(otlp_endpoint => '" . $receiver->url . "'$more)");
}

# Polls until the code returns something true, and returns that; dies at the
# deadline.
sub wait_until
{
	my ($what, $code) = @_;
	my $deadline = time() + $DEADLINE_SECONDS;

	while (time() < $deadline)
	{
		my $result = $code->();

		return $result if $result;
		sleep 0.02;
	}
	die "waited $DEADLINE_SECONDS s in vain: $what\n";
}

# The port that a stand-in listens on, which it writes to a file when it does.
sub wait_for_port
{
	my ($path) = @_;

	return wait_until(
		'the stand-in listens',
		sub {
			open my $file, '<', $path or return;
			my $port = <$file>;
			chomp $port;
			return $port;
		});
}

# Everything recorded so far is answered for; dies if it isn't in time.
sub flush_exported
{
	my ($node, $database) = @_;
	my $flushed = $node->safe_psql($database || 'postgres',
		"SELECT complete, queued, pending FROM genops_flush('exported', $DEADLINE_SECONDS)");

	die "not everything was delivered: $flushed\n" unless $flushed =~ /^t\|/;
}

1;
