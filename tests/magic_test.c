/* SPDX-License-Identifier: MIT */
/*
 * Near misses by the thousand: in each case that is certain, each byte of the signature that
 * proposed it is changed to a value that no signature of the room allows there. The room must not
 * be certain of what is left.
 *
 *     magic_test FOLDER [ROOM]
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "support/replay.h"

struct run {
    const struct classifier *classifier;
    const char *only;
    unsigned passed, failed;
    struct replay replay;
    struct test_case changed;
};

/* Places where a signature says what is usual, and the room goes by something else. */
enum { CLIENTS = 0, SERVERS = 1 };
static const struct {
    const char *room;
    uint8_t side;
    uint8_t from, to;
    const char *why;
} excused[] = {
    {"AMQP", SERVERS, 1, 1, "a frame's channel; its method and size tell"},
    {"Bitcoin", CLIENTS, 5, 5, "commands are many; the network and the checksum tell"},
    {"Bitcoin", SERVERS, 5, 5, "as the client's"},
    {"DHCP", CLIENTS, 1, 1, "kinds of hardware are many; the cookie tells"},
    {"DHCP", SERVERS, 1, 1, "as the client's"},
    {"Git", SERVERS, 0, 0, "a line's length; what it names tells"},
    {"ICAP", CLIENTS, 8, 11, "the scheme; the version at the line's end tells"},
    {"Icecast", SERVERS, 7, 9, "the status in words"},
    {"Kafka", SERVERS, 8, 8, "behind the number that comes back"},
    {"memcached", CLIENTS, 5, 5, "of how many datagrams"},
    {"memcached", SERVERS, 5, 5, "as the client's"},
    {"Minecraft", SERVERS, 1, 1, "the second byte of a length"},
    {"MMS", SERVERS, 5, 5, "a connection may be refused"},
    {"NUT", CLIENTS, 8, 8, "behind the command"},
    {"PostgreSQL", SERVERS, 5, 5, "of an answer, behind its length"},
    {"Quake", SERVERS, 4, 4, "answers are many; the question tells"},
    {"RDP", CLIENTS, 11, 26, "a routing token may stand there"},
    {"RDP", SERVERS, 5, 5, "a connection may be refused"},
    {"RTMP", SERVERS, 5, 7, "servers put other things than zeros there"},
    {"S7comm", SERVERS, 5, 5, "a connection may be refused"},
    {"S7comm-plus", SERVERS, 5, 5, "a connection may be refused"},
    {"SAP-DIAG", SERVERS, 4, 6, "an error in words; the route tells"},
    {"SIP", CLIENTS, 0, 1, "of a keep-alive; the request behind it tells"},
    {"Telegram", CLIENTS, 16, 27, "a reflector's tag comes back"},
    {"Telegram", SERVERS, 16, 27, "a reflector's tag comes back"},
    {"Tox", SERVERS, 0, 0, "kinds of packets are many; the keys come back"},
    {"XMPP", CLIENTS, 5, 5, "behind <?xml"},
    {"Zabbix", CLIENTS, 0, 3, "agents before 4.0 are asked by a bare key"},
};

static bool is_excused(const char *room, uint8_t side, uint32_t at)
{
    for (size_t i = 0; i < sizeof excused / sizeof *excused; i++) {
        if (strcasecmp(excused[i].room, room) == 0 && excused[i].side == side &&
            excused[i].from <= at && at <= excused[i].to)
            return true;
    }
    return false;
}

static uint8_t mask_at(const struct signature *s, uint32_t i)
{
    return s->mask ? (uint8_t)s->mask[i] : 0xff;
}

static bool fits(const struct signature *s, const uint8_t *bytes, uint32_t size)
{
    if ((uint32_t)s->offset + s->size > size)
        return false;
    for (uint32_t i = 0; i < s->size; i++) {
        if (((bytes[s->offset + i] ^ (uint8_t)s->bytes[i]) & mask_at(s, i)) != 0)
            return false;
    }
    return true;
}

static bool speaks_on(const struct cdpi_protocol *p, const struct signature *s, uint8_t transport)
{
    return (s->transports ? s->transports : p->transports) & transport;
}

