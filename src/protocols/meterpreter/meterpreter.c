/* SPDX-License-Identifier: MIT */
/*
 * Meterpreter's stage, as Metasploit's handlers send it over TCP to a first stage that waits for
 * it: its length (4, little-endian), then a Windows library whose DOS header is code.
 *
 *     "MZ" 41 52 55 48 89 e5 (64 bits)        "MZ" e8 0 0 0 0 5b 52 45 55 89 e5 (32 bits)
 */
#include "protocols/protocol.h"

enum { LEAST = 50 << 10, MOST = 16 << 20 };

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < LEAST || length > MOST)
        return NO;
    if (cursor_starts_with(&c, "MZARUH\x89\xe5") || cursor_starts_with(&c, "MZ\xe8\0\0\0\0[REU")) {
        cursor_skip(&c, 8);
        return yes(in, "stage", &c);
    }
    if (!cursor_may_start_with(&c, "MZARUH\x89\xe5") &&
        !cursor_may_start_with(&c, "MZ\xe8\0\0\0\0[REU"))
        return NO;
    c.at = c.size;
    return short_of(in, &c);
}

/* The first stage says nothing before it runs the second. */
static enum answer validate(struct inspection *in)
{
    if (in->server.size == 0)
        return wants(in, SERVER, 1);
    return judge_server(in, in->server);
}

static const struct signature signatures[] = {
    SIGNATURE(4, "MZARUH\x89\xe5"),
    SIGNATURE(4, "MZ\xe8\0\0\0\0[REU"),
};

const struct cdpi_protocol cdpi_protocol_meterpreter = {
    .name = "Meterpreter",
    .reference = "github.com/rapid7/metasploit-framework: reverse_tcp stagers, reflective loader",
    .transports = OVER_TCP,
    .category = CATEGORY_MALWARE,
    .is_one_sided = true,
    .tcp_ports = PORTS(4444),
    SIGNATURES(signatures),
    .validate = validate,
};
