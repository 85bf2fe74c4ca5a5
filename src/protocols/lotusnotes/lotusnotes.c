/* SPDX-License-Identifier: MIT */
/*
 * Notes RPC, the protocol of Lotus (IBM, HCL) Notes and Domino on port 1352. No public
 * specification; a client's first packet, as Notes and nmap's probe send it, has its size(2,
 * little-endian) in front and constant bytes from the seventh on: 00 00 02 00 00 40 02 0f. What the
 * server says is not known well enough to be checked.
 */
#include "protocols/protocol.h"

enum { MAGIC_AT = 6, MAGIC_SIZE = 8, LEAST = 16, MOST = 512 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint16_t size = cursor_le16(&c);
    if (c.size >= 2 && (size < LEAST || size > MOST))
        return NO;
    cursor_skip(&c, MAGIC_AT - 2);
    if (c.ran_short)
        return short_of(in, &c);
    if (!cursor_may_start(&c, "\x00\x00\x02\x00\x00\x40\x02\x0f", MAGIC_SIZE))
        return NO;
    return cursor_skip(&c, MAGIC_SIZE) ? yes(in, "client's first packet", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, NULL);
}

static const struct signature signatures[] = {
    SIGNATURE(MAGIC_AT, "\x00\x00\x02\x00\x00\x40\x02\x0f")};

const struct cdpi_protocol cdpi_protocol_lotusnotes = {
    .name = "LotusNotes",
    .reference = "no public one; Notes' clients and nmap's NotesRPC probe",
    .transports = OVER_TCP,
    .category = CATEGORY_MAIL,
    .tcp_ports = PORTS(1352),
    SIGNATURES(signatures),
    .validate = validate,
};
