# SPDX-License-Identifier: PostgreSQL
# One language, one answer: random queries over random spans, asked of the ledger
# and of a real Tempo.
#
#   GENOPS_TEST_TEMPO_URL    its query address, e.g. http://localhost:3200
#   GENOPS_TEST_OTLP_URL     its OTLP/HTTP address, e.g. http://localhost:4318
#   GENOPS_LIVE_SEED         what decides spans and queries; else the time does
#   GENOPS_LIVE_ROUNDS       sets of spans, 1
#   GENOPS_LIVE_QUERIES      queries for each, 1000
#   GENOPS_LIVE_REPORT       a file that the differences are written to
use strict;
use warnings;
use utf8;

use Encode qw(encode decode);
use File::Basename qw(dirname);
use GenopsTest;
use LiveCalls;
use LiveConstructs;
use LiveFilters qw(set_known_ids);
use LiveQueries;
use LiveRandom;
use LiveSpans;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my ($tempo, $otlp) = @ENV{qw(GENOPS_TEST_TEMPO_URL GENOPS_TEST_OTLP_URL)};
plan skip_all => 'GENOPS_TEST_TEMPO_URL and GENOPS_TEST_OTLP_URL are not set' unless $tempo && $otlp;

my $seed = $ENV{GENOPS_LIVE_SEED} || int time;
my $rounds = $ENV{GENOPS_LIVE_ROUNDS} || 1;
my $queries = $ENV{GENOPS_LIVE_QUERIES} || 1000;
my ($traces, $calls, $seconds) = (40, 40, 240);
my $run = int(time * 10) % 16**8;    # ids of other runs are others, as Tempo still has theirs
my $node = new_node('main', conf => 'client_min_messages = error');

note("GENOPS_LIVE_SEED=$seed GENOPS_LIVE_ROUNDS=$rounds GENOPS_LIVE_QUERIES=$queries");
create_ledger($node);
sql(decode('UTF-8', slurp_file(dirname(__FILE__) . '/comparison.sql')));
sql("SELECT genops_configure(endpoint => '$tempo', otlp_endpoint => '$otlp', tenant_id => 'genops-live')");

sub sql { return decode('UTF-8', $node->safe_psql('postgres', encode('UTF-8', $_[0]))); }

