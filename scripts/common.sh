# SPDX-License-Identifier: PostgreSQL
# What the scripts that run servers share.  Sourced by bash, after "set -eu".
#
# PostgreSQL refuses to run as root.  So there are two users: the one who typed
# make, who builds; and the server's user, who runs throw-away servers and the
# tests that do.  They are the same unless that one is root.
#
# Sets:
#   root         the checkout
#   place        where what the server's user needs is: build/, or, where that
#                user can't enter the checkout, a directory of its own
#   major        the server's version
#   private      the private installation's root, a DESTDIR
#   bindir       the private installation's programs
umask 022

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PG_CONFIG=${PG_CONFIG:-pg_config}
MAKE="${MAKE:-make} -s --no-print-directory -j$(nproc)"

# What would lead clients, servers or their HTTP astray.
for each in ${!PG@} ${!OTEL_@}; do
	case $each in
		PG_*) ;;
		*) unset "$each" ;;
	esac
done
export no_proxy=127.0.0.1,localhost LC_ALL=C.UTF-8

say() {
	echo "$*" >&2
}

fail() {
	say "$*"
	exit 1
}

if [ "$(id -u)" = 0 ]; then
	server_user=${GENOPS_SERVER_USER:-postgres}
else
	server_user=
fi

# Runs a command as the server's user, in a directory that it can be in.
as_server_user() {
	(
		cd /
		[ ! -d "${place:-}" ] || cd "$place"
		if [ -n "$server_user" ]; then
			exec runuser -u "$server_user" -- env HOME="${place:-/}" "$@"
		fi
		exec "$@"
	)
}

find_place() {
	mkdir -p "$root/build"
	place=$root/build
	if [ -z "$server_user" ] || as_server_user test -r "$root/build"; then
		return
	fi
	place=$(readlink "$root/build/place" || true)
	if [ -z "$place" ] || [ ! -O "$place" ]; then
		place=$(mktemp -d "${TMPDIR:-/tmp}/genops_tempo.XXXXXX")
		ln -sfn "$place" "$root/build/place"
		say "user \"$server_user\" can't enter $root: servers run in $place"
	fi
	chmod 755 "$place"
	as_server_user test -r "$place" ||
		fail "user \"$server_user\" can enter neither $root nor $place: set TMPDIR to where it can"
}

need_postgresql() {
	command -v "$PG_CONFIG" >/dev/null || fail "there is no $PG_CONFIG: run scripts/dependencies core server test"
	[ -z "$server_user" ] || id "$server_user" >/dev/null 2>&1 ||
		fail "PostgreSQL doesn't run as root, and there is no user \"$server_user\": set GENOPS_SERVER_USER"
	find_place
	major=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	use_installation "$place/pg$major/server"
}

# Where the private installation is.
use_installation() {
	private=$1
	bindir=$private$("$PG_CONFIG" --bindir)
	sharedir=$private$("$PG_CONFIG" --sharedir)
	pkglibdir=$private$("$PG_CONFIG" --pkglibdir)
}

# Puts the server itself into the private installation.  PostgreSQL finds its libraries and its
# extensions relative to where its programs are (as its own "make check" relies on).  So the programs
# are copied, and everything else is linked to.
install_server() {
	mkdir -p "$bindir" "$sharedir" "$pkglibdir"
	cp -au --remove-destination "$("$PG_CONFIG" --bindir)/." "$bindir"
	cp -asn "$("$PG_CONFIG" --sharedir)/." "$sharedir"
	cp -asn "$("$PG_CONFIG" --pkglibdir)/." "$pkglibdir"
	chmod -R a+rX "$private"
}

# run_prove DIRECTORY LIBRARY FILE...: tests with PostgreSQL's own Perl modules, and those in LIBRARY
# and test/server, as the server's user.
run_prove() {
	local work=$1 library=$2 pgxs

	shift 2
	pgxs=$(dirname "$("$PG_CONFIG" --pgxs)")/..
	mkdir -p "$work/tmp"
	[ -z "$server_user" ] || chown "$server_user" "$work/tmp"
	as_server_user env -C "$work" TMPDIR="$work/tmp" \
		TESTDIR="$work" TESTDATADIR="$work/tmp_check" TESTLOGDIR="$work/tmp_check/log" \
		PATH="$bindir:$PATH" PG_REGRESS="$(realpath "$pgxs/test/regress/pg_regress")" \
		PERL5LIB="$(realpath "$pgxs/test/perl"):$work/test/server:$work/$library" \
		prove ${PROVE_FLAGS:-} "$@"
}

# Makes an empty directory, $place/NAME, that belongs to the server's user, and
# lets it be found as build/NAME.  Prints its path.
server_directory() {
	local directory=$place/$1

	rm -rf "$directory"
	mkdir -p "$directory"
	[ -z "$server_user" ] || chown "$server_user" "$directory"
	[ "$place" = "$root/build" ] || ln -sfn "$directory" "$root/build/$1"
	echo "$directory"
}
