#!/usr/bin/env bash
# Hosts on one machine, for tests of a fleet over several: each is a network namespace with an address in two networks,
# `hi` for delivery and `db` for the database, so that either can be cut while the other stays.
#
#   tools/namespaces.sh up NAME HOST...          makes NAME-HOST for each; the first has 10.77.1.1 (hi), 10.77.2.1 (db)
#   tools/namespaces.sh cut NAME HOST hi|db      pulls the cable of that interface
#   tools/namespaces.sh mend NAME HOST hi|db     puts it in again
#   tools/namespaces.sh down NAME                takes everything of NAME away
#
# A host has at most 12 letters. Both networks are bridges in a namespace of their own, NAME-switch, with a port HOST-hi
# and HOST-db a host: the machine's own network is not touched. Ends with 3, and says why, where namespaces may not be
# made; with another number where something else is wrong.
set -euo pipefail

NETWORKS=(hi db)
NOT_PERMITTED=3

say() { printf 'namespaces: %s\n' "$*" >&2; }

refuse() {
    say "$*"
    exit "$NOT_PERMITTED"
}

find_ip() {
    if command -v ip >/dev/null 2>&1; then
        return
    fi
    if command -v apt-get >/dev/null 2>&1; then
        # Several runs may ask at once, and only one may install.
        exec 9>"${TMPDIR:-/tmp}/calea-lab-apt.lock"
        flock 9
        command -v ip >/dev/null 2>&1 && return
        say "installing iproute2"
        apt-get update -qq
        env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 >/dev/null
        return
    fi
    say "no 'ip' found. Install it as root: apt-get update && apt-get install -y iproute2"
    exit 1
}

up() { # NAME HOST...
    local name=$1 host network number=0 at said
    shift
    if [ "$(id -u)" != 0 ]; then
        refuse "network namespaces are made by root alone: run this as root"
    fi
    find_ip
    if ! said=$(ip netns add "$name-switch" 2>&1); then
        refuse "network namespaces may not be made here: ${said##*$'\n'}"
    fi
    for network in "${NETWORKS[@]}"; do
        if ! said=$(ip -n "$name-switch" link add "$network" type bridge 2>&1); then
            down "$name"
            refuse "a bridge may not be made here: ${said##*$'\n'}"
        fi
        ip -n "$name-switch" link set "$network" up
    done
    for host in "$@"; do
        number=$((number + 1))
        at=0
        ip netns add "$name-$host"
        ip -n "$name-$host" link set lo up
        for network in "${NETWORKS[@]}"; do
            at=$((at + 1))
            ip -n "$name-$host" link add "$network" type veth peer name "$host-$network" netns "$name-switch"
            ip -n "$name-$host" address add "10.77.$at.$number/24" dev "$network"
            ip -n "$name-$host" link set "$network" up
            ip -n "$name-switch" link set "$host-$network" master "$network" up
        done
    done
}

down() { # NAME
    local one
    for one in $(ip netns list | cut -d ' ' -f 1); do
        case $one in "$1"-*) ip netns delete "$one" ;; esac
    done
}

case ${1:-} in
up) up "${@:2}" ;;
down) down "$2" ;;
cut) ip -n "$2-switch" link set "$3-$4" down ;;
mend) ip -n "$2-switch" link set "$3-$4" up ;;
*)
    sed -n '2,/^set/{/^#/p}' "$0" >&2
    exit 2
    ;;
esac
