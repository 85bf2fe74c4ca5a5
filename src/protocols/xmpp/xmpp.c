/* SPDX-License-Identifier: MIT */
/*
 * XMPP, RFC 6120 section 4.2: each side opens a stream, an XML element of the streams' namespace
 * whose content is of a jabber namespace. An XML declaration may stand before it. Joined late, a
 * stanza or a step of the negotiation in a namespace of XMPP, or one that is addressed, is likely.
 * XMPP in WebSockets (RFC 7395) is WebSocket.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { ELEMENT_LIMIT = 2048 };

static void skip_blanks(struct cursor *c)
{
    for (int byte = cursor_peek(c, 0); byte == ' ' || (byte >= '\t' && byte <= '\r');
         byte = cursor_peek(c, 0))
        cursor_skip(c, 1);
}

/* The element up to its '>'. */
static bool take_element(struct cursor *c, struct cursor *element)
{
    int32_t end = cursor_find(c, '>', ELEMENT_LIMIT);
    if (end < 0)
        return false;
    *element = cursor_take(c, (uint32_t)end + 1);
    return true;
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    struct cursor element;
    if (!take_element(&c, &element)) {
        if (in->is_final) /* a capture may cut it */
            return likely(in, "stream header, cut", &c);
        return cursor_left(&c) >= ELEMENT_LIMIT ? NO : short_of(in, &c);
    }
    bool is_stream =
        cursor_find_text(&element, "http://etherx.jabber.org/streams", ELEMENT_LIMIT) > 0;
    bool is_jabber = cursor_find_text(&element, "jabber:", ELEMENT_LIMIT) > 0;
    if (is_stream && is_jabber)
        return yes(in, "stream header", &c);
    return is_stream || is_jabber ? likely(in, "stream header", &c) : NO;
}

static const char *const marks[] = {"urn:ietf:params:xml:ns:xmpp", "jabber:", "urn:xmpp:", NULL};

/* The elements of sections 4, 5, 6 and 8 that a session goes on with; a blank or ">" ends the
 * name. */
static bool pass_name(struct cursor *c)
{
    static const char *const names[] = {
        "<iq",           "<message",    "<presence",  "<stream:features",
        "<stream:error", "<starttls",   "<proceed",   "<auth",
        "<challenge",    "<response",   "<success",   "<failure",
        "<enable",       "<enabled",    "<resume",    "<resumed",
        "<compress",     "<compressed", "<db:result", "<db:verify",
        "<handshake",    "<a",          "<r",         NULL};
    int first = cursor_peek(c, 1);
    for (unsigned i = 0; names[i]; i++) {
        struct cursor rest = *c;
        if (first != names[i][1] || !cursor_accept(&rest, names[i], (uint32_t)strlen(names[i])))
            continue;
        int next = cursor_peek(&rest, 0);
        if (next != ' ' && next != '>' && next != '/')
            continue;
        *c = rest;
        return true;
    }
    return false;
}

/* Section 8.1: to whom and from whom, as addresses have it. */
static bool is_addressed(struct cursor element)
{
    bool is_to_or_from = text_has(element, " to=") || text_has(element, " from=");
    bool has_id = text_has(element, " id="), has_type = text_has(element, " type=");
    bool has_at = cursor_find(&element, '@', ELEMENT_LIMIT) > 0;
    return (is_to_or_from && has_at && (has_id || has_type)) ||
           (cursor_accept_text(&element, "<iq ") && has_id && has_type);
}

static enum answer judge_element(struct inspection *in, struct cursor c)
{
    struct cursor element = c;
    if (cursor_starts_with(&c, "<presence/>") || cursor_starts_with(&c, "</stream:stream>"))
        return likely(in, "stanza", &c);
    if (!pass_name(&c))
        return cursor_left(&c) < 18 && cursor_may_start_with(&c, "<") ? short_of(in, &c) : NO;
    for (unsigned i = 0; marks[i]; i++) {
        if (text_has(c, marks[i]))
            return likely(in, "stanza", &c);
    }
    if (take_element(&c, &element) && is_addressed(element))
        return likely(in, "stanza", &c);
    return cursor_left(&c) >= ELEMENT_LIMIT ? NO : short_of(in, &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    skip_blanks(&c);
    if (cursor_starts_with(&c, "<?xml")) {
        struct cursor declaration;
        if (!take_element(&c, &declaration))
            return cursor_left(&c) >= 128 ? NO : short_of(in, &c);
        skip_blanks(&c);
    }
    if (cursor_may_start_with(&c, "<stream:stream")) {
        if (cursor_left(&c) < 15)
            return short_of(in, &c);
        return judge_stream(in, c);
    }
    return judge_element(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "<stream:stream"),
    SIGNATURE(0, "<?xml "),
    SIGNATURE(0, "<iq "),
    SIGNATURE(0, "<message "),
    SIGNATURE(0, "<presence "),
    SIGNATURE(0, "<presence>"),
    SIGNATURE(0, "<stream:features"),
    SIGNATURE(0, "<stream:error"),
    SIGNATURE(0, "<starttls "),
    SIGNATURE(0, "<proceed "),
    SIGNATURE(0, "<auth "),
    SIGNATURE(0, "<success "),
    SIGNATURE(0, "<challenge "),
    SIGNATURE(0, "<failure "),
    SIGNATURE(0, "<presence/>"),
    SIGNATURE(0, "</stream:stream>"),
    SIGNATURE(0, "<compress"),
    SIGNATURE(0, "<enable"),
    SIGNATURE(0, "<resume"),
    SIGNATURE(0, "<db:result "),
    SIGNATURE(0, "<db:verify "),
    SIGNATURE(0, "<r xmlns="),
    SIGNATURE(0, "<a xmlns="),
    SIGNATURE(0, "<response "),
    SIGNATURE(0, "<response>"),
    SIGNATURE(0, " <?xml "),
    SIGNATURE(0, "\n<?xml "),
    SIGNATURE(0, " <iq "),
    SIGNATURE(0, " <presence"),
    SIGNATURE(0, " <message "),
    SIGNATURE(0, "\n<iq "),
};

const struct cdpi_protocol cdpi_protocol_xmpp = {
    .name = "XMPP",
    .reference = "RFC 6120 sections 4.2 and 8",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .tcp_ports = PORTS(5222, 5269),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* RFC 6120 section 5 */
};
