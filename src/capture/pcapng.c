/* SPDX-License-Identifier: MIT */
/*
 * pcapng (draft-ietf-opsawg-pcapng): blocks, each with its length before and after its body.
 *
 *     type u32 | length u32 | body, a multiple of 4 | length u32
 *
 * A section header sets the byte order and forgets the interfaces; interface descriptions number
 * themselves; three kinds of packet blocks; everything else is passed over, without being held.
 */
#include "capture/formats.h"

#include <stdlib.h>

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_SECTION = 0x0a0d0d0a /* the same in both byte orders */
};
enum { OPTION_END = 0, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };
enum {
    BLOCK_FRAME = 12,   /* type and both lengths */
    SECTION_START = 16, /* as much of a section header as is read: type, length, order, version */
    SECTION_LEAST = 28,
    INTERFACE_LEAST = 20,
    SIMPLE_LEAST = 16,
    PACKET_LEAST = 32,
    BLOCK_MOST = 16 << 20,   /* more is taken as damage */
    INTERFACES_MOST = 65536, /* 1.5 MiB of them */
    DEFAULT_RESOLUTION = 6   /* microseconds */
};
#define BYTE_ORDER_MAGIC 0x1a2b3c4du

/* What a step over one block came to. */
enum step { STEP_ON, STEP_FRAME, STEP_FAILED };

bool pcapng_file_is(const uint8_t magic[4])
{
    struct cursor c = cursor_over(magic, 4);
    return cursor_u32(&c) == BLOCK_SECTION;
}

static enum step broken(const struct source *source, struct failure *failure, const char *what,
                        uint32_t number)
{
    fail(failure, CDPI_BROKEN, "the block at byte %llu %s (%u)",
         (unsigned long long)source_position(source), what, number);
    return STEP_FAILED;
}

/* ---- times (4.2 if_tsresol, if_tsoffset) --------------------------------------------------- */

__extension__ typedef unsigned __int128 wide;

static uint64_t power_of_ten(unsigned n)
{
    uint64_t power = 1;
    while (n-- > 0)
        power *= 10;
    return power;
}

static uint64_t to_nanoseconds(const struct pcapng_interface *interface, uint64_t units)
{
    unsigned exponent = interface->resolution & 0x7f;
    uint64_t time = 0;
    if (interface->resolution & 0x80)
        time = (uint64_t)((wide)units * 1000000000u >> exponent);
    else if (exponent <= 9)
        time = units * power_of_ten(9 - exponent);
    else if (exponent <= 9 + 19) /* finer than that, and 64 bits hold no nanosecond */
        time = units / power_of_ten(exponent - 9);
    return time + interface->offset;
}

/* ---- sections and interfaces --------------------------------------------------------------- */

static void read_option(struct pcapng_interface *interface, uint16_t code, struct cursor *value,
                        bool swapped)
{
    if (code == OPTION_RESOLUTION && cursor_left(value) >= 1)
        interface->resolution = cursor_u8(value);
    if (code == OPTION_OFFSET && cursor_left(value) >= 8) {
        uint64_t first = read_u32(value, swapped), second = read_u32(value, swapped);
        uint64_t seconds = swapped ? first << 32 | second : second << 32 | first;
        interface->offset = seconds * 1000000000u;
    }
}

static void read_options(struct pcapng_interface *interface, struct cursor *c, bool swapped)
{
    while (cursor_left(c) >= 4) {
        uint16_t code = read_u16(c, swapped);
        uint16_t length = read_u16(c, swapped);
        struct cursor value = cursor_take(c, length);
        if (code == OPTION_END || value.ran_short)
            return;
        read_option(interface, code, &value, swapped);
        cursor_skip(c, (4 - length % 4u) % 4);
    }
}

/* Room for one interface more. */
static bool grow(struct pcapng_file *file)
{
    if (file->interfaces < file->interfaces_room)
        return true;
    uint32_t room = file->interfaces_room ? file->interfaces_room * 2 : 4;
    void *memory = realloc(file->interface, room * sizeof *file->interface);
    if (!memory)
        return false;
    file->interface = memory;
    file->interfaces_room = room;
    return true;
}

static enum step read_interface(struct pcapng_file *file, struct source *source, uint32_t length,
                                struct failure *failure)
{
    if (length < INTERFACE_LEAST)
        return broken(source, failure, "is too short to describe an interface", length);
    if (file->interfaces == INTERFACES_MOST)
        return broken(source, failure, "is one interface too many", INTERFACES_MOST);
    if (!grow(file)) {
        fail(failure, CDPI_NO_MEMORY, "no memory for its interfaces");
        return STEP_FAILED;
    }
    struct cursor c = cursor_over(source->window + source->at, length - 4);
    cursor_skip(&c, 8);
    struct pcapng_interface *interface = &file->interface[file->interfaces++];
    *interface = (struct pcapng_interface){.resolution = DEFAULT_RESOLUTION};
    interface->link_type = read_u16(&c, file->swapped);
    cursor_skip(&c, 2);
    interface->snap_length = read_u32(&c, file->swapped);
    read_options(interface, &c, file->swapped);
    source->at += length;
    return STEP_ON;
}

