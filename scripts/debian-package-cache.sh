# Sourced by the scripts that fetch a Debian package for tests: unpacked once under the user's cache folder, never in the
# repository and never installed. The caller has set WHAT, for messages, and uses bash with errexit.
# shellcheck shell=bash

fail() {
	printf 'Cannot fetch %s: %s\n' "$WHAT" "$1" >&2
	exit 1
}

# needs TOOL...: or the end.
needs() {
	local tool
	for tool; do
		[ -n "$(type -P "$tool")" ] || fail "$tool is missing"
	done
}

# open_cache NAME: prints nothing, sets CACHE, and holds its lock: several tests may ask at once, and the first one fetches.
open_cache() {
	CACHE=${XDG_CACHE_HOME:-${HOME:?no home for the cache}/.cache}/diskloom
	mkdir -p "$CACHE"
	exec 9>"$CACHE/$1.lock"
	flock 9
}

# download FOLDER RESOLVE: the .deb of the package that RESOLVE prints into the folder, and its name into PACKAGE. Package
# lists that are missing or older than the archive are brought up to date where that is permitted.
download() {
	local folder=$1 resolve=$2
	PACKAGE=$($resolve)
	try_download "$folder" && return 0
	[ "$(id -u)" = 0 ] || fail "$(cat "$folder/log"); sudo apt-get update may help"
	apt-get -qq update >&2 || true
	PACKAGE=$($resolve)
	try_download "$folder" || fail "$(cat "$folder/log")"
}

try_download() {
	if [ -z "$PACKAGE" ]; then
		printf 'apt knows no such package\n' >"$1/log"
		return 1
	fi
	(cd "$1" && apt-get -q download "$PACKAGE" >log 2>&1)
}
