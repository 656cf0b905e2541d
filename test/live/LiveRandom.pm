# SPDX-License-Identifier: PostgreSQL
# Choices that a seed decides; perl's own generator is the same everywhere.
package LiveRandom;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(below chance pick some hex_digits);

sub below { return int rand $_[0]; }

# True in so many of a hundred cases.
sub chance { return rand 100 < $_[0]; }

sub pick { return $_[ int rand @_ ]; }

# Between "least" and "most" of what the code makes.
sub some
{
	my ($least, $most, $code) = @_;

	return map { $code->($_) } 1 .. $least + below($most - $least + 1);
}

sub hex_digits { return join '', map { sprintf '%x', below(16) } 1 .. $_[0]; }

1;
