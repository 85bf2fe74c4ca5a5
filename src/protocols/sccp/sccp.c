/* SPDX-License-Identifier: MIT */
/*
 * Cisco's Skinny Client Control Protocol, as its phones and Asterisk's chan_skinny speak it,
 * little-endian:
 *
 *     length(4; from the identifier on) version(4) = 0, or 10 to 22 for newer phones, identifier(4)
 *
 * A phone registers (1) or keeps alive (0); the server answers with 256 to 345.
 */
#include "protocols/protocol.h"

enum {
    LENGTH_LIMIT = 4000,
    ALIVE_LIMIT = 12, /* of what says no more than that a phone is alive */
    LAST_VERSION = 24,
    FIRST_SERVER = 0x81,
    LAST_SERVER = 0x160,
    LAST_CLIENT = 0x50,
    MESSAGE_BITS = 36,
    MESSAGES = 4
};

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        uint32_t length = cursor_le32(&c), version = cursor_le32(&c), message = cursor_le32(&c);
        if (c.ran_short)
            break;
        bool is_own = c.side == CLIENT ? message <= LAST_CLIENT
                                       : message >= FIRST_SERVER && message <= LAST_SERVER;
        if (length < 4 || length > (message == 0 ? ALIVE_LIMIT : LENGTH_LIMIT) ||
            version > LAST_VERSION || !is_own)
            return NO;
        if (!cursor_skip(&c, length - 4)) {
            c.ran_short = true;
            break;
        }
        /* Numbers below 256 are many things': only a whole message counts, and one that is empty
         * less. */
        bits += length > 8 ? MESSAGE_BITS : 22;
    }
    return answer_by_bits(in, bits > BITS_FOR_YES ? BITS_FOR_YES : bits, "messages", &c);
}

/* A phone is alive, and its server has heard it: twelve bytes each way. */
static bool both_are_alive(const struct inspection *in)
{
    return cursor_starts_with(&in->client, "\x04\0\0\0\0\0\0\0\0\0\0\0") &&
           cursor_starts_with(&in->server, "\x04\0\0\0\0\0\0\0\0\x01\0\0");
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (both_are_alive(in))
        return likely(in, "kept alive", &in->server);
    if (answer == LIKELY && both_spoke(in))
        return YES; /* a message of each side's own kind */
    return answer == YES && !both_spoke(in) ? LIKELY : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\0\0\0\0",
                     "\0\xf0\xff\xff\xe0\xff\xff\xff\x80\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\0\0\0\0", "\0\xf0\xff\xff\xe0\xff\xff\xff\0\xfe\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_sccp = {
    .name = "SCCP",
    .reference = "how Cisco's phones and Asterisk's chan_skinny speak it (channels/chan_skinny.c)",
    .transports = OVER_TCP,
    .category = CATEGORY_VOICE,
    .tcp_ports = PORTS(2000),
    SIGNATURES(signatures),
    .validate = validate,
};
