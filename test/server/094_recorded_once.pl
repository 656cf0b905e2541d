# SPDX-License-Identifier: PostgreSQL
# A call that is recorded again is charged once: also when no session remembers it, after a
# restart and after a crash, and when many record it at the same time.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main', conf => 'genops_tempo.remembered_calls = 1024');

create_ledger($node);
deliver_to($node, $receiver);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# Calls and cost of a team, as the ledger has them.
sub spent
{
	my ($team) = @_;

	sql("SELECT complete FROM genops_flush('stored')");
	return sql("SELECT coalesce(sum(calls), 0) || ' ' || coalesce(sum(total_cost), 0) FROM genops.spend WHERE team = '$team'");
}

my $import = sub {
	"SELECT count(genops_track('openai', 'gpt-4o', team => '$_[0]', call => '$_[0] ' || i, prompt_tokens => 10, total_cost => 1)) FROM generate_series(1, $_[1]) i";
};

# More than the sessions remember together: the worker finds the first ones.
sql($import->('import', 3000));
sql($import->('import', 3000));
is(spent('import') =~ s/ .*//r, '3000', 'a repeated import is counted once');
is(sql("SELECT sum(total_cost)::int FROM genops.spend WHERE team = 'import'"), '3000', 'and charged once');
is(sql("SELECT count(*) FROM genops.spans WHERE team = 'import' AND flags = '{no_duration,duplicate}' AND total_cost IS NULL AND prompt_tokens IS NULL"),
	'3000', 'the others are there as duplicates');
is(sql("SELECT keys >= 3000, bounded_by FROM genops.call_keys"), 't|duplicate_window', 'the keys are kept');

# A late find says nothing of a cost where it is sent, either.
flush_exported($node);
my @sent = grep { ($_->{attributes}{team}{string} // '') eq 'import' } $receiver->spans;
my @marked = grep { $_->{attributes}{'genops.duplicate'} } @sent;

is(scalar(@sent) . ' ' . scalar(@marked), '6000 3000', 'all are sent, duplicates marked');
is(scalar(grep { exists $_->{attributes}{'genops.cost.total_cost'} || exists $_->{attributes}{'cost'}
		|| exists $_->{attributes}{'gen_ai.usage.input_tokens'} } @marked), 0, 'without usage and cost');
is(sql("SELECT value::int FROM genops_traceql('{ .team = \"import\" } | sum_over_time(.genops.cost.total_cost)', since => '1 hour', step => '1 hour') ORDER BY value DESC LIMIT 1"),
	'3000', 'nor does TraceQL find it');

# Nobody remembers anything after a restart.
sql("SELECT genops_track('p', 'm', team => 'restart', call => 'a', total_cost => 1)");
is(spent('restart'), '1 1', 'recorded');
$node->restart;
sql("SELECT genops_track('p', 'm', team => 'restart', call => 'a', total_cost => 1)");
is(spent('restart'), '1 1', 'a restart forgets nothing');
$node->stop('immediate');
$node->start;
sql("SELECT genops_track('p', 'm', team => 'restart', call => 'a', total_cost => 1) FROM generate_series(1, 2)");
is(spent('restart'), '1 1', 'nor does a crash');

# An observed reply, and the same reply tracked by a job after a restart.
my $reply = '{"id": "chatcmpl-0123456789abcdef"}';

sql("SELECT genops_observe(genops_begin('openai', 'm', team => 'reply'), '$reply'::jsonb)");
spent('reply');
$node->restart;
sql("SELECT genops_track('openai', 'm', team => 'reply', response => '$reply'::jsonb, total_cost => 5)");
is(spent('reply'), '1 5', 'a reply is one call, and what it cost is said later');
$node->restart;
sql("SELECT genops_track('openai', 'm', team => 'reply', response => '$reply'::jsonb, total_cost => 5)");
is(spent('reply'), '1 5', 'once');

# Many at the same time.
my @sessions = map { GenopsSession->new($node) } 1 .. 16;

for my $round (1 .. 20)
{
	$_->start("SELECT genops_track('p', 'm', team => 'race', call => 'round $round', total_cost => 1)") for @sessions;
	$_->finish for @sessions;
}
is(spent('race'), '20 20', 'of many that record a call at once, one is charged');

# A limit on the keys.
sql(q(SELECT genops_configure(options => '{"max_keys": 0}')));
sql("SELECT genops_track('p', 'm', team => 'no keys', call => 'b', total_cost => 1)");
spent('no keys');
$node->restart;
sql("SELECT genops_track('p', 'm', team => 'no keys', call => 'b', total_cost => 1)");
is(spent('no keys'), '2 2', 'no keys, no second look');
is(sql('SELECT bounded_by FROM genops.call_keys'), 'max_keys', 'and it shows');

# Another database's calls are other calls.
create_ledger($node, 'other');
$node->safe_psql('other', "SELECT genops_track('p', 'm', team => 'restart', call => 'a', total_cost => 1); SELECT genops_flush('stored')");
is($node->safe_psql('other', 'SELECT sum(calls) FROM genops.spend'), '1', 'a call of another database');

$node->stop('fast');
done_testing();
