/* SPDX-License-Identifier: MIT */
/*
 * ZMTP, the transport of ZeroMQ (RFC 23/ZMTP section "Version negotiation", RFC 15/ZMTP 2.0): each
 * side begins with ff, padding(8), 7f, then its version. The padding is what ZMTP 1.0 took for a
 * length: seven zeros and the size of an identity and one.
 */
#include "protocols/protocol.h"

enum { MOST_SOCKET = 11, SHORT_COMMAND = 4 };

/* Major 3: a minor, a mechanism's name; 0 and 1 are ZMTP 2.0 and a kind of socket. */
static bool is_version(struct cursor *c)
{
    int major = cursor_peek(c, 0), next = cursor_peek(c, 1), mechanism = cursor_peek(c, 2);
    if (major > 3)
        return false;
    if (major < 2)
        return next <= MOST_SOCKET;
    return mechanism < 0 || (mechanism >= 'A' && mechanism <= 'Z');
}

/* Joined after the greetings (RFC 23/ZMTP, section "The NULL security mechanism"): a command of
 * less than 256 bytes, its name, and the metadata with the kind of socket. */
static enum answer judge_ready(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t size = cursor_u8(&c);
    struct cursor command = cursor_take(&c, size);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_ready = cursor_accept_text(&command, "\x05READY");
    return is_ready && cursor_find_text(&command, "\x0bSocket-Type", size) >= 0
               ? likely(in, "READY", &c)
               : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == SHORT_COMMAND)
        return judge_ready(in, c);

    if (!cursor_may_start(&c, "\xff\0\0\0\0\0\0\0", 8))
        return NO;
    cursor_skip(&c, 9);
    uint8_t end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (end != 0x7f)
        return NO;
    if (cursor_at_end(&c)) /* some send these ten bytes first, then wait */
        return both_spoke(in) || in->is_final ? likely(in, "signature", &c) : wants_more(in, &c);
    return is_version(&c) ? yes(in, "greeting", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\xff\0\0\0\0\0\0\0\0\x7f", "\xff\xff\xff\xff\xff\xff\xff\xff\0\xff"),
    SIGNATURE_MASKED(0, "\x04\0\x05READY", "\xff\0\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_zmtp = {
    .name = "ZMTP",
    .reference = "ZeroMQ RFC 23/ZMTP, RFC 15/ZMTP",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    SIGNATURES(signatures),
    .validate = validate,
};
