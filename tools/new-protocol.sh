#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes a protocol's room and takes the next number.   new-protocol.sh NAME
set -euo pipefail
name=${1:-}
[[ $name =~ ^[A-Za-z0-9./+-]+$ ]] || { echo "usage: make new-protocol NAME=MQTT (letters, digits, . / + -)" >&2; exit 2; }
folder=$(printf '%s' "$name" | tr 'A-Z' 'a-z' | sed 's/[^a-z0-9]/_/g')
room=src/protocols/$folder
[ -e "$room" ] && { echo "cdpi: $room is there already" >&2; exit 1; }
number=$(($(grep -oE '^CDPI_PROTOCOL\([0-9]+' src/protocols/catalog.def | grep -oE '[0-9]+' | sort -n | tail -1) + 1))
mkdir "$room"
cat >"$room/$folder.c" <<END
/* SPDX-License-Identifier: MIT */
/*
 * $name: what is recognised, and where that is specified. Draw the header:
 *
 *     byte 0   'X'
 *     byte 1   length of what follows
 */
#include "protocols/protocol.h"

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "X"))
        return NO;
    cursor_skip(&c, 1);
    uint8_t length = cursor_u8(&c);
    cursor_skip(&c, length);
    if (c.ran_short)
        return short_of(in, &c);
    return likely(in, "a length that agrees", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "X")};

const struct cdpi_protocol cdpi_protocol_$folder = {
    .name = "$name",
    .reference = "where it is specified",
    .transports = OVER_TCP,
    .category = CATEGORY_OTHER,
    SIGNATURES(signatures),
    .validate = validate,
};
END
cat >"$room/$folder.cases" <<END
# SPDX-License-Identifier: MIT

== what it is, both sides
tcp 40000 4000
c "X" 02 "ab"
s "X" 01 "c"
is $name likely

== near miss: another first byte
tcp 40000 4000
c "Y" 02 "ab"
is none
END
# Before the IP protocol numbers' section.
sed -i "/^\/\* What an IP protocol number names/i CDPI_PROTOCOL($number, $folder)\n" src/protocols/catalog.def
# Others' names for it: none yet.
grep -q "^CDPI_NAMES(\"$name\"" modules/names.def ||
    sed -i "0,/^CDPI_NOT_OURS/s/^CDPI_NOT_OURS/CDPI_NAMES(\"$name\", \"\", \"\")\n&/" modules/names.def
echo "$room/$folder.c and $folder.cases, number $number. Now: write down what it is, and make test."
