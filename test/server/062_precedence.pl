# SPDX-License-Identifier: PostgreSQL
# What wins over what: the call over its session, a route, the server's environment, the
# configuration, the default; a route's own address and sampling over the environment's.
use strict;
use warnings;

use GenopsDelivery;
use GenopsTest;
use GenopsValidation;
use Test::More;

my %at = map { $_ => start_receiver() } qw(configured collector environment traces route);
my $node = new_node('main');
my $sampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

create_ledger($node);
$node->safe_psql('postgres', <<"END");
SELECT genops_configure(otlp_endpoint => '@{[ $at{configured}->url ]}', collector_endpoint => '@{[ $at{collector}->url ]}',
	service_name => 'configured', environment => 'configured', sampling_rate => 1, schedule_delay_millis => 20,
	resource_attributes => '{"both": "configured", "cloud.region": "configured"}');
INSERT INTO genops.route (name, team, otlp_endpoint, sampling_rate) VALUES ('own', 'own', '@{[ $at{route}->url ]}', 1);
INSERT INTO genops.route (name, team, sampling_rate) VALUES ('sampled', 'sampled', 1);
END

sub restart_with { my (%environment) = @_; $node->stop('fast'); start_node_with($node, %environment); }

# Where the span of a call went, and what it was: or "" if it was not sent.
sub sent
{
	my ($arguments) = @_;
	my %before = map { $_ => scalar $at{$_}->spans } keys %at;

	$node->safe_psql('postgres', "SELECT genops_track('p', 'm'" . ($arguments ? ", $arguments" : '') . ')');
	flush_exported($node);
	my ($where) = grep { scalar($at{$_}->spans) > $before{$_} } keys %at;
	return $where || '';
}
sub last_resource { my ($where, $key) = @_; return (($at{$where}->spans)[-1]{resource}{$key} || {})->{string}; }

# Addresses.
is(sent(), 'configured', 'the configuration');
is(sent("team => 'own'"), 'route', 'a route with an address');
restart_with(OTEL_EXPORTER_OTLP_ENDPOINT => $at{environment}->url);
is(sent(), 'environment', 'the environment wins over otlp_endpoint');
is(sent("team => 'own'"), 'route', 'a route\'s address over the environment\'s');
$node->safe_psql('postgres', 'SELECT genops_configure(via_collector => true)');
is(sent(), 'environment', 'and the environment\'s over the Collector');
restart_with(
	OTEL_EXPORTER_OTLP_ENDPOINT => $at{environment}->url,
	OTEL_EXPORTER_OTLP_TRACES_ENDPOINT => $at{traces}->url . '/v1/traces');
is(sent(), 'traces', 'what is for traces wins over what is for all signals');
is(sent("team => 'own'"), 'route', 'and not over a route');
restart_with();
is(sent(), 'collector', 'without them, the Collector');
$node->safe_psql('postgres', 'SELECT genops_configure(via_collector => false)');

# Names.
restart_with(
	OTEL_SERVICE_NAME => 'environment', ENVIRONMENT => 'environment',
	OTEL_RESOURCE_ATTRIBUTES => 'service.name=attribute,both=environment,cloud.account.id=environment');
is(sent(), 'configured', 'a call of nobody in particular');
is(last_resource('configured', $_), 'environment', "the environment's $_") for qw(service.name deployment.environment cloud.account.id);
is(last_resource('configured', $_), 'configured', "$_: the configuration wins over OTEL_RESOURCE_ATTRIBUTES") for qw(both cloud.region);
is($node->safe_psql('postgres', "SELECT value, source FROM genops.configuration WHERE setting = 'otel_resource_attributes'"),
	"service.name=attribute,both=environment,cloud.account.id=environment|environment OTEL_RESOURCE_ATTRIBUTES", 'the view shows what is merged');
sent("service_name => 'call', environment => 'call'");
is(last_resource('configured', $_), 'call', "the call's $_ wins over all") for qw(service.name deployment.environment);

# Sampling.
restart_with(OTEL_TRACES_SAMPLER => 'always_off');
is(sent(), '', 'OTEL_TRACES_SAMPLER wins over sampling_rate');
is(sent("team => 'sampled'"), 'configured', 'a route\'s rate over it');
is(sent("traceparent => '$sampled'"), '', 'always_off does not ask the parent');
restart_with(OTEL_TRACES_SAMPLER => 'parentbased_always_off');
is(sent(), '', 'nor is a root sent here');
is(sent("traceparent => '$sampled'"), 'configured', 'but the child of one that is');
restart_with(OTEL_TRACES_SAMPLER => 'always_on');
is(sent("traceparent => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'"), 'configured', 'always_on sends what the parent does not');

# Switched off: nothing leaves, the ledger goes on.
my $recorded = $node->safe_psql('postgres', 'SELECT count(*) FROM genops.spans');
for my $off ({ OTEL_SDK_DISABLED => 'TRUE' }, { OTEL_TRACES_EXPORTER => 'none' })
{
	my ($variable) = keys %$off;

	restart_with(%$off);
	$node->safe_psql('postgres', "SELECT genops_track('p', 'm'); SELECT genops_flush('stored')");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM genops.spans'), ++$recorded, "$variable: still recorded");
	my $checks = validate($node);
	check($checks, $_, 'error', qr/"$variable"/, qr/^Unset the variable in the environment of the server/) for 'Delivery', 'OTLP Write Endpoint';
}
restart_with(https_proxy => 'http://127.0.0.1:1');
check(validate($node), 'Environment', 'ok', qr/^in force: https_proxy$/);
restart_with();
flush_exported($node);
is($node->safe_psql('postgres', 'SELECT pending FROM genops.stat_delivery WHERE route = $$$$'), 0, 'on again, what waited is sent');

$node->stop('fast');
done_testing();
