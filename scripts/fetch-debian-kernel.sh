#!/usr/bin/env bash
# Debian's kernel for virtual machines, for the tests that boot it: unpacked once under the user's cache folder, never in
# the repository and never installed. Prints the folder, which holds boot/vmlinuz-VERSION and lib/modules/VERSION with its
# module index. Needs apt-get, dpkg and depmod (package kmod); no root.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

# Small, and has what virtual machines have: virtio, ext4, vfat.
readonly META=linux-image-cloud-amd64

main() {
	local cache folder tool
	for tool in apt-get apt-cache dpkg-deb depmod flock; do
		[ -n "$(type -P "$tool")" ] || fail "$tool is missing (packages apt, dpkg, kmod, util-linux)"
	done
	cache=${XDG_CACHE_HOME:-${HOME:?no home for the cache}/.cache}/diskloom
	mkdir -p "$cache"
	# Several tests may ask at once; the first one fetches.
	exec 9>"$cache/kernel.lock"
	flock 9
	folder=$(unpacked "$cache")
	if [ -z "$folder" ]; then
		fetch "$cache"
		folder=$(unpacked "$cache")
	fi
	printf '%s\n' "$folder"
}

fail() {
	printf "Cannot fetch Debian's kernel: %s\n" "$1" >&2
	exit 1
}

# The newest finished folder, or nothing. What is there is good enough: no test depends on a kernel's last digit.
unpacked() {
	find "$1" -mindepth 1 -maxdepth 1 -type d -name 'linux-image-*' | sort -V | tail -n 1
}

fetch() {
	local cache=$1 work package version
	work=$(mktemp -d "$cache/unpacking.XXXXXX")
	# shellcheck disable=SC2064 # the folder of now
	trap "rm -rf '$work'" EXIT
	package=$(resolve)
	if ! download "$work" "$package"; then
		# No package lists, or lists that are older than the archive.
		[ "$(id -u)" = 0 ] || fail "$(cat "$work/log"); sudo apt-get update may help"
		apt-get -qq update >&2 || true
		package=$(resolve)
		download "$work" "$package" || fail "$(cat "$work/log")"
	fi
	dpkg-deb -x "$work"/*.deb "$work/root"
	version=$(ls "$work/root/lib/modules")
	# modules.dep is made at installation, which this is not.
	depmod -b "$work/root" "$version"
	mv -T "$work/root" "$cache/$package"
}

# download FOLDER PACKAGE: the .deb into the folder; what went wrong into its log.
download() {
	if [ -z "$2" ]; then
		printf 'apt knows no %s (it is in the archive of amd64)\n' "$META" >"$1/log"
		return 1
	fi
	(cd "$1" && apt-get -q download "$2" >log 2>&1)
}

# The real package behind the meta package: linux-image-VERSION-cloud-amd64.
resolve() {
	apt-cache depends --no-recommends --no-suggests "$META" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

main
