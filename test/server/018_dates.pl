# SPDX-License-Identifier: PostgreSQL
# Calls may be of any date, and come late; the server's clock may go back a little.  The
# ledger is partitioned by the time of recording, which then does not, so that no date makes
# a table of its own.  094_clock.pl has clocks that are wrong.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver);
$node->safe_psql('postgres', "ALTER DATABASE postgres SET timezone = 'UTC'");

sub query { return $node->safe_psql('postgres', $_[0]); }

sub record
{
	my ($started_at, $feature) = @_;

	return query(<<"END");
SELECT genops_track('p', 'm', total_cost => 0.1, started_at => $started_at, duration => '1 second', feature => '$feature')
END
}

sub partitions
{
	return query(<<'END');
SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
WHERE relkind = 'r' AND relname ~ '^ledger_(span|segment)_'
END
}

record("'2099-12-31 23:59:59.5+00'", 'far');
record("'1970-01-02 03:14:59.999999+00'", 'old');
record("'1970-01-02 03:15:00+00'", 'old, a quarter later');
record("date_trunc('day', now()) - interval '7 days'", 'late');
record("'2024-02-29 12:07+00'", 'leap day');
flush_exported($node);

is( query("SELECT string_agg(feature, ', ' ORDER BY start_time) FROM genops.spans"),
	'old, old, a quarter later, leap day, late, far',
	'spans of all dates are in the ledger, ordered by their time');
is( query("SELECT start_time, end_time, duration FROM genops.spans WHERE feature IN ('old', 'far') ORDER BY 1"),
	"1970-01-02 03:14:59.999999+00|1970-01-02 03:15:00.999999+00|00:00:01\n"
	  . '2099-12-31 23:59:59.5+00|2100-01-01 00:00:00.5+00|00:00:01',
	'with their times');
is( query(<<'END'),
SELECT period_start, sum(calls), sum(total_cost) = 0.1 FROM genops.spend
WHERE feature <> 'late' GROUP BY 1 ORDER BY 1
END
	join("\n",
		'1970-01-02 03:00:00+00|1|t', '1970-01-02 03:15:00+00|1|t',
		'2024-02-29 12:00:00+00|1|t', '2099-12-31 23:45:00+00|1|t'),
	'their cost is in the quarter hour of the call');
is( query(<<'END'),
SELECT period_start = date_trunc('day', now()) - interval '7 days', recorded_at > now() - interval '20 minutes'
FROM genops.spend WHERE feature = 'late'
END
	't|t', 'a late one\'s as well, and when it came is there too');
like(partitions(), qr/^ledger_segment_\d{8} ledger_span_\d{8}$/, 'all in one partition');

my %arrived = map { $_->{attributes}{feature}{string} => $_ } $receiver->spans;

is(scalar(keys %arrived), 5, 'all were delivered');
is("$arrived{old}{start_time_unix_nano} $arrived{far}{end_time_unix_nano}",
	'98099999999000 4102444800500000000', 'with their times');

# A moment ago this clock was 50 minutes ahead.  The worker is not told.
my $ahead = query("SELECT now() + interval '50 minutes'");
query("UPDATE genops.ledger_state SET newest_recorded_at = '$ahead'");
record('now()', "after the clock went back $_") for 1 .. 2;
query("SELECT genops_flush('stored')");
record('now()', 'after the clock went back 3');
flush_exported($node);
is( query(<<"END"),
SELECT count(*), bool_and(start_time < now()), bool_and(recorded_at >= '$ahead')
FROM genops.spans WHERE feature LIKE 'after %'
END
	'3|t|t', 'calls go on being recorded; the time of recording does not go back');
is( query(<<'END'),
SELECT count(*) FROM (SELECT recorded_at < lag(recorded_at) OVER (ORDER BY seq) AS back FROM genops.ledger_segment) s WHERE back
END
	0, 'so that segments are in order');
is(query("SELECT sum(calls), sum(total_cost) FROM genops.spend WHERE period_start BETWEEN now() - interval '20 minutes' AND now()"),
	'3|0.3', 'their cost is in their own quarter hours');
is(scalar($receiver->spans), 8, 'and they are delivered');

# The worker of the next start sees no difference.
$node->restart;
record('now()', 'after the restart');
flush_exported($node);
is( query(<<'END'),
SELECT feature FROM genops.spans ORDER BY segment DESC LIMIT 1
END
	'after the restart', 'also after a restart');
is(query('SELECT sum(calls) FROM genops.spend'), 9, 'nothing is counted twice');
is(query('SELECT count(*) FROM genops.spans s, genops_trace(s.trace_id)'), 9, 'every trace is found');

$node->stop('fast');
$receiver->stop;
done_testing();
