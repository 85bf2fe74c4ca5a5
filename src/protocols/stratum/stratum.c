/* SPDX-License-Identifier: MIT */
/*
 * Stratum version 1, how miners and pools talk: JSON-RPC, an object a line, whose methods tell it.
 * Bitcoin's and its heirs' are "mining.subscribe" and others of mining., Ethereum's
 * "eth_submitLogin" (EIP-1571 lists the dialects), Monero's "login", "job" and "submit" with a blob
 * and a nonce.
 */
#include "framing/json_rpc.h"
#include "protocols/protocol.h"

enum { OBJECTS = 4 };

static bool has(struct cursor object, const char *key)
{
    struct cursor value;
    return json_find(object, key, &value);
}

/* One of the keys, or both. */
static bool has_either(struct cursor object, const char *key, const char *other)
{
    struct json_member member;
    while (cursor_peek(&object, 0) == '{' || cursor_peek(&object, 0) == ',') {
        if (json_next(&object, &member) != JSON_MEMBER)
            return false;
        if (json_is(&member.key, key) || json_is(&member.key, other))
            return true;
    }
    return false;
}

/* Who it is, and a word or the program's name. */
static bool is_login(struct cursor params)
{
    struct json_member member;
    bool has_login = false, has_more = false;
    while (!(has_login && has_more) && json_next(&params, &member) == JSON_MEMBER) {
        has_login |= json_is(&member.key, "login");
        has_more |= json_is(&member.key, "pass") || json_is(&member.key, "agent");
    }
    return has_login && has_more;
}

static bool is_own_method(const struct json_call *call)
{
    static const char *const methods[] = {"eth_submitLogin",    "eth_submitWork",
                                          "eth_submitHashrate", "eth_login",
                                          "client.reconnect",   NULL};
    struct cursor method = call->method;
    if (cursor_starts_with(&method, "mining."))
        return true;
    for (unsigned i = 0; method.size >= 9 && methods[i]; i++) {
        if (json_is(&method, methods[i]))
            return true;
    }
    if (!call->has_params)
        return false;
    if (json_is(&method, "login"))
        return is_login(call->params);
    if (json_is(&method, "submit"))
        return has(call->params, "job_id") && has(call->params, "nonce");
    return json_is(&method, "job") && has_either(call->params, "blob", "job_id");
}

/* The answer to a subscription names what was subscribed to; to a login it brings a job. */
static bool is_own_result(const struct json_call *call)
{
    struct cursor job;
    if (!call->has_result)
        return false;
    if (json_find(call->result, "job", &job))
        return has_either(job, "blob", "job_id");
    return cursor_find_text(&call->result, "\"mining.", 512) >= 0;
}

static bool is_own(const struct json_call *call)
{
    return is_own_method(call) || is_own_result(call);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct json_call call;
    bool is_call = false;
    for (unsigned i = 0; i < OBJECTS; i++) {
        json_blanks(&c);
        enum json_step step = json_call(&c, &call, is_own);
        if (step == JSON_MEMBER || is_own(&call))
            return yes(in, "method", &c);
        if (step == JSON_OPEN)
            break;
        if (step == JSON_BAD || !json_call_has_verb(&call))
            return is_call ? MORE : NO;
        is_call = true;
    }
    return MORE;
}

static bool is_any(const struct json_call *call)
{
    return call->has_id || call->is_version_2 || json_call_has_verb(call);
}

/* Whether a side may be one of JSON-RPC's. */
static bool is_rpc(struct cursor c)
{
    struct json_call call;
    json_blanks(&c);
    enum json_step step = json_call(&c, &call, is_any);
    return step == JSON_MEMBER || step == JSON_OPEN;
}

/* One side's own words are enough, as the other speaks JSON-RPC. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client) : MORE;
    if (client == YES)
        return is_rpc(in->server) ? YES : NO;
    enum answer server = in->server.size ? judge(in, in->server) : MORE;
    if (client == NO || server == NO)
        return NO;
    return server == YES ? YES : in->is_final ? NO : MORE;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "{\""),
    SIGNATURE(0, "{ \""),
};

const struct cdpi_protocol cdpi_protocol_stratum = {
    .name = "Stratum",
    .reference = "Stratum mining protocol (Slush Pool), EIP-1571, xmrig's Stratum documentation",
    .transports = OVER_TCP,
    .category = CATEGORY_CRYPTOCURRENCY,
    .tcp_ports = PORTS(3333),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "JSON-RPC",
};
