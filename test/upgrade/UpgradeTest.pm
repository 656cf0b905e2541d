# SPDX-License-Identifier: PostgreSQL
# What the tests of upgrades share: a ledger with everything in it that must survive, and what is to
# be asked of it before and after.
package UpgradeTest;

use strict;
use warnings;

use Exporter 'import';
use GenopsTest;

our @EXPORT = qw(fill_ledger contents record preload);

our $PENDING = 7;

sub preload
{
	my ($node) = @_;

	$node->append_conf('postgresql.conf', <<'END');
shared_preload_libraries = 'genops_tempo'
genops_tempo.flush_interval = '50ms'
END
}

# Records calls, and waits until the ledger has them.
sub record
{
	my ($node, $feature, $count) = @_;

	$node->safe_psql('shop', <<"END");
SELECT genops_track('openai', 'gpt-4o', total_cost => 0.25, tenant_id => 'acme', customer_id => i::text, feature => '$feature')
FROM generate_series(1, $count) i;
SELECT genops_flush('stored');
END
}

# A database "shop" with spans that were delivered and spans that were not, rights, a pin, a route, a
# secret and a view of the user's own.
sub fill_ledger
{
	my ($node, $receiver) = @_;

	create_ledger($node, 'shop');
	deliver_to($node, $receiver, database => 'shop',
		arguments => q(headers => '{"Authorization": "Bearer sesame"}', service_name => 'shop'));
	$node->safe_psql('shop', <<'END');
CREATE ROLE app LOGIN;
CREATE ROLE analyst LOGIN;
SELECT genops_grant('app', 'record');
SELECT genops_grant('analyst', 'read', ARRAY['acme']);
SELECT genops_pin('app', team => 'pinned', tenant_id => 'acme');
INSERT INTO genops.route (name, customer_id, tenant_id) VALUES ('third', '3', 'customer-{customer_id}');
CREATE VIEW public.cost_by_customer AS SELECT customer_id, feature, sum(total_cost) AS cost FROM genops.spend GROUP BY customer_id, feature;
END
	record($node, 'delivered', 20);
	flush_exported($node, 'shop');
	$receiver->set_mode({ mode => 'status', code => 503 });
	record($node, 'pending', $PENDING);
}

# All of that, as text; the spans that were recorded as one of the features given.
sub contents
{
	my ($node, @features) = @_;
	my $features = join ', ', map { "'$_'" } @features;

	return $node->safe_psql('shop', <<"END");
SELECT trace_id, span_id, start_time, duration, provider, model, total_cost, tenant_id, team, customer_id, feature, attributes
FROM genops.spans WHERE feature IN ($features) ORDER BY segment, span_id;
SELECT sum(calls), sum(total_cost), count(DISTINCT customer_id) FROM genops.spend WHERE feature IN ($features);
SELECT * FROM public.cost_by_customer WHERE feature IN ($features) ORDER BY feature, customer_id;
SELECT tenant_id, route, stored, exported, rejected, pending FROM genops.stat_delivery ORDER BY 1, 2;
SELECT * FROM genops.pin ORDER BY 1, 2;
SELECT * FROM genops.route ORDER BY 1;
SELECT setting, value FROM genops.configuration WHERE source = 'configure' ORDER BY 1;
SET ROLE analyst;
SELECT count(*), string_agg(DISTINCT tenant_id, ' ') FROM genops.spans WHERE feature IN ($features);
END
}

1;
