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
# Made by diskloom. Loads the kernel's g_mass_storage, with what each LUN shows:
{{shown}}
# For any POSIX shell (BusyBox ash, dash); install it with mode 0755.
#
# usage: usb-gadget start | stop | restart | status
#        usb-gadget eject LUN | insert LUN     takes the medium of a LUN out, and puts it back
#
# start does nothing where all is done. status is 0 for "shown", 3 for "not".

readonly NAME=usb-gadget
readonly DRIVER=g_mass_storage
# What it needs, in the order of insmod.
readonly MODULES={{modules}}

say() {
	printf '%s\n' "$NAME: $*" >&2
}

{{luns}}
# load COMMAND...: with the parameters.
load() {
	"$@" \
		{{parameters}}
}

is_loaded() {
	[ -d "/sys/module/$DRIVER" ]
}

start() {
	if is_loaded; then
		say "$DRIVER is loaded already"
		return 0
	fi
	check_files || return 1
	insert_modules
	load modprobe -q "$DRIVER" 2>/dev/null || load insmod "$(module_file "$DRIVER")" && return
	say "cannot load $DRIVER"
	return 1
}

stop() {
	! is_loaded || rmmod "$DRIVER"
}

status() {
	if ! is_loaded; then
		echo "$NAME: not shown"
		return 3
	fi
	echo "$NAME: $DRIVER is loaded"
}

# medium LUN FILE: an empty FILE is no medium.
medium() {
	may_hold "$1" "$2" || return
	for lun in /sys/class/udc/*/device/gadget*/lun"$1"/file; do
		[ -e "$lun" ] || continue
		put_medium "$1" "$2" "$lun"
		return
	done
	say "nothing is shown"
	return 1
}

case ${1-} in
start) start ;;
stop) stop ;;
restart) stop && start ;;
status) status ;;
eject) medium "${2-}" '' ;;
insert) medium "${2-}" "$(lun_file "${2-}")" ;;
*)
	echo "usage: $0 start | stop | restart | status | eject LUN | insert LUN" >&2
	exit 2
	;;
esac
