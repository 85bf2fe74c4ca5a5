/* SPDX-License-Identifier: MIT */
/*
 * Protocols without one telling magic add up what they have: each constraint that bytes met counts
 * as many bits as chance would have to guess.
 */
#ifndef CDPI_FRAMING_WEIGHT_H
#define CDPI_FRAMING_WEIGHT_H

#include "protocols/protocol.h"

enum { BITS_FOR_YES = 40, BITS_FOR_LIKELY = 25 };

/* What so many bits come to. Too few may become more on a stream, and are a NO on a datagram. */
static inline enum answer weigh(struct inspection *in, unsigned bits, const char *rule,
                                const struct cursor *c)
{
    if (bits >= BITS_FOR_YES)
        return yes(in, rule, c);
    return bits >= BITS_FOR_LIKELY ? likely(in, rule, c) : short_of(in, c);
}

/* A length that must be the datagram's whole size; of one that was cut, no less than what is there.
 */
static inline bool fills_datagram(const struct inspection *in, const struct cursor *c,
                                  uint32_t size)
{
    return size == c->size || (is_cut(in, c) && size > c->size);
}

#endif
