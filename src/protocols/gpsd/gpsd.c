/* SPDX-License-Identifier: MIT */
/*
 * gpsd, the daemon for GPS receivers (gpsd_json(5)): the server greets with a VERSION object; the
 * client's commands are "?WATCH={...}", "?POLL;" and the like.
 */
#include "protocols/protocol.h"

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    static const char *const commands[] = {"WATCH", "POLL", "DEVICES", "DEVICE", "VERSION", NULL};
    if (cursor_u8(&c) != '?')
        return NO;
    for (unsigned i = 0; commands[i]; i++) {
        uint32_t size = (uint32_t)strlen(commands[i]);
        struct cursor rest = c;
        if (!cursor_may_start(&c, commands[i], size))
            continue;
        if (!cursor_skip(&rest, size) || cursor_left(&rest) < 2)
            return short_of(in, &rest);
        if (cursor_accept_text(&rest, ";") || cursor_accept_text(&rest, "={"))
            return size >= 5 ? yes(in, "command", &rest) : likely(in, "command", &rest);
    }
    return NO;
}

/* Joined late: reports begin with their class and, of receivers, with who reports. */
static enum answer judge_late(struct inspection *in, struct cursor c)
{
    static const char *const reports[] = {
        "{\"class\":\"TPV\",\"device\":\"/", "{\"class\":\"SKY\",\"device\":\"/",
        "{\"class\":\"TPV\",\"mode\":",      "{\"class\":\"DEVICES\",\"devices\":[",
        "{\"class\":\"WATCH\",\"enable\":",  NULL};
    for (unsigned i = 0; reports[i]; i++) {
        uint32_t size = (uint32_t)strlen(reports[i]);
        if (cursor_accept(&c, reports[i], size))
            return yes(in, "report", &c);
        if (cursor_may_start(&c, reports[i], size))
            return c.size >= 14 ? likely_at_end(in, "report", &c) : short_of(in, &c);
    }
    return NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "{\"class\":\"VERSION\",\"release\":"))
        return judge_late(in, c);
    if (!cursor_skip(&c, 29))
        return c.size >= 18 ? likely_at_end(in, "version", &c) : short_of(in, &c);
    return yes(in, "version", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "?WATCH"),
    SIGNATURE(0, "?POLL;"),
    SIGNATURE(0, "?DEVICE"),
    SIGNATURE(0, "?VERSION;"),
    SIGNATURE(0, "{\"class\":\"VERSIO"),
    SIGNATURE(0, "{\"class\":\"TPV\",\""),
    SIGNATURE(0, "{\"class\":\"SKY\",\""),
    SIGNATURE(0, "{\"class\":\"DEVICE"),
    SIGNATURE(0, "{\"class\":\"WATCH\""),
};

const struct cdpi_protocol cdpi_protocol_gpsd = {
    .name = "gpsd",
    .reference = "gpsd_json(5)",
    .transports = OVER_TCP,
    .category = CATEGORY_OTHER,
    .tcp_ports = PORTS(2947),
    SIGNATURES(signatures),
    .validate = validate,
};
