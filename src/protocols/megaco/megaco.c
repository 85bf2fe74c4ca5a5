/* SPDX-License-Identifier: MIT */
/*
 * MEGACO, ITU-T H.248.1. Annex B, text: "MEGACO/version mId body", or short "!/version"; the mId is
 * in brackets, angle brackets, or a device's name. Annex A, binary: BER of
 *
 *     SEQUENCE { [0] authHeader OPTIONAL, [1] mess { [0] version, [1] mId, [2] body } }
 *
 * Over UDP a message each; over TCP in TPKT (Annex D).
 */
#include "framing/ber.h"
#include "framing/text.h"
#include "protocols/media.h"

enum { BODY_LIMIT = 256, MESSAGE = 0xa1, VERSION = 0x80, MID = 0xa1, BODY = 0xa2, AUTH = 0xa0 };

/* What a body begins with, Annex B.2. */
static bool is_body(struct cursor c)
{
    static const char *const tokens[] = {"transaction=",
                                         "transaction =",
                                         "t=",
                                         "t =",
                                         "reply=",
                                         "reply =",
                                         "p=",
                                         "p =",
                                         "pending=",
                                         "pending =",
                                         "pn=",
                                         "pn =",
                                         "error=",
                                         "error =",
                                         "er=",
                                         "er =",
                                         "transactionresponseack",
                                         "k{",
                                         "k {",
                                         NULL};
    while (cursor_peek(&c, 0) == ' ' || cursor_peek(&c, 0) == '\t' || cursor_peek(&c, 0) == '\r' ||
           cursor_peek(&c, 0) == '\n')
        cursor_skip(&c, 1);
    for (unsigned i = 0; tokens[i]; i++) {
        struct cursor rest = c;
        if (cursor_accept_nocase(&rest, tokens[i]))
            return true;
    }
    return false;
}

static enum answer judge_text(struct inspection *in, struct cursor c)
{
    bool is_long = cursor_accept_nocase(&c, "megaco/");
    if (!is_long && !cursor_accept_text(&c, "!/"))
        return NO;
    if (text_digits(&c, 2, NULL) == 0)
        return NO;
    int next = cursor_peek(&c, 0);
    if (next != ' ' && next != '\r' && next != '\n' && next != '\t')
        return NO;
    cursor_skip(&c, 1);
    /* The mId is a word. */
    uint32_t length = 0;
    while (cursor_peek(&c, 0) > ' ' && length++ < BODY_LIMIT)
        cursor_skip(&c, 1);
    if (length == 0 || !is_body(c))
        return is_long && length ? likely(in, "text message", &c) : NO;
    return yes(in, "text message", &c);
}

static enum answer judge_binary(struct inspection *in, struct cursor c)
{
    uint32_t length;
    if (!ber_enter(&c, BER_SEQUENCE, &length) || !(length == cursor_left(&c) || is_cut(in, &c)))
        return NO;
    if (cursor_peek(&c, 0) == AUTH) {
        if (!ber_enter(&c, AUTH, &length))
            return NO;
        cursor_skip(&c, length);
    }
    if (!ber_enter(&c, MESSAGE, &length) || !(length == cursor_left(&c) || is_cut(in, &c)))
        return NO;
    if (!ber_enter(&c, VERSION, &length) || length != 1)
        return NO;
    uint8_t version = cursor_u8(&c);
    if (version == 0 || version > 4 || !ber_enter(&c, MID, &length) || length > BODY_LIMIT)
        return NO;
    cursor_skip(&c, length);
    return ber_enter(&c, BODY, &length) && !c.ran_short ? yes(in, "binary message", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == BER_SEQUENCE ? judge_binary(in, c) : judge_text(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "MEGACO/", "\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "!/0", "\xff\xff\xf0"),
    SIGNATURE_MASKED(0, "\x30\x00\xa1\x00\x80\x01", "\xff\x80\xff\x80\xff\xff"),
    SIGNATURE_MASKED(0, "\x30\x81\x00\xa1\x81\x00\x80\x01", "\xff\xff\x00\xff\xff\x00\xff\xff"),
    SIGNATURE_MASKED(0, "\x30\x81\x00\xa1\x00\x80\x01", "\xff\xff\x00\xff\x80\xff\xff"),
    SIGNATURE_MASKED(0, "\x30\x82\0\0\xa1\x82\0\0\x80\x01", "\xff\xff\0\0\xff\xff\0\0\xff\xff"),
    SIGNATURE_MASKED(0, "\x30\x00\xa0", "\xff\x00\xff"),
};

const struct cdpi_protocol cdpi_protocol_megaco = {
    .name = "MEGACO",
    .reference = "ITU-T H.248.1 annexes A and B, RFC 3525",
    .transports = OVER_UDP | OVER_SCTP,
    .category = CATEGORY_VOICE,
    .udp_ports = PORTS(2944, 2945),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_media,
};
