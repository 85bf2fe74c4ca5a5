/* SPDX-License-Identifier: MIT */
/*
 * Among Us, on the Hazel library (github.com/willardf/Hazel-Networking; Impostor's documentation):
 * a client begins with
 *
 *     08 sequence(2) hello version(1) = 0 client version(4, low byte first) name length(1) name ...
 *
 * Version numbers are 0x02ffffff to 0x03ffffff (year * 25000 and on); servers acknowledge with 0a
 * sequence(2) ff.
 */
#include "protocols/protocol.h"

enum {
    HELLO = 8,
    ACKNOWLEDGE = 0x0a,
    NAME_MOST = 40, /* ten letters, in UTF-8 */
    FIRST_VERSION = 50500000,
    LAST_VERSION = 50800000
};

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint8_t message = cursor_u8(&c);
    uint16_t sequence = cursor_u16(&c);
    uint8_t hello = cursor_u8(&c);
    uint32_t version = cursor_le32(&c);
    uint8_t length = cursor_u8(&c);
    if (message != HELLO || sequence == 0 || sequence > 3 || hello != 0 ||
        version < FIRST_VERSION || version > LAST_VERSION || length == 0 || length > NAME_MOST)
        return NO;
    for (uint8_t i = 0; i < length; i++) {
        uint8_t letter = cursor_u8(&c);
        if (letter < ' ' || letter == 0x7f)
            return NO;
    }
    return c.ran_short ? NO : likely(in, "hello", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint8_t message = cursor_u8(&c);
    cursor_skip(&c, 3);
    return message == ACKNOWLEDGE && c.size == 4 && in->client.size ? yes(in, "acknowledgement", &c)
                                                                    : NO;
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    bool is_acknowledged = answer == LIKELY && both_spoke(in) &&
                           cursor_peek_u16(&in->client, 1) == cursor_peek_u16(&in->server, 1);
    return is_acknowledged ? answer_at(in, YES, "hello and acknowledgement", CLIENT, 0, 9) : answer;
}

static const struct signature signatures[] = {
    {.size = 8,
     .bytes = "\x08\0\0\0\0\0\0\x03",
     .mask = "\xff\xff\xfc\xff\0\0\0\xff",
     .min_size = 10},
    {.size = 1, .bytes = "\x0a", .min_size = 4, .max_size = 4},
};

const struct cdpi_protocol cdpi_protocol_amongus = {
    .name = "AmongUs",
    .reference = "github.com/willardf/Hazel-Networking; github.com/roobscoob/among-us-protocol",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .udp_ports = PORTS(22023),
    SIGNATURES(signatures),
    .validate = validate,
};
