/* SPDX-License-Identifier: MIT */
#include "utp.h"

enum { UTP_EXTENSIONS = 3, NEAR = 64 };

/* BEP 29 and libutp: selective acknowledgements are words of 32 bits, the other two have one
 * size. */
static bool utp_extension_fits(uint8_t kind, uint8_t size)
{
    return kind == 1 ? size >= 4 && size % 4 == 0 : kind == 2 ? size == 8 : size == 4;
}

/* BEP 29: type and version 1, a clock of microseconds, numbers that begin with 1, a chain of
 * extensions, which fit. A state, a reset and a SYN carry no data. */
bool utp_read(struct cursor c, struct utp *u)
{
    uint8_t first = cursor_u8(&c), extension = cursor_u8(&c);
    u->side = c.side;
    u->type = first >> 4;
    u->connection = cursor_u16(&c);
    uint32_t clock = cursor_u32(&c);
    u->difference = cursor_u32(&c);
    uint32_t window = cursor_u32(&c);
    u->sequence = cursor_u16(&c);
    u->ack = cursor_u16(&c);
    u->begins = u->sequence == 1 || (u->ack == 0 && window != 0 && cursor_at_end(&c));
    if (c.ran_short || (first & 0xf) != 1 || u->type > UTP_SYN || !clock || !(u->sequence | u->ack))
        return false;
    while (extension) {
        uint8_t kind = extension;
        extension = cursor_u8(&c);
        uint8_t size = cursor_u8(&c);
        if (c.ran_short || kind > UTP_EXTENSIONS || !utp_extension_fits(kind, size) ||
            !cursor_skip(&c, size))
            return false;
    }
    bool is_bare = u->type >= UTP_STATE;
    return !is_bare || cursor_at_end(&c);
}

static bool is_near(uint16_t number, uint16_t other)
{
    return (uint16_t)(number - other + NEAR) < 2 * NEAR;
}

unsigned utp_agreement(const struct utp *a, const struct utp *b)
{
    int apart = (int)a->connection - (int)b->connection;
    if (apart < -1 || apart > 1)
        return 0;
    if (a->side == b->side)
        return is_near(b->sequence, a->sequence) ? 23 : 0;
    unsigned near = (unsigned)is_near(a->sequence, b->ack) + is_near(b->sequence, a->ack);
    return near ? 14 + 9 * near : 0;
}
