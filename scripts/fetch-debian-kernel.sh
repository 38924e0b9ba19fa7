#!/usr/bin/env bash
# Debian's kernel for virtual machines, for the tests that boot it: unpacked once under the user's cache folder, never in
# the repository and never installed. Prints the folder, which holds boot/vmlinuz-VERSION and lib/modules/VERSION with its
# module index. Needs apt-get, dpkg and depmod (package kmod); no root.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

readonly WHAT="Debian's kernel"
# Small, and has what virtual machines have: virtio, ext4, vfat.
readonly META=linux-image-cloud-amd64

# shellcheck source=scripts/debian-package-cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian-package-cache.sh"

main() {
	local folder
	needs apt-get apt-cache dpkg-deb depmod flock
	open_cache kernel
	folder=$(unpacked)
	if [ -z "$folder" ]; then
		fetch
		folder=$(unpacked)
	fi
	printf '%s\n' "$folder"
}

# The newest finished folder, or nothing. What is there is good enough: no test depends on a kernel's last digit.
unpacked() {
	find "$CACHE" -mindepth 1 -maxdepth 1 -type d -name 'linux-image-*' | sort -V | tail -n 1
}

fetch() {
	local work version
	work=$(mktemp -d "$CACHE/unpacking.XXXXXX")
	# shellcheck disable=SC2064 # the folder of now
	trap "rm -rf '$work'" EXIT
	download "$work" resolve
	dpkg-deb -x "$work"/*.deb "$work/root"
	version=$(ls "$work/root/lib/modules")
	# modules.dep is made at installation, which this is not.
	depmod -b "$work/root" "$version"
	mv -T "$work/root" "$CACHE/$PACKAGE"
}

# The real package behind the meta package: linux-image-VERSION-cloud-amd64.
resolve() {
	apt-cache depends --no-recommends --no-suggests "$META" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

main
