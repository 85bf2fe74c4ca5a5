/* SPDX-License-Identifier: MIT */
/*
 * Memory under a budget. Every byte that an engine owns is asked for here: it is counted, and what
 * would pass the budget is refused, so a caller can promise a bound and keep it.
 */
#ifndef CDPI_CORE_MEMORY_H
#define CDPI_CORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct memory {
    void *(*alloc)(void *context, size_t size, size_t align);
    void (*release)(void *context, void *memory, size_t size);
    void *context;
    uint64_t budget, used, peak;
};

/* Zeroed memory, or NULL where the budget or the allocator has none. */
void *memory_get(struct memory *memory, size_t size, size_t align);
void memory_put(struct memory *memory, void *block, size_t size);

/* memcpy of a few hundred bytes. Where gcc knows a bound of the size it writes `rep movs` in its
 * place, which takes several times as long as the library's for so few: here it does not know. */
static inline void memory_copy(void *to, const void *from, size_t size)
{
#if defined(__GNUC__)
    __asm__("" : "+r"(size));
#endif
    memcpy(to, from, size);
}

/* The system's allocator: mmap for what is a page or more (zeroed, returned at once when released,
 * large pages from 2 MiB on), malloc for the rest. */
void memory_use_system(struct memory *memory);

#endif
