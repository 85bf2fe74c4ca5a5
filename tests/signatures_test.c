/* SPDX-License-Identifier: MIT */
/*
 * The signature table against a plain walk over all signatures: the same rooms for every payload.
 * Payloads are made of the signatures themselves (what they do not ask for is noise, now and then a
 * byte is changed, the rest is noise or zeros), as these come close to being other rooms' as well.
 *
 *     signatures_test [COUNT]      payloads for each signature
 */
#include <stdlib.h>

#include "classify/signatures.h"
#include "support/check.h"

enum { LONGEST = 1100, MOST = 1024, SHOWN = 10 };

static uint32_t next_random(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* ---- the plain walk ----------------------------------------------------------------------- */

struct payload {
    uint8_t data[LONGEST];
    uint32_t size, wire; /* 0: sizes are not judged */
    uint8_t transport;
};

static bool bytes_fit(const struct signature *s, const struct payload *p)
{
    for (uint32_t i = 0; i < s->size; i++) {
        unsigned mask = s->mask ? (uint8_t)s->mask[i] : 0xffu;
        if (((p->data[s->offset + i] ^ (uint8_t)s->bytes[i]) & mask) != 0)
            return false;
    }
    return true;
}

static bool length_fits(const struct signature *s, const struct payload *p)
{
    if (s->length.width == 0)
        return true;
    if (p->size < (uint32_t)s->length.offset + s->length.width)
        return false;
    int64_t said = 0;
    for (uint32_t i = 0; i < s->length.width; i++) {
        uint32_t at = s->length.little_endian ? s->length.width - 1u - i : i;
        said = said * 256 + p->data[s->length.offset + at];
    }
    return said + s->length.add == p->wire;
}

static bool signature_fits(const struct signature *s, const struct cdpi_protocol *protocol,
                           const struct payload *p)
{
    uint8_t transports = s->transports ? s->transports : protocol->transports;
    if (!(transports & p->transport) || p->size < (uint32_t)s->offset + s->size || !bytes_fit(s, p))
        return false;
    if (p->wire == 0)
        return true;
    return p->wire >= s->min_size && (s->max_size == 0 || p->wire <= s->max_size) &&
           length_fits(s, p);
}

static bool room_fits(size_t room, const struct payload *p)
{
    const struct cdpi_protocol *protocol = catalog_rooms[room].protocol;
    for (size_t i = 0; i < protocol->signature_count; i++) {
        if (signature_fits(&protocol->signatures[i], protocol, p))
            return true;
    }
    return false;
}

/* ---- both, of one payload ----------------------------------------------------------------- */

static bool is_listed(const room_index *rooms, unsigned count, size_t room)
{
    unsigned times = 0;
    for (unsigned i = 0; i < count; i++)
        times += rooms[i] == room;
    return times == 1;
}

/* As many rooms as fit, each of them once: then they are the same. */
static bool is_proposed_alike(const struct signature_table *table, const struct payload *p)
{
    room_index proposed[MOST];
    unsigned fitting = 0, n = signature_table_propose(table, p->transport, p->data, p->size,
                                                      p->wire, proposed, MOST);
    for (size_t room = 0; room < catalog_room_count; room++) {
        bool fits = room_fits(room, p);
        fitting += fits;
        if ((fits && !is_listed(proposed, n, room)) ||
            fits != signature_table_fits(table, (room_index)room, p->transport, p->data, p->size,
                                         p->wire))
            return false;
    }
    return n == fitting;
}

/* ---- payloads ----------------------------------------------------------------------------- */

static void write_length(const struct signature *s, struct payload *p)
{
    uint32_t value = (uint32_t)((int64_t)p->wire - s->length.add);
    for (uint32_t i = 0; i < s->length.width; i++, value >>= 8) {
        uint32_t at = s->length.little_endian ? i : s->length.width - 1u - i;
        p->data[s->length.offset + at] = (uint8_t)value;
    }
}

/* Around the sizes that the signature names: short of it, at its bounds, and anywhere. */
static uint32_t some_size(const struct signature *s)
{
    uint32_t end = (uint32_t)s->offset + s->size;
    const uint32_t sizes[] = {
        end + next_random() % 20,        end + next_random() % 20,        end - 1u,
        s->min_size + next_random() % 3, s->max_size + next_random() % 3, next_random() % LONGEST};
    uint32_t size = sizes[next_random() % 6];
    return size > LONGEST ? LONGEST : size;
}

static void make_payload(struct payload *p, const struct signature *s, uint8_t transport)
{
    bool is_noise = next_random() % 2;
    for (uint32_t i = 0; i < LONGEST; i++)
        p->data[i] = is_noise ? (uint8_t)(next_random() >> 8) : 0;
    p->transport = transport;
    p->size = some_size(s);
    p->wire = 0;
    if (transport == OVER_UDP && next_random() % 8)
        p->wire = next_random() % 8 ? p->size : p->size + next_random() % 100;
    if (s->length.width && next_random() % 4)
        write_length(s, p);
    for (uint32_t i = 0; i < s->size; i++) {
        uint8_t mask = s->mask ? (uint8_t)s->mask[i] : 0xff, *byte = &p->data[s->offset + i];
        *byte = (uint8_t)((*byte & ~mask) | ((uint8_t)s->bytes[i] & mask));
    }
    if (next_random() % 4 == 0)
        p->data[s->offset + next_random() % s->size] ^= (uint8_t)(1u << next_random() % 8);
}

/* Cut at every length of a header. */
static bool is_alike_cut(const struct signature_table *table, struct payload p)
{
    bool is_alike = is_proposed_alike(table, &p);
    for (uint32_t cut = p.size < 40 ? p.size : 40; is_alike && cut-- > 0;) {
        p.size = cut;
        is_alike = is_proposed_alike(table, &p);
    }
    return is_alike;
}

static void check_signature(const struct signature_table *table, size_t room,
                            const struct signature *s, uint32_t count)
{
    static const uint8_t transports[] = {OVER_TCP, OVER_UDP, OVER_SCTP};
    static unsigned shown;
    for (uint32_t i = 0; i < count; i++) {
        struct payload p;
        make_payload(&p, s, transports[next_random() % 3]);
        bool is_alike = i == 0 ? is_alike_cut(table, p) : is_proposed_alike(table, &p);
        if (!is_alike && shown++ < SHOWN)
            printf("%s: size %u, wire %u, transport %u\n", catalog_rooms[room].folder, p.size,
                   p.wire, p.transport);
        CHECK(is_alike);
    }
}

int main(int argc, char **argv)
{
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 4;
    struct memory memory = {.budget = 64u << 20};
    memory_use_system(&memory);
    struct signature_table *table =
        signature_table_build(&memory, catalog_rooms, catalog_room_count);
    CHECK(table != NULL);
    for (size_t room = 0; table && room < catalog_room_count; room++) {
        const struct cdpi_protocol *protocol = catalog_rooms[room].protocol;
        for (size_t i = 0; i < protocol->signature_count; i++)
            check_signature(table, room, &protocol->signatures[i], count);
    }
    signature_table_free(table, &memory);
    CHECK(memory.used == 0);
    return CHECKS_END("signatures");
}
