/* SPDX-License-Identifier: MIT */
/*
 * WHOIS, RFC 3912: the client asks in one line, the server answers in free text and closes. What
 * registries send has a shape of its own: remarks behind "%" or "#", then names and values
 * ("domain:", "inetnum:", "Registrar:"), as RFC 2622's objects have them. Such an answer to one
 * line is WHOIS.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { QUERY_LIMIT = 256, LINE_LIMIT = 1024, LINES = 40 };
enum { QUERY_BITS = 10, REMARK_BITS = 4, SOURCE_BITS = 16, FIELD_BITS = 22, SAYING_BITS = 30 };

static const char *const fields[] = {"domain name:",
                                     "domain:",
                                     "registry domain id:",
                                     "registrar:",
                                     "registrar whois server:",
                                     "inetnum:",
                                     "inet6num:",
                                     "netrange:",
                                     "cidr:",
                                     "nethandle:",
                                     "aut-num:",
                                     "as-block:",
                                     "asnumber:",
                                     "route:",
                                     "nserver:",
                                     "name server:",
                                     "refer:",
                                     "whois:",
                                     "registrant:",
                                     "registrant name:",
                                     "nic-hdl:",
                                     "creation date:",
                                     "updated date:",
                                     "domain status:",
                                     "mnt-by:",
                                     "orgname:",
                                     "netname:",
                                     "holder:",
                                     "holder-c:",
                                     "source:",
                                     "[domain name]",
                                     "domain nameservers:",
                                     NULL};

/* Words for "there is no such thing", and of referrals. */
static const char *const sayings[] = {"no match for ",
                                      "no data found",
                                      "no entries found",
                                      "domain not found",
                                      "object_not_found",
                                      "[querying ",
                                      "no object found",
                                      "is available for registration",
                                      "no whois server is known",
                                      NULL};

/* A name with a dot, an address, a number of an autonomous system. */
static bool is_object(struct cursor query)
{
    unsigned dots = 0;
    if (cursor_accept_nocase(&query, "as") && text_digits(&query, 10, NULL) > 0)
        return cursor_at_end(&query);
    for (; !cursor_at_end(&query); cursor_skip(&query, 1)) {
        int byte = cursor_peek(&query, 0);
        if (byte == '.' || byte == ':')
            dots++;
        else if (!text_is_token(byte) && byte != ' ' && byte != '/' && byte != '=' && byte != ',')
            return false;
    }
    return dots > 0;
}

static int weigh_client(struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, QUERY_LIMIT, &line);
    if (state == LINE_BAD || (state == LINE_WHOLE && !cursor_at_end(&c)))
        return -1;
    return state == LINE_WHOLE && is_object(line) ? QUERY_BITS : 0;
}

static int line_bits(struct cursor line)
{
    while (cursor_accept_text(&line, " ") || cursor_accept_text(&line, "\t"))
        ;
    if (cursor_at_end(&line))
        return 0;
    if (cursor_accept_text(&line, "%") || cursor_accept_text(&line, "#") ||
        cursor_accept_text(&line, ">>>")) {
        bool has_source =
            line.size > 6 && (text_has(line, "whois") || text_has(line, "registry database"));
        return has_source ? SOURCE_BITS : REMARK_BITS;
    }
    if (text_any_of(&line, fields) >= 0)
        return FIELD_BITS;
    return text_any_of(&line, sayings) >= 0 ? SAYING_BITS : 0;
}

static int weigh_server(struct cursor c)
{
    int bits = 0, first = -1;
    unsigned remarks = 0;
    struct cursor line;
    for (unsigned i = 0; i < LINES && !cursor_at_end(&c); i++) {
        if (first > 0 && bits >= BITS_FOR_YES)
            break;
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD)
            return -1;
        if (state == LINE_OPEN)
            break;
        int more = line_bits(line);
        if (first < 0 && line.size > 0)
            first = more ? more : text_has(line, "whois");
        if (more != REMARK_BITS || remarks++ < 2)
            bits += more;
    }
    /* What does not begin as an answer may be part of something else. */
    return first > 0 || bits < BITS_FOR_LIKELY + QUERY_BITS ? bits : BITS_FOR_LIKELY;
}

static enum answer validate(struct inspection *in)
{
    int client = in->client.size ? weigh_client(in->client) : 0;
    int server = in->server.size ? weigh_server(in->server) : 0;
    return answer_when_asked(in, client, server, "registry's answer");
}

const struct cdpi_protocol cdpi_protocol_whois = {
    .name = "Whois",
    .reference = "RFC 3912; answers as registries send them, RFC 2622 section 2",
    .transports = OVER_TCP,
    .category = CATEGORY_DIRECTORY,
    .tcp_ports = PORTS(43),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
