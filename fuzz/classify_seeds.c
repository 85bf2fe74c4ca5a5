/* SPDX-License-Identifier: MIT */
/* Writes the cases as seeds for classify_fuzz and engine_fuzz.   *_seeds FOLDER src/protocols */
#include <stdio.h>

#include "support/cases.h"

static unsigned number;

static void put16(FILE *f, unsigned value)
{
    fputc((int)(value >> 8 & 255), f);
    fputc((int)(value & 255), f);
}

static void write_case(void *folder, const struct test_case *c)
{
    char path[512];
    snprintf(path, sizeof path, "%s/case-%u", (const char *)folder, number++);
    FILE *f = fopen(path, "wb");
    if (!f)
        return;
    fputc(4 | (c->is_late ? 8 : 0) | (c->ip_protocol == 17 ? 1 : c->ip_protocol == 132 ? 2 : 0), f);
    put16(f, c->port[0]);
    put16(f, c->port[1]);
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        put16(f, (unsigned)m->side << 15 | (m->size & 0x7fff));
        fwrite(c->bytes + m->offset, 1, m->size, f);
    }
    fclose(f);
}

int main(int argc, char **argv)
{
    return argc == 3 && cases_read_all(argv[2], write_case, argv[1]) ? 0 : 1;
}
