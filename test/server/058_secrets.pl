# SPDX-License-Identifier: PostgreSQL
# Values of headers reach the endpoint and nothing else: no log, view, error,
# span or dump, also when the endpoint itself tells them.
use strict;
use warnings;

use File::Temp qw(tempdir);
use GenopsDelivery;
use GenopsTest;
use JSON::PP;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;

my %secret = map { $_ => "secret-of-$_-" . unpack('H*', pack 'N', int rand 2**32) }
  qw(header collector route file environment password bad nocolon);
my @hidden = (values %secret, encode_base64("user:$secret{password}", ''));
my $folder = tempdir(CLEANUP => 1);
my $receiver = start_receiver();

# Everything that the server says, but for the statements that name secrets.
my $node = new_node('main', start => 0, conf => <<'END');
log_min_messages = debug1
log_min_error_statement = panic
END
start_node_with($node, OTEL_EXPORTER_OTLP_HEADERS => "X-Environment=$secret{environment}");
create_ledger($node);
append_to_file("$folder/headers", "X-File: $secret{file}\n");

sub hides
{
	my ($what, $text) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(length $text, "$what: there is something to look at");
	is_deeply([ grep { index($text, $_) >= 0 } @hidden ], [], "$what: no secret");
}

my $answers = '';

sub configure
{
	my (undef, $out, $err) = $node->psql('postgres', $_[0]);

	$answers .= "$out\n$err\n";
}

# All ways to give one.
configure("SELECT * FROM genops_configure(otlp_endpoint => '@{[ $receiver->url ]}', schedule_delay_millis => 20,
	headers => '{\"X-Header\": \"$secret{header}\"}', collector_headers => '{\"X-Collector\": \"$secret{collector}\"}',
	basic_auth => 'user:$secret{password}', headers_file => '$folder/headers')");
configure("INSERT INTO genops.route (name, team, tenant_id) VALUES ('route', 'routed', 'routed')");
configure("SELECT genops_route_headers('route', '{\"Authorization\": \"Bearer $secret{route}\"}')");

# Refusals quote their argument's name, not its value.
configure("SELECT genops_configure(headers => '{\"X-Bad\": \"$secret{bad}\\u0001\"}')");
configure("SELECT genops_configure(headers => '{\"X Bad\": \"$secret{bad}\"}')");
configure("SELECT genops_configure(basic_auth => '$secret{nocolon}')");
configure("SELECT genops_route_headers('route', '{\"Host\": \"$secret{bad}\"}')");
configure("SELECT genops_configure(headers => '[\"$secret{bad}\"]')");
is(scalar(() = $answers =~ /ERROR:/g), 5, 'bad headers are refused');
hides('what genops_configure() answers', $answers);

# They work.
record($node, 'plain', 2);
record($node, 'routed', 2, arguments => "team => 'routed'");
flush_exported($node);
my %sent = map { $_->{tenant} || 'plain' => $_->{authorization} } $receiver->requests;
is($sent{routed}, "Bearer $secret{route}", 'the endpoint gets the route\'s');
is($sent{plain}, 'Basic ' . encode_base64("user:$secret{password}", ''), 'and the configuration\'s');

# The endpoint tells what it was told: in one piece, and cut.
$receiver->set_mode(
	{ tenant => 'routed', mode => 'status', code => 401, body => "bad token: Bearer $secret{route}" },
	{ tenant => 'plain', mode => 'status', code => 401, message => "no such user: $sent{plain}, $secret{header}, $secret{file}, $secret{environment}" });
record($node, 'plain', 2);
record($node, 'routed', 2, arguments => "team => 'routed'");
wait_for_state($node, $_, 'blocked') for 'plain', 'routed';
like(delivery($node, 'routed', 'last_error'), qr/^HTTP 401: bad token: (Bearer )?\*+$/, 'a token that the endpoint quotes is masked');
like(delivery($node, 'plain', 'last_error'), qr/^HTTP 401: no such user: (Basic )?\*+, \*+, \*+, \*+$/, 'all of them');
$receiver->set_mode({ tenant => 'plain', mode => 'partial', rejected => 1, message => "not for $secret{header}" });
configure('SELECT genops_configure(timeout => 9)');
flush_exported($node);
like(delivery($node, 'plain', 'last_error'), qr/^not for \*+$/, 'in a partial success too');

# Everywhere else.
$node->safe_psql('postgres', 'CREATE ROLE reader LOGIN; GRANT pg_monitor, pg_read_all_data TO reader');
for my $role ('postgres', 'reader')
{
	hides("what \"$role\" sees",
		$node->safe_psql('postgres', <<'END', $role eq 'reader' ? (extra_params => [ '-U', 'reader' ]) : ()));
SELECT * FROM genops.configuration;
SELECT * FROM genops.stat_delivery;
SELECT * FROM genops.delivery;
SELECT * FROM genops.setting;
SELECT * FROM genops.route;
SELECT * FROM genops.stat_recording;
END
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM genops.secret', extra_params => [ '-U', 'reader' ]),
	0, 'who may read all data may not read secrets');
hides('the spans', JSON::PP->new->canonical->encode(
	[ map { { %$_, headers => undef, authorization => undef } } $receiver->spans ]));
hides('the spans\' bytes', $node->safe_psql('postgres', "SELECT encode(bytes, 'escape') FROM genops.ledger_segment"));
$node->command_ok([ 'pg_dump', '-f', "$folder/dump", '-d', $node->connstr('postgres') ], 'a dump is made');
my $dump = slurp_file("$folder/dump");
like($dump, qr/headers\.x-header/, 'the dump has the header\'s name');
hides('the dump', $dump);
$node->stop('fast');
hides('the server\'s log', slurp_file($node->logfile));

done_testing();
