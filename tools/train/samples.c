/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 65536 };

static int number_of(struct names *names, const char *name, size_t size)
{
    size = size < NAME ? size : NAME - 1;
    for (int i = 0; i < names->count; i++) {
        if (strncmp(names->name[i], name, size) == 0 && !names->name[i][size])
            return i;
    }
    if (names->count == MOST_NAMES)
        exit(1);
    memcpy(names->name[names->count], name, size);
    return names->count++;
}

static uint32_t from_hex(const char *text, uint8_t *bytes)
{
    uint32_t n = 0;
    unsigned value;
    for (; n < PAIR_BYTES && sscanf(text + 2 * (size_t)n, "%2x", &value) == 1; n++)
        bytes[n] = (uint8_t)value;
    return *text == '-' ? 0 : n;
}

static void read_captures(struct samples *s, struct sample *sample, char *list)
{
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
        size_t room = (size_t)(sample->capture_count + 1) * sizeof *sample->captures;
        sample->captures = realloc(sample->captures, room);
        sample->captures[sample->capture_count++] = number_of(&s->captures, name, strlen(name));
    }
}

static void read_line(struct samples *s, char *line, const char *transport)
{
    enum { SOURCE, GROUP, CAPTURES, LABEL, OVER, FIRST, WIRE, PACKETS = 8, HEX, TIMES = 11, WORDS };
    char *word[WORDS];
    uint8_t bytes[2][PAIR_BYTES];
    struct feature features[MOST_FEATURES];
    struct payloads p = {0};
    for (int i = 0; i < WORDS; i++) {
        word[i] = strsep(&line, " \n");
        if (!word[i])
            return;
    }
    if (strcmp(word[OVER], transport) != 0)
        return;
    for (unsigned side = 0; side < 2; side++) {
        p.bytes[side] = bytes[side];
        p.size[side] = from_hex(word[HEX + side], bytes[side]);
        p.wire[side] = (uint32_t)atoi(word[WIRE + side]);
    }
    p.server_first = atoi(word[FIRST]) == 1;
    struct sample *sample = &s->samples[s->count++];
    sample->source = number_of(&s->sources, word[SOURCE], strlen(word[SOURCE]));
    sample->group = number_of(&s->groups, word[GROUP], strlen(word[GROUP]));
    sample->protocol = number_of(&s->protocols, word[LABEL], strlen(word[LABEL]));
    sample->times = atoi(word[TIMES]);
    read_captures(s, sample, word[CAPTURES]);
    sample->count = features_of(&p, features);
    sample->features = malloc(sample->count * sizeof *features);
    memcpy(sample->features, features, sample->count * sizeof *features);
}

void samples_read(struct samples *s, const char *path, const char *transport)
{
    static char line[LINE];
    FILE *f = fopen(path, "r");
    s->samples = calloc(MOST_SAMPLES, sizeof *s->samples);
    while (f && s->samples && s->count < MOST_SAMPLES && fgets(line, sizeof line, f))
        read_line(s, line, transport);
    if (f)
        fclose(f);
}

/* ---- classes ----------------------------------------------------------------------------- */

static int captures_with(const struct samples *s, int protocol, int *flows)
{
    static char seen[MOST_NAMES];
    int n = 0;
    memset(seen, 0, sizeof seen);
    *flows = 0;
    for (int i = 0; i < s->count; i++) {
        const struct sample *sample = &s->samples[i];
        if (sample->protocol != protocol || strcmp(s->sources.name[sample->source], "capture") != 0)
            continue;
        *flows += sample->times;
        for (int c = 0; c < sample->capture_count; c++) {
            n += !seen[sample->captures[c]];
            seen[sample->captures[c]] = 1;
        }
    }
    return n;
}

void samples_choose_classes(struct samples *s, int least_captures, int least_flows)
{
    s->classes = 1;
    for (int p = 0; p < s->protocols.count && s->classes < MOST_CLASSES; p++) {
        int flows, captures = captures_with(s, p, &flows);
        if (strcmp(s->protocols.name[p], "-") == 0 || captures < least_captures ||
            flows < least_flows)
            continue;
        s->protocol_of[s->classes] = p;
        s->class_of[p] = s->classes++;
    }
    for (int i = 0; i < s->count; i++)
        s->samples[i].class = s->class_of[s->samples[i].protocol];
}
