/* SPDX-License-Identifier: MIT */
#include "support/replay.h"

uint8_t transport_of(uint8_t ip_protocol)
{
    return ip_protocol == 6 ? OVER_TCP : ip_protocol == 17 ? OVER_UDP : OVER_SCTP;
}

void replay_begin(struct replay *r, uint8_t ip_protocol, const uint16_t port[2])
{
    classification_init(&r->state);
    r->packets = 0;
    r->exchange = (struct exchange){.head = {r->heads[0], r->heads[1]},
                                    .port = {port[0], port[1]},
                                    .transport = transport_of(ip_protocol),
                                    .sides_are_certain = true,
                                    .datagrams = r->datagrams};
}

struct classify_outcome replay_message(struct replay *r, const struct classifier *classifier,
                                       uint8_t side, const uint8_t *bytes, uint32_t size)
{
    struct exchange *x = &r->exchange;
    uint32_t room = HEAD_SIZE - x->size[side];
    uint32_t take = size < room ? size : room;
    if (r->packets++ == 0)
        x->first_speaker = side;
    if (x->transport == OVER_UDP) {
        if (x->datagram_count == 8)
            return (struct classify_outcome){.exhausted = true};
        r->datagrams[x->datagram_count++] = (struct datagram){.side = side,
                                                              .cut = take < size,
                                                              .wire_size = (uint16_t)size,
                                                              .offset = (uint16_t)x->size[side],
                                                              .size = (uint16_t)take,
                                                              .time = r->packets * 10000};
    }
    if (take)
        memcpy(r->heads[side] + x->size[side], bytes, take);
    x->size[side] += take;
    x->is_full[side] = x->size[side] == HEAD_SIZE;
    return classify_more(classifier, &r->state, x, (enum side)side, (uint8_t)r->packets);
}

struct classify_outcome replay_end(struct replay *r, const struct classifier *classifier)
{
    return classify_end(classifier, &r->state, &r->exchange, (uint8_t)r->packets);
}

void replay_begin_case(struct replay *r, const struct test_case *c)
{
    replay_begin(r, c->ip_protocol, c->port);
    r->exchange.sctp_ppid = c->sctp_ppid;
    r->exchange.is_midstream = c->is_late;
}

void replay_case(struct replay *r, const struct classifier *classifier, const struct test_case *c)
{
    replay_begin_case(r, c);
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        replay_message(r, classifier, m->side, c->bytes + m->offset, m->size);
    }
    replay_end(r, classifier);
}
