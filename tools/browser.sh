#!/usr/bin/env bash
# Sees to it that a Chromium is there for the console's tests: finds one, or installs Debian's with apt-get where that is
# allowed. Where it is not, says which command installs it; the browser's tests then fail, each saying the same.
set -euo pipefail

say() { printf 'browser: %s\n' "$*"; }

for name in ${CHROMIUM:-} chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

runner=()
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] || { sudo -n true 2>/dev/null && runner=(sudo -n); }; then
        say "installing chromium"
        "${runner[@]}" apt-get update -qq
        "${runner[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
        exit 0
    fi
fi
say "no Chromium found. Install it as root: apt-get update && apt-get install -y chromium"
