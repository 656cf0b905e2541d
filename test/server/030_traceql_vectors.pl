# SPDX-License-Identifier: PostgreSQL
# What a real Tempo answered, in test/core/data, over the same spans in the ledger.
# Where its storage departs from the language, a vector names the artefact and has
# the language's answer (test_traceql_search.c and test_traceql_metrics_vectors.c
# say how they are written).
use strict;
use warnings;

use File::Basename qw(dirname);
use GenopsTest;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = dirname(__FILE__) . '/../core/data';
my $json = JSON::PP->new->utf8->canonical;
my $node = new_node('main');

create_ledger($node);

# A query's rows as an array, or what it fails with.
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION answer(query text, columns text, arguments text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	rows jsonb;
	detail text;
BEGIN
	EXECUTE format('SELECT coalesce(jsonb_agg(r), ''[]'') FROM (SELECT %s FROM genops_traceql($1, %s) t) r', columns, arguments)
	INTO rows USING query;
	RETURN rows;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN jsonb_build_object('state', SQLSTATE, 'message', SQLERRM, 'detail', detail);
END $$;
END

sub contents
{
	my ($file) = @_;

	return slurp_file("$data/$file");
}

# Spans as a tenant's, that all began so many seconds earlier.
sub ingest
{
	my ($file, $tenant, $earlier) = @_;
	my $request = contents($file) =~ s/(TimeUnixNano": ")(\d+)(\d{9}")/$1 . ($2 - $earlier) . $3/ger;

	$node->safe_psql('postgres', <<"END");
SET genops.tenant_id = '$tenant';
SELECT * FROM genops_ingest(\$request\$$request\$request\$);
SELECT genops_flush('stored');
END
}

# Asks [query, columns, arguments]s and returns their answers.
sub ask
{
	my @lines = split /\n/, $node->safe_psql('postgres',
		join "\n", map { "SELECT answer(\$query\$$_->[0]\$query\$, \$\$$_->[1]\$\$, \$\$$_->[2]\$\$);" } @_);

	is(scalar @lines, scalar @_, 'as many answers as questions');
	return map { $json->decode($_) } @lines;
}

# Labels as [key, type, text]s.
my $labels = 'ARRAY(SELECT json_build_array(key, jsonb_typeof(value), value #>> ARRAY[]::text[]) FROM jsonb_each(labels)) AS labels';

# As a query would write it, but for the quotes of strings.
sub same_value
{
	my ($given, $expected) = @_;
	my (undef, $type, $text) = @$given;

	return $type eq 'null' if !defined $expected;
	return $text == $expected if $type eq 'number';
	return $text eq ($expected ? 'true' : 'false') if ref $expected;
	return $text eq $expected =~ s/^`(.*)`$/$1/sr;
}

sub same_labels
{
	my ($given, $expected) = @_;
	my %expected = map { $_->[0] => $_ } @$expected;

	return @$given == keys %expected
	  && !grep { !$expected{ $_->[0] } || !same_value($_, $expected{ $_->[0] }[1]) } @$given;
}

# Searches

# Spansets as [trace, [spans], labels, matched], of rows that follow each other.
sub spansets
{
	my ($rows) = @_;
	my (@sets, $last);

	for my $row (@$rows)
	{
		my $key = $json->encode([ $row->{trace_id}, $row->{labels} ]);

		push @sets, [ $row->{trace_id}, [], $row->{labels}, $row->{matched} ] if !defined $last || $key ne $last;
		push @{ $sets[-1][1] }, $row->{span_id};
		$last = $key;
	}
	return @sets;
}

sub same_spanset
{
	my ($set, $expected) = @_;
	my $named = $expected->{labels} || {};

	return $set->[0] eq $expected->{trace}
	  && "@{[ sort @{ $set->[1] } ]}" eq "@{[ sort @{ $expected->{spans} } ]}"
	  && $set->[3] == @{ $expected->{spans} }
	  && same_labels($set->[2], [ map { [ $_, $named->{$_} ] } keys %$named ]);
}

sub check_search
{
	my ($vector, $answer, $name) = @_;
	my $expected = $vector->{language} || $vector->{tempo};

	if ($vector->{error})
	{
		return is_deeply(
			ref $answer eq 'HASH' && [ @$answer{ 'state', 'message' } ],
			[ '22012', $vector->{error} ], $name);
	}
	my @sets = ref $answer eq 'ARRAY' ? spansets($answer) : ();
	my @found = grep { my $set = $_; grep { same_spanset($set, $_) } @$expected } @sets;

	ok(ref $answer eq 'ARRAY' && @sets == @$expected && @found == @sets, $name) or diag($json->encode($answer));
}

ingest('traceql_spans.json', 'search', 0);
my @searches = map { $json->decode($_) } split /\n/, contents('traceql_search.jsonl');
my $columns = "trace_id, span_id, matched, $labels";

is(scalar @searches, 104, 'all recorded searches');
for my $way ('', ', max_traces => 1000')
{
	my @answers = ask(map { [ $_->{q}, $columns, "since => NULL, tenant_id => 'search', verbatim => true$way" ] } @searches);

	for (@searches)
	{
		check_search($_, shift @answers, "$_->{q}$way" . ($_->{artefact} ? " -- in Tempo, $_->{artefact}" : ''));
	}
}

# Metrics

my @metrics = @{ $json->decode(contents('traceql_metrics.json')) };
my %tenants;

is(scalar @metrics, 48, 'all recorded metrics');
for (@metrics)
{
	my $earlier = $_->{earlier} || 0;

	$_->{tenant} = $_->{spans} =~ s/\W/_/gr . "_$earlier";
	ingest($_->{spans}, $_->{tenant}, $earlier) unless $tenants{ $_->{tenant} }++;
}

# Of a request that is wrong, the text as it is.
sub time_argument
{
	my ($name, $value) = @_;

	return "$name => " . ($value =~ /^\d+$/ ? "to_timestamp($value)" : "'$value'");
}

sub metrics_arguments
{
	my ($vector) = @_;
	my $step = defined $vector->{step} ? $vector->{step} : 0;

	return join ', ', time_argument('start_time', $vector->{start}), time_argument('end_time', $vector->{end}),
	  "step => '$step'", "tenant_id => '$vector->{tenant}'", 'verbatim => true';
}

# Each as [labels, { time => value }], in the order of the rows.
sub series
{
	my ($rows) = @_;
	my (@series, $last);

	for my $row (@$rows)
	{
		my $key = $json->encode($row->{labels});

		push @series, [ $row->{labels}, {} ] if !defined $last || $key ne $last;
		$series[-1][1]{ $row->{at} } = $row->{value};
		$last = $key;
	}
	return @series;
}

# The values that are expected, by their times in seconds.
sub expected_points
{
	my ($vector, $values) = @_;
	my $step = $vector->{step};
	my $first = $step ? $vector->{start} - $vector->{start} % $step : $vector->{end};

	return { map { defined $values->[$_] ? ($first + $_ * ($step || 0) => $values->[$_]) : () } 0 .. $#$values };
}

# Tempo multiplies by 1 / step, which is a last digit off.
sub same_points
{
	my ($given, $expected) = @_;

	return keys %$given == keys %$expected
	  && !grep { !exists $given->{$_} || abs($given->{$_} - $expected->{$_}) > 1e-14 * abs($expected->{$_}) } keys %$expected;
}

# [labels, values], in order; a series that the language has not is null.
sub expected_series
{
	my ($vector) = @_;

	return grep { defined $_->[1] }
	  map { [ $_->{labels}, exists $_->{language} ? $_->{language} : $_->{tempo} ] } @{ $vector->{series} };
}

sub check_metrics
{
	my ($vector, $answer, $name) = @_;

	# Of genops_traceql() a step of 0 asks for one value.
	return is_deeply([ map { $_->{value} } @$answer ], [0], "$name: as an instant one")
	  if $vector->{error} && $vector->{error} =~ /step of 0s/;
	return like(ref $answer eq 'HASH' && $answer->{state}, qr/^(22023|22007|22008)$/, "$name: $vector->{error}")
	  if $vector->{error};
	my @given = ref $answer eq 'ARRAY' ? series($answer) : ();
	my @expected = map { [ $_->[0], expected_points($vector, $_->[1]) ] } expected_series($vector);

	# A series without points has no rows.
	@expected = grep { %{ $_->[1] } } @expected;
	my $same = ref $answer eq 'ARRAY' && @given == @expected;

	for my $i (0 .. $#expected)
	{
		$same &&= same_labels($given[$i][0], $expected[$i][0]) && same_points($given[$i][1], $expected[$i][1]);
	}
	ok($same, $name) or diag($json->encode($answer));
}

my @answers = ask(map { [ $_->{q}, "extract(epoch FROM time)::float8 AS at, value, $labels", metrics_arguments($_) ] } @metrics);

for (@metrics)
{
	check_metrics($_, shift @answers,
		"$_->{q} $_->{start} $_->{end} " . (defined $_->{step} ? $_->{step} : 'instant')
		  . ($_->{artefact} ? " -- in Tempo, $_->{artefact}" : ''));
}

# What is a query, and what is none.

my $examples = $json->decode(contents('traceql_examples.json'));
my %state = (parse_fails => '42601', validate_fails => '22023', unsupported => '22023');

for my $section (sort keys %$examples)
{
	my @queries = @{ $examples->{$section} };
	my @answers = ask(map { [ $_, 'count(*)', "since => NULL, verbatim => true" ] } @queries);

	for my $query (@queries)
	{
		my $answer = shift @answers;

		ok($section eq 'valid' ? ref $answer eq 'ARRAY' : ref $answer eq 'HASH' && $answer->{state} eq $state{$section},
			"$section: $query")
		  or diag($json->encode($answer));
	}
}

$node->stop('fast');
done_testing();
