#!/usr/bin/env bash
# The first figures under load: 1 000 accesses a second over TLS, fresh connections, then kept ones, then whole ways.
# RATE, DURATION and PLACE may be set. The last lines are the figures of each run; JSON is left in PLACE.
set -euo pipefail
cd "$(dirname "$0")/.."
octroi=${OCTROI:-target/release/octroi}
generator=${GENERATOR:-target/release/octroi-loadtest}
rate=${RATE:-1000} duration=${DURATION:-30} place=${PLACE:-var/load}

rm -rf "$place/state" "$place/audit"
mkdir -p "$place/state" "$place/audit" "$place/snapshot"
"$octroi" simulate country --out "$place" --schools 500 --people 100000 --resources 2000 --portals 4 --publishers 40 --unsolicited
"$octroi" snapshot build "$place/directory" "$place/snapshot/current.octroi" >"$place/build.log"

ended=0
run() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$generator" --place "$place" --serve "$octroi" --rate "$rate" --duration "$duration" --json "$place/$name.json" "$@" || ended=$?
}
run fresh --connections fresh
run kept --connections alive
run kept-h2 --connections alive --http 2
run whole-way --connections alive --solicited 1
exit "$ended"
