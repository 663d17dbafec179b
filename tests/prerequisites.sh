#!/usr/bin/env bash
# Installs what a target needs, or says exactly what is missing. Debian and Ubuntu; nothing outside their packages
# and cargo's registry.
set -euo pipefail

for_what=${1:-build}
packages=()
need() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }
have_library() { pkg-config --exists "$1" 2>/dev/null || packages+=("$2"); }

need cc gcc
need make make
need openssl openssl
case $for_what in
demo) need xmlsec1 xmlsec1 ;;
bench) need valgrind valgrind ;;
fuzz | test)
    need xmlsec1 xmlsec1
    need xmllint libxml2-utils
    need pkg-config pkg-config
    need python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
    need clang clang
    need sftp openssh-client
    need ssh-keygen openssh-client
    [ -x /usr/sbin/sshd ] || need sshd openssh-server
    have_library xmlsec1-openssl libxmlsec1-dev
    have_library libxml-2.0 libxml2-dev
    have_library openssl libssl-dev
    ;;
esac

if [ ${#packages[@]} -gt 0 ]; then
    line="apt-get install -y ${packages[*]}"
    if [ "$(id -u)" = 0 ]; then
        echo "installing: ${packages[*]}"
        apt-get update -qq >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq "${packages[@]}" >/dev/null
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        echo "installing: ${packages[*]}"
        sudo apt-get update -qq >/dev/null
        sudo DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq "${packages[@]}" >/dev/null
    else
        echo "missing packages; run as root:  $line" >&2
        exit 1
    fi
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "missing: a Rust toolchain of at least 1.95 (cargo); see https://rustup.rs" >&2
    exit 1
fi
version=$(rustc --version | awk '{print $2}')
if [ "$(printf '%s\n1.95.0\n' "$version" | sort -V | head -n 1)" != 1.95.0 ]; then
    echo "rustc is $version; octroi needs 1.95 or later:  rustup update stable" >&2
    exit 1
fi
