/* SPDX-License-Identifier: MIT */
/* Verdicts in flow records, and as callers see them. */
#include "engine/engine.h"

/* ---- names of rules ---------------------------------------------------------------------- */

/* Rules are string literals: the same pointer is the same rule. */
uint16_t engine_rule(struct cdpi *engine, const char *rule)
{
    if (!rule || !*rule)
        return 0;
    uint32_t place = (uint32_t)((uintptr_t)rule * 0x9E3779B97F4A7C15u >> 52);
    for (uint32_t i = 0; i < RULES; i++, place = (place + 1) % RULES) {
        if (place == 0)
            continue; /* 0 is "no rule" */
        if (engine->rules[place] == rule)
            return (uint16_t)place;
        if (!engine->rules[place]) {
            engine->rules[place] = rule;
            engine->rule_count++;
            return (uint16_t)place;
        }
    }
    return 0;
}

/* ---- into the record --------------------------------------------------------------------- */

static uint16_t room_number(room_index room)
{
    return room == NO_ROOM ? 0 : catalog_rooms[room].number;
}

void engine_store(struct cdpi *engine, const struct flow_place *place,
                  const struct classification *c)
{
    struct hot *hot = place_hot(place);
    struct cold *cold = place_cold(place);
    hot->verdict = room_number(c->room);
    hot->application = c->room == NO_ROOM ? 0 : c->application;
    hot->source = engine->own_index;
    hot->bits &= (uint16_t) ~(FLOW_CERTAIN | FLOW_APART);
    if (c->is_certain)
        hot->bits |= FLOW_CERTAIN;
    bool apart = c->are_sides_apart || (c->room == NO_ROOM && c->claim[CLIENT] != NO_ROOM);
    if (apart)
        hot->bits |= FLOW_APART;
    cold->client_claim = apart ? room_number(c->claim[CLIENT]) : 0;
    cold->heard = c->heard & 3u;
    cold->rule = engine_rule(engine, c->rule);
    cold->evidence_offset = c->evidence_offset;
    cold->evidence_size = c->evidence_size & 0x7fffu;
    cold->evidence_side = c->evidence_side & 1u;
    cold->evidence_packet = c->evidence_packet;
}

/* ---- out of it --------------------------------------------------------------------------- */

cdpi_protocol_id engine_guess(const struct cdpi *engine, uint8_t ip_protocol, uint16_t client_port,
                              uint16_t server_port)
{
    if (!engine->has_port || !engine->classifier ||
        (ip_protocol != IP_TCP && ip_protocol != IP_UDP))
        return 0;
    uint8_t transport = ip_protocol == IP_TCP ? OVER_TCP : OVER_UDP;
    room_index room = classifier_guess(engine->classifier, transport, server_port);
    if (room == NO_ROOM)
        room = classifier_guess(engine->classifier, transport, client_port);
    return room_number(room);
}

cdpi_protocol_id engine_flow_guess(const struct cdpi *engine, const struct hot *hot)
{
    unsigned client = client_direction(hot);
    return engine_guess(engine, hot->ip_protocol, hot->port[client], hot->port[!client]);
}

static void fill_evidence(const struct cdpi *engine, const struct cold *cold,
                          struct cdpi_evidence *evidence)
{
    evidence->rule = engine->rules[cold->rule] ? engine->rules[cold->rule] : "";
    evidence->packet = cold->evidence_packet;
    evidence->side = (enum cdpi_side)cold->evidence_side;
    evidence->offset = cold->evidence_offset;
    evidence->length = cold->evidence_size;
}

/* What SCTP carries is not known, or it carries nothing yet: SCTP itself it is all the same. */
static void name_by_sctp(const struct cdpi *engine, struct cdpi_verdict *v)
{
    const struct catalog_ip_protocol *named = catalog_find_ip_protocol(IP_SCTP);
    if (!named)
        return;
    v->protocol = named->number;
    v->confidence = CDPI_CERTAIN;
    v->source = engine->modules[0].name;
    v->evidence.rule = "IP protocol number";
    v->state = v->state == CDPI_GAVE_UP ? CDPI_FINAL : CDPI_PARTIAL;
}

