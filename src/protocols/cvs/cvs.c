/* SPDX-License-Identifier: MIT */
/*
 * CVS's password server (the CVS client/server manual, "How to connect to and authenticate
 * oneself"): the client sends lines between BEGIN and END, the server answers that it loves or
 * hates it. Joined later, a client lists its valid responses.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

struct greeting {
    const char *text;
    enum answer answer;
};

static enum answer judge_greeting(struct inspection *in, struct cursor c,
                                  const struct greeting *greetings)
{
    for (; greetings->text; greetings++) {
        uint32_t size = (uint32_t)strlen(greetings->text);
        if (cursor_accept(&c, greetings->text, size))
            return answer_at(in, greetings->answer, "greeting", (enum side)c.side, 0, c.at);
        if (cursor_may_start(&c, greetings->text, size))
            return short_of(in, &c);
    }
    return NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    static const struct greeting greetings[] = {{"BEGIN AUTH REQUEST\n", YES},
                                                {"BEGIN VERIFICATION REQUEST\n", YES},
                                                {"BEGIN GSSAPI REQUEST\n", YES},
                                                {"Valid-responses ok error ", YES},
                                                {NULL, NO}};
    return judge_greeting(in, c, greetings);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    /* Alone these are but words. */
    static const struct greeting greetings[] = {
        {"I LOVE YOU\n", LIKELY}, {"I HATE YOU\n", LIKELY}, {"Valid-requests Root ", YES},
        {"E ", LIKELY},           {"error ", LIKELY},       {NULL, NO}};
    enum answer answer = judge_greeting(in, c, greetings);
    if (answer != LIKELY)
        return answer;
    bool is_greeting = cursor_starts_with(&c, "I ");
    return in->client.size ? YES : is_greeting ? LIKELY : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "BEGIN AUTH REQUE"), SIGNATURE(0, "BEGIN VERIFICATI"),
    SIGNATURE(0, "BEGIN GSSAPI REQ"), SIGNATURE(0, "Valid-responses "),
    SIGNATURE(0, "Valid-requests R"), SIGNATURE(0, "I LOVE YOU\n"),
    SIGNATURE(0, "I HATE YOU\n"),
};

const struct cdpi_protocol cdpi_protocol_cvs = {
    .name = "CVS",
    .reference = "CVS client/server protocol, cvsclient: Connection and Authentication",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(2401),
    SIGNATURES(signatures),
    .validate = validate,
};
