/* SPDX-License-Identifier: MIT */
/* Decode, flow table and heads: frames of any link type, with time that jumps. */
#include <cdpi/cdpi.h>

#include "core/cursor.h"

/* The engines outlive the inputs, in pages that the leak checker does not scan; engine_test closes
 * its engines and looks for leaks. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* Opening compiles the signatures, which would take most of the time: an engine for each set of
 * options serves all inputs, and forgets its flows after each. */
static struct cdpi *engine_with(unsigned how)
{
    static struct cdpi *engines[4];
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .memory_budget = 8 << 20,
                                   .hash_key = {1, 2},
                                   .vlan_strict = how & 1,
                                   .no_decap = how & 2};
    if (!engines[how] && cdpi_open(&options, &engines[how], NULL) != CDPI_OK)
        __builtin_trap();
    return engines[how];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t links[] = {1,   0,   9,   50,  51,  101, 104, 108,
                                     113, 228, 229, 276, 105, 127, 12,  147};
    static uint64_t now = 1000000000ull;
    struct cursor c = cursor_over(data, size);
    struct cdpi *engine = engine_with(cursor_u8(&c) & 3);
    while (cursor_left(&c) >= 4) {
        uint8_t link = cursor_u8(&c);
        uint8_t step = cursor_u8(&c);
        uint16_t n = cursor_u16(&c);
        struct cursor part = cursor_take(&c, n < cursor_left(&c) ? n : cursor_left(&c));
        now += (uint64_t)step * step * step * 1000000;
        struct cdpi_frame frame = {.data = part.data,
                                   .captured = part.size,
                                   .length = part.size,
                                   .time = now,
                                   .link_type = links[link % 16]};
        if (cdpi_feed(engine, &frame, 1) != CDPI_OK)
            __builtin_trap();
    }
    struct cdpi_stats s = cdpi_stats(engine);
    if (s.memory_peak > s.memory_budget || cdpi_flush(engine) != CDPI_OK)
        __builtin_trap();
    return 0;
}