/* A section header is known by its type, which reads the same either way; its length only after its
 * byte order. */
static bool read_byte_order(struct pcapng_file *file, const struct source *source)
{
    struct cursor c = cursor_over(source->window + source->at, SECTION_START);
    cursor_skip(&c, 8);
    uint32_t order = cursor_u32(&c);
    file->swapped = order == BYTE_ORDER_MAGIC;
    return file->swapped || order == __builtin_bswap32(BYTE_ORDER_MAGIC);
}

static enum step read_section(struct pcapng_file *file, struct source *source, uint32_t length,
                              struct failure *failure)
{
    if (length < SECTION_LEAST)
        return broken(source, failure, "is too short to begin a section", length);
    struct cursor c = cursor_over(source->window + source->at, SECTION_START);
    cursor_skip(&c, 12);
    uint16_t major = read_u16(&c, file->swapped);
    if (major != 1) {
        fail(failure, CDPI_UNKNOWN_FORMAT, "pcapng of version %u; only 1 is known", major);
        return STEP_FAILED;
    }
    file->in_section = true;
    file->interfaces = 0;
    file->length = length;
    file->skip = length - SECTION_START;
    source->at += SECTION_START;
    return STEP_ON;
}

/* ---- packets ------------------------------------------------------------------------------- */

/* Enhanced: interface u32 | time, high and low u32 | captured u32 | length u32 | data | options
 * Obsolete: interface u16 | drops u16 | the same */
static enum step read_packet(struct pcapng_file *file, struct source *source, bool enhanced,
                             uint32_t length, struct cdpi_frame *frame, struct failure *failure)
{
    if (length < PACKET_LEAST)
        return broken(source, failure, "is too short for a packet", length);
    const bool swapped = file->swapped;
    struct cursor c = cursor_over(source->window + source->at, length - 4);
    cursor_skip(&c, 8);
    uint32_t number = enhanced ? read_u32(&c, swapped) : read_u16(&c, swapped);
    cursor_seek(&c, 12);
    uint64_t high = read_u32(&c, swapped);
    uint64_t units = high << 32 | read_u32(&c, swapped);
    uint32_t captured = read_u32(&c, swapped);
    uint32_t on_wire = read_u32(&c, swapped);
    if (number >= file->interfaces)
        return broken(source, failure, "names an interface that is not there", number);
    if (captured > CAPTURED_MOST)
        return broken(source, failure, "says its packet is longer than any", captured);
    if (captured > cursor_left(&c))
        return broken(source, failure, "is shorter than its packet", captured);
    const struct pcapng_interface *interface = &file->interface[number];
    *frame = (struct cdpi_frame){.data = cursor_bytes(&c, captured),
                                 .captured = captured,
                                 .length = on_wire > captured ? on_wire : captured,
                                 .time = to_nanoseconds(interface, units),
                                 .link_type = interface->link_type};
    file->last_time = frame->time;
    source->at += length;
    return STEP_FRAME;
}

/* Simple: length u32 | data. Of interface 0; what was captured follows from its snap length; no
 * time of its own, so the time of the packet before. */
static enum step read_simple(struct pcapng_file *file, struct source *source, uint32_t length,
                             struct cdpi_frame *frame, struct failure *failure)
{
    if (length < SIMPLE_LEAST)
        return broken(source, failure, "is too short for a packet", length);
    if (file->interfaces == 0)
        return broken(source, failure, "names an interface that is not there", 0);
    const struct pcapng_interface *interface = &file->interface[0];
    struct cursor c = cursor_over(source->window + source->at, length - 4);
    cursor_skip(&c, 8);
    uint32_t on_wire = read_u32(&c, file->swapped), captured = on_wire;
    if (interface->snap_length && captured > interface->snap_length)
        captured = interface->snap_length;
    if (captured > CAPTURED_MOST)
        return broken(source, failure, "says its packet is longer than any", captured);
    if (captured > cursor_left(&c))
        return broken(source, failure, "is shorter than its packet", captured);
    *frame = (struct cdpi_frame){.data = cursor_bytes(&c, captured),
                                 .captured = captured,
                                 .length = on_wire,
                                 .time = file->last_time,
                                 .link_type = interface->link_type};
    source->at += length;
    return STEP_FRAME;
}

/* ---- blocks -------------------------------------------------------------------------------- */

/* Passes over the rest of a block and holds its two lengths against each other. Needs: how many
 * bytes must be there to go on. */