/* Whether some signature of the room has this value there, or says nothing of the place. */
static bool is_allowed(const struct cdpi_protocol *p, uint8_t transport, uint32_t at, uint8_t value)
{
    for (size_t k = 0; k < p->signature_count; k++) {
        const struct signature *s = &p->signatures[k];
        if (!speaks_on(p, s, transport) || at < s->offset || at >= (uint32_t)s->offset + s->size)
            continue;
        if (((value ^ (uint8_t)s->bytes[at - s->offset]) & mask_at(s, at - s->offset)) == 0)
            return true;
    }
    return false;
}

static bool find_other_value(const struct cdpi_protocol *p, uint8_t transport, uint32_t at,
                             uint8_t *value)
{
    static const uint8_t changes[] = {0x55, 0xaa, 0x33, 0xcc, 0x99, 0x66, 0xff, 0x81};
    for (size_t i = 0; i < sizeof changes; i++) {
        uint8_t other = *value ^ changes[i];
        if (!is_allowed(p, transport, at, other)) {
            *value = other;
            return true;
        }
    }
    return false;
}

/* In the message, and in what else its side says of the same kind. */
static void change_byte(struct run *run, const struct test_case *c, const struct cdpi_protocol *p,
                        const struct message *m, const struct signature *by, uint32_t at)
{
    uint8_t value = c->bytes[m->offset + at];
    if (!find_other_value(p, transport_of(c->ip_protocol), at, &value))
        return;
    run->changed = *c;
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *other = &c->messages[i];
        bool is_same_kind =
            other->side == m->side && fits(by, c->bytes + other->offset, other->size);
        if (other == m || (transport_of(c->ip_protocol) == OVER_UDP && is_same_kind))
            run->changed.bytes[other->offset + at] = value;
    }
    replay_case(&run->replay, run->classifier, &run->changed);
    const struct classification *s = &run->replay.state;
    bool is_certain = s->room != NO_ROOM && s->is_certain && s->claim[m->side] == s->room &&
                      catalog_rooms[s->room].protocol == p;
    if (!is_certain || is_excused(c->expected, m->side, at)) {
        run->passed++;
        return;
    }
    run->failed++;
    printf("FAIL %s:%d: %s: certain still with 0x%02x as byte %u of the %s's\n", c->file, c->line,
           c->title, value, at, m->side ? "server" : "client");
}

/* A side's first message, by the first signature that fits it. */
static void change_message(struct run *run, const struct test_case *c,
                           const struct cdpi_protocol *p, const struct message *m)
{
    for (size_t k = 0; k < p->signature_count; k++) {
        const struct signature *s = &p->signatures[k];
        if (!speaks_on(p, s, transport_of(c->ip_protocol)) ||
            !fits(s, c->bytes + m->offset, m->size))
            continue;
        for (uint32_t i = 0; i < s->size; i++) {
            if (mask_at(s, i) == 0xff)
                change_byte(run, c, p, m, s, s->offset + i);
        }
        return;
    }
}

static void run_case(void *context, const struct test_case *c)
{
    struct run *run = context;
    if (c->is_not || c->expects_none || c->confidence != 2 ||
        (run->only && strcasecmp(run->only, c->expected) != 0))
        return;
    room_index room = catalog_find_room(c->expected);
    if (room == NO_ROOM)
        return;
    bool seen[2] = {false, false};
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        if (!seen[m->side])
            change_message(run, c, catalog_rooms[room].protocol, m);
        seen[m->side] = true;
    }
}

int main(int argc, char **argv)
{
    static struct run run;
    struct memory memory = {.budget = 64u << 20};
    if (argc < 2) {
        fprintf(stderr, "usage: magic_test FOLDER [ROOM]\n");
        return 2;
    }
    memory_use_system(&memory);
    struct classifier *classifier = classifier_build(&memory, false);
    run.classifier = classifier;
    run.only = argc > 2 ? argv[2] : NULL;
    bool read = classifier && cases_read_all(argv[1], run_case, &run);
    printf("magic: %u checks passed, %u failed\n", run.passed, run.failed);
    classifier_free(classifier, &memory);
    return !read || run.failed;
}
