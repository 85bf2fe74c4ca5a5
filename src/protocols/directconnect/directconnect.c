/* SPDX-License-Identifier: MIT */
/*
 * Direct Connect, both of its languages.
 *
 * NMDC (nmdc.sourceforge.io): commands that begin with '$' and end with '|'. A hub begins with
 * $Lock, a peer with $MyNick; by UDP come the results of searches, $SR.
 *
 * ADC (adc.sourceforge.io): lines of words; the first word is the message's kind and a command of
 * three letters; who broadcasts or is spoken to (B, D, E, F) is a session's id of four characters.
 * All begin with SUP, whose words add and remove features: HSUP ADBASE ADTIGR.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { COMMAND_LIMIT = 1024, LINE_LIMIT = 2048, CID = 39, SID = 4, FEATURE = 6 };

/* ---- NMDC -------------------------------------------------------------------------------- */

/* The first ones begin a session, the others stand in one that was joined late. */
static const char *const commands[] = {
    "$Lock ",     "$MyNick ",      "$Supports ",       "$Key ",       "$ValidateNick ",
    "$HubName ",  "$Hello ",       "$Direction ",      "$Search ",    "$MyINFO $ALL ",
    "$Quit ",     "$ConnectToMe ", "$RevConnectToMe ", "$ADCGET ",    "$ADCSND ",
    "$NickList ", "$OpList ",      "$MultiSearch ",    "$ForceMove ", "$UserIP ",
    "$HubTopic ", "$UserCommand ", "$GetINFO ",        "$LogedIn ",   "$FileLength "};

/* Up to the '|': a key's bytes may be any, all else is one line and assigns nothing. */
static bool is_body(struct cursor body, bool is_key)
{
    return cursor_peek(&body, 0) != '=' && (is_key || cursor_find(&body, '\n', COMMAND_LIMIT) < 0);
}

/* A command of those that come first, with a body, up to its '|'. */
static enum answer judge_command(struct inspection *in, struct cursor c)
{
    int letter = cursor_peek(&c, 1);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (letter >= 0 && letter != commands[i][1])
            continue;
        uint32_t size = (uint32_t)strlen(commands[i]);
        if (!cursor_may_start(&c, commands[i], size))
            continue;
        if (!cursor_accept(&c, commands[i], size))
            return short_of(in, &c);
        int32_t end = cursor_find(&c, '|', COMMAND_LIMIT);
        if (end < 0)
            return cursor_left(&c) < COMMAND_LIMIT ? short_of(in, &c) : NO;
        struct cursor body = cursor_take(&c, (uint32_t)end);
        cursor_skip(&c, 1);
        return end > 0 && is_body(body, commands[i][1] == 'K') ? yes(in, "command", &c) : NO;
    }
    return NO;
}

/* $SR nick file 5 size 0x20 slots/slots 5 hub (address)| */
static enum answer judge_result(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "$SR ") || cursor_find(&c, ' ', 128) < 1)
        return NO;
    int32_t mark = cursor_find(&c, 5, COMMAND_LIMIT), end = cursor_find(&c, '|', COMMAND_LIMIT);
    if (mark < 0 || end < mark || cursor_peek(&c, (uint32_t)end - 1) != ')')
        return NO;
    cursor_skip(&c, (uint32_t)end + 1);
    return yes(in, "search result", &c);
}

/* ---- ADC --------------------------------------------------------------------------------- */

/* "ADBASE": add or remove, four capitals or digits. */
static bool passes_feature(struct cursor *c)
{
    if (!cursor_accept_text(c, "AD") && !cursor_accept_text(c, "RM"))
        return false;
    for (int i = 0; i < 4; i++) {
        uint8_t byte = cursor_u8(c);
        if (!text_is_digit(byte) && (byte < 'A' || byte > 'Z'))
            return false;
    }
    return true;
}

static enum answer judge_features(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD)
        return NO;
    if (state == LINE_OPEN) {
        c.at = c.size;
        return short_of(in, &c);
    }
    cursor_skip(&line, 5);
    if (!passes_feature(&line) || (!cursor_at_end(&line) && cursor_u8(&line) != ' '))
        return NO;
    return yes(in, "features", &c);
}

/* Base32 (RFC 4648): a client's id, or a session's. */
static bool passes_id(struct cursor *c, int size)
{
    for (int i = 0; i < size; i++) {
        uint8_t byte = cursor_u8(c);
        if ((byte < 'A' || byte > 'Z') && (byte < '2' || byte > '7'))
            return false;
    }
    return true;
}

/* What hubs and clients say later: a kind, a command; then whose, or the first words of it. */
static bool is_later_line(struct cursor line)
{
    static const char *const commands_of_clients[] = {"INF ", "MSG ", "SCH ", "RES ",
                                                      "CTM ", "RCM ", "STA ", NULL};
    uint8_t kind = cursor_u8(&line);
    if (kind == 'I' && cursor_accept_text(&line, "STA "))
        return text_digits(&line, 3, NULL) == 3 && cursor_u8(&line) == ' ' && !cursor_at_end(&line);
    if (kind == 'I' && cursor_accept_text(&line, "SID "))
        return passes_id(&line, SID) && cursor_at_end(&line);
    if (kind == 'I' && cursor_accept_text(&line, "INF "))
        return cursor_starts_with(&line, "CT32 ") || cursor_starts_with(&line, "VE") ||
               cursor_starts_with(&line, "NI");
    for (unsigned i = 0; kind != 'I' && commands_of_clients[i]; i++) {
        if (cursor_accept(&line, commands_of_clients[i], 4))
            return passes_id(&line, SID) && cursor_u8(&line) == ' ' && !cursor_at_end(&line);
    }
    return false;
}

