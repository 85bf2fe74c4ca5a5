/* SPDX-License-Identifier: MIT */
/*
 * Xiaomi, two protocols.
 *
 * miIO, by which its devices at home are told what to do (python-miio's documentation), UDP:
 *
 *     0x2131  length (2, the datagram's)  unknown (4: 0, or ones in a hello)  device (4)  time (4)
 *     MD5 (16)  body
 *
 * Its push service, TCP, as seen in recorded traffic: 0xc2fe, 5, length (4), body, Adler-32. The
 * first body names the service and what is asked: "xiaomi.com", "CONN".
 */
#include "protocols/protocol.h"

enum { MIIO_HEADER = 32, PUSH_LIMIT = 64 << 10 };

static enum answer judge_device(struct inspection *in, struct cursor c)
{
    uint16_t magic = cursor_u16(&c), length = cursor_u16(&c);
    uint32_t unknown = cursor_u32(&c);
    if (magic != 0x2131 || length < MIIO_HEADER || !fills_datagram(in, &c, length))
        return NO;
    if (unknown != 0 && (unknown != UINT32_MAX || length != MIIO_HEADER))
        return NO;
    return yes(in, unknown ? "hello" : "message", &c);
}

static enum answer judge_push(struct inspection *in, struct cursor c)
{
    uint32_t magic = cursor_u32(&c), length = cursor_u32(&c);
    uint16_t kind = cursor_u16(&c), what = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (magic != 0xc2fe0005 || length < 8 || length > PUSH_LIMIT)
        return NO;
    /* In the middle of a session the body is encrypted. */
    if (kind != 2 || what > 0xff)
        return likely(in, "push message", &c);
    return yes(in, "push header", &c);
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_sides(in, judge_device, judge_device)
                      : judge_joined(in, judge_push, judge_push);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\x21\x31", .min_size = MIIO_HEADER},
    {.transports = OVER_TCP, .offset = 0, .size = 4, .bytes = "\xc2\xfe\0\5"},
};

const struct cdpi_protocol cdpi_protocol_xiaomi = {
    .name = "Xiaomi",
    .reference = "miIO as python-miio documents it; the push service as seen in recorded traffic",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_IOT,
    .is_encrypted = true,
    .tcp_ports = PORTS(5222),
    .udp_ports = PORTS(54321),
    SIGNATURES(signatures),
    .validate = validate,
};
