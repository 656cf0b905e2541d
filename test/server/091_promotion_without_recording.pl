# SPDX-License-Identifier: PostgreSQL
# A standby whose worker has left, since nothing was recorded there, delivers what
# was pending when it becomes the primary, although nobody records anything.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $primary = new_node('primary', streaming => 1);

create_ledger($primary);
deliver_to($primary, $receiver, arguments => "tenant_id => 'acme'");
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
my $workers = "FROM pg_stat_activity WHERE backend_type = 'genops worker'";

$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
ok($standby->poll_query_until('postgres', "SELECT count(*) = 1 $workers"), 'the worker had a look');
$standby->safe_psql('postgres', "SELECT pg_terminate_backend(pid) $workers");
ok($standby->poll_query_until('postgres', "SELECT count(*) = 0 $workers"), 'and left');

$receiver->set_mode({ mode => 'status', code => 503 });
$primary->safe_psql('postgres',
	"SELECT genops_track('p', 'm', feature => 'pending') FROM generate_series(1, 7); SELECT genops_flush('stored')");
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$standby->promote;
$receiver->set_mode;
$receiver->wait_for_spans(7);
is(scalar($receiver->spans), 7, 'what was pending is delivered by the promoted standby');

$standby->stop('fast');
$receiver->stop;
done_testing();
