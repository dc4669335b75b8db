#!/usr/bin/env bash
# Makes .venv on a fresh machine: finds Python >= 3.11, looks for what a build needs, installs it with apt-get when that
# is allowed and otherwise names the one command that does. Called by make; never falls back to the interpreted kernels.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

has_ensurepip() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

has_pip() { # one that can install into another environment
    "$1" -c 'import venv; from pip import __version__ as v; raise SystemExit(tuple(map(int, v.split(".")[:2])) < (22, 3))' \
        2>/dev/null
}

missing_packages() { # Debian package names, one a line
    local python=$1
    command -v cc >/dev/null 2>&1 || echo gcc
    echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1 || echo libc6-dev
    echo '#include <openssl/sha.h>' | cc -E - >/dev/null 2>&1 || echo libssl-dev
    if [ -z "$python" ]; then
        printf 'python3\npython3-venv\npython3-dev\n'
        return
    fi
    has_ensurepip "$python" || has_pip "$python" || echo python3-venv
    "$python" - <<'PY' || echo python3-dev
import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists())
PY
}

install_packages() {
    local runner=()
    if ! command -v apt-get >/dev/null 2>&1; then
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        runner=(sudo -n)
    fi
    say "installing $*"
    "${runner[@]}" apt-get update -qq
    "${runner[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

refuse() {
    say "missing: $*. Install as root and run make again:"
    say "    apt-get update && apt-get install -y $*"
    exit 3
}

[ "$(uname -s)" = Linux ] || { say "this project runs on Linux only"; exit 3; }

python=$(find_python || true)
# shellcheck disable=SC2207  # package names have no spaces
missing=($(missing_packages "$python" | sort -u))
if [ "${#missing[@]}" -gt 0 ]; then
    install_packages "${missing[@]}" || refuse "${missing[@]}"
    python=$(find_python) || { say "no Python 3.11 or newer found; install one and run make again"; exit 3; }
    # shellcheck disable=SC2207
    missing=($(missing_packages "$python" | sort -u))
    [ "${#missing[@]}" -eq 0 ] || refuse "${missing[@]}"
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    if has_ensurepip "$python"; then
        "$python" -m venv .venv
    else
        "$python" -m venv --without-pip .venv
        awk '/^[a-z]/{keep = /^pip==/} keep' requirements.lock >.venv/pip.lock
        "$python" -m pip --python .venv/bin/python install --quiet --disable-pip-version-check --require-hashes \
            --no-deps -r .venv/pip.lock
    fi
fi
say "installing what requirements.lock pins"
# The lock is whole, so nothing is to be resolved: a resolver that looks anyway (pip 23 does for `coverage[toml]`, which the
# lock names without its extra) meets newer releases that have no hash here, and stops.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
.venv/bin/python -m pip check --quiet --disable-pip-version-check
say "environment ready"
