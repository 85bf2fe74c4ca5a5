/* SPDX-License-Identifier: MIT */
/*
 * SRT, streams of video over UDP (draft-sharabayko-srt sections 3.2.1 and 4.3): who calls and who
 * listens begin with a handshake
 *
 *     8000 0000  0000 0000  time(4)  to(4)  version(4)  cipher(2)  extension(2)  number(4)
 *     MTU(4)  window(4)  type(4)  socket(4)  cookie(4)  address(16) ...
 *
 * The caller's induction is of version 4 with extension 2, to socket 0, and has no cookie; the
 * listener's of version 5, with the magic 4a17.
 */
#include "protocols/protocol.h"

enum {
    HANDSHAKE = 0x8000, /* the control bit and type 0; a subtype of 0 follows */
    SIZE = 64,
    MAGIC = 0x4a17,
    DATAGRAMS = 2,
    INDUCTION = 1,
    WAVE = 0,
    CONCLUSION = -1,
    AGREEMENT = -2,
    LEAST_MTU = 76,
    MOST_MTU = 65535
};

struct handshake {
    uint32_t to, version, socket, cookie;
    uint16_t cipher, extension;
    int32_t type;
};

static bool read_handshake(struct cursor *c, struct handshake *h)
{
    uint16_t kind = cursor_u16(c), subtype = cursor_u16(c);
    uint32_t zero = cursor_u32(c);
    cursor_skip(c, 4);
    h->to = cursor_u32(c);
    h->version = cursor_u32(c);
    h->cipher = cursor_u16(c);
    h->extension = cursor_u16(c);
    uint32_t number = cursor_u32(c), mtu = cursor_u32(c), window = cursor_u32(c);
    h->type = (int32_t)cursor_u32(c);
    h->socket = cursor_u32(c);
    h->cookie = cursor_u32(c);
    cursor_skip(c, 16);
    return !c->ran_short && kind == HANDSHAKE && subtype == 0 && zero == 0 && number >> 31 == 0 &&
           mtu >= LEAST_MTU && mtu <= MOST_MTU && window > 0 && window <= 0xffffff;
}

/* UDT says the same as the caller: that alone is likely at the most. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    struct handshake h;
    if (!read_handshake(&c, &h))
        return NO;
    if (h.version == 4) {
        bool is_call = h.type == INDUCTION && h.extension == DATAGRAMS && h.cipher == 0 &&
                       h.to == 0 && h.cookie == 0 && c.size == SIZE;
        return !is_call ? NO : both_spoke(in) ? YES : likely(in, "caller's induction", &c);
    }
    if (h.version != 5)
        return NO;
    if (h.type == INDUCTION)
        return h.extension == MAGIC && c.size == SIZE ? yes(in, "listener's induction", &c) : NO;
    bool ends = h.type == WAVE || h.type == CONCLUSION || h.type == AGREEMENT;
    return ends && h.extension < 8 ? yes(in, "conclusion", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 8, .bytes = "\x80\0\0\0\0\0\0\0", .min_size = SIZE},
};

const struct cdpi_protocol cdpi_protocol_srt = {
    .name = "SRT",
    .reference = "draft-sharabayko-srt-01 sections 3.2.1 and 4.3",
    .transports = OVER_UDP,
    .category = CATEGORY_STREAMING,
    .udp_ports = PORTS(9710),
    SIGNATURES(signatures),
    .validate = validate,
};
