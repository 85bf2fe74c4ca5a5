/* SPDX-License-Identifier: MIT */
/*
 * NTP 1 to 4, RFC 5905 section 7.3 (RFC 1305, 1119, 1059 before it):
 *
 *     leap, version, mode(1) stratum(1) poll(1) precision(1) root delay(4) root dispersion(4)
 *     reference(4), four times of 8 bytes: reference, origin, receive, transmit; then
 *     extensions and a code
 *
 * There is no magic number: what tells it is that a clock's values make sense together. Control
 * messages, mode 6 (RFC 9327 section 2), and private ones, mode 7 (as ntpd's ntpdc sends them),
 * count their own data.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 48,
    MODE_SYMMETRIC_ACTIVE = 1,
    MODE_SYMMETRIC_PASSIVE = 2,
    MODE_CLIENT = 3,
    MODE_SERVER = 4,
    MODE_BROADCAST = 5,
    MODE_CONTROL = 6,
    MODE_PRIVATE = 7,
    LAST_STRATUM = 16,
    LAST_POLL = 17,
    SHORT_LIMIT = 16 << 16, /* 16 s in the short format: MAXDISP */
    DAY = 86400,
    MONTH = 31 * DAY,
    CONTROL_HEADER = 12,
    CONTROL_DATA_LIMIT = 480,
    PRIVATE_HEADER = 8
};

struct clock {
    uint8_t mode, version, stratum;
    int8_t poll, precision;
    uint32_t delay, dispersion, identifier;
    uint64_t reference, origin, receive, transmit;
};

static struct clock read_clock(struct cursor *c)
{
    uint8_t first = cursor_u8(c);
    struct clock k = {.mode = first & 7, .version = first >> 3 & 7};
    k.stratum = cursor_u8(c);
    k.poll = (int8_t)cursor_u8(c);
    k.precision = (int8_t)cursor_u8(c);
    k.delay = cursor_u32(c);
    k.dispersion = cursor_u32(c);
    k.identifier = cursor_u32(c);
    k.reference = cursor_u64(c);
    k.origin = cursor_u64(c);
    k.receive = cursor_u64(c);
    k.transmit = cursor_u64(c);
    return k;
}

static uint32_t seconds(uint64_t time)
{
    return (uint32_t)(time >> 32);
}

/* Within so many seconds, in any era. */
static bool is_near(uint64_t a, uint64_t b, uint32_t limit)
{
    uint32_t apart = seconds(a) - seconds(b);
    return apart <= limit || 0 - apart <= limit;
}

/* The bounds of RFC 5905 section 7.2; old clients leave zeros, and chrony's precision is 32. A
 * delay may be a little below zero. */
static bool fields_make_sense(const struct clock *k)
{
    uint32_t limit = k->mode == MODE_SERVER ? 16u * SHORT_LIMIT : SHORT_LIMIT;
    bool delay = k->delay < limit || 0 - k->delay < SHORT_LIMIT;
    return k->stratum <= LAST_STRATUM && k->poll >= -6 && k->poll <= LAST_POLL &&
           k->precision <= 32 && k->precision >= -32 && delay && k->dispersion < 16 * SHORT_LIMIT;
}

/* A client that keeps its state to itself (RFC 8915 section 8.6 and before it SNTP): zeros up to
 * the transmit time, which may be random, or zero. */
static bool is_bare_request(const struct clock *k)
{
    return (k->reference | k->origin | k->receive) == 0;
}

/* Requests of one that keeps time: it has heard the server (origin), at that time (receive), and
 * set its clock (reference). */
static bool is_full_request(const struct clock *k)
{
    if (k->reference && !is_near(k->reference, k->transmit, MONTH))
        return false;
    if (k->origin && !k->receive) /* simple clients keep the server's time only */
        return is_near(k->origin, k->transmit, DAY);
    if (!k->origin && !k->receive)
        return k->reference != 0 && k->precision < 0;
    return k->origin && k->receive && is_near(k->receive, k->transmit, 2 * DAY) &&
           is_near(k->origin, k->receive, DAY) && k->precision < 0;
}

