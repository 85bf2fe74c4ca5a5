/* SPDX-License-Identifier: MIT */
/*
 * cdpi unknown: the flows that nothing named, laid together where their first bytes are alike, so
 * that somebody may find out what they are. Of each cluster: how many, a sample of both sides with
 * the bytes that all its flows share, sizes, entropy, and what the bytes look like. One flow of a
 * cluster can be written as a small capture, and a beginning for a room be printed.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cdpi/capture.h>

#include "cli/commands.h"

enum {
    CLUSTERS = 256,
    SHOWN = 48,
    COMPARED = 12,
    SAMPLE_FRAMES = 20,
    LINE = 16,
    SIGNATURE_MOST = 16
};

/* What a side's first bytes look like. */
enum look { LOOK_NOTHING, LOOK_TEXT, LOOK_COMPRESSED, LOOK_ENCRYPTED, LOOK_BINARY };

struct side {
    uint8_t bytes[SHOWN];
    bool shared[SHOWN]; /* the same in all flows of the cluster */
    size_t size;        /* of the sample that is shown */
    size_t least, most; /* of all flows' heads */
    double entropy;     /* bits a byte, of the first flow's head */
    enum look look;
};

struct cluster {
    struct cdpi_flow_info example;
    uint64_t flows;
    struct side side[2];
};

struct unknowns {
    struct cluster *clusters;
    size_t count;
    uint64_t flows, left_over; /* left over: there was no room for another cluster */
};

static double entropy_of(const uint8_t *bytes, size_t size)
{
    size_t counts[256] = {0};
    double bits = 0;
    for (size_t i = 0; i < size; i++)
        counts[bytes[i]]++;
    for (unsigned i = 0; i < 256; i++) {
        double part = (double)counts[i] / (double)(size ? size : 1);
        bits -= counts[i] ? part * log2(part) : 0;
    }
    return bits;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
    size_t plain = 0;
    for (size_t i = 0; i < size; i++)
        plain += (bytes[i] >= ' ' && bytes[i] < 0x7f) || (bytes[i] >= '\t' && bytes[i] <= '\r');
    return size > 0 && plain * 20 >= size * 19;
}

static bool has_magic(const uint8_t *bytes, size_t size)
{
    static const char *const magics[] = {"\x1f\x8b",        "\x28\xb5\x2f\xfd", "\x78\x9c",
                                         "\x78\xda",        "PK\x03\x04",       "BZh",
                                         "\x04\x22\x4d\x18"};
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        size_t n = strlen(magics[i]);
        for (size_t at = 0; at + n <= size && at < SHOWN; at++) {
            if (memcmp(bytes + at, magics[i], n) == 0)
                return true;
        }
    }
    return false;
}

/* What random bytes of this size have on average: few cannot show all values (Miller's
 * correction). */
static double random_entropy(size_t size)
{
    double n = (double)size;
    return n < 512 ? log2(n) - 0.72 * n / 256 : 8 - 184 / n;
}

static enum look look_at(const uint8_t *bytes, size_t size, double entropy)
{
    if (size == 0)
        return LOOK_NOTHING;
    if (is_text(bytes, size))
        return LOOK_TEXT;
    if (has_magic(bytes, size))
        return LOOK_COMPRESSED;
    return size >= 32 && entropy > random_entropy(size) - 0.3 ? LOOK_ENCRYPTED : LOOK_BINARY;
}

/* ---- clusters ---------------------------------------------------------------------------- */

/* Half of the first bytes that both have, or both have none. */
static bool is_alike(const struct side *side, const uint8_t *bytes, size_t size)
{
    size_t n = size < side->size ? size : side->size, same = 0;
    if (n == 0)
        return size == side->size;
    if (n > COMPARED)
        n = COMPARED;
    for (size_t i = 0; i < n; i++)
        same += bytes[i] == side->bytes[i];
    return same * 2 >= n;
}

static void begin_side(struct side *side, const uint8_t *bytes, size_t size)
{
    side->size = size < SHOWN ? size : SHOWN;
    memcpy(side->bytes, bytes, side->size);
    memset(side->shared, 1, side->size);
    side->least = side->most = size;
    side->entropy = entropy_of(bytes, size);
    side->look = look_at(bytes, size, side->entropy);
}

static void join_side(struct side *side, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < side->size; i++)
        side->shared[i] = side->shared[i] && i < size && bytes[i] == side->bytes[i];
    if (size < side->least)
        side->least = size;
    if (size > side->most)
        side->most = size;
}

