/* SPDX-License-Identifier: MIT */
/* The catalog resolved: who refines whom, who is asked about what, names and ports to rooms. */
#include "classify/classifier.h"

#include <stdio.h>

/* ---- building ---------------------------------------------------------------------------- */

static void resolve(struct classifier *c, room_index i)
{
    struct room *room = &c->rooms[i];
    room->protocol = catalog_rooms[i].protocol;
    const struct cdpi_protocol *p = room->protocol;
    if (p->refines) {
        room->parent = catalog_find_room(p->refines);
        if (room->parent != NO_ROOM) {
            struct room *parent = &c->rooms[room->parent];
            if (parent->child_count < MAX_CHILDREN)
                parent->children[parent->child_count++] = i;
        }
    }
    if (p->told_by.parent) {
        room_index parent = catalog_find_room(p->told_by.parent);
        if (parent != NO_ROOM) {
            if (!p->validate)
                room->validated_by = parent;
            /* Two children of one parent (mDNS, LLMNR) chain: the parent's first, that one's
             * next. */
            while (c->rooms[parent].told_apart_by_port != NO_ROOM)
                parent = c->rooms[parent].told_apart_by_port;
            c->rooms[parent].told_apart_by_port = i;
            c->rooms[parent].told_port = p->told_by.port;
        }
    }
    for (unsigned slot = 0; slot < 3; slot++) {
        if (p->is_unsigned && p->validate && p->transports & 1u << slot)
            c->unsigned_rooms[slot][c->unsigned_count[slot]++] =
                (struct unsigned_room){i, p->is_text, p->is_port_bound};
    }
}

static void claim_ports(struct classifier *c, unsigned slot, room_index i, const uint16_t *ports)
{
    for (; ports && *ports; ports++) {
        if (c->port_room[slot][*ports] == NO_ROOM)
            c->port_room[slot][*ports] = i;
        c->known_ports[slot][*ports / 64] |= UINT64_C(1) << *ports % 64;
    }
}

static uint32_t name_place(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return (hash ^ hash >> 16) % NAMES;
}

static void file_name(struct classifier *c, room_index i)
{
    uint32_t place = name_place(catalog_rooms[i].protocol->name);
    while (c->by_name[place] != NO_ROOM)
        place = (place + 1) % NAMES;
    c->by_name[place] = i;
}

struct classifier *classifier_build(struct memory *memory, bool reversed)
{
    size_t n = catalog_room_count;
    size_t rooms_size = sizeof(struct classifier) + n * sizeof(struct room);
    size_t lists_size = 3 * n * sizeof(struct unsigned_room);
    size_t ports_size = 2 * PORTS_TOTAL * sizeof(room_index);
    size_t size = rooms_size + lists_size + ports_size;
    struct classifier *c = memory_get(memory, size, 64);
    if (!c)
        return NULL;
    c->size_of_all = size;
    c->reversed = reversed;
    c->room_count = (uint16_t)n;
    uint8_t *lists = (uint8_t *)c + rooms_size;
    for (unsigned slot = 0; slot < 3; slot++)
        c->unsigned_rooms[slot] = (struct unsigned_room *)(void *)lists + slot * n;
    for (unsigned slot = 0; slot < 2; slot++) {
        c->port_room[slot] = (room_index *)(void *)(lists + lists_size) + slot * PORTS_TOTAL;
        memset(c->port_room[slot], 0xff, PORTS_TOTAL * sizeof(room_index));
    }
    memset(c->room_of, 0xff, sizeof c->room_of);
    memset(c->by_name, 0xff, sizeof c->by_name);
    for (room_index i = 0; i < n; i++) {
        if (catalog_rooms[i].number < NUMBERS)
            c->room_of[catalog_rooms[i].number] = i;
        c->rooms[i].parent = NO_ROOM;
        c->rooms[i].validated_by = i;
        c->rooms[i].told_apart_by_port = NO_ROOM;
    }
    for (room_index i = 0; i < n; i++) {
        resolve(c, i);
        file_name(c, i);
        claim_ports(c, 0, i, catalog_rooms[i].protocol->tcp_ports);
        claim_ports(c, 1, i, catalog_rooms[i].protocol->udp_ports);
    }
    c->table = signature_table_build(memory, catalog_rooms, catalog_room_count);
    if (!c->table) {
        memory_put(memory, c, size);
        return NULL;
    }
    return c;
}

