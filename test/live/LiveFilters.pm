# SPDX-License-Identifier: PostgreSQL
# Random filters, { ... }: every operator on attributes of every scope, on every
# intrinsic and on values of every type.
package LiveFilters;

use strict;
use warnings;
use utf8;

use Exporter 'import';
use LiveCalls qw(@TEAMS @MODELS @COSTS);
use LiveRandom;
use LiveSpans qw(%WITH @TEXTS);

our @EXPORT = qw(random_filter random_field random_number random_attribute random_numeric random_any mentioned forget_mentioned
  set_known_ids);

my @trace_ids;    # of the spans that are asked for
my @span_ids;

sub set_known_ids
{
	my ($traces, $spans) = @_;

	@trace_ids = @$traces;
	@span_ids = @$spans;
}

sub string
{
	my ($text) = @_;

	return "`$text`" if $text !~ /`/ && chance(15);
	$text =~ s/([\\"])/\\$1/g;
	$text =~ s/\n/\\n/g;
	return qq("$text");
}

my @span_names = ('n', 'x', 's', 'flag', 'nums', 'reals', 'tags', 'flags', 'mix', 'number', 'odd', 'both', 'größe',
	'"a b.c"', 'http.method', 'http.status_code', 'server.port', 'nowhere');
my @resource_names = ('both', 'mix', 'region', 'weight', 'k8s.pod.name', 'zones', 'service.name', 'nowhere');
my @promoted = ('team', 'project', 'customer_id', 'cost_center', 'feature', 'user_id', 'genops.team', 'genops.environment',
	'genops.provider', 'genops.model', 'gen_ai.request.model', 'gen_ai.operation.name', 'genops.cost.total_tokens',
	'genops.tokens.input', 'gen_ai.usage.input_tokens', 'genops.cost.completion_tokens', 'genops.cost.total_cost', 'cost');

sub promoted_attribute
{
	return pick('resource.service.name', '.service.name', 'resource.deployment.environment') if chance(15);
	return pick('.', 'span.') . pick(@promoted);
}

# What the query at hand mentions already.  That the same attribute is compared, grouped by and
# measured is frequent among people and would be rare among random queries.
my %mentioned;

sub forget_mentioned { %mentioned = (); }

sub mentioned { return sort keys %mentioned; }

sub mention
{
	$mentioned{ $_[0] } = 1;
	return $_[0];
}

# An attribute, not an intrinsic.
sub random_attribute
{
	my @again = grep { /\./ } mentioned();
	return pick(@again) if @again && chance(20);
	my $attribute = any_attribute();

	return mention($attribute) unless $attribute =~ /http\.|server\.port|k8s/ && !$WITH{dedicated};
	return random_attribute();
}

sub any_attribute
{
	return promoted_attribute() if chance(12);
	return '.' . pick(@span_names, @resource_names) if chance(35);
	return 'span.' . pick(@span_names) if chance(50);
	return 'resource.' . pick(@resource_names) if chance(40);
	return 'event.' . pick('exception.type', 'en', 'ev', 'nowhere') if chance(45);
	return 'link.' . pick('ln', 'lv', 'nowhere') if chance(50);
	return 'instrumentation.' . pick('in', 'iv', 'nowhere');
}

my @numbers = qw(duration traceDuration span:duration trace:duration span:childCount nestedSetLeft nestedSetRight
  nestedSetParent event:timeSinceStart);
my @strings = qw(name span:name statusMessage span:statusMessage rootName trace:rootName rootServiceName trace:rootService
  span:id span:parentID trace:id event:name link:traceID link:spanID instrumentation:name instrumentation:version);

# Anything that a span has, also what select() and by() of metrics take.
sub random_any
{
	return pick(mentioned()) if mentioned() && chance(25);
	return pick(@numbers, @strings, qw(status kind span:status span:kind)) if chance(35);
	return random_attribute();
}

sub random_number
{
	return pick(0, 1, 2, 5, 10, 100, 200, 404, 1000, 1_000_000, '9007199254740993', 'minInt', 'maxInt') if chance(45);
	return pick('0.0', '0.5', '1.0', '1.5', '2.25', '5.', '200.0', '1e9', '0.1', @COSTS) if chance(60);
	return pick('0s', '1ns', '1ms', '100ms', '500ms', '1s', '1.5s', '2s', '1m', '1h');
}

sub random_numeric { return chance(35) ? mention(pick(@numbers)) : random_attribute(); }

# Numbers that an attribute of the span is among.
sub numeric_field
{
	my ($depth) = @_;

	return random_numeric() if $depth <= 0 || chance(40);
	return '(-' . numeric_field($depth - 1) . ')' if chance(15);
	my ($left, $right) = (numeric_field($depth - 1), chance(70) ? random_number() : numeric_field($depth - 1));

	($left, $right) = ($right, $left) if chance(25);
	return "($left " . pick(qw(+ + - - * * / % ^)) . " $right)";
}

sub comparison_operator { return pick(qw(= != < <= > >=)); }

sub compare_numbers
{
	my ($depth) = @_;
	my ($left, $right) = (numeric_field($depth), chance(75) ? random_number() : numeric_field($depth));

	$right = '-' . $right if $right =~ /^[\d.]/ && chance(10);
	($left, $right) = ($right, $left) if chance(20);
	return "$left @{[ comparison_operator() ]} $right";
}

sub string_value
{
	return string(pick(@TEAMS, @MODELS, 'shop', 'pay', 'größe', '42', 'chat')) if chance(20);
	return string(pick('get', 'put', 'call model', 'root', 'boom', 'exception', 'log', 'lib.a', '1.0')) if chance(35);
	return string(pick(@trace_ids)) if chance(6);
	return string(pick(@span_ids)) if chance(6);
	return string(pick(@TEXTS));
}

sub compare_strings
{
	my $left = chance(45) ? mention(pick(@strings)) : random_attribute();
	my $right = chance(90) ? string_value() : chance(50) ? pick(@strings) : random_attribute();

	$left = pick(qw(trace:id link:traceID)) if $right =~ /^.[0-9a-f]{32}.$/ && chance(80);
	$left = pick(qw(span:id span:parentID link:spanID)) if $right =~ /^.[0-9a-f]{16}.$/ && chance(80);
	($left, $right) = ($right, $left) if chance(15);
	return "$left " . pick(qw(= = = != != < <= > >=)) . " $right";
}

my @patterns = ('a', 'a.*', '.*', '.+', '', '(?i)alpha', '[a-c]+', 'a|b|alpha', '.*[0-9].*', 'x.y', 'gr.n', 'get|put', '[^a]*',
	'(get|call) ?.*', 'shop|pay', 'gpt-.*', '\\d+', '.{2,4}');

sub match
{
	my $left = chance(40) ? pick(@strings) : random_attribute();

	return "$left " . pick('=~', '!~') . ' ' . string(pick(@patterns));
}

sub compare_keywords
{
	my $status = chance(50);
	my $left = chance(20) ? random_attribute() : mention($status ? pick(qw(status span:status)) : pick(qw(kind span:kind)));
	my $right = $status ? pick(qw(ok error unset)) : pick(qw(unspecified internal server client producer consumer));

	($left, $right) = ($right, $left) if chance(10);
	return "$left " . pick('=', '!=') . " $right";
}

sub compare_nil
{
	my ($left, $right, $operator) = (random_attribute(), 'nil', pick('=', '!='));

	$left = random_any() if $operator eq '!=' && chance(30);
	($left, $right) = ($right, $left) if chance(15);
	return "$left $operator $right";
}

sub compare_booleans
{
	my ($left, $right) = (random_attribute(), pick('true', 'false'));

	($left, $right) = ($right, $left) if chance(15);
	return "$left " . pick('=', '!=') . " $right";
}

sub compare_attributes { return random_attribute() . ' ' . comparison_operator() . ' ' . random_attribute(); }

sub compare_constants
{
	return random_number() . ' ' . comparison_operator() . ' ' . random_number() if chance(50);
	return pick('2 ^ 3 = 8', '7 / 2 = 3', '7 % 4 = 3', '-7 % 4 = -3', '7.0 / 2 = 3.5', '"a" < "b"', '"a" != "a"', 'nil = nil', 'true = true',
		'(1 + 2) * 3 = 9', '2s > 1s', '1s + 1ms > 1s', '2 ^ 3 ^ 2 > 100', '"abc" =~ "a.*"', '!(1 = 1)');
}

sub comparison
{
	my ($depth) = @_;

	return compare_numbers($depth) if chance(35);
	return compare_strings() if chance(32);
	return match() if chance(28);
	return compare_nil() if chance(30);
	return compare_keywords() if chance(45);
	return compare_booleans() if chance(45);
	return compare_attributes() if chance(65);
	return compare_constants();
}

# A comparison of what is a comparison, or several, itself.
sub compare_condition
{
	my ($depth) = @_;
	my $left = '(' . (chance(80) ? comparison(0) : random_field($depth - 1)) . ')';
	my $right = chance(60) ? pick('true', 'false') : chance(30) ? 'nil' : chance(40) ? random_attribute() : '(' . comparison(0) . ')';

	$left = "!$left" if chance(10);
	($left, $right) = ($right, $left) if chance(15);
	return "($left " . pick('=', '!=') . " $right)";
}

sub random_field
{
	my ($depth) = @_;

	return pick('true', 'false') if chance(2);
	return random_attribute() if chance(2);
	return compare_condition($depth) if chance(4);
	return comparison(pick(0, 0, 0, 1, 2)) if $depth <= 0 || chance(45);
	return '!' . (chance(85) ? '(' . random_field($depth - 1) . ')' : pick('.flag', 'span.flag')) if chance(15);
	my $both = random_field($depth - 1) . ' ' . pick('&&', '||') . ' ' . random_field($depth - 1);

	return chance(50) ? "($both)" : $both;
}

sub random_filter
{
	my ($depth) = @_;

	return pick('{}', '{ }', '{ true }') if chance(10);
	return '{ ' . random_field($depth) . ' }';
}

1;
