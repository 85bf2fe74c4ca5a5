/* SPDX-License-Identifier: MIT */
/*
 * Ganglia. gmond's metrics in XDR (ganglia's gm_protocol.x): format(4), host, metric, spoofed(4),
 * then of
 *
 *     128 metadata: type, name, units, slope(4) tmax(4) dmax(4) ...
 *     129 to 135 a value: printf's format for it, "%u", and the value
 *     136 a request for metadata
 *
 * and over TCP, as soon as somebody connects, an XML document of type GANGLIA_XML.
 */
#include "protocols/protocol.h"

enum { METADATA = 128, REQUEST = 136, TEXT_LIMIT = 255, DOCTYPE_WITHIN = 160 };

/* XDR, RFC 4506 section 4.11: length(4), bytes, zeros up to a multiple of four. */
static struct cursor text(struct cursor *c)
{
    uint32_t size = cursor_u32(c);
    if (size > TEXT_LIMIT) {
        c->ran_short = true;
        return cursor_over("", 0);
    }
    struct cursor text = cursor_take(c, size);
    while (size++ % 4 != 0) {
        if (cursor_u8(c) != 0)
            c->ran_short = true;
    }
    return text;
}

static bool is_printable(struct cursor c)
{
    while (!cursor_at_end(&c)) {
        uint8_t byte = cursor_u8(&c);
        if (byte < ' ' || byte == 0x7f)
            return false;
    }
    return true;
}

static bool is_name(struct cursor *c)
{
    struct cursor name = text(c);
    return name.size > 0 && is_printable(name);
}

/* A host's name that goes on where a capture cuts. */
static bool may_be_name(struct cursor c, uint32_t format)
{
    cursor_seek(&c, 4);
    uint32_t size = cursor_u32(&c);
    return format >= METADATA && format <= REQUEST && size >= cursor_left(&c) &&
           size <= TEXT_LIMIT && cursor_left(&c) >= 4 && is_printable(c);
}

static bool is_body(struct cursor *c, uint32_t format)
{
    if (format == REQUEST)
        return cursor_at_end(c);
    struct cursor first = text(c);
    if (format != METADATA)
        return cursor_peek(&first, 0) == '%' && first.size <= 8 && cursor_left(c) >= 4;
    struct cursor name = text(c), units = text(c);
    uint32_t slope = cursor_u32(c);
    return first.size >= 3 && is_printable(first) && name.size > 0 && is_printable(units) &&
           slope <= 4;
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    uint32_t format = cursor_u32(&c);
    if (format < METADATA || format > REQUEST || !is_name(&c))
        return is_cut(in, &c) && may_be_name(c, format) ? likely(in, "metric, cut", &c) : NO;
    if (!is_name(&c))
        return is_cut(in, &c) ? likely(in, "metric, cut", &c) : NO;
    uint32_t spoofed = cursor_u32(&c);
    if (is_cut(in, &c) && (c.ran_short || spoofed <= 1))
        return likely(in, "metric, cut", &c);
    if (c.ran_short || spoofed > 1 || !is_body(&c, format) || c.ran_short)
        return NO;
    return yes(in, format == METADATA ? "metadata" : "metric", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, "<GANGLIA_XML VERSION=\"")) /* joined after the document type */
        return yes(in, "document", &c);
    if (!cursor_may_start_with(&c, "<?xml version=\"1.0\""))
        return cursor_may_start_with(&c, "<GANGLIA_XML VERSION=\"") ? short_of(in, &c) : NO;
    int32_t at = cursor_find_text(&c, "<!DOCTYPE GANGLIA_XML", DOCTYPE_WITHIN);
    if (at < 0)
        return c.size >= DOCTYPE_WITHIN ? NO : short_of(in, &c);
    cursor_skip(&c, (uint32_t)at + 21);
    return yes(in, "document type", &c);
}

static enum answer validate(struct inspection *in)
{
    if (is_udp(in))
        return judge_sides(in, judge_datagram, judge_datagram);
    return judge_sides(in, NULL, judge_server);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .size = 6,
     .bytes = "\0\0\0\x80\0\0",
     .mask = "\xff\xff\xff\xf0\xff\xff",
     .min_size = 20},
    {.transports = OVER_TCP, .size = 16, .bytes = "<?xml version=\"1"},
    {.transports = OVER_TCP, .size = 13, .bytes = "<GANGLIA_XML "},
};

const struct cdpi_protocol cdpi_protocol_ganglia = {
    .name = "Ganglia",
    .reference = "Ganglia's lib/gm_protocol.x; gmond's XML",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .tcp_ports = PORTS(8649, 8651, 8652),
    .udp_ports = PORTS(8649),
    SIGNATURES(signatures),
    .validate = validate,
};
