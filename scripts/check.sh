#!/usr/bin/env bash
# Everything that must hold before a change goes in: tools, format, lint, arrows, types, build, schema, tests.
# Works from a clean clone; reads nothing from standard input. With CI=true a missing tool is a failure; without, the
# suites that need it are skipped and this script says which package brings it.
# `check.sh tools` only installs the tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
export PATH=$PATH:/usr/sbin:/sbin

readonly TABLE=scripts/debian-packages.txt

main() {
	if [ "${1:-}" = tools ]; then
		install_tools
		return
	fi
	step 'npm packages' install_npm_packages
	step 'tools that the tests call' install_tools
	step 'format and lint' npx --no-install biome ci --diagnostic-level=warn .
	step 'arrows and cycles' node scripts/check-arrows.mjs
	step 'types' npx --no-install tsc -p tsconfig.json
	step 'build, schema as committed' build_and_compare_schema
	step 'tests' npx --no-install vitest run
	printf 'all checks passed in %d s\n' "$SECONDS"
}

# step NAME COMMAND...: a heading, the command, and its time. The first failure ends the script.
step() {
	local name=$1 begin=$SECONDS
	shift
	printf '==> %s\n' "$name"
	"$@"
	printf '    %s: %d s\n' "$name" $((SECONDS - begin))
}

install_npm_packages() {
	# npm writes the second file last, so it tells whether node_modules is whole and of this lock file.
	if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
		npm ci --no-audit --no-fund
	fi
}

# Rows of the table whose tool is not there, as "tool package".
missing_tools() {
	local tool package
	while read -r tool package; do
		case $tool in '' | '#'*) continue ;; esac
		[ -n "$(type -P "$tool")" ] || [[ $tool == /* && -e $tool ]] || printf '%s %s\n' "$tool" "$package"
	done <"$TABLE"
}

install_tools() {
	local missing packages log
	missing=$(missing_tools)
	[ -n "$missing" ] || return 0
	packages=$(printf '%s\n' "$missing" | cut -d' ' -f2 | sort -u | tr '\n' ' ')
	if [ "$(id -u)" = 0 ] && [ -n "$(type -P apt-get)" ]; then
		printf '    installing %s\n' "$packages"
		log=$(mktemp)
		export DEBIAN_FRONTEND=noninteractive
		# shellcheck disable=SC2086 # a list of package names
		{ apt-get -qq update && apt-get -qq -y --no-install-recommends install $packages; } >"$log" 2>&1 || cat "$log" >&2
		rm -f "$log"
		missing=$(missing_tools)
		[ -n "$missing" ] || return 0
	fi
	printf '    missing tools (tool, Debian package):\n' >&2
	printf '%s\n' "$missing" | sed 's/^/      /' >&2
	printf '    on Debian: sudo apt-get install %s\n' "$packages" >&2
	if [ "${CI:-}" = true ]; then
		printf '    CI=true: a missing tool is a failure\n' >&2
		return 1
	fi
	printf '    going on; the suites that need them are skipped and say so\n' >&2
}

build_and_compare_schema() {
	local before differences
	before=$(mktemp -d)
	cp schema/*.schema.json "$before"
	npm run --silent build
	if ! differences=$(diff -r "$before" schema); then
		printf 'schema/ is not what src/ makes of it; npm run build has written the new one: commit it\n' >&2
		printf '%s\n' "$differences" | head -n 20 >&2
		rm -rf "$before"
		return 1
	fi
	rm -rf "$before"
}

main "$@"
