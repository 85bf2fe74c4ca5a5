/* SPDX-License-Identifier: MIT */
/* The first packets of undecided flows, kept for the modules that want them. */
#include "engine/engine.h"

enum { FORCE_WINDOW = 64 };

/* Has the modules judge an old flow that only waits for them. Own's inspection of others is never
 * cut short by the modules' packets. */
__attribute__((noinline)) static bool force_waiting(struct cdpi *engine, const struct head *but)
{
    uint32_t place = 0, number = head_next_oldest(&engine->heads, &place);
    for (unsigned i = 0; i < FORCE_WINDOW && number != HEAD_NONE; i++) {
        const struct head *head = head_at(&engine->heads, number);
        if (head->for_modules && head != but) {
            struct flow_place owner = engine_head_owner(engine, head);
            engine->stats.heads_forced++;
            engine_conclude(engine, &owner);
            return true;
        }
        number = head_next_oldest(&engine->heads, &place);
    }
    return false;
}

static struct kept_packet as_kept(const struct packet *p, bool is_bare)
{
    return (struct kept_packet){.time = p->time,
                                .data = p->ip,
                                .size = p->ip_size,
                                .direction = p->direction,
                                .is_bare = is_bare};
}

/* What came before the flow's first payload, if it is still there. */
static uint32_t list_early(const struct cdpi *engine, const struct flow_place *place,
                           const struct head *head, struct kept_packet early[EARLY_PACKETS])
{
    uint32_t count = early_list(&engine->early, head->hash, early);
    bool is_of_another = count && early[0].time < place_cold(place)->start;
    return is_of_another ? 0 : count;
}

void engine_keep_early(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    struct kept_packet early[EARLY_PACKETS];
    uint32_t count = list_early(engine, place, head, early);
    for (uint32_t i = 0; i < count; i++) {
        if (!packets_add(&engine->kept, &head->packets, &early[i]))
            return;
    }
}

/* Of these none makes another flow's memory free: the modules can do without. */
static void keep_behind(struct cdpi *engine, const struct hot *hot, const struct packet *p)
{
    if (hot->head == NO_HEAD || hot->bits & FLOW_HAS_NOTE)
        return;
    struct head *head = head_at(&engine->heads, hot->head);
    struct kept_packet kept = as_kept(p, true);
    if (packets_count(head->packets, true) < MODULE_PACKETS)
        packets_add(&engine->kept, &head->packets, &kept);
}

void engine_keep_bare(struct cdpi *engine, const struct hot *hot, const struct packet *p,
                      bool begins)
{
    if (p->key.ip_protocol != IP_TCP)
        return;
    if (hot_state(hot) != FLOW_SILENT) {
        keep_behind(engine, hot, p);
        return;
    }
    struct kept_packet kept = as_kept(p, true);
    early_add(&engine->early, p->hash, begins, &kept);
}

void engine_keep_packet(struct cdpi *engine, struct head *head, const struct packet *p)
{
    if (engine_has_enough_packets(engine, head))
        return;
    struct kept_packet kept = as_kept(p, false);
    while (!packets_add(&engine->kept, &head->packets, &kept) && force_waiting(engine, head))
        ; /* where none is left to judge, the modules do without */
}

bool engine_has_enough_packets(const struct cdpi *engine, const struct head *head)
{
    return !engine->wants_packets || packets_count(head->packets, false) >= MODULE_PACKETS;
}

/* As the IP header says; what is there where the header says nothing (segmentation offload). */
static uint32_t ip_length(const uint8_t *ip, uint32_t size, bool is_v6)
{
    if (size < (is_v6 ? 40u : 20u))
        return size;
    uint32_t length = is_v6 ? 40u + ((uint32_t)ip[4] << 8 | ip[5]) : (uint32_t)ip[2] << 8 | ip[3];
    return length > size ? length : size;
}

/* A flow that own thought to know has its handshake left where it was. */
static uint32_t list_packets(const struct cdpi *engine, const struct flow_place *place,
                             const struct head *head, struct kept_packet kept[VIEW_PACKETS])
{
    uint32_t early = packets_begin_bare(head->packets) ? 0 : list_early(engine, place, head, kept);
    return early + packets_list(head->packets, kept + early, VIEW_PACKETS - early);
}

void engine_view_packets(struct cdpi *engine, const struct flow_place *place,
                         const struct head *head, struct cdpi_module_flow *view)
{
    const struct hot *hot = place_hot(place);
    struct kept_packet kept[VIEW_PACKETS];
    view->packet_count = list_packets(engine, place, head, kept);
    for (uint32_t i = 0; i < view->packet_count; i++) {
        engine->view_packets[i] = (struct cdpi_module_packet){
            .data = kept[i].data,
            .captured = kept[i].size,
            .length = ip_length(kept[i].data, kept[i].size, view->ip_version == 6),
            .time = kept[i].time * 1000,
            .side = (uint8_t)direction_side(hot, kept[i].direction),
            .has_payload = !kept[i].is_bare};
    }
    view->packets = engine->view_packets;
}
