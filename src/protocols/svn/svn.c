/* SPDX-License-Identifier: MIT */
/*
 * Subversion's own protocol, libsvn_ra_svn/protocol: lists of words, numbers, strings and lists in
 * parentheses, blanks around each.
 *
 *     server: ( success ( 2 2 ( mechs ) ( edit-pipeline ... ) ) )        ( failure ( ( ...
 *     client: ( 2 ( edit-pipeline ... ) 15:svn://192.0.2.2 ... )         ( get-latest-rev ( ) )
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { WORD_LIMIT = 32 };

/* Blanks may be more than one, and newlines (protocol, section 1). */
static bool pass_blanks(struct cursor *c)
{
    bool is_there = false;
    while (cursor_peek(c, 0) == ' ' || cursor_peek(c, 0) == '\n') {
        cursor_skip(c, 1);
        is_there = true;
    }
    return is_there || cursor_at_end(c);
}

static bool pass_open(struct cursor *c)
{
    if (cursor_at_end(c))
        return true;
    return cursor_u8(c) == '(' && pass_blanks(c);
}

static uint32_t pass_word(struct cursor *c)
{
    uint32_t n = 0;
    for (; n < WORD_LIMIT; n++) {
        int byte = cursor_peek(c, 0);
        bool is_word = (byte >= 'a' && byte <= 'z') || (n && (text_is_digit(byte) || byte == '-'));
        if (!is_word)
            break;
        cursor_skip(c, 1);
    }
    return n;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor start = c;
    if (!pass_open(&c))
        return NO;
    bool is_known = cursor_accept_text(&c, "success") || cursor_accept_text(&c, "failure");
    if (!is_known) {
        bool is_open = cursor_may_start_with(&c, "success") || cursor_may_start_with(&c, "failure");
        return is_open ? short_of(in, &start) : NO;
    }
    if (!pass_blanks(&c) || !pass_open(&c))
        return NO;
    int next = cursor_peek(&c, 0);
    if (next < 0)
        return short_of(in, &start);
    return next == '(' || next == ')' || text_is_digit(next) ? yes(in, "answer", &c) : NO;
}

/* The words of a first answer, and the commands that a session goes on with. */
static bool is_client_word(struct cursor word)
{
    static const char *const words[] = {"get-latest-rev",
                                        "get-dated-rev",
                                        "rev-prop",
                                        "rev-proplist",
                                        "commit",
                                        "get-file",
                                        "get-dir",
                                        "check-path",
                                        "stat",
                                        "update",
                                        "switch",
                                        "status",
                                        "diff",
                                        "log",
                                        "get-mergeinfo",
                                        "get-locations",
                                        "get-location-segments",
                                        "get-file-revs",
                                        "lock",
                                        "unlock",
                                        "get-lock",
                                        "get-locks",
                                        "replay",
                                        "replay-range",
                                        "get-deleted-rev",
                                        "get-iprops",
                                        "list",
                                        "reparent",
                                        "set-path",
                                        "open-root",
                                        NULL};
    return text_word(&word, words) >= 0;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor start = c;
    if (!pass_open(&c))
        return NO;
    bool is_first = text_digits(&c, 1, NULL) == 1;
    struct cursor word = c;
    if (is_first && (!pass_blanks(&c) || !pass_open(&c)))
        return NO;
    if (is_first)
        word = c;
    uint32_t length = pass_word(&c);
    if (cursor_at_end(&c))
        return short_of(in, &start);
    if (length < 3 || !pass_blanks(&c))
        return NO;
    word = cursor_take(&word, length);
    if (!is_first && (!is_client_word(word) || !pass_open(&c)))
        return NO;
    if (cursor_at_end(&c))
        return short_of(in, &start);
    return is_first && !cursor_starts_with(&word, "edit-pipeline") ? likely(in, "request", &c)
                                                                   : yes(in, "request", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "( success ( "),
    SIGNATURE(0, "( failure ( "),
    SIGNATURE(0, "( 1 ( "),
    SIGNATURE(0, "( 2 ( "),
    SIGNATURE_MASKED(0, "( ```", "\xff\xff\xe0\xe0\xe0"),
};

const struct cdpi_protocol cdpi_protocol_svn = {
    .name = "SVN",
    .reference = "Subversion's subversion/libsvn_ra_svn/protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(3690),
    SIGNATURES(signatures),
    .validate = validate,
};
