# SPDX-License-Identifier: PostgreSQL
# Random spans as others would send them, an OTLP/JSON request per trace: trees
# with orphans, several roots and ids that occur twice, attributes of every type
# under few keys, so that a key is on spans and resources and of different types.
package LiveSpans;

use strict;
use warnings;
use utf8;

use Exporter 'import';
use JSON::PP;
use LiveRandom;

our @EXPORT = qw(random_trace %WITH @FEATURES $SECOND @TEXTS);

our $SECOND = 1_000_000_000;
our @TEXTS = ('a', 'b', 'alpha', 'Alpha', 'grün', '日本', "x\ny", 'a"b\\', '200', '', 'error', 'a.b');

# What a set of spans may have that Tempo treats in ways of its own:
#   events     several events or links of a span
#   arrays     arrays of more or less than one element, and values of other kinds
#   mixed      values of several types under one key
#   dedicated  keys that Tempo has columns for
#   trees      several roots, and ids that occur twice
#   senders    costs, counts and attribution as other instrumentations have them
our @FEATURES = qw(events arrays mixed dedicated trees senders);
our %WITH;

my $json = JSON::PP->new->utf8->canonical;

my %make = (
	int => sub { { intValue => '' . pick(-3 .. 10, 200, 404, 1_000_000, '9007199254740993') } },
	double => sub { { doubleValue => pick(-1.5, 0, 0.5, 1, 1.5, 2, 2.25, 200, 1e9, 0.1) } },
	string => sub { { stringValue => pick(@TEXTS) } },
	bool => sub { { boolValue => pick(JSON::PP::true, JSON::PP::false) } },
	bytes => sub { { bytesValue => 'AAECAw==' } },
	nothing => sub { {} },
);

sub value_of { return $make{ $_[0] }->(); }

sub array_of
{
	my ($type, $least, $most) = @_;

	return { arrayValue => { values => [ some($least, $most, sub { value_of($type) }) ] } };
}

$make{ints} = sub { array_of('int', 2, 3) };
$make{doubles} = sub { array_of('double', 2, 3) };
$make{strings} = sub { array_of('string', 2, 3) };
$make{bools} = sub { array_of('bool', 2, 3) };
$make{one} = sub { array_of(pick(qw(int double string bool)), 1, 1) };
$make{empty} = sub { { arrayValue => { values => [] } } };
$make{unlike} = sub { { arrayValue => { values => [ value_of('int'), value_of('string') ] } } };
$make{map} = sub { { kvlistValue => { values => [ { key => 'k', value => value_of('int') } ] } } };

# The types that a key has where it is; a key that has one has it twice as often.
my %span_keys = (
	n => ['int'], x => ['double'], s => ['string'], flag => ['bool'],
	nums => ['ints'], reals => ['doubles'], tags => ['strings'], flags => ['bools'],
	mix => [qw(int double string bool ints doubles strings bools one)],
	number => [qw(int double)], odd => [qw(one empty unlike map bytes int string)],
	both => [qw(string int)], 'größe' => [qw(int string)], 'a b.c' => ['string'],
	'http.method' => ['string'], 'http.status_code' => [qw(int int int string)], 'server.port' => ['int'],
	team => ['string'], cost => ['double'],
);
# As genops_track() has them come first.  A team is no array: see plain_by in LiveQueries.pm.
my %sender_keys = (
	team => [qw(string string int)], customer_id => [qw(string int)], cost => [qw(double int)],
	'genops.cost.total_cost' => [qw(double int string)], 'genops.cost.total_tokens' => [qw(int double)],
	'gen_ai.usage.input_tokens' => [qw(int double string)], 'gen_ai.request.model' => ['string'],
	'gen_ai.operation.name' => [qw(string strings)],
);
my %resource_keys = (
	both => [qw(string int double)], mix => [qw(int double string bool)], region => ['string'],
	weight => [qw(int double)], team => ['string'], 'k8s.pod.name' => ['string'], zones => [qw(strings one)],
);
my %event_keys = ('exception.type' => ['string'], en => [qw(int double)], ev => [qw(string int bool strings)]);
my %link_keys = (ln => [qw(int double)], lv => [qw(string bool)]);
my %scope_keys = (in => [qw(int double)], iv => ['string']);

my %is_array = map { $_ => 1 } qw(ints doubles strings bools one empty unlike map bytes);
my %is_dedicated = map { $_ => 1 } qw(http.method http.status_code server.port k8s.pod.name);

