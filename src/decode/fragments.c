/* SPDX-License-Identifier: MIT */
#include "decode/fragments.h"

#include <string.h>

#include "decode/packet.h"

enum {
    WAYS = 8,
    UNIT = 8, /* bytes; offsets are counted in them */
    KEPT = 8192,
    HEADER_ROOM = 40,
    LONGEST = 65535,
    LIMIT_US = 30 * 1000 * 1000,
    PRESSED_US = 1000 * 1000,
    IPV4_HEADER = 20,
    IPV6_HEADER = HEADER_ROOM
};
/* DONE: given out, its bytes are in use. SPENT: its bytes are free, its key absorbs duplicates. */
enum { EMPTY = 0, WAITING, DONE, SPENT };
#define UNKNOWN UINT32_MAX

struct fragment_slot {
    struct fragment_key key;
    uint64_t begun;    /* microseconds */
    uint32_t total;    /* payload bytes, UNKNOWN until the last fragment came */
    uint32_t reach;    /* how far fragments reach */
    uint32_t units;    /* how many units are here */
    uint32_t captured; /* bytes past this were cut off by the capture */
    uint32_t frame_length;
    uint16_t vlan;
    uint8_t state;
    uint8_t here[(LONGEST + 1) / UNIT / 8]; /* a bit for each unit */
    uint8_t bytes[HEADER_ROOM + KEPT];      /* the payload begins after the header's room */
};

void fragments_init(struct fragment_table *table, struct memory *memory, uint64_t limit,
                    const uint64_t secret[2])
{
    *table = (struct fragment_table){
        .memory = memory, .limit = limit, .secret = {secret[0], secret[1]}, .late = FRAGMENTS_NONE};
}

void fragments_free(struct fragment_table *table)
{
    if (table->slots)
        memory_put(table->memory, table->slots, table->slot_count * sizeof *table->slots);
    table->slots = NULL;
}

static bool have_slots(struct fragment_table *table)
{
    if (table->slots)
        return true;
    uint32_t count = (uint32_t)(table->limit / sizeof *table->slots) / WAYS * WAYS;
    if (count == 0)
        count = WAYS;
    table->slots = memory_get(table->memory, count * sizeof *table->slots, 64);
    table->slot_count = table->slots ? count : 0;
    return table->slots != NULL;
}

/* ---- slots ------------------------------------------------------------------------------- */

static bool is_same(const struct fragment_key *a, const struct fragment_key *b)
{
    return memcmp(a->address, b->address, sizeof a->address) == 0 && a->domain == b->domain &&
           a->id == b->id && a->ip_protocol == b->ip_protocol && a->is_v6 == b->is_v6;
}

static struct fragment_slot *set_of(const struct fragment_table *table,
                                    const struct fragment_key *key)
{
    const uint64_t *secret = table->secret;
    uint64_t mixed = hash_v6(&key->address[0], &key->address[2], secret);
    mixed = hash_fold(mixed ^ key->domain ^ secret[0],
                      ((uint64_t)key->id << 8 | key->ip_protocol) ^ secret[1]);
    return &table->slots[mixed % (table->slot_count / WAYS) * WAYS];
}

static bool has_unit(const struct fragment_slot *slot, uint32_t unit)
{
    return slot->here[unit / 8] >> unit % 8 & 1;
}

/* Its bytes are given out; the slot is free when they are released. */
static bool set_done(struct fragment_table *table, struct fragment_slot *slot)
{
    if (table->done_count == FRAGMENTS_DONE)
        return false;
    slot->state = DONE;
    table->done[table->done_count++] = (uint32_t)(slot - table->slots);
    return true;
}

/* Gives up: the slot is free, or, where the first bytes came, waits to be taken. Only one may. */
static bool give_up(struct fragment_table *table, struct fragment_slot *slot)
{
    if (!has_unit(slot, 0)) {
        table->incomplete++;
        slot->state = EMPTY;
        return true;
    }
    if (table->late != FRAGMENTS_NONE || !set_done(table, slot))
        return false;
    table->incomplete++;
    table->late = (uint32_t)(slot - table->slots);
    return true;
}