/* Answers repeat the client's time, whatever it was; received and sent are within moments. A kiss
 * of death (section 7.4) has stratum 0, four letters, and may have no times. */
static bool is_answer(const struct clock *k)
{
    if (k->precision > 0 || !k->transmit || !k->receive || !is_near(k->receive, k->transmit, 16))
        return false;
    return !k->reference || is_near(k->receive, k->transmit, 1) ||
           is_near(k->reference, k->transmit, MONTH);
}

static bool is_broadcast(const struct clock *k)
{
    return (k->origin | k->receive) == 0 && k->transmit && k->precision < 0 &&
           is_near(k->reference, k->transmit, 2 * DAY);
}

static bool times_make_sense(const struct clock *k)
{
    switch (k->mode) {
    case MODE_CLIENT:
    case MODE_SYMMETRIC_ACTIVE:
        return is_bare_request(k) || is_full_request(k);
    case MODE_SYMMETRIC_PASSIVE:
        return is_full_request(k) || is_answer(k);
    case MODE_SERVER:
        return is_answer(k);
    default:
        return is_broadcast(k);
    }
}

/* Section 7.5: extensions (type, size of 16 and more, a multiple of 4), then nothing or a key and a
 * digest. */
static bool tail_fits(struct cursor *c)
{
    while (cursor_left(c) > 24) {
        cursor_skip(c, 2);
        uint16_t size = cursor_u16(c);
        if (size < 16 || size & 3 || !cursor_skip(c, size - 4u))
            return false;
    }
    uint32_t left = cursor_left(c);
    return left == 0 || left == 4 || left == 12 || left == 20 || left == 24 ||
           (left >= 16 && (left & 3) == 0);
}

static enum answer judge_clock(struct inspection *in, struct cursor c)
{
    struct clock k = read_clock(&c);
    if (c.ran_short || k.version < 1 || k.version > 4)
        return NO;
    if (!fields_make_sense(&k) || !times_make_sense(&k))
        return NO;
    if (!is_cut(in, &c) && !tail_fits(&c))
        return NO;
    static const char *const rules[] = {[MODE_SYMMETRIC_ACTIVE] = "symmetric active",
                                        [MODE_SYMMETRIC_PASSIVE] = "symmetric passive",
                                        [MODE_CLIENT] = "client",
                                        [MODE_SERVER] = "server",
                                        [MODE_BROADCAST] = "broadcast"};
    return yes(in, rules[k.mode], &c);
}

/* RFC 9327 section 2: as much data as counted, padded to words (some do not), then perhaps a key
 * and a digest. */
static bool control_data_fits(uint16_t count, uint32_t left)
{
    if (left == count)
        return true;
    uint32_t padded = (count + 3u) & ~3u;
    return left == padded || left == padded + 20 || left == padded + 24;
}

/* RFC 9327 section 2: response, error, more and operation (0 to 12, or 31); sequence, status,
 * association, offset and count. */
static enum answer judge_control(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t operation = cursor_u8(&c);
    bool is_response = operation & 0x80;
    cursor_skip(&c, 2);
    uint16_t status = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint16_t offset = cursor_u16(&c), count = cursor_u16(&c);
    operation &= 0x1f;
    if (c.ran_short || is_cut(in, &c) || operation == 0 || (operation > 12 && operation != 31))
        return NO;
    if (count > CONTROL_DATA_LIMIT || !control_data_fits(count, cursor_left(&c)))
        return NO;
    if (!is_response)
        return status == 0 && offset == 0 ? yes(in, "control request", &c) : NO;
    return both_spoke(in) ? yes(in, "control response", &c) : likely(in, "control response", &c);
}

