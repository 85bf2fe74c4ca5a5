/* SPDX-License-Identifier: MIT */
/*
 * With ask_all: what each module said of each flow, by the flow's number, until the flow ends. Open
 * addressing; where the budget has no room for more, a flow's answers are not remembered.
 */
#include "engine/engine.h"

enum { FIRST_ROOM = 1024 };

struct remembered {
    uint64_t id; /* 0: free */
    struct reply of[MAX_MODULES];
};

struct answers {
    struct remembered *table;
    uint32_t room, used; /* room is a power of two */
};

static uint32_t home(const struct answers *a, uint64_t id)
{
    return (uint32_t)(id * 0x9E3779B97F4A7C15u >> 32) & (a->room - 1);
}

static uint32_t place_of(const struct answers *a, uint64_t id)
{
    uint32_t i = home(a, id);
    while (a->table[i].id && a->table[i].id != id)
        i = (i + 1) & (a->room - 1);
    return i;
}

static bool grow(struct cdpi *engine, struct answers *a)
{
    struct answers old = *a;
    uint32_t room = old.room ? old.room * 2 : FIRST_ROOM;
    struct remembered *table = memory_get(&engine->memory, room * sizeof *table, 64);
    if (!table)
        return false;
    a->table = table;
    a->room = room;
    for (uint32_t i = 0; i < old.room; i++) {
        if (old.table[i].id)
            a->table[place_of(a, old.table[i].id)] = old.table[i];
    }
    if (old.table)
        memory_put(&engine->memory, old.table, old.room * sizeof *old.table);
    return true;
}

void answers_remember(struct cdpi *engine, uint64_t flow_id, const struct reply *of_each)
{
    struct answers *a = engine->answers;
    if (!a)
        a = engine->answers = memory_get(&engine->memory, sizeof *a, 64);
    if (!a || ((a->used + 1) * 2 > a->room && !grow(engine, a) && a->used + 1 >= a->room))
        return;
    struct remembered *r = &a->table[place_of(a, flow_id)];
    a->used += r->id == 0;
    r->id = flow_id;
    memcpy(r->of, of_each, sizeof r->of);
}

const struct reply *answers_find(const struct cdpi *engine, uint64_t flow_id)
{
    const struct answers *a = engine->answers;
    if (!a || !a->room)
        return NULL;
    const struct remembered *r = &a->table[place_of(a, flow_id)];
    return r->id ? r->of : NULL;
}

/* What follows moves back to where it belongs: there are no tombstones. */
void answers_forget(struct cdpi *engine, uint64_t flow_id)
{
    struct answers *a = engine->answers;
    if (!a || !a->room)
        return;
    uint32_t hole = place_of(a, flow_id);
    if (!a->table[hole].id)
        return;
    a->used--;
    for (uint32_t i = hole;;) {
        i = (i + 1) & (a->room - 1);
        if (!a->table[i].id)
            break;
        uint32_t wanted = home(a, a->table[i].id);
        if (((i - wanted) & (a->room - 1)) >= ((i - hole) & (a->room - 1))) {
            a->table[hole] = a->table[i];
            hole = i;
        }
    }
    a->table[hole].id = 0;
}

void answers_free(struct cdpi *engine)
{
    struct answers *a = engine->answers;
    if (!a)
        return;
    if (a->table)
        memory_put(&engine->memory, a->table, a->room * sizeof *a->table);
    memory_put(&engine->memory, a, sizeof *a);
    engine->answers = NULL;
}
