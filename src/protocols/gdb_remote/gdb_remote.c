/* SPDX-License-Identifier: MIT */
/*
 * GDB's remote serial protocol over TCP (GDB manual, appendix E): packets "$data#cc", cc the sum of
 * the data in two hex digits; "+" says that one came well, "-" that it did not.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LONGEST = 2048, PACKETS = 4 };

/* The data of one packet, whose sum is right. */
static bool read_packet(struct cursor *c, struct cursor *data)
{
    uint8_t sum = 0;
    cursor_skip(c, 1);
    int32_t end = cursor_find(c, '#', LONGEST);
    if (end < 0) {
        c->ran_short = cursor_left(c) < LONGEST;
        return false;
    }
    *data = cursor_take(c, (uint32_t)end);
    for (struct cursor d = *data; !cursor_at_end(&d);)
        sum = (uint8_t)(sum + cursor_u8(&d));
    cursor_skip(c, 1);
    uint32_t said;
    uint32_t digits = text_hex(c, 2, &said);
    c->ran_short = digits < 2 && cursor_at_end(c);
    return digits == 2 && said == sum;
}

static bool is_query(const struct cursor *data)
{
    return cursor_starts_with(data, "qSupported") || cursor_starts_with(data, "QStartNoAckMode") ||
           cursor_starts_with(data, "vMustReplyEmpty") || cursor_starts_with(data, "qTStatus") ||
           cursor_starts_with(data, "PacketSize=") || cursor_starts_with(data, "QThreadSuffix") ||
           cursor_starts_with(data, "Hg0") || cursor_starts_with(data, "qAttached");
}

/* A sum has 8 bits; words that sessions begin with tell the rest. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    struct cursor data;
    for (int i = 0; i < PACKETS && !cursor_at_end(&c); i++) {
        while (cursor_peek(&c, 0) == '+' || cursor_peek(&c, 0) == '-')
            cursor_skip(&c, 1);
        if (cursor_at_end(&c))
            break;
        if (cursor_peek(&c, 0) != '$')
            return NO;
        if (!read_packet(&c, &data)) {
            if (!c.ran_short)
                return NO;
            break;
        }
        bits += is_query(&data) ? 40 : 16;
    }
    return bits >= 40 ? yes(in, "packets", &c) : short_of(in, &c);
}

/* Either side's words tell; the other must have packets too. */
static enum answer validate(struct inspection *in)
{
    return judge_stronger(in, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "$qSupported"),      SIGNATURE(0, "+$qSupported"),
    SIGNATURE(0, "$QStartNoAckMode"), SIGNATURE(0, "+$QStartNoAckMod"),
    SIGNATURE(0, "+$PacketSize="),    SIGNATURE(0, "$PacketSize="),
};

const struct cdpi_protocol cdpi_protocol_gdb_remote = {
    .name = "GDB-Remote",
    .reference = "GDB manual, appendix E, GDB Remote Serial Protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(2345),
    SIGNATURES(signatures),
    .validate = validate,
};
