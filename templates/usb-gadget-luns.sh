# What each LUN is: its file, and whether the host may write to it.
lun_file() {
	case $1 in
{{files}}
	*) return 1 ;;
	esac
}

is_writable() {
	case $1 in
	{{writable}}) return 0 ;;
	*) return 1 ;;
	esac
}

# Whether the board itself uses the file or device: mounted, in part or as a whole, or behind a loop device.
is_used_here() {
	real=$(readlink -f "$1") || real=$1
	case $real in
	*[0-9]) parts=${real}p ;;
	*) parts=$real ;;
	esac
	for backing in /sys/block/loop*/loop/backing_file; do
		[ -r "$backing" ] && [ "$(cat "$backing")" = "$real" ] && return 0
	done
	while read -r device _; do
		case $device in
		"$real" | "$parts"[0-9]*) return 0 ;;
		esac
	done </proc/mounts
	return 1
}

check_files() {
	number=0
	while file=$(lun_file "$number"); do
		if [ ! -f "$file" ] && [ ! -b "$file" ]; then
			say "LUN $number: there is no file or block device $file"
			return 1
		fi
		if is_writable "$number" && is_used_here "$file"; then
			say "LUN $number: the board itself uses $file; two writers would destroy what is on it"
			return 1
		fi
		number=$((number + 1))
	done
}

# Wherever it is below /lib/modules, for boards without modprobe and its index.
module_file() {
	find /lib/modules -name "$(echo "$1" | sed 's/_/[-_]/g').ko*" 2>/dev/null | head -n 1
}

insert_modules() {
	for module in $MODULES; do
		[ ! -d "/sys/module/$module" ] || continue
		modprobe -q "$module" 2>/dev/null || insmod "$(module_file "$module")" 2>/dev/null
	done
	# What did not load may be built in; the steps that need it will tell.
	return 0
}

# may_hold LUN MEDIUM: whether there is such a LUN, and nobody here uses what it is to hold ('' for nothing).
may_hold() {
	lun_file "$1" >/dev/null || {
		say "there is no LUN \"$1\""
		return 1
	}
	if [ -n "$2" ] && is_writable "$1" && is_used_here "$2"; then
		say "LUN $1: the board itself uses $2"
		return 1
	fi
}

# put_medium LUN MEDIUM FILE: into the kernel's file for the LUN, which refuses while the host has locked what is in it.
put_medium() {
	printf '%s\n' "$2" 2>/dev/null >"$3" && return
	say "LUN $1: the host holds the medium; eject it there first"
	return 1
}
