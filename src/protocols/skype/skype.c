/* SPDX-License-Identifier: MIT */
/*
 * Skype, as it was before its calls became STUN and RTP (P. Biondi and F. Desclaux, "Silver Needle
 * in the Skype", 2006; D. Bonfiglio and others, "Revealing Skype Traffic", 2007). A datagram begins
 * with what was left in the clear:
 *
 *     number (2)  function (the low 4 bits of 1; the highest is 0)  ...
 *
 * 2 is a message. Who cannot decipher it, because an address was translated, refuses with 5 or 7:
 * the same number and two addresses, 11 bytes in all. The message is sent again with 3.
 */
#include "protocols/protocol.h"

enum {
    MESSAGE = 2,
    AGAIN = 3,
    TRANSLATED = 5,
    REFUSAL = 7,
    FUNCTION = 0x8f,
    REFUSAL_SIZE = 11,
    LEAST = 12
};

static int function_of(struct cursor c)
{
    int byte = cursor_peek(&c, 2);
    return byte < 0 ? -1 : byte & FUNCTION;
}

static bool is_message(struct cursor c)
{
    int function = function_of(c);
    return (function == MESSAGE || function == AGAIN) && c.size >= LEAST;
}

static bool is_refusal(struct cursor c)
{
    int function = function_of(c);
    return c.size == REFUSAL_SIZE && (function == REFUSAL || function == TRANSLATED) &&
           cursor_peek_u32(&c, 3) != 0 && cursor_peek_u32(&c, 7) != 0;
}

static bool refuses(struct cursor message, struct cursor refusal)
{
    return message.side != refusal.side && is_message(message) && is_refusal(refusal) &&
           cursor_peek_u16(&message, 0) == cursor_peek_u16(&refusal, 0);
}

/* A message and its refusal: 16 bits of the number, 8 of the size, 5 of each function. */
static enum answer validate(struct inspection *in)
{
    bool is_refused = false, is_again = false;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor c = inspection_datagram(in, i);
        if (!is_message(c) && !is_refusal(c))
            return NO;
        for (uint32_t k = 0; k < i; k++)
            is_refused |= refuses(inspection_datagram(in, k), c);
        is_again |= is_refused && function_of(c) == AGAIN;
    }
    struct cursor c = in->client.size ? in->client : in->server;
    if (!is_refused)
        return wants(in, in->client.size ? SERVER : CLIENT, 1);
    return answer_at(in, LIKELY, is_again ? "message, refusal, message again" : "message, refusal",
                     (enum side)c.side, 0, 3);
}

static const struct signature signatures[] = {
    {.offset = 2, .size = 1, .bytes = "\2", .mask = "\x8e", .min_size = LEAST},
    {.offset = 2,
     .size = 1,
     .bytes = "\5",
     .mask = "\x8d",
     .min_size = REFUSAL_SIZE,
     .max_size = REFUSAL_SIZE},
};

const struct cdpi_protocol cdpi_protocol_skype = {
    .name = "Skype",
    .reference = "P. Biondi, F. Desclaux, Silver Needle in the Skype (2006); D. Bonfiglio and "
                 "others, Revealing Skype Traffic (2007)",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
