/* SPDX-License-Identifier: MIT */
/*
 * RTMFP. RFC 7016 section 2.2.4: a datagram is a scrambled session number(4), then what is
 * encrypted. The number is exclusive-ored with the first two words of that; whoever has no session
 * yet, as each side at the start, says number 0 (section 2.3.1), so the first word is that of the
 * two that follow. Flash encrypts by AES-CBC (RFC 7425 section 4.1): blocks of 16 bytes.
 */
#include "protocols/protocol.h"

enum { NUMBER = 4, BLOCK = 16, LEAST = NUMBER + 2 * BLOCK, BITS_A_START = 36 };

/* Small numbers and repetitions meet it too: an encrypted word is neither. */
static bool is_telling(uint32_t word)
{
    return word >> 16 != 0 && (word & 0xffff) != 0 && word != word << 8;
}

static bool is_start(const struct inspection *in, struct cursor c)
{
    uint32_t size = is_cut(in, &c) ? uncut_size(in, &c) : c.size;
    uint32_t number = cursor_u32(&c);
    uint32_t first = cursor_u32(&c), second = cursor_u32(&c);
    return !c.ran_short && size >= LEAST && (size - NUMBER) % BLOCK == 0 &&
           number == (first ^ second) && is_telling(number) && is_telling(first) &&
           is_telling(second);
}

/* A question that is asked again is encrypted again: each start tells by itself. */
static unsigned count_starts(const struct inspection *in)
{
    unsigned starts = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        uint32_t number = cursor_peek_u32(&d, 0);
        if (number != last && is_start(in, d))
            starts++;
        last = number;
    }
    return starts;
}

static enum answer validate(struct inspection *in)
{
    bool asks = is_start(in, in->client), answers = is_start(in, in->server);
    if (!asks && !answers)
        return NO;
    struct cursor c = asks ? in->client : in->server;
    cursor_skip(&c, NUMBER + 8);
    if ((asks && answers) || count_starts(in) > 1)
        return yes(in, "session 0", &c);
    return answer_by_bits(in, BITS_A_START, "session 0", &c);
}

const struct cdpi_protocol cdpi_protocol_rtmfp = {
    .name = "RTMFP",
    .reference = "RFC 7016 section 2.2.4, RFC 7425 section 4.1",
    .transports = OVER_UDP,
    .category = CATEGORY_STREAMING,
    .is_encrypted = true,
    .udp_ports = PORTS(1935),
    .is_unsigned = true,
    .is_symmetric = true,
    .validate = validate,
};