static void gather(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                   const struct cdpi_verdict *verdict)
{
    struct unknowns *u = context;
    const uint8_t *bytes[2] = {(const uint8_t *)"", (const uint8_t *)""};
    size_t size[2];
    struct cdpi_flow_info info;
    (void)event;
    (void)verdict;
    cdpi_flow_info(flow, &info);
    for (int side = 0; side < 2; side++)
        size[side] = cdpi_flow_head(flow, (enum cdpi_side)side, &bytes[side]);
    if (size[0] + size[1] == 0)
        return;
    u->flows++;
    for (size_t i = 0; i < u->count; i++) {
        struct cluster *c = &u->clusters[i];
        if (c->example.ip_protocol != info.ip_protocol ||
            !is_alike(&c->side[0], bytes[0], size[0]) || !is_alike(&c->side[1], bytes[1], size[1]))
            continue;
        c->flows++;
        join_side(&c->side[0], bytes[0], size[0]);
        join_side(&c->side[1], bytes[1], size[1]);
        return;
    }
    if (u->count == CLUSTERS) {
        u->left_over++;
        return;
    }
    struct cluster *c = &u->clusters[u->count++];
    *c = (struct cluster){.example = info, .flows = 1};
    begin_side(&c->side[0], bytes[0], size[0]);
    begin_side(&c->side[1], bytes[1], size[1]);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = ((const struct cluster *)a)->flows, y = ((const struct cluster *)b)->flows;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* ---- what is printed --------------------------------------------------------------------- */

static void print_bytes(const struct side *side)
{
    for (size_t line = 0; line < side->size; line += LINE) {
        printf("      ");
        for (size_t i = line; i < line + LINE; i++) {
            if (i >= side->size)
                printf("   ");
            else if (side->shared[i])
                printf("%02x ", side->bytes[i]);
            else
                printf(".. ");
        }
        putchar(' ');
        for (size_t i = line; i < line + LINE && i < side->size; i++) {
            bool plain = side->bytes[i] >= ' ' && side->bytes[i] < 0x7f;
            putchar(plain ? side->bytes[i] : '.');
        }
        putchar('\n');
    }
}

static void print_side(const struct side *side, const char *name)
{
    static const char *const looks[] = {"", "text", "compressed", "encrypted", "binary"};
    if (side->most == 0) {
        printf("  %s says nothing\n", name);
        return;
    }
    printf("  %s: %zu to %zu bytes, %.1f bits a byte: looks %s\n", name, side->least, side->most,
           side->entropy, looks[side->look]);
    print_bytes(side);
}

static const char *transport_of(const struct cluster *c)
{
    uint8_t number = c->example.ip_protocol;
    return number == 6 ? "tcp" : number == 17 ? "udp" : "sctp";
}

static void print_clusters(const struct unknowns *u)
{
    printf("%llu flows without a verdict, %zu clusters\n", (unsigned long long)u->flows, u->count);
    for (size_t i = 0; i < u->count; i++) {
        const struct cluster *c = &u->clusters[i];
        printf("\ncluster %zu: %llu flow%s, %s, such as ", i + 1, (unsigned long long)c->flows,
               c->flows == 1 ? "" : "s", transport_of(c));
        print_endpoint(&c->example, CDPI_CLIENT);
        printf(" -> ");
        print_endpoint(&c->example, CDPI_SERVER);
        putchar('\n');
        print_side(&c->side[0], "client");
        print_side(&c->side[1], "server");
    }
    if (u->left_over)
        printf("\n%llu flows more are like none of these\n", (unsigned long long)u->left_over);
}

/* ---- a room's beginning ------------------------------------------------------------------ */

static void print_hex(const uint8_t *bytes, const bool *shared, size_t size, bool is_mask)
{
    for (size_t i = 0; i < size; i++)
        printf("\\x%02x", is_mask ? (shared[i] ? 0xff : 0) : shared[i] ? bytes[i] : 0);
}

static void print_case_line(char who, const struct side *side)
{
    if (side->size == 0)
        return;
    putchar(who);
    for (size_t i = 0; i < side->size; i++)
        printf(" %02x", side->bytes[i]);
    putchar('\n');
}

/* A signature of the bytes that all flows share, and a case of the sample. They are a beginning:
 * what they mean must be found out, and bytes of others' traffic do not belong into a repository.
 */
static void print_skeleton(const struct cluster *c, const char *name)
{
    const struct side *side = c->side[0].size ? &c->side[0] : &c->side[1];
    size_t size = side->size < SIGNATURE_MOST ? side->size : SIGNATURE_MOST;
    printf("\nmake new-protocol NAME=%s, then in its .c:\n\n    SIGNATURE_MASKED(0, \"", name);
    print_hex(side->bytes, side->shared, size, false);
    printf("\", \"");
    print_hex(side->bytes, side->shared, size, true);
    printf("\"),\n\nand in its .cases (write bytes of your own in their place):\n\n== a flow\n%s "
           "%u %u\n",
           transport_of(c), c->example.port[0], c->example.port[1]);
    print_case_line('c', &c->side[0]);
    print_case_line('s', &c->side[1]);
    printf("is %s\n", name);
}

/* ---- a small capture --------------------------------------------------------------------- */

static void write_header(FILE *out, uint32_t link_type)
{
    const uint32_t header[6] = {0xa1b23c4d, 2 | 4u << 16, 0, 0, 262144, link_type};
    fwrite(header, sizeof header, 1, out);
}

static void write_frame(FILE *out, const struct cdpi_frame *f)
{
    const uint32_t header[4] = {(uint32_t)(f->time / 1000000000u),
                                (uint32_t)(f->time % 1000000000u), f->captured, f->length};
    fwrite(header, sizeof header, 1, out);
    fwrite(f->data, 1, f->captured, out);
}

/* The first frames of the flow with this number, by reading the file again. Returns how many. */
static unsigned copy_flow(const char *file, uint64_t id, FILE *out)
{
    struct cdpi_options options = {.struct_size = sizeof options};
    struct cdpi_capture *capture;
    struct cdpi *engine;
    struct cdpi_frame frame;
    struct cdpi_flow *flow;
    unsigned written = 0;
    size_t count;
    if (cdpi_open(&options, &engine, NULL) != CDPI_OK)
        return 0;
    if (cdpi_capture_open(file, NULL, &capture, NULL) == CDPI_OK) {
        while (written < SAMPLE_FRAMES &&
               cdpi_capture_next(capture, &frame, 1, &count, NULL) == CDPI_OK) {
            if (count == 0 || cdpi_packet_flow(engine, &frame, &flow, NULL) != CDPI_OK ||
                cdpi_flow_id(flow) != id)
                continue;
            if (written++ == 0)
                write_header(out, frame.link_type);
            write_frame(out, &frame);
        }
        cdpi_capture_close(capture);
    }
    cdpi_close(engine);
    return written;
}

static int write_sample(const struct command *c, const struct cluster *cluster)
{
    FILE *out = fopen(c->sample, "wb");
    unsigned written = 0;
    for (int i = 0; out && i < c->file_count && written == 0; i++)
        written = copy_flow(c->files[i], cluster->example.id, out);
    bool failed = !out || ferror(out) || written == 0;
    if (out && fclose(out) != 0)
        failed = true;
    if (failed)
        fprintf(stderr, "cdpi: %s: cannot be written\n", c->sample);
    else
        printf("\n%u frame%s of it: %s\n", written, written == 1 ? "" : "s", c->sample);
    return failed ? EXIT_INPUT : EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------- */

static int run(struct command *c, struct unknowns *u)
{
    struct cdpi_error error;
    struct cdpi *engine;
    c->engine.on_event = gather;
    c->engine.on_event_context = u;
    c->engine.events = 1u << CDPI_EVENT_GAVE_UP;
    if (cdpi_open(&c->engine, &engine, &error) != CDPI_OK) {
        fprintf(stderr, "cdpi: %s\n", error.text);
        return EXIT_INPUT;
    }
    int status = feed_files(engine, c->files, c->file_count);
    cdpi_close(engine);
    qsort(u->clusters, u->count, sizeof *u->clusters, by_size);
    print_clusters(u);
    size_t which = c->cluster ? c->cluster : 1;
    if ((c->sample || c->skeleton) && which > u->count) {
        fprintf(stderr, "cdpi: unknown: there is no cluster %zu\n", which);
        return EXIT_INPUT;
    }
    if (c->skeleton)
        print_skeleton(&u->clusters[which - 1], c->skeleton);
    if (c->sample && write_sample(c, &u->clusters[which - 1]) != EXIT_DONE)
        status = EXIT_INPUT;
    return status;
}

int unknown_main(int argc, char **argv)
{
    struct command c;
    struct unknowns u = {0};
    int status = command_read(&c, "unknown", argc, argv);
    if (status != EXIT_DONE)
        return status;
    if (c.help) {
        puts(
            "usage: cdpi unknown [--cluster N] [--sample FILE] [--skeleton NAME] FILE...\n"
            "the flows without a verdict, alike ones together; of cluster N (1): a small capture,\n"
            "a beginning for a protocol's room");
        return EXIT_DONE;
    }
    u.clusters = calloc(CLUSTERS, sizeof *u.clusters);
    if (!u.clusters) {
        fputs("cdpi: no memory\n", stderr);
        return EXIT_INPUT;
    }
    status = run(&c, &u);
    free(u.clusters);
    return status;
}
