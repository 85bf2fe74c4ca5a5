/* SPDX-License-Identifier: MIT */
/* The first packets of undecided flows, kept for the modules that want them. */
#include "engine/engine.h"

enum { FORCE_WINDOW = 64 };

/* Has the modules judge an old flow that only waits for them. Own's inspection of others is never
 * cut short by the modules' packets. */
static bool force_waiting(struct cdpi *engine, const struct head *but)
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

void engine_keep_packet(struct cdpi *engine, struct head *head, const struct packet *p)
{
    struct kept_packet kept = {
        .time = p->time, .data = p->ip, .size = p->ip_size, .direction = p->direction};
    if (packets_count(head->packets) >= MODULE_PACKETS)
        return;
    while (!packets_add(&engine->kept, &head->packets, &kept)) {
        if (!force_waiting(engine, head))
            return; /* the modules do without */
    }
}

bool engine_has_enough_packets(const struct cdpi *engine, const struct head *head)
{
    return !engine->wants_packets || packets_count(head->packets) >= MODULE_PACKETS;
}

/* As the IP header says; what is there where the header says nothing (segmentation offload). */
static uint32_t ip_length(const uint8_t *ip, uint32_t size, bool is_v6)
{
    if (size < (is_v6 ? 40u : 20u))
        return size;
    uint32_t length = is_v6 ? 40u + ((uint32_t)ip[4] << 8 | ip[5]) : (uint32_t)ip[2] << 8 | ip[3];
    return length > size ? length : size;
}

void engine_view_packets(struct cdpi *engine, const struct hot *hot, const struct head *head,
                         struct cdpi_module_flow *view)
{
    struct kept_packet kept[MODULE_PACKETS];
    view->packet_count = packets_list(head->packets, kept, MODULE_PACKETS);
    for (uint32_t i = 0; i < view->packet_count; i++) {
        engine->view_packets[i] = (struct cdpi_module_packet){
            .data = kept[i].data,
            .captured = kept[i].size,
            .length = ip_length(kept[i].data, kept[i].size, view->ip_version == 6),
            .time = kept[i].time * 1000,
            .side = (uint8_t)direction_side(hot, kept[i].direction)};
    }
    view->packets = engine->view_packets;
}
