/* SPDX-License-Identifier: MIT */
/*
 * A call or an answer of JSON-RPC 1.0 or 2.0, as JSON-RPC itself and mining pools send them.
 */
#ifndef CDPI_FRAMING_JSON_RPC_H
#define CDPI_FRAMING_JSON_RPC_H

#include "framing/json.h"

struct json_call {
    bool is_version_2;
    bool has_id, has_error, has_result, has_params;
    uint32_t others;      /* members that are none of these */
    struct cursor method; /* without quotes; empty if there is none */
    struct cursor params, result;
};

static inline void json_call_take(struct json_call *call, struct json_member *member)
{
    struct cursor text;
    if (json_is(&member->key, "jsonrpc")) {
        call->is_version_2 = json_is(&member->value, "\"2.0\"");
    } else if (json_is(&member->key, "id")) {
        call->has_id = true;
    } else if (json_is(&member->key, "error")) {
        call->has_error = true;
    } else if (json_is(&member->key, "method")) {
        if (cursor_peek(&member->value, 0) == '"' && json_string(&member->value, &text))
            call->method = text;
    } else if (json_is(&member->key, "params")) {
        call->has_params = true;
        call->params = member->value;
    } else if (json_is(&member->key, "result")) {
        call->has_result = true;
        call->result = member->value;
    } else {
        call->others++;
    }
}

typedef bool json_call_test(const struct json_call *call);

/* It asks, or answers. */
static inline bool json_call_has_verb(const struct json_call *call)
{
    return call->method.size || call->has_result || call->has_error;
}

/* Reads an object, or the first of a batch, until there is enough of it. JSON_MEMBER: there is;
 * JSON_END: it is whole; JSON_OPEN: so far. What nests is asked about where it begins, so that what
 * is enough need not be read twice: such a value is all that is left. */
static inline enum json_step json_call(struct cursor *c, struct json_call *call,
                                       json_call_test *is_enough)
{
    struct json_member member;
    *call = (struct json_call){0};
    json_blanks(c);
    if (cursor_accept_text(c, "["))
        json_blanks(c);
    if (cursor_at_end(c))
        return JSON_OPEN;
    if (cursor_peek(c, 0) != '{')
        return JSON_BAD;
    for (;;) {
        enum json_step step = json_begin(c, &member);
        int begin = cursor_peek(c, 0);
        bool nests = begin == '{' || begin == '[';
        if (step == JSON_MEMBER && !nests)
            step = json_end(c, &member);
        if (step != JSON_MEMBER)
            return step;
        json_call_take(call, &member);
        if (is_enough(call))
            return JSON_MEMBER;
        if (nests && (step = json_end(c, &member)) != JSON_MEMBER)
            return step;
    }
}

#endif
