/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, LARGE_PAGE = 2 * 1024 * 1024 };

static size_t in_pages(size_t size)
{
    return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* Pages at an alignment: maps more than is needed and gives the ends back. The highest place is
 * taken, since the system maps downwards: what is mapped next may then lie right below. */
static void *map_aligned(size_t size, size_t align)
{
    size_t room = size + (align > PAGE ? align : 0);
    uint8_t *start = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    if (align <= PAGE)
        return start;
    size_t after = ((uintptr_t)start + room) % align, before = room - size - after;
    if (after)
        munmap(start + before + size, after);
    if (before)
        munmap(start, before);
    return start + before;
}

static void *system_alloc(void *context, size_t size, size_t align)
{
    (void)context;
    if (size < PAGE && align < PAGE) {
        void *block = NULL;
        return posix_memalign(&block, align < sizeof(void *) ? sizeof(void *) : align, size) == 0
                   ? memset(block, 0, size)
                   : NULL;
    }
    void *block = map_aligned(in_pages(size), align);
#ifdef MADV_HUGEPAGE
    if (block && size >= LARGE_PAGE)
        madvise(block, in_pages(size), MADV_HUGEPAGE); /* a wish: refused where there are none */
#endif
    return block;
}

static void system_release(void *context, void *block, size_t size)
{
    (void)context;
    if ((uintptr_t)block % PAGE == 0 && size >= PAGE)
        munmap(block, in_pages(size));
    else
        free(block);
}

void memory_use_system(struct memory *memory)
{
    memory->alloc = system_alloc;
    memory->release = system_release;
    memory->context = NULL;
}

void *memory_get(struct memory *memory, size_t size, size_t align)
{
    if (size > memory->budget || memory->used > memory->budget - size)
        return NULL;
    void *block = memory->alloc(memory->context, size, align);
    if (!block)
        return NULL;
    if (memory->alloc != system_alloc)
        memset(block, 0, size);
    memory->used += size;
    if (memory->used > memory->peak)
        memory->peak = memory->used;
    return block;
}

void memory_put(struct memory *memory, void *block, size_t size)
{
    if (!block)
        return;
    memory->used -= size;
    memory->release(memory->context, block, size);
}
