#!/usr/bin/env bash
# Installs the products that the interoperability suite runs: Debian packages, a Python environment, node modules.
#
#   tests/interop/install.sh DIR        DIR receives venv/ and node_modules/
#
# Python and npm versions are pinned here; Debian's are the release's own and are written to DIR/versions.txt.
# Nothing is started: a policy-rc.d stands while apt works, and is taken away again. Exit 3 names what is missing.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: install.sh DIR}
mkdir -p "$out"; out=$(cd "$out" && pwd)

packages=(simplesamlphp php-fpm php-xml php-mbstring nginx-light apache2 libapache2-mod-shib shibboleth-sp-utils
          libapache2-mod-auth-mellon chromium xmlsec1 openssl python3-venv nodejs npm)
missing=() problems=()
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
# node and npm may also come from elsewhere than Debian.
have() { case $1 in nodejs) command -v node;; npm) command -v npm;; *) installed "$1";; esac >/dev/null 2>&1; }

wanting() { missing=(); for p in "${packages[@]}"; do have "$p" || missing+=("$p"); done; [ ${#missing[@]} -gt 0 ]; }

apt_install() {
  local guard=/usr/sbin/policy-rc.d mine= rc
  # Packages of servers start them; what a suite needs runs from its own folder only.
  if [ ! -e $guard ]; then printf '#!/bin/sh\nexit 101\n' >$guard && chmod 755 $guard && mine=yes; fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 \
    "${missing[@]}" >"$out/apt.log" 2>&1
  rc=$?
  [ -z "$mine" ] || rm -f $guard
  return $rc
}

if wanting; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "interop: installing from Debian: ${missing[*]}"
    apt_install || { apt-get update -q >>"$out/apt.log" 2>&1; apt_install; }
    if wanting; then problems+=("Debian packages (log: $out/apt.log): ${missing[*]}"); fi
  else
    problems+=("Debian packages, and no root to install them: ${missing[*]}")
  fi
fi

# The environments are kept while their lists are unchanged.
stamp() { sha256sum "$@" | sha256sum | cut -c1-16; }
python_stamp=$(stamp "$here/requirements.txt")
if [ "$(cat "$out/venv/.stamp" 2>/dev/null)" != "$python_stamp" ]; then
  echo "interop: installing from PyPI: pysaml2, python3-saml and what they need"
  rm -rf "$out/venv"
  if python3 -m venv "$out/venv" >"$out/pip.log" 2>&1 &&
     "$out/venv/bin/pip" install -q --no-deps --disable-pip-version-check -r "$here/requirements.txt" >>"$out/pip.log" 2>&1
  then echo "$python_stamp" >"$out/venv/.stamp"
  else problems+=("Python packages of requirements.txt (log: $out/pip.log)"); fi
fi
node_stamp=$(stamp "$here/package.json" "$here/package-lock.json")
if command -v npm >/dev/null && [ "$(cat "$out/node_modules/.stamp" 2>/dev/null)" != "$node_stamp" ]; then
  echo "interop: installing from npm: node-saml, playwright-core, axe-core"
  cp "$here/package.json" "$here/package-lock.json" "$out/"
  if (cd "$out" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1)
  then echo "$node_stamp" >"$out/node_modules/.stamp"
  else problems+=("node modules of package-lock.json (log: $out/npm.log)"); fi
fi

{
  dpkg-query -W -f '${Package} ${Version} (Debian)\n' simplesamlphp libapache2-mod-shib libapache2-mod-auth-mellon \
    liblasso3 apache2 nginx-light php-fpm chromium xmlsec1
  sed -n 's/^\(pysaml2\|python3-saml\|xmlsec\|lxml\)==\(.*\)/\1 \2 (PyPI)/p' "$here/requirements.txt"
  sed -n 's/^ *"\(@node-saml\/node-saml\|playwright-core\|axe-core\)": "\(.*\)",\{0,1\}$/\1 \2 (npm)/p' "$here/package.json"
} 2>/dev/null >"$out/versions.txt"

if [ ${#problems[@]} -gt 0 ]; then
  printf 'interop: missing: %s\n' "${problems[@]}" >&2
  exit 3
fi
