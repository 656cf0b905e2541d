# SPDX-License-Identifier: PostgreSQL
# Over TLS: nothing is sent to an endpoint that can't prove who it is, or that
# wants to know who we are and isn't told; what waits for that is kept.
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use GenopsDelivery;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = tempdir(CLEANUP => 1);
system_or_bail(dirname(__FILE__) . '/../stand_in/make_certificates', $folder);
my @server = ("$folder/server.pem", "$folder/server.key");
my $receiver = start_receiver(tls => \@server);
my $strict = start_receiver(tls => \@server, client_ca => "$folder/ca.pem");
my $plain = start_receiver();
my $node = new_node('main');

create_ledger($node);

sub configure { $node->safe_psql('postgres', "SELECT genops_configure($_[0])"); }

# Not trusted: no authority that is known, another authority, no TLS at all.
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20, timeout => 20');
record($node, 'a', 3);
wait_for_state($node, 'a', 'blocked');
like(delivery($node, 'a', 'reason'), qr/certificate/i, 'an unknown authority: blocked, and it says why');

configure("certificate => '$folder/other_ca.pem'");
wait_for_state($node, 'a', 'blocked', 'requests > 1');
like(delivery($node, 'a', 'reason'), qr/certificate/i, 'another authority: still blocked');

configure("otlp_endpoint => 'https://127.0.0.1:@{[ $plain->port ]}'");
wait_for_state($node, 'a', 'blocked', 'requests > 2');
like(delivery($node, 'a', 'reason'), qr/SSL|TLS/, 'no TLS there: still blocked');

configure("certificate => '$folder/missing.pem', otlp_endpoint => '@{[ $receiver->url ]}'");
wait_for_state($node, 'a', 'blocked', 'requests > 3');
like(delivery($node, 'a', 'reason'), qr/certificate|CA/, 'a file that is missing: still blocked');
is(delivery($node, 'a', 'pending'), 3, 'all are kept');
is(scalar($receiver->spans) + scalar($plain->spans), 0, 'and none has left');

# Trusted.
configure("certificate => '$folder/ca.pem'");
flush_exported($node);
is(numbers($receiver, 'a'), '1 2 3', 'the right authority: delivered');

# An endpoint that wants a certificate.
configure("otlp_endpoint => '@{[ $strict->url ]}'");
record($node, 'b', 3);
wait_until('it was tried', sub { (delivery($node, 'b', "state <> 'delivering'") || '') eq 't' });
is(delivery($node, 'b', 'exported, pending, last_error IS NULL'), '0|3|f', 'without a client certificate: kept');
is(scalar $strict->spans, 0, 'and not sent');
configure("client_certificate => '$folder/client.pem', client_key => '$folder/client.key'");
flush_exported($node);
is(numbers($strict, 'b'), '1 2 3', 'with one: delivered');
counts_agree($node, 'in the end');

$node->stop('fast');
done_testing();
