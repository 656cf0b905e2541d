# SPDX-License-Identifier: PostgreSQL
# What becomes of spans whose endpoint fails, refuses, or takes only a part: they
# are retried, kept, or rejected and counted, and the ledger has them all.
use strict;
use warnings;

use GenopsDelivery;
use GenopsTest;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20, timeout => 1');

# What an endpoint's refusal does to a tenant of its own.
sub refuse
{
	my ($tenant, $count, %rule) = @_;

	$receiver->set_mode({ tenant => $tenant, mode => 'status', %rule });
	record($node, $tenant, $count);
}

sub requests_of
{
	my ($tenant) = @_;

	return grep { ($_->{tenant} || '') eq $tenant } $receiver->requests;
}

# Unavailable, for a while.
refuse('unavailable', 3, code => 503);
wait_until('it was tried again', sub { requests_of('unavailable') >= 3 });
wait_for_state($node, 'unavailable', 'retrying', 'requests >= 3');
is(delivery($node, 'unavailable', 'exported, pending, retries = requests, reason'),
	'0|3|t|HTTP 503: refused by a rule', 'unavailable: kept');
record($node, 'unavailable', 2);
$receiver->set_mode();
flush_exported($node);
is(numbers($receiver, 'unavailable'), '1 2 3 4 5', 'delivered in order when it is back');
is(delivery($node, 'unavailable', 'state, reason, last_error, exported, pending'),
	'delivering||HTTP 503: refused by a rule|5|0', 'the state says so, the last error is remembered');
is(scalar log_lines($node, qr/LOG: .*tenant "unavailable"/), 2, 'the log tells of a change, not of an attempt');
is(scalar log_lines($node, qr/tenant "unavailable" is retrying: HTTP 503: refused by a rule/), 1, 'what came');
is(scalar log_lines($node, qr/tenant "unavailable" goes on, it was retrying/), 1, 'what went');

# Too many requests: not before the endpoint wants more.
my %waits = (seconds => { retry_after => 2 }, date => { retry_after_in => 3 });
for my $form (sort keys %waits)
{
	refuse("limited by $form" =~ s/ /-/gr, 1, code => 429, times => 1, %{ $waits{$form} });
	flush_exported($node);
	my ($first, $second) = requests_of("limited-by-$form");
	is("$first->{status} $second->{status}", '429 200', "Retry-After as $form: delivered after that");
	cmp_ok($second->{received_at} - $first->{received_at}, '>=', 2, 'and not before');
}

# Nobody listens.
my $other = start_receiver();
my $port = $other->port;
$node->safe_psql('postgres', <<"END");
INSERT INTO genops.route (name, customer_id, tenant_id, otlp_endpoint)
VALUES ('elsewhere', 'elsewhere', 'elsewhere', '@{[ $other->url ]}')
END
$other->stop;
record($node, 'elsewhere', 3, arguments => "customer_id => 'elsewhere'");
wait_for_state($node, 'elsewhere', 'retrying');
like(delivery($node, 'elsewhere', 'last_error'), qr/refused|connect/i, 'nobody listens: it says so');
$other = start_receiver(port => $port);
flush_exported($node);
is(numbers($other, 'elsewhere'), '1 2 3', 'delivered when somebody does');

# No answer: spans may arrive twice, never less than once, and count once.
$receiver->set_mode({ tenant => 'reset', reset => JSON::PP::true, times => 1 });
record($node, 'reset', 3);
flush_exported($node);
is(numbers($receiver, 'reset'), '1 2 3', 'the connection is reset: delivered by the next');
is(delivery($node, 'reset', 'exported, retries <= 1'), '3|t',
	'counted (a connection that was kept alive is replaced without a retry of ours)');

$receiver->set_mode({ tenant => 'lost', reset => 'after', times => 1 });
record($node, 'lost', 3);
flush_exported($node);
is(numbers($receiver, 'lost'), '1 2 3 1 2 3', 'the answer is lost: delivered once more');
is(delivery($node, 'lost', 'exported, stored'), '3|3', 'counted once');

