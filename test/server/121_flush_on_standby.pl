# SPDX-License-Identifier: PostgreSQL
# Rule: on a hot standby nothing is stored, so genops_flush('stored') says at once that it
# is not; "exported" waits until what was recorded there is sent.
use strict;
use warnings;

use GenopsTest;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $primary = new_node('primary', streaming => 1);

create_ledger($primary);
deliver_to($primary, $receiver);
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

# The endpoint is silent: "stored" does not wait for what cannot happen.
$receiver->set_mode({ hang => JSON::PP::true });
$standby->safe_psql('postgres', "SELECT genops_track('p', 'm')");
my ($status, $out, $notice) = $standby->psql('postgres',
	"SET statement_timeout = '20s'; SELECT complete, queued FROM genops_flush('stored', 3600)");
is($out, 'f|1', 'nothing is stored on a standby');
like($notice, qr/NOTICE:  genops_flush does not wait\nDETAIL:  A hot standby/, 'which is told');
unlike($notice, qr/ERROR/, 'without waiting');
is($standby->safe_psql('postgres', "SELECT complete FROM genops_flush('exported', 0.3)"), 'f', 'nor is it exported');
$receiver->set_mode();
$primary->safe_psql('postgres', 'SELECT genops_configure(timeout => 5)');
is($standby->safe_psql('postgres', "SELECT complete, queued FROM genops_flush('exported', 120)"), 't|0', 'until it is');
is(scalar($receiver->spans), 1, 'once');

$_->stop('fast') for $standby, $primary;
done_testing();
