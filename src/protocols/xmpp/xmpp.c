/* SPDX-License-Identifier: MIT */
/*
 * XMPP, RFC 6120 section 4.2: each side opens a stream, an XML element of the streams' namespace
 * whose content is of a jabber namespace. An XML declaration may stand before it. Joined late: a
 * stanza whose first attributes are those of section 8 is likely. XMPP in WebSockets (RFC 7395) is
 * WebSocket.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

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
    if (!take_element(&c, &element))
        return cursor_left(&c) >= ELEMENT_LIMIT ? NO : short_of(in, &c);
    bool is_stream =
        cursor_find_text(&element, "http://etherx.jabber.org/streams", ELEMENT_LIMIT) > 0;
    bool is_jabber = cursor_find_text(&element, "jabber:", ELEMENT_LIMIT) > 0;
    return is_stream && is_jabber ? yes(in, "stream header", &c) : NO;
}

static const char *const stanzas[] = {"<iq", "<message", "<presence", "<stream:features", NULL};
static const char *const marks[] = {"jabber:", "urn:xmpp:", "urn:ietf:params:xml:ns:xmpp", NULL};

/* Section 8: iq, message and presence, with a namespace of XMPP in them. */
static enum answer judge_stanza(struct inspection *in, struct cursor c)
{
    if (text_word(&c, stanzas) < 0)
        return cursor_left(&c) < 18 ? short_of(in, &c) : NO;
    struct cursor name = c;
    if (!(name.at >= 3 && (cursor_peek(&name, 0) == ' ' || cursor_at_end(&name))))
        return NO;
    for (unsigned i = 0; marks[i]; i++) {
        if (text_has(c, marks[i]))
            return likely(in, "stanza", &c);
    }
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
    return judge_stanza(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "<stream:stream"), SIGNATURE(0, "<?xml "),     SIGNATURE(0, "<iq "),
    SIGNATURE(0, "<message "),      SIGNATURE(0, "<presence "), SIGNATURE(0, "<stream:features"),
};

const struct cdpi_protocol cdpi_protocol_xmpp = {
    .name = "XMPP",
    .reference = "RFC 6120 sections 4.2 and 8",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .tcp_ports = PORTS(5222, 5269),
    SIGNATURES(signatures),
    .validate = validate,
};
