#!/usr/bin/env bash
# `make test`: every step in turn, with the seconds each took; ends at the first that fails.
#   ONLY="lint unit" tests/all.sh   runs the named steps alone.
set -uo pipefail
cd "$(dirname "$0")/.."

vectors=../shared/vectors
built=${CARGO_TARGET_DIR:-target}
table=()
total=0

step() {
    local name=$1
    shift
    if [ -n "${ONLY:-}" ] && [[ " $ONLY " != *" $name "* ]]; then return 0; fi
    echo
    echo "── $name: $*"
    local begin=$SECONDS
    if ! "$@"; then
        echo
        echo "make test: the step '$name' failed after $((SECONDS - begin)) s; alone:  ONLY=$name tests/all.sh" >&2
        exit 1
    fi
    table+=("$(printf '%-12s %5d s' "$name" $((SECONDS - begin)))")
    total=$((total + SECONDS - begin))
}

prerequisites() { tests/prerequisites.sh test; }
lint() { cargo clippy --locked --quiet --workspace --all-targets -- -D warnings; }
supply() {
    command -v cargo-deny >/dev/null || cargo install --quiet --locked cargo-deny@0.20.2 || return 1
    cargo deny --log-level error check bans licenses sources || return 1
    # The advisory database lives on a host that some machines cannot reach; where it can be had, it counts.
    if timeout 60 cargo deny --log-level error fetch db >/dev/null 2>&1; then
        cargo deny --log-level error check advisories
    else
        echo "advisories: the database could not be fetched from here; not checked"
    fi
}
unit() { cargo test --locked --quiet --workspace --lib --bins; }
# A server that speaks S3, from PyPI. Where it cannot be had, the test says that it is skipped.
s3_server() {
    command -v moto_server >/dev/null && return
    local venv=$PWD/var/moto list=tests/store/requirements.txt
    if ! cmp -s "$list" "$venv/.installed"; then
        rm -rf "$venv" && mkdir -p var
        if ! { python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r "$list" &&
            cp "$list" "$venv/.installed"; } >var/moto.log 2>&1; then
            echo "no moto_server (var/moto.log): the test of S3 is skipped"
            return
        fi
    fi
    export OCTROI_MOTO_SERVER=$venv/bin/moto_server
}
integration() {
    s3_server
    if [ -d "$vectors" ]; then
        OCTROI_VECTORS=$(cd "$vectors" && pwd)
        export OCTROI_VECTORS
    fi
    cargo test --locked --quiet --workspace --test '*'
}
documents() { cargo test --locked --quiet --workspace --doc && cargo doc --locked --quiet --workspace --no-deps; }
vectors() {
    if [ ! -f "$vectors/MANIFEST.tsv" ]; then
        echo "skipped: no $vectors/MANIFEST.tsv here"
        return 0
    fi
    mkdir -p var
    cargo build --locked --quiet --package octroi-vectors || return 1
    "$built/debug/octroi-vectors" run --manifest "$vectors/MANIFEST.tsv" --out var/vectors.tsv &&
        "$built/debug/octroi-vectors" grade --manifest "$vectors/MANIFEST.tsv" --out var/vectors.tsv --argued tests/vectors/argued.tsv
}
interop() { tests/interop/run.sh; }
demo() { make --no-print-directory demo-check; }
# All of `make scale` with a small nation. Targets are those of a machine that does nothing else: here every phase must work and
# have figures, and what was imported must be what was sent.
scale() {
    rm -rf var/scale-small
    RATE=100 DURATION=5 make --no-print-directory scale PEOPLE=20000 SCALE_DIR=var/scale-small | tee var/scale-small.txt &&
        ! grep -q ' none |$' var/scale-small.txt && grep -q '^scale: people=20000 parse_mb_s=[0-9]' var/scale-small.txt &&
        grep -q '"import_wrong": 0.0' var/scale-small/results/import.json && rm -rf var/scale-small
}

step prerequisites prerequisites
step format cargo fmt --all --check
step lint lint
step supply supply
step unit unit
step integration integration
step documents documents
step vectors vectors
step interop interop
step demo demo
step scale scale

echo
printf '%s\n' "${table[@]}"
printf '%-12s %5d s\n' total "$total"
