/* SPDX-License-Identifier: MIT */
/*
 * NoMachine's NX protocol over TCP, as version 4 to 8 behave: client and server say which version
 * they are in a line, "NXSH-8.10.1" and "NXD-8.10.1", before TLS begins.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 64 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor line, from = c;
    if (!cursor_may_start_with(&c, "NXSH-") && !cursor_may_start_with(&c, "NXD-"))
        return NO;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &from) : NO;
    if (!cursor_accept_text(&line, "NXSH-") && !cursor_accept_text(&line, "NXD-"))
        return NO;
    bool is_version = text_digits(&line, 2, NULL) > 0 && cursor_u8(&line) == '.' &&
                      text_digits(&line, 3, NULL) > 0;
    return is_version ? yes(in, "version", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "NXSH-"), SIGNATURE(0, "NXD-")};

const struct cdpi_protocol cdpi_protocol_nomachine = {
    .name = "NoMachine",
    .reference = "as NoMachine 8 behaves: the versions that both sides say",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .is_encrypted = true,
    .tcp_ports = PORTS(4000),
    SIGNATURES(signatures),
    .validate = validate,
};
