# SPDX-License-Identifier: PostgreSQL
# auto_explain, which logs the plans of nested statements, too, logs no secret of ours.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', conf => <<'END');
session_preload_libraries = 'auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_verbose = on
auto_explain.log_analyze = on
auto_explain.log_nested_statements = on
log_parameter_max_length_on_error = 0
END
create_ledger($node);

# The statements that people write have the secrets; they are not ours.
$node->safe_psql('postgres', <<'END');
SELECT genops_configure(headers => '{"X-Key": "s3cret-header"}', basic_auth => 'user:s3cret-password',
	otlp_endpoint => 'http://127.0.0.1:9/?key=s3cret-query');
INSERT INTO genops.route (name) VALUES ('route');
SELECT genops_route_headers('route', '{"X-Key": "s3cret-route"}');
SELECT genops_configure(headers => '{"X-Key": "s3cret-other"}');
END
is($node->safe_psql('postgres', "SELECT count(*) FROM genops.secret WHERE value ~ 's3cret|dXNlcjp'"), 4, 'they are stored');
is($node->safe_psql('postgres', "SELECT count(*) FROM genops.configuration c WHERE c::text ~ 's3cret'"), 0, 'and not shown');

my @entries = split /^(?=\S+ \S+ \S+ \[\d+\])/m, slurp_file($node->logfile);
my @ours = grep { /Query Text: [^\n]*genops\.(?:secret|setting|route)\b/ && !/Query Text: (?:SELECT genops_|SELECT count|INSERT INTO genops\.route)/ } @entries;
cmp_ok(scalar @ours, '>', 4, 'our own statements are in the log');
is_deeply([ grep { /s3cret|dXNlcjp/ } @ours ], [], 'without any secret');

$node->stop('fast');
done_testing();
