#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that are missing, and says so in one line.
#   setup.sh build|ci
set -u
need=(gcc g++ make cmake ninja-build pkg-config libssl-dev python3)
welcome=(libpcap-dev zlib1g-dev libzstd-dev libndpi-dev liblinear-dev)
[ "${1:-build}" = ci ] && need+=(clang clang-format libclang-rt-14-dev git)

is_there() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# A tool that came another way than as a package is as good.
has() {
    is_there "$1" && return
    case $1 in
    gcc | g++ | make | cmake | pkg-config | clang | clang-format | git | python3) command -v "$1" >/dev/null ;;
    ninja-build) command -v ninja >/dev/null ;;
    *) return 1 ;;
    esac
}

missing() { for p in "$@"; do has "$p" || echo "$p"; done; }

mapfile -t want < <(missing "${need[@]}")
mapfile -t would_like < <(missing "${welcome[@]}")
[ ${#want[@]} -eq 0 ] && [ ${#would_like[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        root=(sudo)
    elif [ ${#want[@]} -eq 0 ]; then
        echo "cdpi: not installed, and skipped: ${would_like[*]}"
        exit 0
    else
        echo "cdpi: these packages are missing: ${want[*]}. Install them as root: apt-get install ${want[*]}" >&2
        exit 1
    fi
fi
if ! command -v apt-get >/dev/null; then
    [ ${#want[@]} -eq 0 ] && exit 0
    echo "cdpi: missing: ${want[*]}, and there is no apt-get here to install them" >&2
    exit 1
fi

apt() { DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get "$@" -qq -o Dpkg::Use-Pty=0 >/tmp/cdpi-setup.log 2>&1; }
echo "cdpi: installing ${want[*]} ${would_like[*]}"
ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt update
if [ ${#want[@]} -gt 0 ]; then
    apt install -y --no-install-recommends "${want[@]}" ||
        { apt update && apt install -y --no-install-recommends "${want[@]}"; } ||
        { tail -3 /tmp/cdpi-setup.log >&2; echo "cdpi: could not install: ${want[*]}" >&2; exit 1; }
fi
for p in "${would_like[@]}"; do
    apt install -y --no-install-recommends "$p" || echo "cdpi: $p cannot be installed here, and is skipped"
done
exit 0
