/* SPDX-License-Identifier: MIT */
#include "cli/list.h"

#include <stdio.h>

static void write_protocols(struct output *out)
{
    char line[320];
    for (cdpi_protocol_id id = 0; (id = cdpi_protocol_next(out->engine, id)) != CDPI_NO_PROTOCOL;) {
        snprintf(line, sizeof line, "%5u  %-24s  %-16s %s\n", id,
                 cdpi_protocol_name(out->engine, id), cdpi_protocol_category(out->engine, id),
                 cdpi_protocol_reference(out->engine, id));
        write_text(&out->writer, line);
    }
}

/* Which of the known modules can be opened here, each by itself. */
static void write_modules(struct output *out, const char *module_path)
{
    static const char *const names[] = {"own", "ndpi", "protoident", "ml", "port"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cdpi_options options = {
            .struct_size = sizeof options, .modules = names[i], .module_path = module_path};
        struct cdpi_error error;
        struct cdpi *engine;
        char line[320];
        if (cdpi_open(&options, &engine, &error) == CDPI_OK) {
            struct cdpi_module_info m = cdpi_module(engine, 0);
            snprintf(line, sizeof line, "%-12s %s\n", names[i], m.version ? m.version : "");
            cdpi_close(engine);
        } else {
            snprintf(line, sizeof line, "%-12s not here: %s\n", names[i], error.text);
        }
        write_text(&out->writer, line);
    }
}

void list_write(struct output *out, bool protocols, const char *module_path)
{
    if (protocols)
        write_protocols(out);
    else
        write_modules(out, module_path);
}
