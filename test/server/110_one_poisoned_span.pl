# SPDX-License-Identifier: PostgreSQL
# Rules: an answer that OTLP does not let a sender retry (all but 429, 502, 503 and 504) holds
# up nothing for ever: HTTP 500 and 408 are isolated as 413 is, down to the one span that the
# endpoint cannot take, which is rejected and counted; what is before and behind it arrives,
# in order; and the tries are bounded.
use strict;
use warnings;

use GenopsAccounts;
use GenopsDelivery;
use GenopsTest;
use Test::More;

# Halving 45 spans takes 6 steps of two requests; each may be tried a few times.
my $most_requests = 60;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20');

sub query { return $node->safe_psql('postgres', $_[0]); }

# One of 45 spans makes every request fail that it is in.
for my $code (500, 408)
{
	my $tenant = "poisoned-$code";

	$receiver->set_mode({ tenant => $tenant, with_span => 'chat poison', mode => 'status', code => $code });
	query(<<"END");
SELECT count(genops_track('openai', CASE i WHEN 20 THEN 'poison' ELSE 'model' END, tenant_id => '$tenant', feature => i::text))
FROM generate_series(1, 45) i
END
	ok( eval {
			local $GenopsTest::DEADLINE_SECONDS = 60;
			wait_until('the spans behind it', sub { ($receiver->stats->{by_tenant}{$tenant} || 0) == 44 });
		},
		"$code: what is behind a poisoned span arrives");
	is(numbers($receiver, $tenant), join(' ', grep { $_ != 20 } 1 .. 45), 'all others do, in order');
	next if $receiver->stats->{by_tenant}{$tenant} != 44;
	flush_exported($node);
	is(delivery($node, $tenant, 'state, exported, rejected, pending'), 'delivering|44|1|0', 'the one is rejected and counted');
	like(delivery($node, $tenant, 'last_error'), qr/HTTP $code/, 'and the reason is remembered');
	cmp_ok(scalar $receiver->requests_of($tenant), '<', $most_requests, 'in a bounded number of tries');
	is(scalar log_lines($node, qr/spans of tenant "$tenant" are rejected: HTTP $code/), 1, 'the log says so once');
	query("SELECT genops_track('openai', 'model', tenant_id => '$tenant', feature => '46')");
	flush_exported($node);
	like(numbers($receiver, $tenant), qr/ 46$/, 'and what comes later goes on');
}

# The first and the last of a batch, and two of them.
$receiver->set_mode({ with_span => 'chat poison', mode => 'status', code => 500 });
query(<<'END');
SELECT count(genops_track('openai', CASE WHEN i IN (1, 7, 16) THEN 'poison' ELSE 'model' END, tenant_id => 'several', feature => i::text))
FROM generate_series(1, 16) i
END
ok( eval {
		local $GenopsTest::DEADLINE_SECONDS = 60;
		wait_until('the others', sub { ($receiver->stats->{by_tenant}{several} || 0) == 13 });
	},
	'several poisoned spans hold up nothing');
is(numbers($receiver, 'several'), join(' ', grep { $_ != 1 && $_ != 7 && $_ != 16 } 1 .. 16), 'in order');

# A failure that passes costs no span.
$receiver->set_mode({ tenant => 'for-a-moment', mode => 'status', code => 500, times => 1 });
query("SELECT count(genops_track('openai', 'model', tenant_id => 'for-a-moment', feature => i::text)) FROM generate_series(1, 20) i");
ok( eval {
		local $GenopsTest::DEADLINE_SECONDS = 60;
		wait_until('them', sub { ($receiver->stats->{by_tenant}{'for-a-moment'} || 0) == 20 });
	},
	'an endpoint that failed once gets all');

# What may be retried is retried, and costs no span, however often.
my @passing = (429, 502, 503, 504);
$receiver->set_mode(map { { tenant => "again-$_", mode => 'status', code => $_, times => 3 } } @passing);
query("SELECT count(genops_track('openai', 'model', tenant_id => 'again-$_', feature => i::text)) FROM generate_series(1, 5) i")
  for @passing;
wait_until('all of them', sub { my $by = $receiver->stats->{by_tenant}; !grep { ($by->{"again-$_"} || 0) < 5 } @passing });
pass('429, 502, 503 and 504 are retried until the endpoint takes it');
flush_exported($node) if query("SELECT count(*) FROM genops.stat_delivery WHERE state <> 'delivering'") eq '0';
accounts_add_up($node, undef, 'after all this');

$node->stop('fast');
$receiver->stop;
done_testing();
