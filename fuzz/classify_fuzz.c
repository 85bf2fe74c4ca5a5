/* SPDX-License-Identifier: MIT */
/* The classifiers over both sides' heads: byte 0 chooses the transport and the cut, then messages
 * of a side and a size. */
#include "support/replay.h"

static struct classifier *classifier;
static struct memory memory;
static struct replay replay;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    memory.budget = UINT64_MAX;
    memory_use_system(&memory);
    classifier = classifier_build(&memory, false);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t ip_protocols[] = {6, 17, 132, 6};
    struct cursor c = cursor_over(data, size);
    uint8_t how = cursor_u8(&c);
    uint16_t port[2] = {cursor_u16(&c), cursor_u16(&c)};
    if (c.ran_short)
        return 0;
    replay_begin(&replay, ip_protocols[how & 3], port);
    replay.exchange.sides_are_certain = how & 4;
    replay.exchange.is_midstream = how & 8;
    while (cursor_left(&c) >= 3) {
        uint16_t head = cursor_u16(&c);
        uint32_t n = head & 0x7fff;
        struct cursor part = cursor_take(&c, n < cursor_left(&c) ? n : cursor_left(&c));
        replay_message(&replay, classifier, head >> 15, part.data, part.size);
    }
    replay_end(&replay, classifier);
    const struct classification *s = &replay.state;
    /* Evidence stays within what was shown. */
    if (s->room != NO_ROOM &&
        (s->evidence_side > 1 || s->evidence_offset + s->evidence_size > 2 * HEAD_SIZE))
        __builtin_trap();
    return 0;
}
