/* SPDX-License-Identifier: MIT */
/*
 * Gearman, the binary protocol (gearmand's PROTOCOL): 00 "REQ" from clients and workers, 00 "RES"
 * from the server, type(4) size(4). Of the administrators' text protocol on the same port only
 * "status" is told: a line a function, of its name and three counts parted by tabs, then one of a
 * single dot.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LAST_TYPE = 42, SIZE_LIMIT = 0x10000000, LINE_LIMIT = 1024 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool is_magic =
        c.side == CLIENT ? cursor_may_start(&c, "\0REQ", 4) : cursor_may_start(&c, "\0RES", 4);
    if (!is_magic)
        return NO;
    cursor_skip(&c, 4);
    uint32_t type = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return type > 0 && type <= LAST_TYPE ? likely_at_end(in, "header", &c) : NO;
    if (type == 0 || type > LAST_TYPE || size > SIZE_LIMIT)
        return NO;
    return yes(in, c.side == CLIENT ? "request" : "response", &c);
}

/* Name, tab, jobs, tab, running, tab, workers. */
static bool is_status_line(struct cursor line)
{
    int32_t name = cursor_find(&line, '\t', line.size);
    if (name <= 0)
        return false;
    cursor_skip(&line, (uint32_t)name);
    for (unsigned i = 0; i < 3; i++) {
        if (cursor_u8(&line) != '\t' || text_digits(&line, 9, NULL) == 0)
            return false;
    }
    return cursor_at_end(&line);
}

static enum answer judge_status(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN)
        return short_of(in, &c);
    if (state == LINE_BAD)
        return NO;
    if (is_status_line(line))
        return yes(in, "status", &c);
    return line.size == 1 && cursor_peek(&line, 0) == '.' ? likely(in, "no functions", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    if (cursor_starts_with(&in->client, "status\n"))
        return in->server.size ? judge_status(in, in->server) : wants(in, SERVER, 1);
    if (in->client.size && cursor_may_start_with(&in->client, "status\n"))
        return short_of(in, &in->client);
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0REQ\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xff\xc0"),
    SIGNATURE(0, "status\n"),
    SIGNATURE_MASKED(0, "\0RES\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xff\xc0"),
};

const struct cdpi_protocol cdpi_protocol_gearman = {
    .name = "Gearman",
    .reference = "gearmand's PROTOCOL: Binary Packet",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(4730),
    SIGNATURES(signatures),
    .validate = validate,
};
