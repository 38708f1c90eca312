#!/bin/bash
# shellcheck disable=SC2034,SC2317
# Fills and checks one pool of an IPVS director, as ldirectord does with the same values.
#
#   lvs-health start|check|stop POOL
#
# start  the service with an empty table, then the first check
# check  one round: who answers is in with its weight, who does not is out (or stays with weight 0)
# stop   the service is taken away
#
# The pool is described in $LVS_POOLS/POOL.conf. What has to be remembered between two rounds lies in
# $LVS_STATE/POOL: how often in a row each real server did not answer.

set -u
export LC_ALL=C

verb=${1:?start, check or stop}
pool=${2:?the name of a pool}
folder=${LVS_STATE:-/run/lvs}/$pool
ipvsadm=${LVS_IPVSADM:-/sbin/ipvsadm}

declare -A port=() forward=() weight=() limits=() own_request=() own_receive=()
addresses=()

# real ADDRESS PORT gate|ipip|masq WEIGHT [UPPER LOWER [REQUEST RECEIVE]]; port 0: the service's
real() {
	local key=$1:$2
	addresses+=("$key")
	port[$key]=$2
	forward[$key]=$3
	weight[$key]=$4
	limits[$key]="-x ${5:-0} -y ${6:-0}"
	own_request[$key]=${7-$request}
	own_receive[$key]=${8-$receive}
}

say() { printf '%s: %s\n' "$pool" "$*"; }

flag() {
	case $1 in
	gate) echo -g ;;
	ipip) echo -i ;;
	masq) echo -m ;;
	esac
}

# What the table calls a real server: direct routing and tunnels keep the service's port.
destination() {
	local address=${1%:*} number=${1##*:}
	if [ "$mark" = no ] && { [ "$number" = 0 ] || [ "$2" != masq ]; }; then
		number=$service_port
	fi
	echo "$address:$number"
}

# "ADDRESS:PORT WEIGHT" for each destination of this service in the kernel's table.
table() {
	"$ipvsadm" -Sn | while read -r -a words; do
		[ "${words[*]:0:$((${#service[@]} + 1))}" = "-a ${service[*]}" ] || continue
		local as='' heavy=1 i
		for ((i = 0; i < ${#words[@]}; i++)); do
			case ${words[i]} in
			-r) as=${words[i + 1]} ;;
			-w) heavy=${words[i + 1]} ;;
			esac
		done
		echo "$as $heavy"
	done
}

exists() { "$ipvsadm" -Sn | grep -q -F -e "-A ${service[*]} -s "; }

# -- one real server ----------------------------------------------------------

# An address in a URL or a socket: IPv6 has brackets in one and none in the other.
bare() { local address=${1#[}; echo "${address%]}"; }

check_connect() {
	# shellcheck disable=SC2016 # for the inner shell
	timeout "$checktimeout" bash -c 'exec 3<>"/dev/tcp/$1/$2"' connect "$(bare "$1")" "$2" 2>/dev/null
}

check_ping() { ping -c "$checkcount" -W "$checktimeout" "$(bare "$1")" >/dev/null 2>&1; }

# To Perl ^ and $ are the ends of the whole text, and $ is also before the newline that ends it: -z makes grep
# take the text whole, (?-m) keeps ^ and $ at its ends, and a second look goes without that newline.
matches() {
	{ cat "$1" && printf '\0'; } | grep -a -z -q -P -e "(?-m)$2" ||
		{ sed -z 's/\n$//' "$1" && printf '\0'; } | grep -a -z -q -P -e "(?-m)$2"
}

# Up with a status of 2xx, and with a body that matches where something is to be received.
check_http() {
	local address=$1 number=$2 key=$3 body=$folder/body.$4 status
	: >"$body"
	local words=(--silent --insecure --globoff --location --max-redirs 7 --noproxy '*'
		--max-time "$negotiatetimeout" --header "Host: ${virtualhost:-$address}")
	if [ "$httpmethod" = HEAD ]; then words+=(--head --output /dev/null); else words+=(--output "$body"); fi
	status=$(curl "${words[@]}" --write-out '%{http_code}' "$scheme://$address:$number${own_request[$key]}") || return 1
	case $status in
	2??) ;;
	*) return 1 ;;
	esac
	[ -z "${own_receive[$key]}" ] || matches "$body" "${own_receive[$key]}"
}

check_external() {
	timeout "$checktimeout" "${checkcommand[@]}" "$service_address" "${service_port#0}" "$1" "$2" >/dev/null 2>&1
}

# Whether one real server answers now.
answers() {
	local key=$1 address=${1%:*} number=${1##*:} way=$checktype
	[ "$number" != 0 ] || number=$service_port
	[ "$checkport" = 0 ] || number=$checkport
	if [ -n "$maintenancedir" ] && { [ -e "$maintenancedir/$key" ] || [ -e "$maintenancedir/$address" ]; }; then
		return 1
	fi
	if [ "$way" = combined ]; then
		way=connect
		[ "$round" -lt "$connects" ] || way=negotiate
	fi
	case $way in
	on) return 0 ;;
	off) return 1 ;;
	connect) check_connect "$address" "$number" ;;
	ping) check_ping "$address" ;;
	external) check_external "$address" "$number" ;;
	negotiate) check_http "$address" "$number" "$key" "$2" ;;
	esac
}

# -- the table ----------------------------------------------------------------

