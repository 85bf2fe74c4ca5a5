/* SPDX-License-Identifier: MIT */
/*
 * distcc (its doc/protocol-1.txt to protocol-3.txt): tokens of four letters and eight hexadecimal
 * digits. The client: DIST version, then ARGC count (CDIR in version 3); the server: DONE version,
 * STAT status.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { TOKEN = 12, VERSIONS = 3 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    const char *word = c.side == CLIENT ? "DIST" : "DONE";
    uint32_t version;
    if (!cursor_may_start(&c, word, 4))
        return NO;
    if (c.size < TOKEN + 4)
        return short_of(in, &(struct cursor){.size = TOKEN + 3, .side = c.side});
    cursor_skip(&c, 4);
    if (text_hex(&c, 8, &version) != 8 || version < 1 || version > VERSIONS)
        return NO;
    if (c.side == CLIENT && !cursor_may_start_with(&c, "ARGC") &&
        !cursor_may_start_with(&c, "CDIR"))
        return NO;
    if (c.side == SERVER && !cursor_may_start_with(&c, "STAT"))
        return NO;
    return yes(in, c.side == CLIENT ? "request" : "result", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "DIST0000000"),
    SIGNATURE(0, "DONE0000000"),
};

const struct cdpi_protocol cdpi_protocol_distcc = {
    .name = "distcc",
    .reference = "distcc's doc/protocol-1.txt",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(3632),
    SIGNATURES(signatures),
    .validate = validate,
};
