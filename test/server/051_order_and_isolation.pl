# SPDX-License-Identifier: PostgreSQL
# Spans of a tenant arrive in the order in which they were recorded, whatever
# fails in between; and an endpoint that is silent or refuses delays nobody else,
# nor the ledger.
use strict;
use warnings;

use GenopsDelivery;
use GenopsTest;
use JSON::PP;
use Test::More;

my $receiver = start_receiver();
my $silent = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver,
	arguments => q(timeout => 600, schedule_delay_millis => 20, max_export_batch_size => 10));

# Order, over batches that are full and that are not, of two tenants at a time.
$receiver->set_mode(
	{ tenant => 'a', mode => 'status', code => 503, more_than => 5, times => 1 },
	{ tenant => 'b', reset => JSON::PP::true, times => 1 },
	{ tenant => 'a', mode => 'status', code => 429, times => 1 },
	{ delay_ms => 5 });
for my $count (1, 25, 7, 40, 3, 10)
{
	record($node, 'a', $count);
	record($node, 'b', 2 * $count);
}
flush_exported($node);
is(numbers($receiver, 'a'), join(' ', 1 .. 86), 'the first tenant\'s spans are in order');
is(numbers($receiver, 'b'), join(' ', 1 .. 172), 'the second tenant\'s too');
is($receiver->stats->{by_status}{503}, 1, 'over a failure');
cmp_ok((sort { $b <=> $a } map { $_->{spans} } $receiver->requests)[0], '<=', 10, 'in batches of the configured size');

# More silent streams than there may be requests under way, and a refusal.
$receiver->set_mode(
	{ tenant => 'silent', hang => JSON::PP::true },
	{ tenant => 'blocked', mode => 'status', code => 401 });
$silent->set_mode({ hang => JSON::PP::true });
$node->safe_psql('postgres', <<"END");
INSERT INTO genops.route (name, team, tenant_id, otlp_endpoint)
VALUES ('silent', 'silent', 'silent-{customer_id}', '@{[ $silent->url ]}');
END
my @customers = 1 .. 8;
record($node, "silent-$_", 3, arguments => "team => 'silent', customer_id => $_") for @customers;
record($node, $_, 3) for 'silent', 'blocked';
wait_until('the silent endpoint is asked', sub { $silent->stats->{requests} >= 4 });
wait_until('the silent tenant is sent', sub { grep { $_->{tenant} eq 'silent' } $receiver->requests });
wait_for_state($node, 'blocked', 'blocked');

for my $round (1 .. 3)
{
	record($node, $_, 20) for 'a', 'b';
	record($node, "silent-$_", 2, arguments => "team => 'silent', customer_id => $_") for @customers;
	wait_for_state($node, $_, 'delivering', 'pending = 0') for 'a', 'b';
}
is(numbers($receiver, 'a'), join(' ', 1 .. 146), 'others are delivered meanwhile');
is(numbers($receiver, 'b'), join(' ', 1 .. 232), 'and in order');
is($node->safe_psql('postgres', "SELECT complete FROM genops_flush('stored')"), 't', 'the ledger goes on');
counts_agree($node, 'meanwhile');
is($node->safe_psql('postgres', "SELECT sum(pending) FROM genops.stat_delivery WHERE tenant_id ~ 'silent'"),
	8 * 9 + 3, 'what the silent ones did not take is pending');

# When they speak again, everything comes, in order.
$_->set_mode() for $receiver, $silent;
$node->safe_psql('postgres', "SELECT genops_configure(timeout => 10)");
flush_exported($node);
is(numbers($silent, "silent-$_"), join(' ', 1 .. 9), "customer $_ gets all in the end") for @customers;
is(numbers($receiver, $_), '1 2 3', "so does $_") for 'silent', 'blocked';
counts_agree($node, 'in the end');

# Segments that are large and small, of one flush.
$node->safe_psql('postgres', <<'END');
SELECT count(genops_track('p', 'm', tenant_id => 'mixed', feature => i::text,
	attributes => (SELECT jsonb_object_agg('text ' || n, repeat('x', CASE WHEN (i - 1) / 10 % 2 = 0 THEN 10 ELSE 2000 END)) FROM generate_series(1, 3) n)))
FROM generate_series(1, 60) i
END
wait_for_state($node, 'mixed', 'delivering', 'pending = 0');
is(numbers($receiver, 'mixed'), join(' ', 1 .. 60), 'whatever size the segments are, they are in order');
cmp_ok($node->safe_psql('postgres', "SELECT max(sum) FROM (SELECT sum(span_count) FROM genops.segment WHERE tenant_id = 'mixed' GROUP BY recorded_at) s"),
	'>', 10, 'of a flush of several of them');

$node->stop('fast');
done_testing();
