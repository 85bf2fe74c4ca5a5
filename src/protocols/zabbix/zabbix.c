/* SPDX-License-Identifier: MIT */
/*
 * Zabbix 7 manual, "Header": "ZBXD" flags(1), then size(4) and size or zeros(4), little-endian;
 * with flag 4 both sizes take eight bytes. Agents before 4.0 were asked by a bare key.
 */
#include "protocols/protocol.h"

enum { PLAIN = 1, COMPRESSED = 2, LARGE = 4, SIZE_LIMIT = 1 << 30 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "ZBXD"))
        return cursor_may_start_with(&c, "ZBXD") ? short_of(in, &c) : NO;
    uint8_t flags = cursor_u8(&c);
    uint32_t size = cursor_le32(&c);
    if (c.ran_short)
        return flags && !(flags & PLAIN) ? NO : short_of(in, &c);
    if (!(flags & PLAIN) || flags & ~(PLAIN | COMPRESSED | LARGE) || size > SIZE_LIMIT)
        return NO;
    return yes(in, "header", &c);
}

/* A bare key is answered with a header. */
static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (in->server.size == 0 || cursor_may_start_with(&c, "ZBXD"))
        return judge(in, c);
    if (!cursor_may_start_with(&in->server, "ZBXD"))
        return NO;
    return in->server.size < 4 ? short_of(in, &in->server) : yes(in, "key", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "ZBXD")};

const struct cdpi_protocol cdpi_protocol_zabbix = {
    .name = "Zabbix",
    .reference = "Zabbix 7 manual: protocol, header and data length",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(10050, 10051),
    SIGNATURES(signatures),
    .validate = validate,
};