static enum step pass_over(struct pcapng_file *file, struct source *source, size_t *needs,
                           struct failure *failure)
{
    uint32_t body = file->skip - 4;
    if (body > 0) {
        size_t left = source_left(source);
        uint32_t n = left < body ? (uint32_t)left : body;
        file->skip -= n;
        source->at += n;
        *needs = n == body ? 4 : 1;
        return STEP_ON;
    }
    *needs = 4;
    if (source_left(source) < 4)
        return STEP_ON;
    struct cursor c = cursor_over(source->window + source->at, 4);
    uint32_t after = read_u32(&c, file->swapped);
    if (after != file->length)
        return broken(source, failure, "ends with another length than it began with", after);
    file->skip = 0;
    source->at += 4;
    return STEP_ON;
}

static bool is_held_whole(uint32_t type)
{
    return type == BLOCK_INTERFACE || type == BLOCK_PACKET || type == BLOCK_SIMPLE_PACKET ||
           type == BLOCK_ENHANCED_PACKET;
}

static enum step read_whole(struct pcapng_file *file, struct source *source, uint32_t type,
                            uint32_t length, struct cdpi_frame *frame, struct failure *failure)
{
    struct cursor c = cursor_over(source->window + source->at, length);
    cursor_seek(&c, length - 4);
    uint32_t after = read_u32(&c, file->swapped);
    if (after != length)
        return broken(source, failure, "ends with another length than it began with", after);
    if (type == BLOCK_INTERFACE)
        return read_interface(file, source, length, failure);
    if (type == BLOCK_SIMPLE_PACKET)
        return read_simple(file, source, length, frame, failure);
    return read_packet(file, source, type == BLOCK_ENHANCED_PACKET, length, frame, failure);
}

/* One block, or a part of one. Moves nothing in the window. STEP_ON with less than *needs there: no
 * progress without them. */
static enum step step(struct pcapng_file *file, struct source *source, struct cdpi_frame *frame,
                      size_t *needs, struct failure *failure)
{
    if (file->skip)
        return pass_over(file, source, needs, failure);
    *needs = BLOCK_FRAME;
    if (source_left(source) < BLOCK_FRAME)
        return STEP_ON;
    struct cursor c = cursor_over(source->window + source->at, BLOCK_FRAME);
    uint32_t type = read_u32(&c, file->swapped);
    if (type == BLOCK_SECTION) {
        *needs = SECTION_START;
        if (source_left(source) < SECTION_START)
            return STEP_ON;
        if (!read_byte_order(file, source))
            return broken(source, failure, "begins a section of no known byte order", 0);
    }
    uint32_t length = read_u32(&c, file->swapped);
    if (length < BLOCK_FRAME || length % 4 != 0 || length > BLOCK_MOST)
        return broken(source, failure, "has an impossible length", length);
    if (type == BLOCK_SECTION)
        return read_section(file, source, length, failure);
    if (!is_held_whole(type)) {
        file->length = length;
        file->skip = length - 8;
        source->at += 8;
        *needs = 4;
        return STEP_ON;
    }
    if (length > SOURCE_MOST)
        return broken(source, failure, "has an impossible length", length);
    *needs = length;
    if (source_left(source) < length)
        return STEP_ON;
    enum step done = read_whole(file, source, type, length, frame, failure);
    *needs = 0;
    return done;
}

/* Up to `room` frames of what the window holds; *needs is set where it ran out. */
static size_t walk(struct pcapng_file *file, struct source *source, struct cdpi_frame *frames,
                   size_t room, size_t *needs, struct failure *failure)
{
    size_t count = 0;
    while (count < room) {
        enum step done = step(file, source, &frames[count], needs, failure);
        if (done == STEP_FAILED)
            break;
        if (done == STEP_FRAME)
            count++;
        else if (source_left(source) < *needs)
            break;
    }
    file->packets += count;
    return count;
}

/* The end of the source. Within a block that is passed over nothing is left, and yet it is cut. */
static void judge_end_of_blocks(const struct pcapng_file *file, const struct source *source,
                                struct failure *failure)
{
    judge_end(source, "a block", failure);
    if (failure->status == CDPI_OK && file->skip)
        fail(failure, CDPI_CUT, "cut off in the middle of a block, at byte %llu",
             (unsigned long long)source_position(source));
}

size_t pcapng_file_next(struct pcapng_file *file, struct source *source, struct cdpi_frame *frames,
                        size_t room, struct failure *failure)
{
    for (;;) {
        size_t needs = 0;
        size_t count = walk(file, source, frames, room, &needs, failure);
        if (count > 0 || failure->status != CDPI_OK)
            return count;
        if (!source_need(source, needs)) {
            judge_end_of_blocks(file, source, failure);
            return 0;
        }
    }
}

bool pcapng_file_open(struct pcapng_file *file, struct source *source, struct failure *failure)
{
    *file = (struct pcapng_file){0};
    size_t needs = SECTION_START;
    struct cdpi_frame none;
    if (!source_need(source, needs)) {
        judge_end(source, "the file's header", failure);
        return false;
    }
    return step(file, source, &none, &needs, failure) == STEP_ON;
}

void pcapng_file_close(struct pcapng_file *file)
{
    free(file->interface);
}
