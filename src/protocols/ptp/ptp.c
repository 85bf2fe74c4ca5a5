/* SPDX-License-Identifier: MIT */
/*
 * PTP. IEEE 1588-2019 clause 13.3:
 *
 *     sdo+type(1) minor+version(1) length(2) domain(1) sdo(1) flags(2) correction(8) specific(4)
 *       clock(8) port(2) sequence(2) control(1) interval(1) ...
 *
 * each type has a size and a control value (or 0). Version 1 (IEEE 1588-2002): 0001 0001 and the
 * subdomain's name.
 */
#include "protocols/protocol.h"

enum { HEADER = 34, SIGNALING = 12, MANAGEMENT = 13, OTHER = 5, LAST_SDO = 3 };

/* Clauses 13.5 to 13.12: least size (also the usual one) and control by type; 0: no such type. */
static const struct {
    uint8_t size, control;
} messages[16] = {{44, 0}, {44, 1}, {54, OTHER}, {54, OTHER}, {0, 0},      {0, 0},  {0, 0}, {0, 0},
                  {44, 2}, {54, 3}, {54, OTHER}, {64, OTHER}, {44, OTHER}, {48, 4}, {0, 0}, {0, 0}};

static enum answer judge_v2(struct inspection *in, struct cursor c)
{
    uint8_t first = cursor_u8(&c), type = first & 0x0f;
    if (first >> 4 >
        LAST_SDO) /* clause 7.1.4: of the organisations' numbers 0 to 2 are given out */
        return NO;
    cursor_skip(&c, 1);
    uint16_t length = cursor_u16(&c);
    cursor_skip(&c, 16);
    uint64_t clock = cursor_u64(&c);
    uint16_t port = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint8_t control = cursor_u8(&c), interval = cursor_u8(&c);
    uint8_t size = messages[type].size;
    if (c.ran_short || size == 0 || length < size)
        return NO;
    if (clock == 0 && port == 0) /* clause 7.5.2: who sends has a name; tools have but a port */
        return NO;
    /* annexes D and E: two octets may follow over IPv6 */
    bool fits = fills_datagram(in, &c, length) || length + 2u == c.size;
    bool is_quiet = interval == 0x7f || interval <= 22 || interval >= 0xe9;
    if (!fits || !is_quiet || (control != messages[type].control && control != 0))
        return NO;
    return yes(in, "message header", &c);
}

static enum answer judge_v1(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 4);
    bool is_named = cursor_accept_text(&c, "_DFLT\0\0\0\0\0\0\0\0\0\0\0") ||
                    cursor_accept_text(&c, "_ALT1\0\0\0\0\0\0\0\0\0\0\0") ||
                    cursor_accept_text(&c, "_ALT2\0\0\0\0\0\0\0\0\0\0\0") ||
                    cursor_accept_text(&c, "_ALT3\0\0\0\0\0\0\0\0\0\0\0");
    return is_named && c.size >= 52 ? yes(in, "message of version 1", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "\0\x01\0\x01"))
        return judge_v1(in, c);
    int version = cursor_peek(&c, 1);
    return version >= 0 && (version & 0x0f) == 2 && version >> 4 <= 1 ? judge_v2(in, c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.offset = 1, .size = 2, .bytes = "\x02\0", .mask = "\xef\xf8", .min_size = 44},
    {.size = 5, .bytes = "\0\x01\0\x01_", .min_size = 52},
};

const struct cdpi_protocol cdpi_protocol_ptp = {
    .name = "PTP",
    .reference = "IEEE 1588-2019 clause 13.3; IEEE 1588-2002 clause 8.2",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .udp_ports = PORTS(319, 320),
    SIGNATURES(signatures),
    .validate = validate,
};