put_in() {
	local key=$1 as=$2 heavy=$3 verb=$4
	# shellcheck disable=SC2086 # the limits are several words
	"$ipvsadm" "$verb" "${service[@]}" -r "$as" "$(flag "${forward[$key]}")" -w "$heavy" ${limits[$key]}
}

settle() {
	local key as heavy i=0 failures up=0
	declare -A here=() wanted=()
	while read -r as heavy; do
		here[$as]=$heavy
	done < <(table)
	for key in "${addresses[@]}"; do
		as=$(destination "$key" "${forward[$key]}")
		wanted[$as]=1
		failures=0
		if [ "$(cat "$folder/answer.$i" 2>/dev/null)" = yes ]; then
			echo 0 >"$folder/failures.$i"
			up=$((up + 1))
			if [ -z "${here[$as]+x}" ]; then
				put_in "$key" "$as" "${weight[$key]}" -a && say "in: $as weight ${weight[$key]}"
			elif [ "${here[$as]}" != "${weight[$key]}" ]; then
				put_in "$key" "$as" "${weight[$key]}" -e && say "in: $as weight ${weight[$key]}"
			fi
		else
			failures=$(($(cat "$folder/failures.$i" 2>/dev/null || echo "$failurecount") + 1))
			echo "$failures" >"$folder/failures.$i"
			if [ "$failures" -lt "$failurecount" ] && [ -n "${here[$as]+x}" ] && [ "${here[$as]}" != 0 ]; then
				up=$((up + 1)) # not often enough in a row
			elif [ "$quiescent" = yes ] && [ "$checktype" != off ]; then
				if [ -z "${here[$as]+x}" ]; then
					put_in "$key" "$as" 0 -a
				elif [ "${here[$as]}" != 0 ]; then
					put_in "$key" "$as" 0 -e && say "out: $as weight 0"
				fi
			elif [ -n "${here[$as]+x}" ]; then
				"$ipvsadm" -d "${service[@]}" -r "$as" && say "out: $as removed"
			fi
		fi
		i=$((i + 1))
	done
	settle_fallback "$up"
}

# In when nobody is up, with weight 1; taken out as soon as somebody is. Uses here and wanted of settle.
settle_fallback() {
	local as=''
	if [ "${#fallback[@]}" -gt 0 ]; then
		as=$(destination "${fallback[0]}:${fallback[1]}" "${fallback[2]}")
		if [ -n "${wanted[$as]+x}" ]; then
			as=''
		elif [ "$1" = 0 ]; then
			wanted[$as]=1
			if [ -z "${here[$as]+x}" ]; then
				"$ipvsadm" -a "${service[@]}" -r "$as" "$(flag "${fallback[2]}")" -w 1 && say "fallback in: $as"
			fi
		fi
	fi
	fall_back "$1"
	for as in "${!here[@]}"; do
		[ -n "${wanted[$as]+x}" ] || { "$ipvsadm" -d "${service[@]}" -r "$as" && say "out: $as is none of ours"; }
	done
}

fall_back() {
	local state=stop
	[ "$1" != 0 ] || state=start
	[ "${#fallbackcommand[@]}" -gt 0 ] || return 0
	[ "$(cat "$folder/fallback" 2>/dev/null || echo stop)" = "$state" ] && return 0
	echo "$state" >"$folder/fallback"
	"${fallbackcommand[@]}" "$state" || say "fallbackcommand $state failed"
}

one_round() {
	local i=0 key
	round=$(cat "$folder/round" 2>/dev/null || echo 0)
	rm -f "$folder"/answer.*
	for key in "${addresses[@]}"; do
		{ answers "$key" "$i" && echo yes >"$folder/answer.$i"; } &
		i=$((i + 1))
	done
	wait
	if [ "$round" -lt "$connects" ]; then echo $((round + 1)); else echo 0; fi >"$folder/round"
	settle
}

# -- what the pool's file may say, with ldirectord's defaults ------------------

service=()
mark=no
service_address='' service_port=0 # of a mark: the mark, and 0
scheduler=wrr
options=()
quiescent=no
cleanstop=yes
checktype=negotiate
connects=0
scheme=http
request=/ receive='' virtualhost='' httpmethod=GET
checkport=0 checkcount=1
checktimeout=5 negotiatetimeout=30 failurecount=1
checkcommand=(/bin/true)
fallback=()
fallbackcommand=()
maintenancedir=''

# shellcheck source=/dev/null
. "${LVS_POOLS:-/etc/lvs/pools}/$pool.conf" || exit 1

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

case $verb in
start)
	rm -f "$folder"/answer.* "$folder"/failures.* "$folder/round" "$folder/fallback"
	: >"$folder/started"
	if exists; then "$ipvsadm" -D "${service[@]}"; fi
	"$ipvsadm" -A "${service[@]}" -s "$scheduler" "${options[@]}" || exit 1
	one_round
	;;
check)
	[ -e "$folder/started" ] || exit 0 # stopped while this round waited
	if ! exists; then "$ipvsadm" -A "${service[@]}" -s "$scheduler" "${options[@]}" || exit 1; fi
	one_round
	;;
stop)
	if [ "$cleanstop" = yes ] && exists; then "$ipvsadm" -D "${service[@]}"; fi
	rm -f "$folder"/answer.* "$folder"/failures.* "$folder/round" "$folder/started"
	fall_back 1
	;;
*)
	echo "start, check or stop; not $verb" >&2
	exit 2
	;;
esac