struct cdpi_verdict engine_verdict(const struct cdpi *engine, const struct flow_place *place)
{
    const struct hot *hot = place_hot(place);
    const struct cold *cold = place_cold(place);
    struct cdpi_verdict v = {
        .protocol = hot->verdict,
        .application = hot->verdict ? hot->application : CDPI_NO_PROTOCOL,
        .guess = engine_flow_guess(engine, hot),
        .source = hot->verdict ? engine->modules[hot->source].name : "",
        .evidence.rule = "",
    };
    switch (hot_state(hot)) {
    case FLOW_SILENT:
    case FLOW_INSPECTING:
        v.state = CDPI_INSPECTING;
        break;
    case FLOW_PARTIAL:
        v.state = CDPI_PARTIAL;
        break;
    case FLOW_SETTLED:
    case FLOW_FOLLOWED:
        v.state = CDPI_FINAL;
        break;
    case FLOW_GIVEN_UP:
        v.state = CDPI_GAVE_UP;
        break;
    }
    if (!hot->verdict && hot->application) /* a module's guess; see asking.c */
        v.guess = hot->application;
    if (hot->bits & FLOW_APART)
        v.side[CDPI_CLIENT] = cold->client_claim;
    else if (cold->heard & 1)
        v.side[CDPI_CLIENT] = hot->verdict;
    if (cold->heard & 2)
        v.side[CDPI_SERVER] = hot->verdict;
    if (hot->verdict) {
        v.confidence = hot->bits & FLOW_CERTAIN ? CDPI_CERTAIN : CDPI_LIKELY;
        fill_evidence(engine, cold, &v.evidence);
        if (hot->ip_protocol != IP_TCP && hot->ip_protocol != IP_UDP && !cold->rule)
            v.evidence.rule = "IP protocol number";
    }
    if (!hot->verdict && hot->ip_protocol == IP_SCTP)
        name_by_sctp(engine, &v);
    const struct note *note = engine_note(engine, hot);
    if (note) {
        v.then = note->then;
        if (*note->rule)
            v.evidence.rule = note->rule;
    }
    return v;
}

void classification_to_verdict(const struct cdpi *engine, const struct classification *c,
                               struct cdpi_verdict *verdict)
{
    *verdict = (struct cdpi_verdict){.source = "", .evidence.rule = ""};
    for (unsigned side = 0; side < 2; side++) {
        if (c->are_sides_apart || c->heard & 1u << side || c->room == NO_ROOM)
            verdict->side[side] = room_number(c->claim[side]);
    }
    verdict->state = c->room == NO_ROOM ? CDPI_INSPECTING : CDPI_PARTIAL;
    if (c->room == NO_ROOM)
        return;
    verdict->protocol = room_number(c->room);
    verdict->application = c->application;
    verdict->confidence = c->is_certain ? CDPI_CERTAIN : CDPI_LIKELY;
    verdict->state = c->is_certain ? CDPI_FINAL : CDPI_PARTIAL;
    verdict->source = engine->modules[engine->own_index].name;
    verdict->evidence = (struct cdpi_evidence){.rule = c->rule,
                                               .packet = c->evidence_packet,
                                               .side = (enum cdpi_side)c->evidence_side,
                                               .offset = c->evidence_offset,
                                               .length = c->evidence_size};
}

void engine_tell_listener(struct cdpi *engine, enum cdpi_event event,
                          const struct flow_place *place)
{
    struct cdpi_verdict verdict = engine_verdict(engine, place);
    engine->event_flow = (struct cdpi_flow){engine, *place};
    bool was = engine->in_callback;
    engine->in_callback = true;
    engine->on_event(engine->on_event_context, event, &engine->event_flow, &verdict);
    engine->in_callback = was;
}