/* No items and zeros only, or as many as it says and no more than the request's room. */
static bool is_private_request(struct cursor c, uint8_t first, uint16_t items, uint16_t size)
{
    if (first & 0xc0 || items >> 12 || cursor_left(&c) > 192)
        return false;
    if (items != 0 || size != 0)
        return items != 0 && size != 0 && (uint32_t)items * size <= cursor_left(&c) &&
               (uint32_t)items * size <= 40;
    while (cursor_left(&c) > 0) {
        if (cursor_u8(&c) != 0)
            return false;
    }
    return true;
}

/* ntpd's private mode: sequence, implementation (0, 2 or 3), request; error and items, zero and
 * item size. */
static enum answer judge_private(struct inspection *in, struct cursor c)
{
    uint8_t first = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint8_t implementation = cursor_u8(&c), code = cursor_u8(&c);
    uint16_t items = cursor_u16(&c), size = cursor_u16(&c);
    bool is_response = first & 0x80;
    uint32_t data = (items & 0xfffu) * (size & 0xfffu);
    if (c.ran_short || (implementation != 0 && implementation != 2 && implementation != 3))
        return NO;
    if (code > 64 || size & 0xf000 || items >> 12 > 7)
        return NO;
    if (!is_response)
        return is_private_request(c, first, items, size) ? yes(in, "private request", &c) : NO;
    if (data > cursor_left(&c) && is_cut(in, &c))
        return likely(in, "private response, cut", &c);
    if (data == 0 || data != cursor_left(&c))
        return both_spoke(in) && cursor_left(&c) == 0 ? yes(in, "private error", &c) : NO;
    return yes(in, "private response", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    int first = cursor_peek(&c, 0);
    if (first < 0 || (first & 7) == 0)
        return NO;
    if ((first & 7) == MODE_PRIVATE)
        return c.size >= PRIVATE_HEADER && (first & 0x38) >= 0x08 && (first & 0x38) <= 0x20
                   ? judge_private(in, c)
                   : NO;
    if ((first & 7) == MODE_CONTROL)
        return (first & 0xc0) == 0 && (first & 0x38) >= 0x08 && (first & 0x38) <= 0x20
                   ? judge_control(in, c)
                   : NO;
    return judge_clock(in, c);
}

/* Small servers of simple networks answer a sound request with hardly more than the time: origin
 * and receive are left at zero, against RFC 4330 section 6. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    enum answer answer = judge(in, c);
    struct cursor asked = in->client;
    if (answer != NO || c.size != HEADER || asked.size != HEADER)
        return answer;
    struct clock request = read_clock(&asked), k = read_clock(&c);
    bool is_poor = k.mode == MODE_SERVER && k.version == request.version && k.stratum < 16 &&
                   fields_make_sense(&k) && (k.origin | k.receive) == 0 && k.transmit;
    return is_poor && request.mode == MODE_CLIENT ? likely(in, "poor answer", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge_server);
}

#define CLOCK(version, limit)                                                                      \
    {                                                                                              \
        .size = 2, .bytes = version "\0", .mask = "\x38" limit, .min_size = HEADER,                \
        .max_size = 1500                                                                           \
    }
#define REQUEST(literal, literal_mask, least)                                                      \
    {                                                                                              \
        .size = sizeof(literal) - 1, .bytes = literal, .mask = literal_mask, .min_size = (least)   \
    }

static const struct signature signatures[] = {
    CLOCK("\x08", "\xe0"),
    CLOCK("\x10", "\xe0"),
    CLOCK("\x18", "\xe0"),
    CLOCK("\x20", "\xe0"),
    REQUEST("\x06\0", "\xc7\x60", CONTROL_HEADER),
    REQUEST("\x06\x80", "\xc7\x80", CONTROL_HEADER),
    REQUEST("\x07\0\0\0\0\0\0\0", "\x07\0\xfc\x80\0\0\xf0\0", PRIVATE_HEADER),
};

const struct cdpi_protocol cdpi_protocol_ntp = {
    .name = "NTP",
    .reference = "RFC 5905 section 7, RFC 9327, ntpd's mode 7",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .udp_ports = PORTS(123),
    SIGNATURES(signatures),
    .validate = validate,
};
