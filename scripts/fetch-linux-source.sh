#!/usr/bin/env bash
# Parts of Debian's linux-source package (140 MB, of which 55 MB are kept), for the tests that patch its device trees and that
# merge into its configs: unpacked once under the user's cache folder, never in the repository and never installed. Prints the
# folder, which holds arch/*/boot/dts, include/dt-bindings and scripts/dtc/include-prefixes; every Kconfig, arch/arm/configs and
# scripts/kconfig with conf, from linux-kbuild (1.6 MB). Needs apt-get, dpkg, tar and xz; no root.
set -euo pipefail

readonly WHAT="Debian's kernel source"

# The program that settles a config, in the folder and in its package.
readonly CONF=scripts/kconfig/conf

# shellcheck source=scripts/debian-package-cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian-package-cache.sh"

main() {
	local folder
	needs apt-get apt-cache dpkg-deb tar xz flock
	open_cache linux-source
	folder=$(unpacked)
	if [ -z "$folder" ]; then
		fetch
		folder=$(unpacked)
	fi
	printf '%s\n' "$folder"
}

# The newest folder that has everything: an older one of ours may have less.
unpacked() {
	find "$CACHE" -mindepth 4 -maxdepth 4 -path "$CACHE/linux-source-*/$CONF" | sort -V | tail -n 1 | sed "s|/$CONF\$||"
}

fetch() {
	local work source
	work=$(mktemp -d "$CACHE/unpacking.XXXXXX")
	# shellcheck disable=SC2064 # the folder of now
	trap "rm -rf '$work'" EXIT
	download "$work" resolve
	mkdir "$work/tree"
	# A header of dt-bindings is a link to input-event-codes.h; a slash matches, so that Kconfig and .sh files come from everywhere.
	dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dc -T0 |
		tar -x -C "$work/tree" --strip-components=1 --wildcards \
			'linux-source-*/arch/*/boot/dts' 'linux-source-*/scripts/dtc/include-prefixes' 'linux-source-*/include/dt-bindings' \
			'linux-source-*/include/uapi/linux/input-event-codes.h' 'linux-source-*/Kconfig*' 'linux-source-*/arch/arm/configs' \
			'linux-source-*/scripts/*.sh'
	source=$PACKAGE
	rm "$work"/*.deb
	download "$work" resolve_kbuild
	dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work/tree" --wildcards --strip-components=4 "./usr/lib/linux-kbuild-*/$CONF"
	rm -rf "${CACHE:?}/$source"
	mv -T "$work/tree" "$CACHE/$source"
}

# Of the same version: linux-kbuild-VERSION.
resolve_kbuild() {
	resolve | sed 's/^linux-source-/linux-kbuild-/'
}

# The real package behind the meta package: linux-source-VERSION.
resolve() {
	apt-cache depends --no-recommends --no-suggests linux-source 2>/dev/null | sed -n 's/^ *Depends: *\(linux-source-[0-9].*\)$/\1/p' | head -n 1
}

main
