# SPDX-License-Identifier: PostgreSQL
# Random queries from the whole grammar: searches and metrics.
package LiveQueries;

use strict;
use warnings;

use Exporter 'import';
use LiveFilters;
use LiveRandom;

our @EXPORT = qw(random_search random_metrics);

my @plain = qw(name status kind resource.service.name rootName .n .s span.x span.flag .team .number resource.weight duration
  instrumentation:name event:name span.nowhere);
my @spanset_operators = qw(&& || > < >> << ~ !> !< !>> !<< !~ &> &< &>> &<< &~);

sub spanset
{
	my ($depth) = @_;

	return random_filter(pick(0, 1, 1, 2)) if $depth <= 0 || chance(55);
	my $both = spanset($depth - 1) . ' ' . pick(@spanset_operators) . ' ' . spanset($depth - 1);

	return chance(40) ? "($both)" : $both;
}

sub grouped
{
	return random_any() if chance(80);
	return pick('1 + span.n', 'duration > 1s', '.mix = nil', 'name =~ "g.*"', '.s = "a" || .n = 1', 'span.number * 2');
}

sub aggregate
{
	return 'count()' if chance(30);
	return pick(qw(min max avg sum)) . '(' . (chance(85) ? random_numeric() : pick('duration + span.n', 'span.number * 2', '-span.n')) . ')';
}

sub scalar_filter
{
	my $value = chance(50) ? below(4) : random_number();

	$value = '-' . $value if $value =~ /^\d/ && chance(10);
	return aggregate() . ' ' . pick(qw(= != < <= > > >= >=)) . ' ' . $value;
}

sub stage
{
	my ($depth) = @_;

	return scalar_filter() if chance(25);
	return 'by(' . grouped() . ')' if chance(25);
	return 'coalesce()' if chance(15);
	return 'select(' . join(', ', some(1, 3, \&random_any)) . ')' if chance(20);
	return spanset($depth);
}

sub first_stage
{
	return scalar_filter() if chance(3);
	return 'by(' . grouped() . ')' if chance(3);
	return 'select(' . random_any() . ')' if chance(2);
	return spanset($_[0]);
}

sub pipeline
{
	my ($depth, $least) = @_;

	return join ' | ', first_stage($depth), some($least, pick($least, 1, 2, 3), sub { stage($depth - 1) });
}

sub pipelines
{
	my ($depth) = @_;

	return '(' . pipeline(1, 1) . ')' if $depth <= 0 || chance(30);
	return pipelines($depth - 1) . ' ' . pick(@spanset_operators) . ' ' . pipelines($depth - 1);
}

sub random_search
{
	forget_mentioned();
	my $hints = chance(5) ? ' with (most_recent=true)' : '';

	return pipelines(2) . $hints if chance(8);
	return random_filter(pick(0, 1, 2, 3)) . $hints if chance(45);
	return spanset(2) . $hints if chance(40);
	return pipeline(1, 1) . $hints;
}

sub metrics_by
{
	my ($most) = @_;

	return chance(50) ? '' : ' by (' . join(', ', some(1, $most, \&random_any)) . ')';
}

# Tempo crashes where avg_over_time() is grouped by an attribute that is an array.
sub plain_by
{
	my %mentioned = map { $_ => 1 } mentioned();
	my @again = grep { $mentioned{$_} } @plain;

	return chance(50) ? '' : ' by (' . join(', ', some(1, 3, sub { pick(@again && chance(50) ? @again : @plain) })) . ')';
}

sub metrics_function
{
	my ($function) = @_;
	my $measured = chance(40) ? 'duration' : chance(30) && mentioned() ? pick(mentioned()) : random_numeric();

	return "$function()" . metrics_by(3) if $function =~ /^(rate|count_over_time)$/;
	return "$function($measured, " . join(', ', some(1, 3, sub { pick('0.5', '0.9', '0.95', '0', '1', '.25') })) . ')' . metrics_by(2)
	  if $function eq 'quantile_over_time';
	return "$function($measured)" . ($function eq 'avg_over_time' ? plain_by() : metrics_by(3));
}

sub second_stages
{
	return '' if chance(70);
	return join '', some(1, 2, sub {
		chance(60) ? ' | ' . pick('topk', 'bottomk') . '(' . pick(1, 2, 3, 10) . ')'
		  : ' ' . pick(qw(= != < <= > >=)) . ' ' . pick('0', '1', '0.1', '2.5', '1s', '100');
	});
}

sub call
{
	my ($function) = @_;
	my $pipeline = chance(60) ? random_filter(pick(0, 0, 1, 2)) : pipeline(1, 0);

	return "$pipeline | " . metrics_function($function);
}

my @functions = qw(rate count_over_time min_over_time max_over_time avg_over_time sum_over_time quantile_over_time histogram_over_time);

# "how" is the group of both sides, so that their series can meet.
sub arithmetic
{
	my ($depth) = @_;

	return '(' . call(pick(@functions)) . second_stages() . ')' if $depth <= 0 || chance(35);
	my $right = chance(40) ? pick('2', '0.5', '-1.5', '0', '100') : arithmetic($depth - 1);
	my ($left, $operator) = (arithmetic($depth - 1), pick(qw(+ - * /)));

	return chance(20) ? "($right $operator $left)" : "($left $operator $right)";
}

sub paired
{
	my $by = chance(70) ? ' by (' . join(', ', some(1, 2, \&random_any)) . ')' : '';
	my @sides = map { '(' . random_filter(pick(0, 0, 1)) . ' | ' . pick('rate()', 'count_over_time()', 'max_over_time(duration)', 'min_over_time(duration)') . "$by)" } 1 .. 2;

	return join ' ' . pick(qw(+ - * /)) . ' ', @sides;
}

sub comparing
{
	my $arguments = random_filter(pick(0, 1));

	$arguments .= ', ' . pick(1, 3, 10, 1000) if chance(40);
	return pipeline(1, 0) . " | compare($arguments)";
}

sub random_metrics
{
	forget_mentioned();
	my $hints = chance(8) ? pick(' with (exemplars=true)', ' with (extrapolate=true)', ' with (exemplars=5, extrapolate=true)') : '';

	return comparing() . $hints if chance(8);
	return paired() . second_stages() . $hints if chance(10);
	return arithmetic(2) . second_stages() . $hints if chance(10);
	return call(pick(@functions)) . second_stages() . $hints;
}

1;