$receiver->set_mode({ tenant => 'silent', hang => JSON::PP::true, times => 1 });
record($node, 'silent', 3);
wait_for_state($node, 'silent', 'retrying');
like(delivery($node, 'silent', 'last_error'), qr/timeout|timed out/i, 'no answer in time: it says so');
flush_exported($node);
is(numbers($receiver, 'silent'), '1 2 3', 'delivered by the next');

# Wrong credentials or address: nothing is lost, and mending helps at once.
my @refusals = (401, 403, 404);
$receiver->set_mode(map { { tenant => "refused-$_", mode => 'status', code => $_ } } @refusals);
record($node, "refused-$_", 3) for @refusals;
for my $code (@refusals)
{
	wait_for_state($node, "refused-$code", 'blocked');
	is(delivery($node, "refused-$code", 'stored, pending, rejected, requests, reason'),
		"3|3|0|1|HTTP $code: refused by a rule", "$code: kept");
}
is($node->safe_psql('postgres', "SET statement_timeout = '120s'; SELECT complete, pending FROM genops_flush('exported', 600)"),
	'f|9', 'nobody waits for what is blocked');
$receiver->set_mode();
$node->safe_psql('postgres', "SELECT genops_configure(headers => '{\"Authorization\": \"Bearer right\"}')");
flush_exported($node);
for my $code (@refusals)
{
	my ($first, $second) = requests_of("refused-$code");
	is(numbers($receiver, "refused-$code"), '1 2 3', "$code: delivered when it is mended");
	is($second->{authorization}, 'Bearer right', 'with what mended it');
	cmp_ok($second->{received_at} - $first->{received_at}, '<', 30, 'without waiting for a probe');
	is(scalar log_lines($node, qr/LOG: .*tenant "refused-$code"/), 2, 'the log tells of both changes');
}

# Tempo without a tenant answers as if it were unavailable.
refuse('', 2, code => 503, message => 'no org id');
wait_for_state($node, '', 'blocked');
is(delivery($node, '', 'pending, reason'), '2|HTTP 503: no org id (see tenant_id)', 'no tenant: kept, with advice');
$receiver->set_mode();
$node->safe_psql('postgres', "SELECT genops_configure(headers => '{\"X-Mended\": \"yes\"}')");
flush_exported($node);
is(numbers($receiver, ''), '1 2', 'delivered when it is mended');

# Bad data: rejected, and what comes later goes on.
refuse('bad', 3, code => 400, message => 'bad span', times => 1);
flush_exported($node);
record($node, 'bad', 2);
flush_exported($node);
is(numbers($receiver, 'bad'), '4 5', 'bad data is passed over');
is(delivery($node, 'bad', 'state, exported, rejected, last_error, last_error_at <= now()'),
	'delivering|2|3|HTTP 400: bad span|t', 'counted and remembered');
is(scalar log_lines($node, qr/spans of tenant "bad" are rejected: HTTP 400: bad span/), 1, 'and in the log');

$receiver->set_mode({ tenant => 'partly', mode => 'partial', rejected => 2, message => 'too old', times => 1 });
record($node, 'partly', 5);
flush_exported($node);
is(delivery($node, 'partly', 'state, exported, rejected, last_error'), 'delivering|3|2|too old', 'partial success is counted');

# Too large: in smaller pieces, of one segment and of several, in order.
$receiver->set_mode({ tenant => 'large', mode => 'status', code => 413, more_than => 10 });
record($node, 'large', 45);
flush_exported($node);
is(numbers($receiver, 'large'), join(' ', 1 .. 45), 'too large: split until it fits');
is(delivery($node, 'large', 'exported, rejected'), '45|0', 'none is rejected');

refuse('huge', 3, code => 413);
flush_exported($node);
is(delivery($node, 'huge', 'exported, rejected, last_error'), '0|3|HTTP 413: refused by a rule', 'single spans too large are rejected');
$receiver->set_mode();
record($node, 'huge', 2);
flush_exported($node);
is(numbers($receiver, 'huge'), '4 5', 'and later ones go on');
is(scalar log_lines($node, qr/LOG: .*tenant "huge"/), 1, 'the log does not tell of each');

counts_agree($node, 'after all this');
is($node->safe_psql('postgres', "SELECT recorded = stored, queued, dropped FROM genops.stat_recording"),
	't|0|0', 'recorded = stored');

$node->stop('fast');
done_testing();
