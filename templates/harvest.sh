#!/bin/sh
# Made by diskloom. What the board does with the storage that it shows over USB: it takes the medium back from the host,
# mounts it, writes, unmounts it, and shows it again. While the host has it, nobody here may mount it: a host takes the
# medium for its own, and expects no changes but its own ones.
#
# usage: harvest open             takes the medium back and mounts it at {{mount}}; fails while the host holds it
#        harvest append NAME      standard input to the end of a file there{{line_ends}}
#        harvest close            unmounts it and shows it again: the host sees what was written
#        harvest run COMMAND...   open, the command in the folder of the medium, close
#
# For example, every minute:     date | harvest run harvest append data.log

readonly SERVICE={{service}}
readonly LUN={{lun}}
readonly FILE={{file}}
readonly OFFSET={{offset}}
readonly MOUNT={{mount}}
# The same as /proc/mounts has it.
readonly MOUNTED={{mounted}}

say() {
	printf '%s\n' "harvest: $*" >&2
}

is_open() {
	grep -qF " $MOUNTED " /proc/mounts
}

open() {
	! is_open || return 0
	if sh "$SERVICE" status >/dev/null; then
		sh "$SERVICE" eject "$LUN" || return 1
	fi
	mkdir -p "$MOUNT"
	if [ -b "$FILE" ] && [ "$OFFSET" = 0 ]; then
		mount "$FILE" "$MOUNT" && return
	else
		loop=$(losetup -f) && losetup -o "$OFFSET" "$loop" "$FILE" && mount "$loop" "$MOUNT" && return
		[ -z "$loop" ] || losetup -d "$loop" 2>/dev/null
	fi
	say "cannot mount $FILE at $MOUNT"
	show
	return 1
}

append() {
	if ! is_open; then
		say "$MOUNT is not open"
		return 1
	fi
{{append}}
}

close() {
	is_open || return 0
	device=$(grep -F " $MOUNTED " /proc/mounts | cut -d ' ' -f 1)
	sync
	umount "$MOUNT" || return 1
	case $device in
	/dev/loop*) losetup -d "$device" 2>/dev/null ;;
	esac
	show
}

# Where nothing was shown before, nothing is now.
show() {
	! sh "$SERVICE" status >/dev/null || sh "$SERVICE" insert "$LUN"
}

run() {
	open || return 1
	(cd "$MOUNT" && "$@")
	result=$?
	close || return 1
	return "$result"
}

case ${1-} in
open) open ;;
append) append "${2:?a file name is needed}" ;;
close) close ;;
run)
	shift
	run "$@"
	;;
*)
	echo "usage: $0 open | append NAME | close | run COMMAND..." >&2
	exit 2
	;;
esac
