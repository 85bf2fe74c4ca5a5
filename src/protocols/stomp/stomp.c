/* SPDX-License-Identifier: MIT */
/*
 * STOMP 1.0 to 1.2, section "STOMP Frames": a command's line, headers "name:value", an empty line,
 * a body, a zero. A client connects with CONNECT or STOMP, a server answers CONNECTED (or ERROR).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1024, HEADERS = 24, COMMAND_BITS = 20, HEADER_BITS = 8, NAME_BITS = 24 };

static const char *const client_commands[] = {
    "CONNECT\n", "STOMP\n", "SEND\n",   "SUBSCRIBE\n", "UNSUBSCRIBE\n", "ACK\n",
    "NACK\n",    "BEGIN\n", "COMMIT\n", "ABORT\n",     "DISCONNECT\n",  NULL};
static const char *const server_commands[] = {"CONNECTED\n", "MESSAGE\n", "RECEIPT\n", "ERROR\n",
                                              NULL};

static bool is_own_name(struct cursor line)
{
    static const char *const names[] = {
        "accept-version:", "heart-beat:",  "destination:", "login:",      "passcode:",
        "version:1.",      "session:",     "receipt:",     "receipt-id:", "subscription:",
        "message-id:",     "transaction:", "server:",      NULL};
    for (unsigned i = 0; names[i]; i++) {
        if (cursor_starts(&line, names[i], (uint32_t)strlen(names[i])))
            return true;
    }
    return false;
}

/* The command's line, with LF or CR LF; 1 found, 0 could become one, -1 none. */
static int pass_command(struct cursor *c, const char *const *commands)
{
    while (cursor_accept_text(c, "\n") || cursor_accept_text(c, "\r\n"))
        ;
    for (unsigned i = 0; commands[i]; i++) {
        uint32_t size = (uint32_t)strlen(commands[i]) - 1;
        struct cursor rest = *c;
        if (!cursor_may_start(c, commands[i], size))
            continue;
        if (!cursor_accept(&rest, commands[i], size))
            return 0;
        cursor_accept_text(&rest, "\r");
        if (cursor_at_end(&rest))
            return 0;
        if (cursor_u8(&rest) != '\n')
            continue;
        *c = rest;
        return 1;
    }
    return -1;
}

/* Header lines up to the empty one: at least one name of STOMP's own among them. */
static int weigh(struct cursor c, const char *const *commands)
{
    if (c.size == 0)
        return 0;
    int command = pass_command(&c, commands);
    if (command <= 0)
        return command;
    int bits = COMMAND_BITS;
    bool is_own = false;
    struct cursor line;
    for (unsigned i = 0; i < HEADERS && !cursor_at_end(&c); i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD)
            return -1;
        if (state == LINE_OPEN)
            return bits;
        if (cursor_at_end(&line))
            return is_own ? bits : -1;
        if (cursor_find(&line, ':', LINE_LIMIT) < 1)
            return -1;
        bits += is_own_name(line) && !is_own ? NAME_BITS : is_own ? HEADER_BITS : 0;
        is_own |= is_own_name(line);
    }
    return bits;
}

static enum answer validate(struct inspection *in)
{
    int client = weigh(in->client, client_commands);
    return answer_by_sides(in, client, weigh(in->server, server_commands), "frame");
}

static const struct signature signatures[] = {
    SIGNATURE(0, "CONNECT\n"), SIGNATURE(0, "CONNECT\r\n"), SIGNATURE(0, "STOMP\n"),
    SIGNATURE(0, "STOMP\r\n"), SIGNATURE(0, "SEND\n"),      SIGNATURE(0, "SUBSCRIBE\n"),
    SIGNATURE(0, "CONNECTED"), SIGNATURE(0, "MESSAGE\n"),   SIGNATURE(0, "RECEIPT\n"),
    SIGNATURE(0, "ERROR\n"),   SIGNATURE(0, "ACK\n"),       SIGNATURE(0, "BEGIN\n"),
};

const struct cdpi_protocol cdpi_protocol_stomp = {
    .name = "STOMP",
    .reference = "STOMP 1.2 specification, STOMP Frames and Connecting",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(61613),
    SIGNATURES(signatures),
    .validate = validate,
};
