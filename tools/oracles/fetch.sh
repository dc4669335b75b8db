#!/usr/bin/env bash
# What the oracles need from Debian's packages: tshark, and the TS 33.128 module in the source package of Wireshark. The
# module stays under build/, which is never committed. What cannot be had here is left out, and the page says so.
set -euo pipefail
cd "$(dirname "$0")/../.."

into=build/oracles/wireshark
say() { printf 'oracles: %s\n' "$*"; }

install_tshark() {
    local runner=()
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        runner=(sudo -n)
    fi
    say "installing tshark"
    "${runner[@]}" apt-get update -qq
    "${runner[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tshark >/dev/null
}

source_lists() { # the machine's own sources, asked for source packages; its configuration is left as it is
    local list
    for list in /etc/apt/sources.list.d/*.sources; do
        [ -f "$list" ] && sed 's/^Types:.*/Types: deb-src/' "$list" >"$1/$(basename "$list")"
    done
    [ -s /etc/apt/sources.list ] && sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$1/main.list"
    return 0
}

fetch_module() {
    local work options
    work=$(mktemp -d)
    # shellcheck disable=SC2064  # the directory of now
    trap "rm -rf '$work'" RETURN
    mkdir -p "$work/sources" "$work/lists/partial" "$work/package"
    chmod -R a+rX "$work"
    source_lists "$work/sources"
    options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources" -o "Dir::State::lists=$work/lists")
    options+=(-o APT::Sandbox::User=root)
    say "fetching the source package of Wireshark"
    apt-get "${options[@]}" update -qq 2>/dev/null || return 1
    (cd "$work/package" && apt-get "${options[@]}" source --download-only -qq wireshark >/dev/null 2>&1) || return 1
    tar xf "$work"/package/wireshark_*.orig.tar.* -C "$work/package" --wildcards '*/epan/dissectors/asn1/lix2/*.asn' || return 1
    mkdir -p "$into"
    find "$work/package" -path '*/lix2/*.asn' -exec cp {} "$into/" \;
}

if ! command -v apt-get >/dev/null 2>&1; then
    say "no apt-get here: what is missing of tshark, openssl and the Wireshark source is left out"
    exit 0
fi
command -v tshark >/dev/null 2>&1 || install_tshark || say "tshark is missing and cannot be installed: left out"
ls "$into"/*.asn >/dev/null 2>&1 || fetch_module || say "the source package of Wireshark cannot be had: left out"
