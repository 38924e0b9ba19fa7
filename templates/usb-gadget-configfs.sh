#!/bin/sh
### BEGIN INIT INFO
# Provides:          usb-gadget
# Required-Start:    $local_fs
# Required-Stop:     $local_fs
# Default-Start:     S 2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Shows storage to a USB host
### END INIT INFO
#
# Made by diskloom. Sets a USB gadget up through configfs, with what each LUN shows:
{{shown}}
# For any POSIX shell (BusyBox ash, dash); install it with mode 0755.
#
# usage: usb-gadget start | stop | restart | status
#        usb-gadget eject LUN | insert LUN     takes the medium of a LUN out, and puts it back
#
# start does nothing where all is done, and leaves nothing behind where it fails. status is 0 for "shown", 3 for "not".

readonly NAME=usb-gadget
readonly CONFIGFS=/sys/kernel/config
readonly GADGET=$CONFIGFS/usb_gadget/storage
readonly LUNS=functions/mass_storage.0
# In /sys/class/udc; empty: the first that no other gadget has.
readonly UDC={{udc}}
# Seconds that a start waits for the controller.
readonly WAIT={{wait}}
# In the order of insmod.
readonly MODULES={{modules}}

say() {
	printf '%s\n' "$NAME: $*" >&2
}

{{luns}}
# The steps, relative to the folder of the gadget.
configure() {
{{steps}}
}

folder() {
	mkdir "$1" && return
	say "cannot make $GADGET/$1: is the driver of this function in the kernel? (modules: $MODULES)"
	return 1
}

put() {
	printf '%s' "$1" 2>/dev/null >"$2" && return
	say "cannot write \"$1\" to $GADGET/$2"
	return 1
}

offer() {
	[ ! -e "$2" ] || put "$1" "$2"
}

link() {
	ln -s "$1" "$2/" && return
	say "cannot link $1 into $GADGET/$2"
	return 1
}

mount_configfs() {
	[ ! -d "$CONFIGFS/usb_gadget" ] || return 0
	if ! grep -q " $CONFIGFS configfs " /proc/mounts; then
		mount -t configfs configfs "$CONFIGFS" || {
			say "cannot mount configfs at $CONFIGFS (CONFIG_CONFIGFS_FS)"
			return 1
		}
	fi
	[ -d "$CONFIGFS/usb_gadget" ] || {
		say "$CONFIGFS has no usb_gadget: libcomposite is not in the kernel"
		return 1
	}
}

# The controller that shows the gadget; nothing where none does.
bound() {
	cat "$GADGET/UDC" 2>/dev/null
}

free_controller() {
	for controller in /sys/class/udc/*; do
		[ -e "$controller" ] || continue
		name=${controller##*/}
		if [ -n "$UDC" ]; then
			[ "$name" = "$UDC" ] || continue
		elif [ -n "$(cat "$controller/function" 2>/dev/null)" ]; then
			continue
		fi
		echo "$name"
		return 0
	done
	return 1
}

bind() {
	waited=0
	until controller=$(free_controller); do
		if [ "$waited" -ge "$WAIT" ]; then
			say "no ${UDC:-free controller} in /sys/class/udc after $WAIT s: is its driver loaded, and dr_mode peripheral?"
			return 1
		fi
		waited=$((waited + 1))
		sleep 1
	done
	(cd "$GADGET" && put "$controller" UDC) || return 1
	say "shown by $controller"
}

# Everything that start makes, from the last to the first; also what a start left that was killed.
tear_down() {
	[ -d "$GADGET" ] || return 0
	(
		cd "$GADGET" || exit 1
		[ -z "$(bound)" ] || echo >UDC
		for each in os_desc/*.* configs/*/*.*; do
			[ ! -L "$each" ] || rm "$each"
		done
		for each in configs/*/strings/* configs/* functions/*/lun.[1-9]* functions/* strings/*; do
			[ ! -d "$each" ] || rmdir "$each"
		done
	)
	rmdir "$GADGET" && return
	say "cannot take $GADGET down"
	return 1
}

start() {
	if [ -n "$(bound)" ]; then
		say "is shown by $(bound) already"
		return 0
	fi
	insert_modules
	mount_configfs && tear_down && check_files || return 1
	trap 'tear_down; exit 1' HUP INT TERM
	if mkdir "$GADGET" && (cd "$GADGET" && configure) && bind; then
		trap - HUP INT TERM
		return 0
	fi
	trap - HUP INT TERM
	tear_down && say "nothing is shown: what the start had made is undone"
	return 1
}

status() {
	controller=$(bound)
	if [ -z "$controller" ]; then
		echo "$NAME: not shown"
		return 3
	fi
	echo "$NAME: shown by $controller, $(cat "/sys/class/udc/$controller/state" 2>/dev/null)"
	number=0
	while lun_file "$number" >/dev/null; do
		printf '%s\n' "LUN $number: $(cat "$GADGET/$LUNS/lun.$number/file")"
		number=$((number + 1))
	done
}

# medium LUN FILE: an empty FILE is no medium.
medium() {
	if [ -z "$(bound)" ]; then
		say "nothing is shown"
		return 1
	fi
	may_hold "$1" "$2" && put_medium "$1" "$2" "$GADGET/$LUNS/lun.$1/file"
}

case ${1-} in
start) start ;;
stop) tear_down ;;
restart) tear_down && start ;;
status) status ;;
eject) medium "${2-}" '' ;;
insert) medium "${2-}" "$(lun_file "${2-}")" ;;
*)
	echo "usage: $0 start | stop | restart | status | eject LUN | insert LUN" >&2
	exit 2
	;;
esac
