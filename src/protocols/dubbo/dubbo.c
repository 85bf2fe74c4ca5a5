/* SPDX-License-Identifier: MIT */
/*
 * Apache Dubbo's own protocol (dubbo.apache.org, "Dubbo2 protocol specification"):
 *
 *     dabb(2) flags(1) status(1) request(8) size(4) body
 *
 * flags: 80 a request, 40 an answer is wanted, 20 an event, and the number of a serialization;
 * status: 0 in requests, else one of ten. An answer has its request's number. The body of a call
 * begins with Dubbo's version as a string.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { HEADER = 16, REQUEST = 0x80, EVENT = 0x20, SIZE_LIMIT = 64 << 20 };

static bool is_status(uint8_t status)
{
    return status == 20 || status == 25 || status == 30 || status == 31 || status == 35 ||
           (status >= 40 && status <= 100 && status % 10 == 0);
}

/* Those that are numbered: Hessian, Java, FastJSON, Kryo, FST, protostuff, Gson, protobuf ... */
static bool is_serialization(unsigned number)
{
    return (number >= 2 && number <= 12) || (number >= 16 && number <= 25);
}

/* A short string of Hessian 2: its size, then digits and dots. */
static bool begins_with_version(struct cursor body)
{
    uint8_t size = cursor_u8(&body);
    struct cursor version = cursor_take(&body, size);
    return size >= 3 && size < 16 && !version.ran_short &&
           text_is_digit(cursor_peek(&version, 0)) && cursor_peek(&version, 1) == '.' &&
           text_is_digit(cursor_peek(&version, 2));
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\xda\xbb"))
        return NO;
    cursor_skip(&c, 2);
    uint8_t flags = cursor_u8(&c), status = cursor_u8(&c);
    cursor_skip(&c, 8);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_request = flags & REQUEST;
    if (size > SIZE_LIMIT || !is_serialization(flags & 0x1f) ||
        (is_request ? status != 0 : !is_status(status)))
        return NO;
    if (is_request && !(flags & EVENT) && begins_with_version(c))
        return yes(in, "call", &c);
    return likely(in, is_request ? "request" : "answer", &c);
}

/* A request of one side, its answer of the other. */
static bool is_answered(struct cursor request, struct cursor answer)
{
    struct cursor number = request, other = answer;
    cursor_skip(&number, 4);
    cursor_skip(&other, 4);
    return (cursor_peek(&request, 2) & REQUEST) && !(cursor_peek(&answer, 2) & REQUEST) &&
           cursor_u64(&number) == cursor_u64(&other);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer == LIKELY && both_spoke(in) &&
        (is_answered(in->client, in->server) || is_answered(in->server, in->client)))
        return answer_at(in, YES, "request and answer", SERVER, 0, HEADER);
    return answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\xda\xbb\x80\0", "\xff\xff\x80\xff"),
    SIGNATURE_MASKED(0, "\xda\xbb\0\0\0\0\0\0\0\0\0\0\0", "\xff\xff\x80\x80\0\0\0\0\0\0\0\0\xfc"),
};

const struct cdpi_protocol cdpi_protocol_dubbo = {
    .name = "Dubbo",
    .reference = "Apache Dubbo: Dubbo2 protocol specification",
    .transports = OVER_TCP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(20880),
    SIGNATURES(signatures),
    .validate = validate,
};
