# SPDX-License-Identifier: PostgreSQL
# A Tempo: test/stand_in/tempo.py on a port of its own.  It ends with the test,
# however that ends.
package GenopsTempo;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP;

my $stand_in = dirname(__FILE__) . '/../stand_in';
my $json = JSON::PP->new->utf8;

#   multi_tenant    a tenant must be named
#   authorization   the header that is asked for
#   spans           a GenopsReceiver, whose traces are found here
#   tls             [certificate, key], files
sub start
{
	my ($class, %options) = @_;
	my $folder = tempdir(CLEANUP => 1);
	my $self = bless { folder => $folder, scheme => $options{tls} ? 'https' : 'http' }, $class;
	my @arguments = ('--port-file', "$folder/port", '--end-with-input');

	push @arguments, '--multi-tenant' if $options{multi_tenant};
	push @arguments, '--authorization', $options{authorization} if $options{authorization};
	push @arguments, '--spans', $options{spans}->spans_file if $options{spans};
	push @arguments, '--tls', @{ $options{tls} } if $options{tls};
	$self->{pid} = open $self->{input}, '|-', '/usr/bin/python3', "$stand_in/tempo.py", @arguments
	  or die "could not start the stand-in: $!\n";
	$self->{port} = GenopsTest::wait_for_port("$folder/port");
	return $self;
}

sub port { return $_[0]->{port}; }

sub url { return "$_[0]->{scheme}://127.0.0.1:$_[0]->{port}"; }

# How to answer from now on: the rules of tempo.py; none: as recorded.
sub set_mode
{
	my ($self, @rules) = @_;
	my $answer = $self->_ask('POST', '/control', { content => $json->encode(\@rules) });

	die "the stand-in refused a rule: $answer->{content}\n" unless $answer->{status} == 204;
}

# Every question so far: path, parameters, headers, status.
sub requests { return @{ $json->decode($_[0]->_ask('GET', '/control/requests')->{content}) }; }

sub last_request { return ($_[0]->requests)[-1]; }

sub _ask
{
	my ($self, $method, $path, $options) = @_;

	return HTTP::Tiny->new(timeout => 60, verify_SSL => 0)->request($method, $self->url . $path, $options || {});
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
