/* SPDX-License-Identifier: MIT */
/*
 * OPC UA's TCP transport. OPC 10000-6 section 7.1.2: each message chunk is, low byte first,
 *
 *     type(3) F|C|A size(4) ...
 *
 * with HEL, ACK, ERR, RHE of known sizes, and OPN, MSG, CLO of secure channels (section 6.7.2).
 */
#include "protocols/protocol.h"

enum { HEADER = 8, HELLO = 32, ACKNOWLEDGE = 28, MOST = 0x4000000 };

/* HEL: version, three sizes, chunk count, and a URL that fills the rest. */
static enum answer judge_hello(struct inspection *in, struct cursor c, uint32_t size)
{
    cursor_skip(&c, 20);
    uint32_t url = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool fits = url == UINT32_MAX ? size == HELLO : url <= 4096 && size == HELLO + url;
    return fits ? yes(in, "hello", &c) : NO;
}

/* OPN: channel, then the security policy's URI. */
static enum answer judge_open(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 4);
    uint32_t length = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < 7 || length > 255)
        return NO;
    if (cursor_left(&c) < 7)
        return cursor_may_start_with(&c, "http://") ? short_of(in, &c) : NO;
    return cursor_accept_text(&c, "http://") ? yes(in, "open secure channel", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor type = cursor_take(&c, 3);
    uint8_t chunk = cursor_u8(&c);
    uint32_t size = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if ((chunk != 'F' && chunk != 'C' && chunk != 'A') || size < HEADER || size > MOST)
        return NO;
    if (cursor_accept_text(&type, "HEL"))
        return chunk == 'F' ? judge_hello(in, c, size) : NO;
    if (cursor_accept_text(&type, "ACK"))
        return chunk == 'F' && size == ACKNOWLEDGE ? yes(in, "acknowledge", &c) : NO;
    if (cursor_accept_text(&type, "OPN"))
        return judge_open(in, c);
    if (cursor_accept_text(&type, "ERR") || cursor_accept_text(&type, "RHE"))
        return chunk == 'F' && size >= 16 && size < 8192 ? likely(in, "error", &c) : NO;
    if (cursor_accept_text(&type, "MSG") || cursor_accept_text(&type, "CLO"))
        return size >= 24 ? likely(in, "message chunk", &c) : NO;
    return NO;
}

/* Two sides that both speak in chunks are enough. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    return answer == LIKELY && both_spoke(in)
               ? answer_at(in, YES, "message chunks", SERVER, 0, HEADER)
               : answer;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "HELF"), SIGNATURE(0, "ACKF"), SIGNATURE(0, "ERRF"), SIGNATURE(0, "RHEF"),
    SIGNATURE(0, "OPN"),  SIGNATURE(0, "MSG"),  SIGNATURE(0, "CLOF"),
};

const struct cdpi_protocol cdpi_protocol_opc_ua = {
    .name = "OPC-UA",
    .reference = "OPC 10000-6 sections 6.7.2, 7.1.2",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(4840),
    SIGNATURES(signatures),
    .validate = validate,
};
