# SPDX-License-Identifier: PostgreSQL
# An OTLP endpoint: test/stand_in/otlp_receiver.py on a port of its own.  It ends
# with the test, however that ends.
package GenopsReceiver;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP;
use Time::HiRes qw(sleep time);

my $stand_in = dirname(__FILE__) . '/../stand_in';
my $json = JSON::PP->new->utf8;

#   port        instead of any that is free
#   tls         [certificate, key], files
#   client_ca   asks clients for a certificate that this one signed
sub start
{
	my ($class, %options) = @_;
	my $folder = tempdir(CLEANUP => 1);
	my $self = bless { folder => $folder, scheme => $options{tls} ? 'https' : 'http', read => 0, spans => [] },
	  $class;
	my @arguments = (
		'--log', "$folder/spans", '--port-file', "$folder/port", '--end-with-input',
		'--port', $options{port} || 0);

	push @arguments, '--tls', @{ $options{tls} } if $options{tls};
	push @arguments, '--client-ca', $options{client_ca} if $options{client_ca};
	$self->{pid} = open $self->{input}, '|-', '/usr/bin/python3', "$stand_in/otlp_receiver.py", @arguments
	  or die "could not start the receiver: $!\n";
	$self->{port} = $self->_wait_for_port;
	return $self;
}

sub _wait_for_port
{
	my ($self) = @_;
	my $deadline = time() + 60;

	while (time() < $deadline)
	{
		if (open my $file, '<', "$self->{folder}/port")
		{
			my $port = <$file>;

			chomp $port;
			return $port;
		}
		sleep 0.02;
	}
	die "the receiver didn't start\n";
}

sub port { return $_[0]->{port}; }

sub url { return "$_[0]->{scheme}://127.0.0.1:$_[0]->{port}"; }

# What it writes the accepted spans to.
sub spans_file { return "$_[0]->{folder}/spans"; }

# Every span that was accepted, in the order of arrival: see otlp_spans.py.
sub spans
{
	my ($self) = @_;

	if (open my $file, '<', "$self->{folder}/spans")
	{
		seek $file, $self->{read}, 0;
		while (my $line = <$file>)
		{
			last unless $line =~ /\n\z/;
			push @{ $self->{spans} }, $json->decode($line);
			$self->{read} += length $line;
		}
	}
	return @{ $self->{spans} };
}

# Returns them when there are at least so many.
sub wait_for_spans
{
	my ($self, $count) = @_;

	GenopsTest::wait_until("$count spans at the receiver", sub { scalar($self->spans) >= $count });
	return $self->spans;
}

# How to answer from now on: the rules of otlp_receiver.py; none means 200.
sub set_mode
{
	my ($self, @rules) = @_;
	my $answer = $self->_ask('POST', '/control', { content => $json->encode(\@rules) });

	die "the receiver refused a rule: $answer->{content}\n" unless $answer->{status} == 204;
}

# Counts: requests, spans, by_tenant, by_status ...
sub stats { return $json->decode($_[0]->_ask('GET', '/control/stats')->{content}); }

# Every request, whatever was answered.
sub requests { return @{ $json->decode($_[0]->_ask('GET', '/control/requests')->{content}) }; }

# Those of a tenant, '' for none.
sub requests_of
{
	my ($self, $tenant) = @_;

	return grep { ($_->{tenant} || '') eq $tenant } $self->requests;
}

sub _ask
{
	my ($self, $method, $path, $options) = @_;

	die "a receiver that asks for certificates can't be controlled\n" if $self->{scheme} eq 'https';
	return HTTP::Tiny->new(timeout => 60)->request($method, $self->url . $path, $options || {});
}

sub stop
{
	my ($self) = @_;

	return unless $self->{input};
	local $?;    # of the test
	close $self->{input};
	$self->{input} = undef;
}

sub DESTROY { $_[0]->stop; }

1;
