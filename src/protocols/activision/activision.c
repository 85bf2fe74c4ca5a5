/* SPDX-License-Identifier: MIT */
/*
 * Demonware's address discovery, as Activision's games (Call of Duty) send it: the client's 0d 02
 * and 27 octets come back as 0c 02 and the same 27 (seen in both public suites' captures).
 */
#include "protocols/protocol.h"

enum { SIZE = 29, ASKS = 0x0d, ANSWERS = 0x0c, VERSION = 2 };

static enum answer judge(struct inspection *in, struct cursor c, uint8_t expected)
{
    (void)in;
    uint8_t kind = cursor_u8(&c), version = cursor_u8(&c), zero = cursor_u8(&c);
    return c.size == SIZE && kind == expected && version == VERSION && zero == 0 ? MORE : NO;
}

static bool repeats(struct cursor question, struct cursor answer)
{
    cursor_skip(&question, 1);
    cursor_skip(&answer, 1);
    while (!cursor_at_end(&question)) {
        if (cursor_u8(&question) != cursor_u8(&answer))
            return false;
    }
    return true;
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size && judge(in, in->client, ASKS) == NO)
        return NO;
    if (in->server.size && judge(in, in->server, ANSWERS) == NO)
        return NO;
    if (!both_spoke(in))
        return MORE;
    return repeats(in->client, in->server)
               ? answer_at(in, YES, "question that comes back", SERVER, 0, SIZE)
               : NO;
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\x0d\x02\0", .min_size = SIZE, .max_size = SIZE},
    {.size = 3, .bytes = "\x0c\x02\0", .min_size = SIZE, .max_size = SIZE},
};

const struct cdpi_protocol cdpi_protocol_activision = {
    .name = "Activision",
    .reference = "no public specification; Demonware's exchange as seen in nDPI's activision.pcap",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .udp_ports = PORTS(3074),
    SIGNATURES(signatures),
    .validate = validate,
};
