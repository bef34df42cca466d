#!@INTERPRETER@
# DR script of powerha_lpm, called by drmgr in a partition migration. Written
# by `lpmctl dr install`. Its name sorts before PowerHA's own script (cl_dr),
# so that it runs first. Without the program it answers that all is well.
program=@PROGRAM@
config=@CONFIG@

if [ -x "$program" ]; then
	exec /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C TZ=UTC0 \
		DR_FORCE="$DR_FORCE" DR_DETAIL_LEVEL="$DR_DETAIL_LEVEL" \
		"$program" --config.file="$config" dr "$@"
fi

case "$1" in
scriptinfo)
	echo "DR_VERSION=1"
	echo "DR_DATE=@DATE@"
	echo "DR_SCRIPTINFO=PowerHA LPM: safe migration of a cluster node"
	echo "DR_VENDOR=powerha_lpm_exporter"
	echo "DR_TIMEOUT=@TIMEOUT@"
	;;
register)
	echo "DR_RESOURCE=pmig"
	;;
usage)
	echo "DR_USAGE=nothing: powerha_lpm is not installed"
	;;
*)
	echo "DR_LOG_WARNING=powerha_lpm: $program is gone, nothing is done; remove this script with drmgr -u aa_powerha_lpm"
	;;
esac
exit 0
