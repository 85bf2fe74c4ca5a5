/* SPDX-License-Identifier: MIT */
/*
 * Classic pcap (draft-ietf-opsawg-pcap): a header of 24 bytes, then records.
 *
 *     magic u32 | major u16 | minor u16 | reserved u32 | reserved u32 | snaplen u32 | link type u32
 *     seconds u32 | fraction u32 | captured u32 | length u32
 *         [| index u32 | protocol u16 | type u8 | pad u8]
 */
#include "capture/formats.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16, MODIFIED_RECORD_HEADER = 24 };

/* The low 16 bits; those above say how long a frame check sequence is. */
enum { LINK_TYPE_BITS = 0xffff };

static const struct magic {
    uint32_t value;
    uint32_t fraction, header_size;
} magics[] = {
    {0xa1b2c3d4, 1000, RECORD_HEADER},
    {0xa1b23c4d, 1, RECORD_HEADER},
    {0xa1b2cd34, 1000, MODIFIED_RECORD_HEADER}, /* of old patched libpcaps on Linux */
};

static const struct magic *find_magic(const uint8_t bytes[4], bool swapped)
{
    struct cursor c = cursor_over(bytes, 4);
    uint32_t value = read_u32(&c, swapped);
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        if (magics[i].value == value)
            return &magics[i];
    }
    return NULL;
}

bool pcap_file_is(const uint8_t magic[4])
{
    return find_magic(magic, false) || find_magic(magic, true);
}

void judge_end(const struct source *source, const char *what, struct failure *failure)
{
    if (source->failure.status != CDPI_OK)
        *failure = source->failure;
    else if (source_left(source) > 0)
        fail(failure, CDPI_CUT, "cut off in the middle of %s, %zu bytes after byte %llu", what,
             source_left(source), (unsigned long long)source_position(source));
}

bool pcap_file_open(struct pcap_file *file, struct source *source, struct failure *failure)
{
    if (!source_need(source, FILE_HEADER)) {
        judge_end(source, "the file's header", failure);
        return false;
    }
    const uint8_t *bytes = source->window + source->at;
    const struct magic *magic = find_magic(bytes, false);
    file->swapped = !magic;
    if (!magic)
        magic = find_magic(bytes, true);
    file->header_size = magic->header_size;
    file->fraction = magic->fraction;
    struct cursor c = cursor_over(bytes, FILE_HEADER);
    cursor_skip(&c, 4);
    uint16_t major = read_u16(&c, file->swapped);
    if (major != 2)
        return fail(failure, CDPI_UNKNOWN_FORMAT, "pcap of version %u; only 2 is known", major);
    cursor_seek(&c, 20);
    file->link_type = read_u32(&c, file->swapped) & LINK_TYPE_BITS;
    source->at += FILE_HEADER;
    return true;
}

static inline uint32_t field(const uint8_t *record, unsigned at, bool swapped)
{
    uint32_t value;
    memcpy(&value, record + at, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
}

static void refuse_size(struct pcap_file *file, struct source *source, uint32_t captured,
                        struct failure *failure)
{
    fail(failure, CDPI_BROKEN, "packet %llu at byte %llu says it has %u bytes; %u is the most",
         (unsigned long long)(file->packets + 1), (unsigned long long)source_position(source),
         captured, CAPTURED_MOST);
}

/* The frames that are whole in the window. */
static size_t walk(struct pcap_file *file, struct source *source, struct cdpi_frame *frames,
                   size_t room, struct failure *failure)
{
    const uint32_t header_size = file->header_size, fraction = file->fraction;
    const uint32_t link_type = file->link_type;
    const bool swapped = file->swapped;
    const uint8_t *at = source->window + source->at, *end = source->window + source->end;
    uint32_t refused = 0;
    struct cdpi_frame *frame = frames;
    while (frame < frames + room && (size_t)(end - at) >= header_size) {
        uint32_t captured = field(at, 8, swapped), length = field(at, 12, swapped);
        const uint8_t *data = at + header_size;
        if (captured > CAPTURED_MOST) {
            refused = captured;
            break;
        }
        if ((size_t)(end - data) < captured)
            break;
        __builtin_prefetch(data + 48); /* where the transport's header is */
        *frame++ = (struct cdpi_frame){.data = data,
                                       .captured = captured,
                                       .length = length > captured ? length : captured,
                                       .time = field(at, 0, swapped) * UINT64_C(1000000000) +
                                               (uint64_t)field(at, 4, swapped) * fraction,
                                       .link_type = link_type};
        at = data + captured;
    }
    source->at = (size_t)(at - source->window);
    file->packets += (size_t)(frame - frames);
    if (refused)
        refuse_size(file, source, refused, failure);
    return (size_t)(frame - frames);
}

/* How many bytes the next record takes; its header alone while that is not there. */
static size_t record_size(const struct pcap_file *file, const struct source *source)
{
    if (source_left(source) < file->header_size)
        return file->header_size;
    struct cursor c = cursor_over(source->window + source->at, RECORD_HEADER);
    cursor_skip(&c, 8);
    return file->header_size + read_u32(&c, file->swapped);
}

size_t pcap_file_next(struct pcap_file *file, struct source *source, struct cdpi_frame *frames,
                      size_t room, struct failure *failure)
{
    for (;;) {
        size_t count = walk(file, source, frames, room, failure);
        if (count > 0 || failure->status != CDPI_OK)
            return count;
        if (!source_need(source, record_size(file, source))) {
            judge_end(source, "a packet", failure);
            return 0;
        }
    }
}