sub literal { return "'" . $_[0] =~ s/'/''/gr . "'"; }

# Some minutes of its own for each round, within the last months, and as many of nobody's, into
# which queries may reach.
my $newest = int(time / 720) - 50;

sub start_of { return ($newest - ($run + $_[0]) % 25_000) * 720; }

sub trace_id
{
	my $rest = sprintf '%08x', $run;

	return chance(10) ? '00000000' . $rest . hex_digits(16) : '1' . $rest . hex_digits(23);
}

sub record_spans
{
	my ($start) = @_;
	my (@trace_ids, @span_ids, @statements);

	for (1 .. $traces)
	{
		my ($request, @spans) = random_trace(trace_id(), $start * $SECOND, $seconds);

		push @statements, 'SELECT genops_ingest(' . literal(decode('UTF-8', $request)) . ");\n";
		push @trace_ids, $spans[0]{traceId};
		push @span_ids, map { $_->{spanId} } @spans;
	}
	my @traceparents = map { "00-$_-" . pick(@span_ids) . '-01' } @trace_ids;

	set_known_ids([ @trace_ids, map { s/^0+//r } @trace_ids ], \@span_ids);
	sql(join '', @statements, random_calls($calls, $start, $seconds, @traceparents));
	flush_exported($node);
	# What the validation sends must be in no answer.
	sql("SELECT count(*) FROM genops_validate()");
}

sub range { return map { "to_timestamp($_)" } @_; }

sub await_searchable
{
	my ($start, $end) = range(@_);
	my $count = "(SELECT count(*) FROM genops_traceql('{}', start_time => $start, end_time => $end, source => 'SOURCE'))";

	wait_until('Tempo finds all spans',
		sub { sql('SELECT ' . join ' = ', map { $count =~ s/SOURCE/$_/r } qw(ledger tempo)) eq 't' });
}

# All, none, each alone, in turn.
sub choose_features
{
	my $turn = $_[0] % (@FEATURES + 2);

	%WITH = map { $FEATURES[$_] => $turn == $#FEATURES + 2 || $turn == $_ ? 1 : 0 } 0 .. $#FEATURES;
}

# Searches are about all of the round's spans, metrics about a part, at times.
sub query_row
{
	my ($id, $with, $start, $end) = @_;
	my $metrics = chance(40);
	my $text = $metrics ? random_metrics() : random_search();
	my $step = $metrics ? pick(0, 0, 1, 5, 10, 60, 7, 30) : 'NULL';

	# They have hundreds of series.
	$step = pick(0, 60) if $text =~ /compare/;

	if ($metrics && chance(40))
	{
		$start += below(120);
		$end = $start + pick(1, 30, 60, 90, 150, 299);
	}
	count_constructs($text);
	return "($id, '{$with}', " . ($metrics ? 'true, ' : 'false, ') . literal($text) . ', ' . join(', ', range($start, $end)) . ", $step * interval '1 s')";
}

sub ask_queries
{
	my ($first, @range) = @_;
	my $with = join ',', grep { $WITH{$_} } @FEATURES;
	my @rows = map { query_row($_, $with, @range) } $first .. $first + $queries - 1;

	sql('INSERT INTO live.query VALUES ' . join(",\n", @rows));
	sql("SELECT count(live.ask(q, source)) FROM live.query q, unnest('{ledger,tempo}'::text[]) source WHERE id >= $first");
}

for my $round (1 .. $rounds)
{
	srand $seed + $round - 1;
	choose_features($seed + $round - 1);
	my $start = start_of($round);
	my @range = ($start - 10, $start + $seconds + 60);

	record_spans($start);
	await_searchable(@range);
	ask_queries(($round - 1) * $queries + 1, @range);
}

sql('SELECT live.judge()');
note(sql('SELECT count(*) FROM live.right_as_written') . ' answers are another than that to the query as it was written');

my $differences = encode('UTF-8', sql(<<'END'));
SELECT format(E'%s%s: %s\n\t%s\n%s', verdict, CASE WHEN right_as_written THEN ', right as written' END, id, text,
	(SELECT string_agg(E'\t' || line, E'\n') FROM (
		SELECT format('ledger: %s', ledger_says) WHERE ledger_says IS NOT NULL UNION ALL
		SELECT format('tempo: %s', tempo_says) WHERE tempo_says IS NOT NULL UNION ALL
		(SELECT format('%s %s in %s alone', trace_id, span_id, found_in) FROM live.unequal_span WHERE query = id AND NOT metrics LIMIT 5) UNION ALL
		(SELECT format('%s at %s: ledger %s, tempo %s', series, time, ledger, tempo) FROM live.unequal_point WHERE query = id AND metrics LIMIT 5) UNION ALL
		(SELECT format('%s', to_jsonb(u) - 'query') FROM live.unequal_spanset u WHERE query = id AND verdict = 'spansets differ' LIMIT 4) UNION ALL
		(SELECT format('%s', to_jsonb(u) - 'query') FROM live.unequal_column u WHERE query = id AND verdict = 'columns differ' LIMIT 4)
	) lines(line)))
FROM live.judged WHERE verdict NOT IN ('equal', 'both refuse') AND known IS NULL ORDER BY verdict, id
END
note(sql("SELECT format('%s %s%s', count(*), verdict, ': ' || known) FROM live.judged GROUP BY verdict, known ORDER BY count(*) DESC"));
note(constructs());
append_to_file($ENV{GENOPS_LIVE_REPORT}, "$differences\n") if $ENV{GENOPS_LIVE_REPORT};
ok($differences eq '', 'the ledger and Tempo give the same answers') or diag($differences);
is(missing_constructs(), '', 'every operator, function and intrinsic was among the queries');

$node->stop('fast');
done_testing();
