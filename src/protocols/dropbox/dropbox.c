/* SPDX-License-Identifier: MIT */
/*
 * Dropbox' LAN sync announces itself to port 17500: a JSON object with "host_int", "version",
 * "port" and "namespaces", in any order. No public specification; so do its clients since 2010.
 */
#include "protocols/protocol.h"

enum { WITHIN = 4096 };

/* What is left of one in another order: its version and its port, by number. */
static bool is_cut_announcement(const struct cursor *c)
{
    return cursor_find_text(c, "\"version\": [", WITHIN) > 0 &&
           cursor_find_text(c, "\"port\": 17500,", WITHIN) > 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (is_cut(in, &c) && cursor_peek(&c, 0) == '{' && is_cut_announcement(&c))
        return likely(in, "LAN sync discovery, cut", &c);
    if (cursor_peek(&c, 0) != '{' || cursor_find_text(&c, "\"host_int\": ", WITHIN) < 0)
        return NO;
    unsigned keys = 0;
    keys += cursor_find_text(&c, "\"version\": [", WITHIN) > 0;
    keys += cursor_find_text(&c, "\"port\": ", WITHIN) > 0;
    keys += cursor_find_text(&c, "\"namespaces\": [", WITHIN) > 0;
    if (cursor_starts_with(&c, "{\"host_int\": ") && is_cut(in, &c))
        return likely(in, "LAN sync discovery, cut", &c);
    if (keys < (is_cut(in, &c) ? 1 : 3))
        return NO;
    cursor_skip(&c, c.size);
    return yes(in, "LAN sync discovery", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 12, .bytes = "{\"host_int\": ", .min_size = 64},
    {.size = 12, .bytes = "{\"version\": [", .min_size = 64},
    {.size = 9, .bytes = "{\"port\": ", .min_size = 64},
    {.size = 15, .bytes = "{\"displayname\":", .min_size = 64},
    {.size = 14, .bytes = "{\"namespaces\":", .min_size = 64},
};

const struct cdpi_protocol cdpi_protocol_dropbox = {
    .name = "Dropbox",
    .reference = "no public one; Dropbox' clients on a LAN",
    .transports = OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .is_one_sided = true,
    .udp_ports = PORTS(17500),
    SIGNATURES(signatures),
    .validate = validate,
};