/* Those of a set that waited too long. */
static void expire(struct fragment_table *table, struct fragment_slot *set, uint64_t time,
                   uint64_t limit)
{
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].state == WAITING && time > set[i].begun && time - set[i].begun > limit)
            give_up(table, &set[i]);
    }
}

/* An empty slot, else the one that was spent first. */
static struct fragment_slot *free_in(struct fragment_slot *set)
{
    struct fragment_slot *spent = NULL;
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].state == EMPTY)
            return &set[i];
        if (set[i].state == SPENT && (!spent || set[i].begun < spent->begun))
            spent = &set[i];
    }
    return spent;
}

/* The datagram's slot. What was given out absorbs duplicates for a second: identifications are used
 * again. */
static struct fragment_slot *find(struct fragment_slot *set, const struct fragment *f)
{
    for (unsigned i = 0; i < WAYS; i++) {
        bool is_old = f->time > set[i].begun && f->time - set[i].begun > PRESSED_US;
        bool counts = set[i].state == WAITING || (set[i].state != EMPTY && !is_old);
        if (counts && is_same(&set[i].key, &f->key))
            return &set[i];
    }
    return NULL;
}

static struct fragment_slot *begin(struct fragment_table *table, struct fragment_slot *set,
                                   const struct fragment *f)
{
    struct fragment_slot *slot = free_in(set);
    if (!slot) {
        expire(table, set, f->time, PRESSED_US);
        slot = free_in(set);
    }
    if (!slot)
        return NULL;
    memset(slot, 0, offsetof(struct fragment_slot, bytes));
    slot->key = f->key;
    slot->begun = f->time;
    slot->vlan = f->vlan;
    slot->total = UNKNOWN;
    slot->captured = KEPT;
    slot->state = WAITING;
    return slot;
}

/* ---- putting together -------------------------------------------------------------------- */

/* Whether it can be of this datagram: one end, and nothing past it. */
static bool agrees(const struct fragment_slot *slot, const struct fragment *f)
{
    uint32_t end = f->offset + f->wire;
    if (slot->total != UNKNOWN)
        return f->more ? end <= slot->total : end == slot->total;
    return f->more || end >= slot->reach;
}

static void keep_unit(struct fragment_slot *slot, uint32_t at, const struct fragment *f)
{
    uint32_t from = at - f->offset;
    if (at >= KEPT || from >= f->size)
        return;
    uint32_t size = f->size - from < UNIT ? f->size - from : UNIT;
    memcpy(slot->bytes + HEADER_ROOM + at, f->data + from, size);
}

static void put(struct fragment_table *table, struct fragment_slot *slot, const struct fragment *f)
{
    uint32_t end = f->offset + f->wire;
    bool overlaps = false;
    for (uint32_t at = f->offset; at < end; at += UNIT) {
        if (has_unit(slot, at / UNIT)) {
            overlaps = true;
            continue;
        }
        keep_unit(slot, at, f);
        slot->here[at / UNIT / 8] |= (uint8_t)(1u << at / UNIT % 8);
        slot->units++;
    }
    if (f->size < f->wire && f->offset + f->size < slot->captured)
        slot->captured = f->offset + f->size;
    if (end > slot->reach)
        slot->reach = end;
    if (!f->more)
        slot->total = end;
    slot->frame_length += f->frame_length;
    table->overlapping += overlaps;
}

/* How many bytes from the first on are here without a gap, of those that are kept. */
static uint32_t in_order(const struct fragment_slot *slot)
{
    uint32_t size = 0, most = slot->captured < slot->reach ? slot->captured : slot->reach;
    while (size < most && has_unit(slot, size / UNIT))
        size += UNIT;
    return size < most ? size : most;
}

