/* SPDX-License-Identifier: MIT */
/*
 * LMTP, RFC 2033: SMTP's commands and replies, but the client says LHLO with its name (section 4.1)
 * where it would say EHLO, and the server greets with 220 as in SMTP. Joined behind the greeting,
 * it answers LHLO.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { LINE_LIMIT = 1024, GREETING = 220, ANSWER = 250, GREETING_LINES = 16 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD)
        return NO;
    if (!cursor_accept_nocase(&line, "lhlo"))
        return cursor_left(&line) < 4 && state == LINE_OPEN ? short_of(in, &c) : NO;
    if (cursor_at_end(&line) ? state == LINE_WHOLE : cursor_u8(&line) != ' ')
        return NO;
    return state == LINE_WHOLE ? yes(in, "LHLO", &c) : short_of(in, &c);
}

/* RFC 5321 section 4.2; it alone is SMTP's as well, unless it says whose it is. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    bool is_last = false, is_named = false;
    uint32_t code = 0;
    for (unsigned i = 0; i < GREETING_LINES && !is_last; i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD)
            return NO;
        if (state == LINE_OPEN)
            return short_of(in, &c);
        if (!text_reply_code(&line, &code, &is_last) || (code != GREETING && code < ANSWER))
            return NO;
        if (code != GREETING && in->client.size == 0)
            return NO;
        is_named |= text_has(line, "lmtp");
    }
    if (!is_last)
        return NO;
    if (both_spoke(in))
        return yes(in, code == GREETING ? "greeting" : "answer", &c);
    return is_named ? likely(in, "greeting", &c) : MORE;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .size = 4, .bytes = "LHLO", .mask = "\xdf\xdf\xdf\xdf"},
    SIGNATURE(0, "220"),
};

const struct cdpi_protocol cdpi_protocol_lmtp = {
    .name = "LMTP",
    .reference = "RFC 2033 section 4, RFC 5321 section 4.2",
    .transports = OVER_TCP,
    .category = CATEGORY_MAIL,
    .tcp_ports = PORTS(24),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* RFC 3207 */
};
