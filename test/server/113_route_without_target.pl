# SPDX-License-Identifier: PostgreSQL
# Rule: what waits for a route that has no address of its own any more goes to where the
# configuration says, and of a route that is gone it is shown that nothing is sent; also
# where the server was started anew in between.
use strict;
use warnings;

use GenopsTest;
use Test::More;

my $receiver = start_receiver();
my $own = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver);
$node->safe_psql('postgres', <<"END");
INSERT INTO genops.route (position, name, customer_id, tenant_id, otlp_endpoint)
VALUES (10, 'changed', 'a', 'of-changed', '@{[ $own->url ]}'),
       (20, 'deleted', 'b', 'of-deleted', '@{[ $own->url ]}');
END
$own->set_mode({ mode => 'status', code => 503 });
$node->safe_psql('postgres', "SELECT genops_track('p', 'm', customer_id => c) FROM unnest('{a, b}'::text[]) c");
$node->safe_psql('postgres', "SELECT genops_flush('stored')");
wait_until('both are tried', sub {
	$node->safe_psql('postgres',
		"SELECT count(*) FROM genops.stat_delivery WHERE state = 'retrying'") eq '2' });

$node->safe_psql('postgres', <<'END');
UPDATE genops.route SET otlp_endpoint = NULL WHERE name = 'changed';
DELETE FROM genops.route WHERE name = 'deleted';
END
$node->stop('immediate');
$node->start;
wait_until('the span of the route that was changed',
	sub { ($receiver->stats->{by_tenant}{'of-changed'} || 0) == 1 });
pass('what waits for a route that has lost its address is sent');
wait_until('the state of the route that was deleted', sub {
	$node->safe_psql('postgres',
		"SELECT state FROM genops.stat_delivery WHERE tenant_id = 'of-deleted'") eq 'paused' });
like($node->safe_psql('postgres', "SELECT reason FROM genops.stat_delivery WHERE tenant_id = 'of-deleted'"),
	qr/route "deleted" does not exist/, 'what waits for one that is gone is shown as paused');

$node->stop;
$_->stop for $receiver, $own;
done_testing();
