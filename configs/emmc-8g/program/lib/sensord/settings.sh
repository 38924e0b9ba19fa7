# Sourced by the scripts in bin/: `setting NAME` prints a value of sensord.conf.
setting() {
	sed -n "s/^$1[[:space:]]*=[[:space:]]*//p" "${SENSORD_CONF:-$root/etc/sensord.conf}" | tail -n 1
}
