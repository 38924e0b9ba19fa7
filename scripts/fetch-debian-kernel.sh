#!/usr/bin/env bash
# One of Debian's kernels, for the tests that boot it: unpacked once under the user's cache folder, never in the repository
# and never installed. Prints the folder, which holds boot/vmlinuz-VERSION and lib/modules/VERSION with its module index.
# Needs apt-get, dpkg and depmod (package kmod); no root.
#
# usage: fetch-debian-kernel.sh [cloud|full]    (default: cloud)
#
# cloud is small, 27 MB, and has what virtual machines have: virtio, ext4, vfat. full is 70 MB, and has USB on both sides.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

readonly WHAT="Debian's kernel"
readonly KIND=${1:-cloud}
case $KIND in
cloud) readonly META=linux-image-cloud-amd64 ;;
full) readonly META=linux-image-amd64 ;;
*)
	echo "usage: $0 [cloud|full]" >&2
	exit 2
	;;
esac

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
	find "$CACHE" -mindepth 1 -maxdepth 1 -type d -name 'linux-image-*' | sort -V | of_kind | tail -n 1
}

# The names that end like those of the kind: linux-image-VERSION-cloud-amd64, linux-image-VERSION-amd64.
of_kind() {
	if [ "$KIND" = cloud ]; then grep -e '-cloud-' || true; else grep -v -e '-cloud-' || true; fi
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

# The real package behind the meta package.
resolve() {
	apt-cache depends --no-recommends --no-suggests "$META" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

main
