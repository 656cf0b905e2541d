# SPDX-License-Identifier: PostgreSQL
# Chroots of Debian releases, for check_versions and check_package.  Sourced by bash, after common.sh.
#
#   CHROOTS         where they are kept from run to run (default /var/cache/genops_tempo/chroots)
#   DEBIAN_MIRROR   where debootstrap and apt in them get packages
#
# For each release there is a base that only debootstrap and apt-get upgrade touch; what is built
# and tested is in copies of it.
CHROOTS=${CHROOTS:-/var/cache/genops_tempo/chroots}
DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# The releases, each with the PostgreSQL that is its own.
releases='bookworm trixie sid'

# Why there can be no chroots here, or nothing.
no_chroots() {
	[ "$(id -u)" = 0 ] || { echo "chroots take root"; return; }
	command -v debootstrap >/dev/null || { echo "there is no debootstrap"; return; }
	unshare --mount --pid --fork true 2>/dev/null || echo "this machine lets nobody make namespaces"
}

# in_chroot DIRECTORY COMMAND...: with mounts and processes that end with the command.
in_chroot() {
	local directory=$1

	shift
	cp /etc/resolv.conf "$directory/etc/resolv.conf"
	unshare --mount --pid --fork --kill-child --propagation private sh -c '
		mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
		mount -t tmpfs tmpfs "$0/dev/shm" && exec chroot "$0" /usr/bin/env -i \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive TERM=dumb "$@"' "$directory" "$@" </dev/null
}

# Makes or renews the base of a release.
make_base() {
	local base=$CHROOTS/$1

	mkdir -p "$CHROOTS"
	if [ ! -e "$base/etc/debian_version" ] || [ -e "$base/debootstrap" ]; then
		rm -rf "$base"
		debootstrap --variant=minbase "$1" "$base" "$DEBIAN_MIRROR" || return 1
	fi
	echo force-unsafe-io >"$base/etc/dpkg/dpkg.cfg.d/unsafe_io"
	# A mirror may be behind, or this machine's clock ahead; signatures are checked all the same.
	echo 'Acquire::Check-Valid-Until "false";' >"$base/etc/apt/apt.conf.d/valid_until"
	in_chroot "$base" sh -c 'apt-get -q update && apt-get -q -y upgrade && apt-get clean'
}

# copy_of_base RELEASE NAME: one that is made anew.  Prints its directory.
copy_of_base() {
	rm -rf "${CHROOTS:?}/$2"
	cp -a --reflink=auto "$CHROOTS/$1" "$CHROOTS/$2"
	echo "$CHROOTS/$2"
}

# Puts the checkout's files, as they are now, into a chroot's /src/genops_tempo.  What was built
# there before is built on: a file is as old as its content there, whatever the checkout says.
put_source() {
	local source=$1/src/genops_tempo new=$1/src/new

	rm -rf "$new"
	mkdir -p "$source" "$new"
	(cd "$root" && git ls-files -z --cached --others --exclude-standard |
		xargs -0 sh -c 'for each; do [ -e "$each" ] && printf "%s\0" "$each"; done' sh |
		tar --null -T - -c) | tar -x --touch --no-same-owner -C "$new"
	(cd "$new" && find . -type f -exec sh -c '
		for each; do cmp -s "$each" "$0/$each" && touch -r "$0/$each" "$each"; done; true' "$source" {} +)
	[ ! -e "$source/build" ] || mv "$source/build" "$new/build"
	rm -rf "$source"
	mv "$new" "$source"
}
