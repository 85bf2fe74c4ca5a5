# SPDX-License-Identifier: MIT
# Runs one side of a recipe with the verbs below at hand: side.sh server|client
set -e
cd /tmp
set -x

# start COMMAND...: in the background, until the recording ends
start() { echo "+ $*"; "$@" </dev/null & }

# wait_for COMMAND...: until it succeeds, at most 20 s
wait_for() {
    for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
    echo "waited in vain for: $*"
    return 1
}
is_bound() { ss -Hln "$1" "sport = :$2" | grep -q .; }
wait_tcp() { local port; for port; do wait_for is_bound -t "$port"; done; }
wait_udp() { local port; for port; do wait_for is_bound -u "$port"; done; }

# conf FILE: writes standard input to it
conf() { mkdir -p "$(dirname "$1")"; cat >"$1"; }

# expect REGEX COMMAND...: the command's output must match, within 20 s; its exit status is not asked
expect() {
    local pattern=$1 said
    shift
    echo "+ $*"
    local limit="timeout 20"
    [ "$(type -t "$1")" = function ] && limit=
    said=$($limit "$@" 2>&1) || :
    printf '%s\n' "$said" | head -c 4000
    grep -aqE -e "$pattern" <<<"$said" || { echo "no /$pattern/ in the answer"; return 1; }
}

# say TCP|UDP-PORT LINE...: sends lines (CR LF) one after another by netcat, half a second apart, and prints the answers
say() {
    local port=$1 line
    shift
    { for line; do sleep 0.3; printf '%b\r\n' "$line"; done; sleep "${SAY_LINGER:-0.7}"; } | timeout 20 nc ${SAY_OPTIONS:-} -w 3 "${SAY_TO:-$SERVER}" "$port"
}

# certificate: /tmp/cert.pem, /tmp/key.pem, /tmp/both.pem of host.example
certificate() {
    [ -e /tmp/cert.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=host.example \
        -addext subjectAltName=DNS:host.example,DNS:localhost,IP:$SERVER -keyout /tmp/key.pem -out /tmp/cert.pem 2>/dev/null
    cat /tmp/key.pem /tmp/cert.pem >/tmp/both.pem
    chmod 644 /tmp/key.pem /tmp/both.pem
}

# user NAME PASSWORD: a system account
user() { useradd -m -s /bin/bash "$1" 2>/dev/null || :; echo "$1:$2" | chpasswd; }

# at_client / at_server COMMAND...: on the other end of the cable
at_client() { nsenter --net=/proc/$(cat /run/client-namespace)/ns/net "$@"; }
at_server() { nsenter --net=/proc/1/ns/net "$@"; }

. /recipe/recipe
"$1"