static enum answer judge_later(struct inspection *in, struct cursor c)
{
    struct cursor line, rest = c;
    enum text_line state = text_line(&rest, LINE_LIMIT, &line);
    if (state == LINE_OPEN && !in->is_final)
        return wants_more(in, &c);
    if (state == LINE_BAD || !is_later_line(line))
        return NO;
    return state == LINE_WHOLE ? yes(in, "line", &rest) : likely(in, "line", &c);
}

/* By UDP: URES or USCH, the sender's id, words. */
static enum answer judge_udp_line(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "URES ") && !cursor_accept_text(&c, "USCH "))
        return NO;
    return passes_id(&c, CID) && cursor_u8(&c) == ' ' ? yes(in, "line", &c) : NO;
}

/* ------------------------------------------------------------------------------------------ */

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    int kind = cursor_peek(&c, 0);
    if (kind == '$')
        return judge_command(in, c);
    bool is_kind = kind == 'H' || kind == 'C' || kind == 'I' || (kind >= 'B' && kind <= 'F');
    struct cursor rest = c;
    cursor_skip(&rest, 1);
    if (is_kind && cursor_may_start_with(&rest, "SUP "))
        return judge_features(in, c);
    return is_kind && kind != 'H' && kind != 'C' ? judge_later(in, c) : NO;
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == '$' ? judge_result(in, c) : judge_udp_line(in, c);
}

static enum answer validate(struct inspection *in)
{
    if (is_udp(in))
        return judge_sides(in, judge_datagram, judge_datagram);
    return judge_joined(in, judge_stream, judge_stream);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .offset = 0, .size = 6, .bytes = "$Lock "},
    {.transports = OVER_TCP, .offset = 0, .size = 8, .bytes = "$MyNick "},
    {.transports = OVER_TCP, .offset = 0, .size = 10, .bytes = "$Supports "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "$Key "},
    {.transports = OVER_TCP, .offset = 0, .size = 14, .bytes = "$ValidateNick "},
    {.transports = OVER_TCP, .offset = 0, .size = 9, .bytes = "$HubName "},
    {.transports = OVER_TCP, .offset = 0, .size = 7, .bytes = "$Hello "},
    {.transports = OVER_TCP, .offset = 0, .size = 11, .bytes = "$Direction "},
    {.transports = OVER_TCP, .offset = 0, .size = 8, .bytes = "$Search "},
    {.transports = OVER_TCP, .offset = 0, .size = 13, .bytes = "$MyINFO $ALL "},
    {.transports = OVER_TCP, .offset = 0, .size = 6, .bytes = "$Quit "},
    {.transports = OVER_TCP, .offset = 0, .size = 13, .bytes = "$ConnectToMe "},
    {.transports = OVER_TCP, .offset = 0, .size = 16, .bytes = "$RevConnectToMe "},
    {.transports = OVER_TCP, .offset = 0, .size = 8, .bytes = "$ADCGET "},
    {.transports = OVER_TCP, .offset = 0, .size = 8, .bytes = "$ADCSND "},
    {.transports = OVER_TCP, .offset = 0, .size = 10, .bytes = "$NickList "},
    {.transports = OVER_TCP, .offset = 0, .size = 8, .bytes = "$OpList "},
    {.transports = OVER_TCP, .offset = 0, .size = 13, .bytes = "$MultiSearch "},
    {.transports = OVER_TCP, .offset = 0, .size = 11, .bytes = "$ForceMove "},
    {.transports = OVER_TCP, .offset = 0, .size = 8, .bytes = "$UserIP "},
    {.transports = OVER_TCP, .offset = 0, .size = 10, .bytes = "$HubTopic "},
    {.transports = OVER_TCP, .offset = 0, .size = 13, .bytes = "$UserCommand "},
    {.transports = OVER_TCP, .offset = 0, .size = 9, .bytes = "$GetINFO "},
    {.transports = OVER_TCP, .offset = 0, .size = 9, .bytes = "$LogedIn "},
    {.transports = OVER_TCP, .offset = 0, .size = 12, .bytes = "$FileLength "},
    {.transports = OVER_TCP, .offset = 1, .size = 4, .bytes = "SUP "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "BINF "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "BMSG "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "BSCH "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "FSCH "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "DCTM "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "DRCM "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "DRES "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "EMSG "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "DMSG "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "IINF "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "ISTA "},
    {.transports = OVER_TCP, .offset = 0, .size = 5, .bytes = "ISID "},
    {.transports = OVER_UDP, .offset = 0, .size = 4, .bytes = "$SR "},
    {.transports = OVER_UDP, .offset = 0, .size = 5, .bytes = "URES "},
    {.transports = OVER_UDP, .offset = 0, .size = 5, .bytes = "USCH "},
};

const struct cdpi_protocol cdpi_protocol_directconnect = {
    .name = "DirectConnect",
    .reference = "nmdc.sourceforge.io; adc.sourceforge.io",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(411, 412),
    .udp_ports = PORTS(412),
    SIGNATURES(signatures),
    .validate = validate,
};