/* A header without options or extensions before the payload; `wire` is the payload's length. */
static uint8_t *write_header(struct fragment_slot *slot, uint32_t wire)
{
    const struct fragment_key *key = &slot->key;
    if (key->is_v6) {
        uint8_t *ip = slot->bytes;
        memset(ip, 0, IPV6_HEADER);
        ip[0] = 0x60;
        ip[4] = (uint8_t)(wire >> 8);
        ip[5] = (uint8_t)wire;
        ip[6] = key->ip_protocol;
        memcpy(ip + 8, key->address, 32);
        return ip;
    }
    uint8_t *ip = slot->bytes + HEADER_ROOM - IPV4_HEADER;
    memset(ip, 0, IPV4_HEADER);
    ip[0] = 0x45;
    ip[2] = (uint8_t)((wire + IPV4_HEADER) >> 8);
    ip[3] = (uint8_t)(wire + IPV4_HEADER);
    ip[9] = key->ip_protocol;
    memcpy(ip + 12, &key->address[0], 4);
    memcpy(ip + 16, &key->address[2], 4);
    return ip;
}

static void give_out(struct fragment_slot *slot, uint32_t wire, struct whole *whole)
{
    uint32_t most = slot->key.is_v6 ? LONGEST : LONGEST - IPV4_HEADER;
    whole->ip = write_header(slot, wire < most ? wire : most);
    whole->size = (uint32_t)(slot->bytes + HEADER_ROOM - whole->ip) + in_order(slot);
    whole->frame_length = slot->frame_length;
    whole->domain = slot->key.domain;
    whole->vlan = slot->vlan;
}

static bool is_sound(const struct fragment *f)
{
    bool fits = f->wire > 0 && f->wire <= LONGEST && f->offset + f->wire <= LONGEST;
    return fits && (!f->more || f->wire % UNIT == 0);
}

enum fragment_result fragments_add(struct fragment_table *table, const struct fragment *f,
                                   struct whole *whole)
{
    if (!is_sound(f))
        return FRAGMENT_WRONG;
    if (!have_slots(table))
        return f->offset == 0 ? FRAGMENT_ALONE : FRAGMENT_WRONG;
    struct fragment_slot *set = set_of(table, &f->key);
    expire(table, set, f->time, LIMIT_US);
    struct fragment_slot *slot = find(set, f);
    if (!slot)
        slot = begin(table, set, f);
    if (!slot) {
        table->incomplete += f->offset == 0;
        return f->offset == 0 ? FRAGMENT_ALONE : FRAGMENT_WRONG;
    }
    if (slot->state != WAITING)
        return FRAGMENT_HELD;
    if (!agrees(slot, f)) {
        table->overlapping++;
        return FRAGMENT_WRONG;
    }
    put(table, slot, f);
    if (slot->total == UNKNOWN || slot->units < (slot->total + UNIT - 1) / UNIT)
        return FRAGMENT_HELD;
    if (!set_done(table, slot))
        return FRAGMENT_WRONG;
    give_out(slot, slot->total, whole);
    table->reassembled++;
    return FRAGMENT_WHOLE;
}

/* ---- those that gave up ------------------------------------------------------------------ */

/* What the datagram's own header promises; UDP's says it. */
static uint32_t promised(const struct fragment_slot *slot)
{
    uint32_t size = in_order(slot);
    if (slot->total != UNKNOWN)
        return slot->total;
    if (slot->key.ip_protocol != IP_UDP || size < UNIT)
        return size;
    const uint8_t *udp = slot->bytes + HEADER_ROOM;
    uint32_t length = (uint32_t)udp[4] << 8 | udp[5];
    return length > size ? length : size;
}

bool fragments_take_late(struct fragment_table *table, struct whole *whole)
{
    if (table->late == FRAGMENTS_NONE)
        return false;
    struct fragment_slot *slot = &table->slots[table->late];
    table->late = FRAGMENTS_NONE;
    give_out(slot, promised(slot), whole);
    return true;
}

bool fragments_expire_one(struct fragment_table *table)
{
    for (; table->hand < table->slot_count; table->hand++) {
        struct fragment_slot *slot = &table->slots[table->hand];
        if (slot->state == WAITING && give_up(table, slot) && table->late != FRAGMENTS_NONE)
            return true;
    }
    table->hand = 0;
    return false;
}

void fragments_release(struct fragment_table *table)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < table->done_count; i++) {
        uint32_t number = table->done[i];
        if (number == table->late)
            table->done[kept++] = number;
        else
            table->slots[number].state = SPENT;
    }
    table->done_count = kept;
}
