/* SPDX-License-Identifier: MIT */
/*
 * CAPWAP. RFC 5415 section 4.3: a preamble, 00, and a header of HLEN words,
 *
 *     00 | HLEN(5) RID(5) WBID(5) T F L W M K reserved(3) | fragment id(16) offset(13) reserved(3)
 *       | ...
 *
 * then a control message, type(4) sequence(1) length(2) flags(1) = 0 and elements that fill it, or
 * a frame. Preamble 01 and three zeros announce DTLS (section 4.2).
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum {
    LEAST_WORDS = 2,
    LAST_TYPE = 26,
    FLAG_T = 0x100,
    FLAG_F = 0x80,
    FLAG_K = 0x08,
    RESERVED = 0x07,
    WIRELESS = 24,
    FRAGMENT_RESERVED = 7
};

static enum answer judge_dtls(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 4);
    uint8_t type = cursor_u8(&c), major = cursor_u8(&c), minor = cursor_u8(&c);
    bool is_record = type >= 20 && type <= 23 && major == 0xfe && (minor == 0xff || minor == 0xfd);
    return !c.ran_short && is_record ? yes(in, "DTLS behind a preamble", &c) : NO;
}

/* Section 4.6: type(2) length(2) value, up to the end. */
static bool elements_fill(struct cursor c)
{
    while (!cursor_at_end(&c)) {
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        if (type == 0 || type > 2048 || !cursor_skip(&c, size))
            return false;
    }
    return true;
}

/* Section 4.5.1: the length counts itself, the flags and the elements. */
static bool is_control(struct cursor c)
{
    uint32_t type = cursor_u32(&c) & 0xff;
    cursor_skip(&c, 1);
    uint32_t length = cursor_u16(&c);
    uint8_t flags = cursor_u8(&c);
    if (c.ran_short || type == 0 || type > LAST_TYPE || flags != 0)
        return false;
    bool fits = length == cursor_left(&c) + 3 || length == cursor_left(&c);
    return fits && elements_fill(c);
}

/* Section 4.4.1: data keep-alive, the session's id alone. */
static bool is_keep_alive(struct cursor c)
{
    return cursor_u16(&c) == cursor_left(&c) + 2 && cursor_accept_text(&c, "\0\x23\0\x10");
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "\x01\0\0\0"))
        return judge_dtls(in, c);
    uint32_t header = cursor_u32(&c), fragment = cursor_u32(&c);
    uint32_t words = header >> 19, binding = header >> 9 & 0x1f;
    if (header >> 24 != 0 || words < LEAST_WORDS || words > 16 || header & RESERVED ||
        fragment & FRAGMENT_RESERVED || (!(header & FLAG_F) && fragment != 0))
        return NO;
    cursor_skip(&c, words * 4 - 8);
    if (c.ran_short || cursor_at_end(&c) || binding > 3)
        return NO;
    if (header & FLAG_K)
        return is_keep_alive(c) ? yes(in, "keep-alive", &c) : NO;
    if (!(header & FLAG_T) && inner_ethernet(c, is_cut(in, &c)))
        return yes(in, "data, Ethernet inside", &c);
    if (!(header & FLAG_F) && is_control(c))
        return yes(in, "control message", &c);
    /* native frames: 802.11's protocol version is zero in either order of octets */
    bool is_native = header & FLAG_T && binding == 1 && cursor_left(&c) >= WIRELESS &&
                     ((cursor_peek(&c, 0) & 3) == 0 || (cursor_peek(&c, 1) & 3) == 0);
    return is_native && !(header & FLAG_F) ? likely(in, "data, 802.11 inside", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 5, .bytes = "\x01\0\0\0\x14", .mask = "\xff\xff\xff\xff\xfc", .min_size = 17},
    {.size = 8, .bytes = "\0\0\0\0\0\0\0\0", .mask = "\xff\x07\xf8\x07\0\0\0\x07", .min_size = 16},
};

const struct cdpi_protocol cdpi_protocol_capwap = {
    .name = "CAPWAP",
    .reference = "RFC 5415 sections 4.2 to 4.6",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .udp_ports = PORTS(5246, 5247),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
