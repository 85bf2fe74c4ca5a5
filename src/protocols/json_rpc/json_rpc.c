/* SPDX-License-Identifier: MIT */
/*
 * JSON-RPC without HTTP, over streams and datagrams. Version 2.0 (jsonrpc.org/specification,
 * sections 4 and 5) says so in a member of every object; version 1.0 has method, params and id, or
 * result, error and id. Language servers put "Content-Length:" before each (Language Server
 * Protocol, Base Protocol).
 */
#include "framing/json_rpc.h"
#include "protocols/protocol.h"

enum { NEAR = 64, BEGIN = 256, LINE_LIMIT = 128, LINES = 4 };

/* Header lines of the Language Server Protocol. False: they are none. */
static bool pass_headers(struct cursor *c)
{
    struct cursor line;
    for (unsigned i = 0; i < LINES; i++) {
        enum text_line state = text_line(c, LINE_LIMIT, &line);
        if (state != LINE_WHOLE) {
            cursor_skip(c, cursor_left(c));
            return state == LINE_OPEN;
        }
        if (cursor_at_end(&line))
            return true;
        if (!cursor_accept_nocase(&line, "content-"))
            return false;
    }
    return false;
}

static bool is_version_2(const struct json_call *call)
{
    return call->is_version_2 && json_call_has_verb(call);
}

/* JSON-RPC 1.0, sections 1.1 and 1.2: three members, the parameters are an array; many have an
 * object there. Bitcoin's clients add a version. */
static bool is_version_1(const struct json_call *call)
{
    int params = cursor_peek(&call->params, 0);
    bool is_call = call->method.size && (params == '[' || (params == '{' && call->others == 0));
    bool is_answer = call->has_result && call->has_error && call->method.size == 0;
    return call->has_id && call->others <= (is_call ? 1u : 0) && (is_call || is_answer);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct json_call call;
    struct cursor start = c;
    if (cursor_peek(&c, 0) == 'C' && !pass_headers(&c))
        return NO;
    enum json_step step = json_call(&c, &call, is_version_2);
    if (step == JSON_MEMBER)
        return yes(in, "version 2.0", &c);
    if (step == JSON_BAD)
        return NO;
    if (step == JSON_OPEN)
        return cursor_find_text(&start, "\"jsonrpc\":", NEAR) >= 0 ||
                       cursor_find_text(&start, "\"jsonrpc\":\"2.0\"", BEGIN) >= 0 ||
                       cursor_find_text(&start, "\"jsonrpc\": \"2.0\"", BEGIN) >= 0
                   ? likely_at_end(in, "version 2.0", &c)
                   : short_of(in, &c);
    if (is_version_1(&call))
        return likely(in, "version 1.0", &c);
    return in->client.size && in->server.size && (json_call_has_verb(&call) || call.has_id) ? LIKELY
                                                                                            : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "{\""),   SIGNATURE(0, "{ \""), SIGNATURE(0, "{\n"),
    SIGNATURE(0, "{\r\n"), SIGNATURE(0, "[{"),   SIGNATURE(0, "Content-Length: "),
    SIGNATURE(0, "{\t"),
};

const struct cdpi_protocol cdpi_protocol_json_rpc = {
    .name = "JSON-RPC",
    .reference = "JSON-RPC 2.0 specification, JSON-RPC 1.0, Language Server Protocol",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_RPC,
    SIGNATURES(signatures),
    .validate = validate,
};
