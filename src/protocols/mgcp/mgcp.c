/* SPDX-License-Identifier: MIT */
/*
 * MGCP, RFC 3435 section 3.2: a command line of a verb, a transaction, an endpoint, the version; or
 * a response of a code and the transaction.
 *
 *     RQNT 1207 hall/3@example.net MGCP 1.0          200 1207 OK
 */
#include "framing/text.h"
#include "protocols/media.h"

enum { LINE_LIMIT = 512, RESPONSE_BITS = 26 };

/* Section 2.3; verbs of extensions begin with X. */
static bool is_verb(struct cursor verb)
{
    static const char *const verbs[] = {"epcf", "crcx", "mdcx", "dlcx", "rqnt", "ntfy",
                                        "auep", "aucx", "rsip", "mesg", NULL};
    return text_word(&verb, verbs) >= 0 || cursor_accept_nocase(&verb, "x");
}

static enum answer judge_command(struct inspection *in, struct cursor c)
{
    struct cursor line, verb = cursor_take(&c, 4);
    if (verb.ran_short || !is_verb(verb) || cursor_u8(&c) != ' ')
        return NO;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD || (state == LINE_OPEN && !is_cut(in, &c)))
        return NO;
    if (text_digits(&line, 9, NULL) == 0 || cursor_u8(&line) != ' ')
        return NO;
    int32_t end = cursor_find(&line, ' ', LINE_LIMIT);
    if (end < 1)
        return NO;
    cursor_skip(&line, (uint32_t)end + 1);
    bool is_version = cursor_accept_nocase(&line, "mgcp ") && text_digits(&line, 1, NULL) == 1 &&
                      cursor_u8(&line) == '.';
    return is_version ? yes(in, "command", &c) : NO;
}

/* Section 3.3; a comment may follow. Parameters in the lines behind are a letter or two and a
 * colon. */
static enum answer judge_response(struct inspection *in, struct cursor c)
{
    struct cursor line, name;
    uint32_t code, transaction;
    if (text_line(&c, LINE_LIMIT, &line) == LINE_BAD)
        return NO;
    bool is_code = text_digits(&line, 3, &code) == 3 && cursor_u8(&line) == ' ';
    if (!is_code || (code >= 300 && code < 400) || code > 899)
        return NO;
    uint32_t digits = text_digits(&line, 9, &transaction);
    if (digits == 0 || transaction == 0)
        return NO;
    if (!cursor_at_end(&line) && cursor_u8(&line) != ' ')
        return NO;
    bool is_ok = cursor_accept_nocase(&line, "ok") && cursor_at_end(&line) && c.size - c.at <= 2;
    bool has_parameter = false;
    if (text_line(&c, LINE_LIMIT, &name) == LINE_WHOLE) {
        has_parameter = cursor_find(&name, ':', 3) > 0;
        if (name.size == 1 && cursor_starts_with(&name, ".")) /* section 3.5.5: what rides along */
            return judge_command(in, c);
    }
    if (in->client.size)
        return yes(in, "response", &c);
    return (has_parameter || is_ok) && digits >= 3 ? likely(in, "response", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return text_is_digit(cursor_peek(&c, 0)) ? judge_response(in, c) : judge_command(in, c);
}

/* Gateway and agent both command and both answer. */
static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "EPCF ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "CRCX ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "MDCX ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "DLCX ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "RQNT ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "NTFY ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "AUEP ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "AUCX ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "RSIP ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "MESG ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "X\0\0\0 ", "\xff\x80\x80\x80\xff"),
    SIGNATURE_MASKED(0, "000 0", "\xf8\xf8\xf0\xff\xf0"),
};

const struct cdpi_protocol cdpi_protocol_mgcp = {
    .name = "MGCP",
    .reference = "RFC 3435 sections 2.3, 3.2 and 3.3",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .udp_ports = PORTS(2427, 2727),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_media,
};
