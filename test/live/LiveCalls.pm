# SPDX-License-Identifier: PostgreSQL
# Random calls of genops_track(), whose attributes the ledger keeps in columns.
package LiveCalls;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use LiveRandom;
use LiveSpans qw(%WITH);

our @EXPORT = qw(random_calls @TEAMS @MODELS @COSTS);

our @TEAMS = ('support', 'research', 'a', 'Alpha');
our @MODELS = ('gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4');
our @COSTS = ('0.5', '0.0125', '1.5', '0', '12.000000000001');

my $json = JSON::PP->new->canonical;

sub quoted { return "'" . $_[0] =~ s/'/''/gr . "'"; }

sub attributes
{
	my %values = (
		n => pick(-2, 0, 1, 5), x => pick(0.5, 1.5, 2.25), s => pick('a', 'alpha', 'b'),
		flag => pick(JSON::PP::true, JSON::PP::false), number => $WITH{mixed} ? pick(1, 1.5) : 1,
		$WITH{arrays} ? (tags => [ 'a', 'b' ], nums => [ 1, 2, 3 ]) : ());

	return $json->encode({ map { $_ => $values{$_} } grep { chance(40) } sort keys %values });
}

sub call
{
	my ($start, $trace) = @_;
	my %arguments = (
		provider => quoted(pick('openai', 'anthropic')),
		model => quoted(pick(@MODELS)),
		operation => quoted(pick('chat', 'chat', 'embeddings')),
		service_name => quoted(pick('shop', 'ledger')),
		started_at => sprintf('to_timestamp(%d) + interval \'%d microseconds\'', $start, pick(0, 1, 500_000, below(1_000_000))),
		duration => quoted(pick('0', '1.5 s', '500 ms', '1 s', '0.000001 s')),
		attributes => quoted(attributes()));
	my %optional = (
		prompt_tokens => pick(0, 1, 5, 100, 1200), completion_tokens => pick(0, 3, 40),
		total_cost => pick(@COSTS), team => quoted(pick(@TEAMS)), project => quoted(pick('p', 'q')),
		customer_id => pick(42, 43, 7), cost_center => quoted('cc'), feature => quoted(pick('f', 'g')),
		user_id => quoted(pick('u', 'v')), environment => quoted(pick('test', 'production')));

	for my $name (sort keys %optional)
	{
		$arguments{$name} = $optional{$name} if chance(60);
	}
	$arguments{error} = quoted(pick('overloaded', 'too late')) if chance(25);
	$arguments{name} = quoted(pick('get', 'call model')) if chance(30);
	$arguments{traceparent} = quoted($trace) if $trace;
	return 'genops_track(' . join(', ', map { "$_ => $arguments{$_}" } sort keys %arguments) . ')';
}

# Statements; some of the calls are within traces that were ingested, which are
# told as traceparents.  "start" is in seconds.
sub random_calls
{
	my ($count, $start, $seconds, @traceparents) = @_;

	return join '', map { 'SELECT ' . call($start + below($seconds), chance(25) ? pick(@traceparents) : undef) . ";\n" } 1 .. $count;
}

1;
