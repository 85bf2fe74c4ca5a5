/* SPDX-License-Identifier: MIT */
/*
 * FLUTE, RFC 6726 (version 1: RFC 3926), over ALC, RFC 5775, and LCT, RFC 5651 section 5.1:
 *
 *     V(4) = 1 C(2) PSI(2) S(1) O(2) H(1) reserved(2) A(1) B(1) words(8) codepoint(8)
 *     congestion 4 * (C + 1), session 4S + 2H, object 4O + 2H, then header extensions
 *
 * Object 0 is the table of files (FDT), which bears the extension 192 with the version of FLUTE.
 */
#include "protocols/protocol.h"

enum {
    VERSION = 1,
    EXTENSION_FDT = 192,
    FIRST_SHORT = 128, /* extensions from here on are one word; others tell their size */
    TABLE_WITHIN = 160
};

struct lct {
    uint32_t header, fixed; /* bytes */
    uint32_t congestion, session;
    uint64_t object;
};

static bool read_lct(struct cursor *c, struct lct *lct)
{
    uint8_t first = cursor_u8(c), flags = cursor_u8(c), words = cursor_u8(c);
    cursor_skip(c, 1);
    uint32_t half = flags & 0x10 ? 2 : 0;
    uint32_t extra = 4u * (first >> 2 & 3);
    uint32_t session = (flags & 0x80 ? 4u : 0) + half, object = 4u * (flags >> 5 & 3) + half;
    if (first >> 4 != VERSION || flags & 0x0c || session == 0 || object == 0)
        return false;
    lct->fixed = 4 + 4 + extra + session + object;
    lct->header = 4u * words;
    lct->congestion = cursor_u32(c);
    cursor_skip(c, extra);
    lct->session = session == 2 ? cursor_u16(c) : cursor_u32(c);
    cursor_skip(c, session > 4 ? 2 : 0);
    lct->object = 0;
    for (uint32_t i = 0; i < object; i++)
        lct->object = lct->object << 8 | cursor_u8(c);
    return !c->ran_short && lct->header >= lct->fixed;
}

/* The extensions end where the header does; *is_table where one is the FDT's, of FLUTE 1 or 2. */
static bool walk_extensions(struct cursor *c, const struct lct *lct, bool *is_table)
{
    while (c->at < lct->header) {
        uint8_t type = cursor_u8(c), next = (uint8_t)(cursor_peek(c, 0) & 0xff);
        uint32_t words = type >= FIRST_SHORT ? 1 : next;
        if (words == 0 || c->at - 1 + 4 * words > lct->header)
            return false;
        if (type == EXTENSION_FDT)
            *is_table = next >> 4 == 1 || next >> 4 == 2;
        cursor_skip(c, 4 * words - 1);
        if (c->ran_short)
            return false;
    }
    return true;
}

/* The table in XML, perhaps packed: then only the extension tells. */
static bool has_table(const struct cursor *c)
{
    return cursor_find_text(c, "<?xml", TABLE_WITHIN) >= 0 ||
           cursor_find_text(c, "FDT-Instance", TABLE_WITHIN) >= 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct lct lct;
    bool is_table = false;
    if (!read_lct(&c, &lct) || !walk_extensions(&c, &lct, &is_table) || !is_table ||
        lct.object != 0 || cursor_left(&c) < 4)
        return NO;
    if (has_table(&c))
        return yes(in, "table of files", &c);
    return lct.congestion == 0 ? likely(in, "table of files", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\x10\0", .mask = "\xf0\x0c", .min_size = 24},
};

const struct cdpi_protocol cdpi_protocol_flute = {
    .name = "FLUTE",
    .reference = "RFC 6726 section 3.4, RFC 5651 section 5.1",
    .transports = OVER_UDP,
    .category = CATEGORY_FILE_TRANSFER,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .validate = validate,
};
