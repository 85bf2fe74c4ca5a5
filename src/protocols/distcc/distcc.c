/* SPDX-License-Identifier: MIT */
/*
 * distcc (its doc/protocol-1.txt to protocol-3.txt): tokens of four letters and eight hexadecimal
 * digits. The client: DIST version, then ARGC count (CDIR in version 3); the server: DONE version,
 * STAT status.
 */
#include "protocols/protocol.h"

enum { TOKEN = 12, VERSIONS = 3 };

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool token_value(struct cursor *c, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        int digit = hex_digit(cursor_u8(c));
        if (digit < 0)
            return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    const char *word = c.side == CLIENT ? "DIST" : "DONE";
    uint32_t version;
    if (!cursor_may_start(&c, word, 4))
        return NO;
    if (c.size < TOKEN + 4)
        return short_of(in, &(struct cursor){.size = TOKEN + 3, .side = c.side});
    cursor_skip(&c, 4);
    if (!token_value(&c, &version) || version < 1 || version > VERSIONS)
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
