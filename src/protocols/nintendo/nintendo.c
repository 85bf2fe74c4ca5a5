/* SPDX-License-Identifier: MIT */
/*
 * Nintendo's Pia, between consoles (kinnay's NintendoClients wiki, "Pia protocol"):
 *
 *     32ab9864 encryption and version(1) connection(1) packet(2) ...
 *
 * encryption is 1 (none) or 2 in the low bits; from version 5 on the high bit is set.
 */
#include "protocols/protocol.h"

enum { HEADER = 16, ENCRYPTION = 0x03, VERSION_LIMIT = 0x20 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "\x32\xab\x98\x64"))
        return NO;
    uint8_t kind = cursor_u8(&c);
    cursor_skip(&c, HEADER - 5);
    bool is_early = kind == 1 || kind == 2;
    bool is_later = (kind & 0x80) && (kind & 0x7f) < VERSION_LIMIT;
    return !c.ran_short && (is_early || is_later) ? likely(in, "Pia header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    return answer == LIKELY && both_spoke(in)
               ? answer_at(in, YES, "Pia headers of both", SERVER, 0, HEADER)
               : answer;
}

static const struct signature signatures[] = {SIGNATURE(0, "\x32\xab\x98\x64")};

const struct cdpi_protocol cdpi_protocol_nintendo = {
    .name = "Nintendo",
    .reference = "github.com/kinnay/NintendoClients, wiki: Pia Protocol",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    SIGNATURES(signatures),
    .validate = validate,
};
