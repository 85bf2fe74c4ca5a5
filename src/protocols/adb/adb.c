/* SPDX-License-Identifier: MIT */
/*
 * Android's debug bridge (AOSP packages/modules/adb, protocol.txt and SERVICES.TXT). Between host
 * and device, little-endian:
 *
 *     command(4) argument(4) argument(4) size(4) sum(4) command ^ ffffffff(4), data
 *
 * Between a client and the host's server: four hex digits of a size, then "host:..."; the answer is
 * OKAY or FAIL.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { MOST_DATA = 1 << 20, REQUEST_MOST = 0x400 };

static bool is_command(uint32_t command)
{
    static const char names[] = "CNXNAUTHOPENOKAYCLSEWRTESYNCSTLS";
    for (unsigned i = 0; i + 4 < sizeof names; i += 4) {
        struct cursor name = cursor_over(names + i, 4);
        if (cursor_le32(&name) == command)
            return true;
    }
    return false;
}

static enum answer judge_message(struct inspection *in, struct cursor c)
{
    uint32_t command = cursor_le32(&c);
    if (!c.ran_short && !is_command(command))
        return NO;
    cursor_skip(&c, 8);
    uint32_t size = cursor_le32(&c);
    cursor_skip(&c, 4);
    uint32_t magic = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return magic == ~command && size <= MOST_DATA ? yes(in, "message", &c) : NO;
}

static enum answer judge_request(struct inspection *in, struct cursor c)
{
    uint32_t size;
    if (text_hex(&c, 4, &size) < 4)
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    if (!cursor_may_start_with(&c, "host:") && !cursor_may_start_with(&c, "host-"))
        return NO;
    cursor_skip(&c, 5);
    if (c.ran_short)
        return short_of(in, &c);
    return size > 5 && size <= REQUEST_MOST ? yes(in, "service asked for", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    int first = cursor_peek(&c, 0);
    return first >= '0' && first <= '9' ? judge_request(in, c) : judge_message(in, c);
}

/* The host's server alone: OKAY or FAIL, four hex digits of a size, and so many bytes. */
static enum answer judge_answer(struct inspection *in, struct cursor c)
{
    uint32_t size = 0;
    cursor_skip(&c, 4);
    if (cursor_left(&c) < 4)
        return short_of(in, &c);
    bool is_sized = text_hex(&c, 4, &size) == 4 && size > 0;
    if (!is_sized || size < cursor_left(&c))
        return NO;
    return size == cursor_left(&c) ? likely_at_end(in, "answer and its size", &c)
                                   : short_of(in, &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    int asked = cursor_peek(&in->client, 0);
    bool is_answer = cursor_may_start_with(&c, "OKAY") || cursor_may_start_with(&c, "FAIL");
    if (asked < 0 && is_answer && text_hex_value(cursor_peek(&c, 4)) >= 0) {
        enum answer answer = judge_answer(in, c);
        if (answer != NO)
            return answer;
    }
    if (asked < '0' || asked > '9')
        return judge_message(in, c);
    if (!is_answer)
        return NO;
    return cursor_skip(&c, 4) ? yes(in, "answer", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "CNXN"),  SIGNATURE(0, "AUTH"),  SIGNATURE(0, "OPEN"), SIGNATURE(0, "OKAY"),
    SIGNATURE(0, "CLSE"),  SIGNATURE(0, "WRTE"),  SIGNATURE(0, "STLS"), SIGNATURE(0, "SYNC"),
    SIGNATURE(4, "host:"), SIGNATURE(4, "host-"), SIGNATURE(0, "FAIL"),
};

const struct cdpi_protocol cdpi_protocol_adb = {
    .name = "ADB",
    .reference = "AOSP packages/modules/adb: protocol.txt, SERVICES.TXT, OVERVIEW.TXT",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(5555, 5037),
    SIGNATURES(signatures),
    .validate = validate,
};
