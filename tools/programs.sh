#!/usr/bin/env bash
# Sees to it that what the tests start is there before they do: PostgreSQL's programs and iproute2. Debian's packages are
# installed with apt-get where that is allowed. Where it is not, says which command installs them; the tests that need
# them then say so too.
set -euo pipefail

say() { printf 'programs: %s\n' "$*"; }

wanted=()
if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    wanted+=(postgresql)
fi
if ! command -v ip >/dev/null 2>&1 && ! [ -x /sbin/ip ]; then
    wanted+=(iproute2)
fi
if [ ${#wanted[@]} = 0 ]; then
    exit 0
fi

runner=()
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] || { sudo -n true 2>/dev/null && runner=(sudo -n); }; then
        say "installing ${wanted[*]}"
        "${runner[@]}" apt-get update -qq
        "${runner[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
        exit 0
    fi
fi
say "not found: ${wanted[*]}. Install as root: apt-get update && apt-get install -y ${wanted[*]}"
