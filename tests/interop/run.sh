#!/usr/bin/env bash
# Real products against octroi, on loopback: installs them, runs every portal with every publisher, prints the matrix.
#
#   tests/interop/run.sh [--write] [--direct] [--only TEXT] [--hold]
#
# Everything it makes is below var/interop (or INTEROP_VAR). Exit 0 only when every cell passed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export INTEROP_VAR=${INTEROP_VAR:-$root/var/interop}
mkdir -p "$INTEROP_VAR"
# Debian's servers drop from root to www-data and must be able to come to their folders.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null &&
   ! setpriv --reuid=www-data --regid=www-data --clear-groups test -x "$INTEROP_VAR" 2>/dev/null; then
  # The same other place each time, so that it does not pile up.
  elsewhere=$(cat "$INTEROP_VAR/elsewhere" 2>/dev/null || true)
  [ -n "$elsewhere" ] && [ -O "$elsewhere" ] || elsewhere=$(mktemp -d /var/tmp/octroi-interop.XXXXXX)
  chmod 755 "$elsewhere"; echo "$elsewhere" >"$INTEROP_VAR/elsewhere"
  echo "interop: www-data cannot come to $INTEROP_VAR, running in $elsewhere"
  export INTEROP_TOOLS=$INTEROP_VAR/tools INTEROP_VAR=$elsewhere
fi
export INTEROP_TOOLS=${INTEROP_TOOLS:-$INTEROP_VAR/tools}

begun=$SECONDS
if ! "$here/install.sh" "$INTEROP_TOOLS"; then
  echo "interop: expected=0 passed=0 failed=0 skipped=0 (not installed, see above)"
  exit 3
fi
echo "interop: installed in $((SECONDS - begun)) s"
if [ -z "${OCTROI_BIN:-}" ] && [[ " $* " != *" --direct "* ]]; then
  begun=$SECONDS
  (cd "$root" && cargo build --locked --quiet --package octroi)
  export OCTROI_BIN=${CARGO_TARGET_DIR:-$root/target}/debug/octroi
  echo "interop: built in $((SECONDS - begun)) s"
fi
cd "$here"
exec "$INTEROP_TOOLS/venv/bin/python" -u run.py "$@"