sub types_of
{
	my ($mixed, @all) = @_;
	my @types = grep { $WITH{arrays} || !$is_array{$_} } @all;

	return $mixed ? @types : @types[ 0 .. ($#types < 0 ? -1 : 0) ];
}

sub attributes
{
	my ($keys, $percent, $mixed) = @_;
	my @found;

	for my $key (sort keys %$keys)
	{
		my @types = types_of($mixed || $WITH{mixed}, @{ $keys->{$key} });

		next if !@types || ($is_dedicated{$key} && !$WITH{dedicated});
		push @found, { key => $key, value => value_of(pick(@types)) } if chance($percent);
	}
	return \@found;
}

sub resource
{
	my $attributes = attributes(\%resource_keys, 40);

	unshift @$attributes, { key => 'service.name', value => { stringValue => pick(qw(shop pay), 'größe') } }
	  unless chance(8);
	return { attributes => $attributes };
}

sub scope
{
	return {} if chance(30);
	return {
		name => pick('lib.a', 'lib.b', ''),
		chance(60) ? (version => pick('1.0', '2.1')) : (),
		attributes => attributes(\%scope_keys, 50) };
}

sub event
{
	my ($start, $duration) = @_;

	return {
		name => pick('exception', 'log', 'grün', ''),
		timeUnixNano => '' . ($start + pick(0, 1, 1_000_000, int($duration / 2), $duration)),
		attributes => attributes(\%event_keys, 50) };
}

sub link_to
{
	my ($spans) = @_;
	my $other = @$spans && chance(50) ? pick(@$spans) : { traceId => hex_digits(32), spanId => hex_digits(16) };

	return { traceId => $other->{traceId}, spanId => $other->{spanId}, attributes => attributes(\%link_keys, 50) };
}

sub start_in
{
	my ($base, $seconds) = @_;

	return $base + $SECOND * below($seconds) + pick(0, 0, 1, 999, 1000, 500_000_000, below($SECOND));
}

sub random_duration { return pick(0, 1, 999, 1_000_000, 100_000_000, 500_000_000, $SECOND, 1_500_000_000, below(4 * $SECOND)); }

sub status
{
	my $code = pick(0, 0, 1, 2);

	return { code => $code, chance($code == 2 ? 60 : 10) ? (message => pick('boom', 'too late', 'grün')) : () };
}

sub parent_of
{
	my ($spans) = @_;

	return () if !@$spans || ($WITH{trees} && chance(6));
	return (parentSpanId => hex_digits(16)) if chance(6);
	return (parentSpanId => pick(@$spans)->{spanId});
}

sub span_attributes
{
	my %keys = %span_keys;

	return attributes(\%keys, pick(15, 40, 70)) unless $WITH{senders};
	delete @keys{ keys %sender_keys };
	return [ @{ attributes(\%keys, pick(15, 40)) }, @{ attributes(\%sender_keys, 50, 1) } ];
}

sub span
{
	my ($id, $base, $spans) = @_;
	my $start = start_in($base, 30);
	my $duration = random_duration();
	my $twin = $WITH{trees} && @$spans && chance(5) ? pick(@$spans) : undef;

	return {
		traceId => $id,
		spanId => $twin ? $twin->{spanId} : hex_digits(16),
		$twin && $twin->{parentSpanId} ? (parentSpanId => $twin->{parentSpanId}) : parent_of($spans),
		chance(20) ? (traceState => pick('ot=th:8', 'ot=th:c', 'x=y,ot=th:4', 'x=y', 'ot=th:0')) : (),
		name => pick('get', 'put', 'call model', 'größe', 'root', ''),
		kind => below(6),
		startTimeUnixNano => "$start",
		endTimeUnixNano => '' . ($start + $duration),
		attributes => span_attributes(),
		events => [ chance(40) ? some(1, $WITH{events} ? 3 : 1, sub { event($start, $duration) }) : () ],
		links => [ chance(25) ? some(1, $WITH{events} ? 2 : 1, sub { link_to($spans) }) : () ],
		status => status() };
}

sub resource_spans
{
	my ($spans) = @_;
	my @parts = some(1, 3, sub { { resource => resource(), scopeSpans => [ some(1, 2, sub { { scope => scope(), spans => [] } }) ] } });

	push @{ pick(@{ pick(@parts)->{scopeSpans} })->{spans} }, $_ for @$spans;
	for my $part (@parts)
	{
		$part->{scopeSpans} = [ grep { @{ $_->{spans} } } @{ $part->{scopeSpans} } ];
	}
	return [ grep { @{ $_->{scopeSpans} } } @parts ];
}

# A trace that begins within some minutes of "base", in nanoseconds: the request,
# and its spans.
sub random_trace
{
	my ($id, $base, $seconds) = @_;
	my $begin = $base + $SECOND * below($seconds);
	my @spans;

	push @spans, span($id, $begin, \@spans) for 1 .. pick(1, 2, 3, 4, 6, 12);
	return $json->encode({ resourceSpans => resource_spans(\@spans) }), @spans;
}

1;
