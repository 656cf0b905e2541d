# SPDX-License-Identifier: PostgreSQL
# An OTLP endpoint that takes millions of spans and compares each one's name with its tenant:
# test/stand_in/fast_receiver.c on a port of its own.  It ends with the test.
package GenopsFastReceiver;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use GenopsTest;
use HTTP::Tiny;
use JSON::PP;

my $source = dirname(__FILE__) . '/../stand_in/fast_receiver.c';
my $json = JSON::PP->new->utf8;
my $program;

sub _program
{
	return $program if $program;
	$program = tempdir(CLEANUP => 1) . '/fast_receiver';
	system($ENV{CC} || 'cc', '-std=gnu11', '-D_GNU_SOURCE', '-O2', '-o', $program, $source, '-lpthread', '-lz') == 0
	  or die "could not compile $source\n";
	return $program;
}

#   watch    a tenant, whose spans' way is timed
sub start
{
	my ($class, %options) = @_;
	my $folder = tempdir(CLEANUP => 1);
	my $self = bless { folder => $folder }, $class;
	my @arguments = ('--port-file', "$folder/port");

	push @arguments, '--watch', $options{watch} if $options{watch};
	my $compiled = _program();
	my $pid = fork;
	die "could not fork: $!\n" unless defined $pid;
	if ($pid == 0)
	{
		open STDOUT, '>', '/dev/null';
		exec $compiled, @arguments or POSIX::_exit(1);
	}
	$self->{pid} = $pid;
	$self->{port} = wait_for_port("$folder/port");
	return $self;
}

sub url { return "http://127.0.0.1:$_[0]->{port}"; }

# How to answer from now on: words as in fast_receiver.c; none: 200 at once.
sub set_mode
{
	my ($self, @rules) = @_;

	_content(HTTP::Tiny->new(timeout => 60)->post($self->url . '/control', { content => join ' ', @rules }));
}

sub stats { return $json->decode($_[0]->_get('/stats')); }

# How many different spans each tenant got.
sub tenants
{
	return map { my ($name, $count) = split /\t/; $name => $count } split /\n/, $_[0]->_get('/tenants');
}

# What came under a wrong tenant, the first of them, in words.
sub wrong { return $_[0]->_get('/wrong'); }

sub _content
{
	my ($answer) = @_;

	die "the receiver answered $answer->{status}: $answer->{content}\n" unless $answer->{success};
	return $answer->{content};
}

sub _get { return _content(HTTP::Tiny->new(timeout => 60)->get($_[0]->url . $_[1])); }

sub stop
{
	my ($self) = @_;

	return unless $self->{pid};
	local $?;    # of the test
	kill TERM => $self->{pid};
	waitpid $self->{pid}, 0;
	$self->{pid} = undef;
}

sub DESTROY { $_[0]->stop; }

use POSIX ();

1;
