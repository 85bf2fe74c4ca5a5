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

static bool is_own_method(const struct json_call *call)
{
    static const char *const methods[] = {"eth_submitLogin",    "eth_submitWork",
                                          "eth_submitHashrate", "eth_login",
                                          "client.reconnect",   NULL};
    struct cursor method = call->method;
    if (cursor_starts_with(&method, "mining."))
        return true;
    for (unsigned i = 0; methods[i]; i++) {
        if (json_is(&method, methods[i]))
            return true;
    }
    if (json_is(&method, "login"))
        return has(call->params, "login") &&
               (has(call->params, "pass") || has(call->params, "agent"));
    if (json_is(&method, "submit"))
        return has(call->params, "job_id") && has(call->params, "nonce");
    return json_is(&method, "job") && (has(call->params, "blob") || has(call->params, "job_id"));
}

/* The answer to a subscription names what was subscribed to; to a login it brings a job. */
static bool is_own_result(const struct json_call *call)
{
    struct cursor job;
    if (json_find(call->result, "job", &job))
        return has(job, "blob") || has(job, "job_id");
    return cursor_find_text(&call->result, "\"mining.", 512) >= 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct json_call call;
    bool is_call = false;
    for (unsigned i = 0; i < OBJECTS; i++) {
        json_blanks(&c);
        enum json_step step = json_call(&c, &call);
        if (is_own_method(&call) || is_own_result(&call))
            return yes(in, "method", &c);
        if (step == JSON_OPEN)
            break;
        bool has_verb = call.method.size || call.has_result || call.has_error;
        if (step == JSON_BAD || !has_verb)
            return is_call ? MORE : NO;
        is_call = true;
    }
    return MORE;
}

/* One side's own words are enough, as the other speaks JSON-RPC. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client) : MORE;
    enum answer server = in->server.size ? judge(in, in->server) : MORE;
    if (client == NO || server == NO)
        return NO;
    if (client == YES || server == YES)
        return YES;
    return in->is_final ? NO : MORE;
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
