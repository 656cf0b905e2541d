# SPDX-License-Identifier: PostgreSQL
# What the queries consisted of.
package LiveConstructs;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(count_constructs constructs missing_constructs);

my @functions = qw(rate count_over_time min_over_time max_over_time avg_over_time sum_over_time quantile_over_time
  histogram_over_time compare topk bottomk count min max avg sum by coalesce select);
my @words = qw(duration span:duration name span:name status span:status statusMessage span:statusMessage kind span:kind span:id
  span:parentID span:childCount traceDuration trace:duration rootName trace:rootName rootServiceName trace:rootService trace:id
  nestedSetLeft nestedSetRight nestedSetParent event:name event:timeSinceStart link:traceID link:spanID instrumentation:name
  instrumentation:version nil true false minInt maxInt ok error unset unspecified internal server client producer consumer
  most_recent exemplars extrapolate);
my %pattern = (
	(map { ("$_()" => qr/\b$_ ?\(/) } @functions),
	(map { ($_ => qr/(?<![\w:."`])$_(?![\w:.])/) } @words),
	(map { ("{} $_ {}" => qr/[})]+ \Q$_\E [({]+/) } qw(&& || > < >> << ~ !> !< !>> !<< !~ &> &< &>> &<< &~)),
	(map { ("a $_ b" => qr/[^})] \Q$_\E [^({]/) } qw(= != < <= > >= =~ !~ && || + - * / % ^)),
	(map { ("rate() $_ 1" => qr/\| [^|]*\) \Q$_\E -?[\d.]+(?: |$)/) } qw(= != < <= > >=)),
	(map { ("(m) $_ (m)" => qr/\) \Q$_\E \(/) } qw(+ - * /)),
	(map { ("$_." => qr/(?<![\w.])$_\.\w/) } qw(span resource event link instrumentation)),
	'.a' => qr/(?<![\w.])\.[a-z]/,
	'(a = b) = c' => qr/\) !?= (true|false|nil|\(|[a-z]*\.)|(true|false) !?= !?\(/,
	'-a' => qr/\(-/,
	'!a' => qr/!\(/,
	'|' => qr/ \| /,
	'with' => qr/ with \(/);
my %count = map { $_ => 0 } keys %pattern;

sub count_constructs
{
	my ($text) = @_;

	for (keys %pattern) { $count{$_}++ if $text =~ $pattern{$_}; }
}

sub constructs { return join ', ', map { "$_ $count{$_}" } sort keys %count; }

sub missing_constructs { return join ', ', sort grep { !$count{$_} } keys %count; }

1;