void classifier_free(struct classifier *classifier, struct memory *memory)
{
    if (!classifier)
        return;
    signature_table_free(classifier->table, memory);
    memory_put(memory, classifier, classifier->size_of_all);
}

/* ---- asking it --------------------------------------------------------------------------- */

const struct signature_table *classifier_signatures(const struct classifier *classifier)
{
    return classifier->table;
}

bool classifier_knows_port(const struct classifier *classifier, uint8_t transport, uint16_t port)
{
    unsigned slot = transport_slot(transport);
    return slot < 2 && classifier->known_ports[slot][port / 64] >> port % 64 & 1;
}

room_index classifier_guess(const struct classifier *classifier, uint8_t transport, uint16_t port)
{
    return classifier_knows_port(classifier, transport, port)
               ? classifier->port_room[transport_slot(transport)][port]
               : NO_ROOM;
}

room_index classifier_room(const struct classifier *classifier, uint16_t number)
{
    return number < NUMBERS ? classifier->room_of[number] : NO_ROOM;
}

uint16_t classifier_number(const struct classifier *c, const char *name)
{
    room_index room;
    for (uint32_t at = name_place(name); (room = c->by_name[at]) != NO_ROOM;
         at = (at + 1) % NAMES) {
        if (strcmp(c->rooms[room].protocol->name, name) == 0)
            return catalog_rooms[room].number;
    }
    return catalog_number(name); /* an IP protocol, or in other letters */
}

bool classifier_could_be(const struct classifier *classifier, room_index room, uint8_t transport,
                         const uint8_t *data, uint32_t size, uint32_t wire)
{
    return signature_table_fits(classifier->table, room, transport, data, size,
                                transport == OVER_UDP ? wire : 0);
}

/* ---- the catalog's own health ------------------------------------------------------------ */

static const char *check_room(room_index i, char *text, size_t room)
{
    const struct cdpi_protocol *p = catalog_rooms[i].protocol;
    const char *folder = catalog_rooms[i].folder;
    const char *wrong = NULL;
    if (!p->name || !*p->name)
        wrong = "has no name";
    else if (!p->reference || !*p->reference)
        wrong = "has no reference";
    else if (p->category == CATEGORY_NONE)
        wrong = "has no category";
    else if (p->refines && catalog_find_room(p->refines) == NO_ROOM)
        wrong = "refines a protocol that is not in the catalog";
    else if (p->told_by.parent && catalog_find_room(p->told_by.parent) == NO_ROOM)
        wrong = "is told from a protocol that is not in the catalog";
    else if (p->validate && !p->signature_count && !p->is_unsigned && !p->refines)
        wrong = "has neither signatures nor is_unsigned: nothing would ever ask it";
    for (size_t k = 0; !wrong && k < p->signature_count; k++) {
        const struct signature *s = &p->signatures[k];
        if (s->size == 0 || s->size > 16 || s->offset > 1024)
            wrong = "has a signature that is empty, longer than 16 bytes or past 1024";
    }
    if (!wrong && catalog_find_room(p->name) != i)
        wrong = "has a name that is used twice";
    if (!wrong && catalog_rooms[i].number >= NUMBERS)
        wrong = "has a number past 2047";
    for (room_index j = 0; !wrong && j < i; j++) {
        if (catalog_rooms[j].number == catalog_rooms[i].number)
            wrong = "has a number that is used twice";
    }
    if (!wrong)
        return NULL;
    snprintf(text, room, "protocol %s %s", folder, wrong);
    return text;
}

const char *classifier_check(char *text, size_t room)
{
    for (room_index i = 0; i < catalog_room_count; i++) {
        const char *wrong = check_room(i, text, room);
        if (wrong)
            return wrong;
    }
    return NULL;
}
