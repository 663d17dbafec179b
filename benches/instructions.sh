#!/usr/bin/env bash
# Instructions of one access (RSA-2048 in and out), by callgrind: the cryptography apart from everything else.
# Steady where times are not: the same program and inputs give the same count whatever else the machine does.
set -euo pipefail
cd "$(dirname "$0")/.."
accesses=${1:-200}
binary=$(cargo bench --locked --bench floor --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*floor-[^"]*\)".*/\1/p' | tail -n 1)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# Counted: from the form's body to the complete answer; not: making keys, the directory and the Responses.
valgrind --tool=callgrind --callgrind-out-file="$out/callgrind" --collect-atstart=no \
    --toggle-collect='floor::one_access*' \
    "$binary" instructions "$accesses" >"$out/log" 2>&1 || { tail -n 20 "$out/log"; exit 1; }
callgrind_annotate --threshold=100 --show=Ir "$out/callgrind" >"$out/report" 2>/dev/null
awk -v accesses="$accesses" '
    /^ *[0-9,]+ \(/ {
        count = $1; gsub(",", "", count)
        if ($0 ~ /PROGRAM TOTALS/) next
        if ($0 ~ /aws_lc|rsaz|bn_|ecp_|sha256|sha512|aes_|gcm|bignum|RSA_|EVP_|BN_|HMAC|CRYPTO_|rsa_|pkey_|md5/) crypto += count; else {
            rest += count; name = $0; sub(/^[^:]*:/, "", name); sub(/ \[.*/, "", name); by[name] += count
        }
    }
    END {
        printf "instructions: accesses=%d crypto_per_access=%d rest_per_access=%d\n", accesses, crypto / accesses, rest / accesses
        for (name in by) printf "%12d %s\n", by[name] / accesses, name | "sort -rn | head -n 25"
    }' "$out/report"
