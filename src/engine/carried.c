/* SPDX-License-Identifier: MIT */
/*
 * Tunnels over UDP on ports that are not theirs. The decoder opens the known ports before anybody
 * has looked at a flow; elsewhere a flow must first be named by its bytes, be it likely only. From
 * the datagram on that named it, each is opened here, after the look-up; when the verdict is final,
 * the flow stays `followed`, with no note, so that no other packet pays for it. The decoder is
 * strict about what it finds (decode_inner_as).
 */
#include "classify/catalog.h"
#include "engine/engine.h"

static const struct carrier {
    const char *name;
    uint8_t kind;
} carriers[] = {{"VXLAN", TUNNEL_VXLAN},   {"Geneve", TUNNEL_GENEVE}, {"GTP", TUNNEL_GTP},
                {"Teredo", TUNNEL_TEREDO}, {"L2TP", TUNNEL_L2TP},     {"CAPWAP", TUNNEL_CAPWAP},
                {"TZSP", TUNNEL_TZSP}};

void engine_learn_carriers(struct cdpi *engine)
{
    for (size_t i = 0; engine->decapsulates && i < sizeof carriers / sizeof carriers[0]; i++) {
        uint16_t number = catalog_number(carriers[i].name);
        engine->carriers[carriers[i].kind] = number;
        engine->carrier_bits[number / 64 % CARRIER_WORDS] |= UINT64_C(1) << number % 64;
    }
}

/* TUNNEL_NONE where the flow is none. */
static uint8_t kind_of(const struct cdpi *engine, const struct hot *hot)
{
    uint8_t kind = TUNNEL_KINDS - 1;
    while (kind != TUNNEL_NONE && engine->carriers[kind] != hot->verdict)
        kind--;
    return kind;
}

bool engine_is_carrier_surely(const struct cdpi *engine, const struct hot *hot)
{
    return hot->verdict && kind_of(engine, hot) && !tunnel_has_port(hot->port[0]) &&
           !tunnel_has_port(hot->port[1]);
}

void engine_carry(struct cdpi *engine, const struct flow_place *place, const struct packet *packet)
{
    struct packet layers[2], *outer = &layers[0], *inner = &layers[1];
    uint8_t kind = kind_of(engine, place_hot(place));
    unsigned depth = tunnel_depth(&engine->tunnels, packet->key.domain);
    *outer = *packet;
    for (; depth < MAX_DEPTH; depth++) {
        enum decode_result result = kind ? decode_inner_as(&engine->decoder, outer, kind, inner)
                                         : decode_inner(&engine->decoder, outer, inner);
        if (result != DECODE_FLOW)
            return;
        engine->stats.packets_in_flows++;
        engine_process(engine, inner, NULL);
        if (!packet_may_be_tunnel(inner))
            return;
        *outer = *inner;
        kind = TUNNEL_NONE;
    }
}
