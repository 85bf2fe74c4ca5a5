/* SPDX-License-Identifier: MIT */
/* Plays a case's messages to a classifier, as the engine would: streams grow, datagrams are
 * appended. */
#ifndef CDPI_TESTS_REPLAY_H
#define CDPI_TESTS_REPLAY_H

#include "classify/classify.h"
#include "support/cases.h"

struct replay {
    struct classification state;
    struct exchange exchange;
    uint8_t heads[2][HEAD_SIZE];
    struct datagram datagrams[8];
    unsigned packets;
};

void replay_begin(struct replay *replay, uint8_t ip_protocol, const uint16_t port[2]);
struct classify_outcome replay_message(struct replay *replay, const struct classifier *classifier,
                                       uint8_t side, const uint8_t *bytes, uint32_t size);
struct classify_outcome replay_end(struct replay *replay, const struct classifier *classifier);

/* As a case's flow begins. */
void replay_begin_case(struct replay *replay, const struct test_case *c);
/* The whole case, at most `limit` bytes of each side's (for prefixes; UINT32_MAX: all). */
void replay_case(struct replay *replay, const struct classifier *classifier,
                 const struct test_case *c);

uint8_t transport_of(uint8_t ip_protocol);

#endif
