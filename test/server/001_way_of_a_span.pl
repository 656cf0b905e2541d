# SPDX-License-Identifier: PostgreSQL
# A call recorded in SQL is kept, and arrives at the endpoint; also if its
# transaction is rolled back.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver,
	arguments => "service_name => 'shop', environment => 'test', tenant_id => 'acme'");

# The way of one span.
my $traceparent = $node->safe_psql('postgres', <<'END');
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1200, completion_tokens => 300,
                    total_cost => 0.1, team => 'support', customer_id => 42)
END
like($traceparent, qr/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/, 'genops_track returns a traceparent');
my (undef, $trace_id, $span_id) = split /-/, $traceparent;

flush_exported($node);
my ($span, @more) = $receiver->spans;
is(scalar @more, 0, 'one span arrived');
is("$span->{trace_id} $span->{span_id}", "$trace_id $span_id", 'it is the one that was recorded');
is($span->{tenant}, 'acme', 'at its tenant');
is($span->{name}, 'chat gpt-4o', 'with its name');
is($span->{kind}, 'client', 'its kind');
is($span->{resource}{'service.name'}{string}, 'shop', 'its service');

my $attributes = $span->{attributes};
is($attributes->{team}{string}, 'support', 'its team');
is($attributes->{customer_id}{string}, '42', 'a customer that was a number');
is($attributes->{'genops.cost.total_cost'}{double}, 0.1, 'a cost as a double');
is($attributes->{'genops.cost.total_tokens'}{int}, 1500, 'tokens as integers');

is( $node->safe_psql('postgres', <<'END'),
SELECT name, team, customer_id, total_tokens, total_cost = 0.1, tenant_id FROM genops.spans
END
	'chat gpt-4o|support|42|1500|t|acme',
	'the ledger has it too');
is( $node->safe_psql('postgres', <<'END'),
SELECT team, model, sum(calls), sum(total_cost) = 0.1 FROM genops.spend GROUP BY 1, 2
END
	'support|gpt-4o|1|t',
	'and counts its cost');

# The money is spent whatever becomes of the transaction.
$node->safe_psql('postgres', <<'END');
BEGIN;
SELECT genops_track('openai', 'gpt-4o', team => 'rolled back');
SAVEPOINT s;
SELECT genops_track('openai', 'gpt-4o', team => 'rolled back to a savepoint');
ROLLBACK TO s;
ROLLBACK;
END
flush_exported($node);
my @teams = map { $_->{attributes}{team}{string} } $receiver->spans;
is_deeply(
	[ @teams[ 1 .. $#teams ] ],
	[ 'rolled back', 'rolled back to a savepoint' ],
	'calls outlive a rollback, in order');

# Calls around a reply: as they came back, and as they failed.
is( $node->safe_psql('postgres', <<'END'),
SELECT genops_observe(genops_begin('openai', 'gpt-4o', team => 'observed'), '{"ok": true}'::jsonb)
END
	'{"ok": true}',
	'genops_observe returns the reply');
my ($status, undef, $error) = $node->psql('postgres', <<'END');
SELECT genops_observe(genops_begin('openai', 'gpt-4o', team => 'failed'), (1 / (random() * 0)::int)::text)
END
isnt($status, 0, 'an error stays one');
like($error, qr/division by zero/, 'and its own');
flush_exported($node);
my ($observed, $failed) = ($receiver->spans)[ 3, 4 ];
is("$observed->{attributes}{team}{string} $observed->{status}", 'observed unset', 'a call that was answered');
is("$failed->{attributes}{team}{string} $failed->{status}", 'failed error', 'a call that failed');

# The counts agree, now that it is quiet.
is( $node->safe_psql('postgres', 'SELECT recorded, stored, queued, dropped FROM genops.stat_recording'),
	'5|5|0|0', 'recorded = stored');
is( $node->safe_psql('postgres', <<'END'),
SELECT tenant_id, state, stored, exported, pending, rejected FROM genops.stat_delivery
END
	'acme|delivering|5|5|0|0',
	'stored = exported');

$node->stop('fast');
$receiver->stop;
done_testing();
