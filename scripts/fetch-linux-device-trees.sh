#!/usr/bin/env bash
# The device-tree sources of Debian's linux-source package (140 MB, of which 48 MB are kept), for the test that patches them:
# unpacked once under the user's cache folder, never in the repository and never installed. Prints the folder, which holds
# arch/*/boot/dts, include/dt-bindings and scripts/dtc/include-prefixes. Needs apt-get, dpkg, tar and xz; no root.
set -euo pipefail

readonly WHAT="the device trees of Debian's kernel source"

# shellcheck source=scripts/debian-package-cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian-package-cache.sh"

main() {
	local folder
	needs apt-get apt-cache dpkg-deb tar xz flock
	open_cache device-trees
	folder=$(unpacked)
	if [ -z "$folder" ]; then
		fetch
		folder=$(unpacked)
	fi
	printf '%s\n' "$folder"
}

unpacked() {
	find "$CACHE" -mindepth 1 -maxdepth 1 -type d -name 'linux-source-*' | sort -V | tail -n 1
}

fetch() {
	local work
	work=$(mktemp -d "$CACHE/unpacking.XXXXXX")
	# shellcheck disable=SC2064 # the folder of now
	trap "rm -rf '$work'" EXIT
	download "$work" resolve
	mkdir "$work/tree"
	dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dc -T0 |
		tar -x -C "$work/tree" --strip-components=1 --wildcards \
			'linux-source-*/arch/*/boot/dts' 'linux-source-*/scripts/dtc/include-prefixes' 'linux-source-*/include/dt-bindings' \
			'linux-source-*/include/uapi/linux/input-event-codes.h' # which a header of dt-bindings is a link to
	mv -T "$work/tree" "$CACHE/$PACKAGE"
}

# The real package behind the meta package: linux-source-VERSION.
resolve() {
	apt-cache depends --no-recommends --no-suggests linux-source 2>/dev/null | sed -n 's/^ *Depends: *\(linux-source-[0-9].*\)$/\1/p' | head -n 1
}

main
