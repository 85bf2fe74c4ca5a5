/* SPDX-License-Identifier: MIT */
/*
 * Monero and its kin: the Levin protocol (monero/docs/LEVIN_PROTOCOL.md). All little-endian:
 *
 *     0x0101010101012101 (8)  length (8)  expects an answer (1)  command (4)  code (4)  flags (4)
 *     version (4: 1)
 */
#include "protocols/protocol.h"

enum { LENGTH_LIMIT = 256 << 20, FLAGS = 0xf, LEVIN_VERSION = 1 };

static enum answer judge_message(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\x01\x21\x01\x01\x01\x01\x01\x01"))
        return NO;
    cursor_skip(&c, 8);
    uint64_t length = cursor_le64(&c);
    uint8_t expects = cursor_u8(&c);
    cursor_skip(&c, 8);
    uint32_t flags = cursor_le32(&c), version = cursor_le32(&c);
    if (c.ran_short)
        return c.at >= 8 ? likely_at_end(in, "Levin header", &c) : short_of(in, &c);
    if (length > LENGTH_LIMIT || expects > 1 || flags & ~(uint32_t)FLAGS)
        return NO;
    return version == LEVIN_VERSION ? yes(in, "Levin header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge_message, judge_message);
}

static const struct signature signatures[] = {SIGNATURE(0, "\x01\x21\x01\x01\x01\x01\x01\x01")};

const struct cdpi_protocol cdpi_protocol_monero = {
    .name = "Monero",
    .reference = "github.com/monero-project/monero, docs/LEVIN_PROTOCOL.md",
    .transports = OVER_TCP,
    .category = CATEGORY_CRYPTOCURRENCY,
    .tcp_ports = PORTS(18080, 28080, 38080),
    SIGNATURES(signatures),
    .validate = validate,
};
