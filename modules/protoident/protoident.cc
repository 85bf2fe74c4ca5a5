/* SPDX-License-Identifier: MIT */
/*
 * libprotoident (2.0.14 and later) as a module: both sides' first four bytes, sizes and ports,
 * asked once a flow. Its answer is `likely` at the most; the evidence's rule is the library's
 * category. It has no settings.
 *
 * The library keeps one state a process: it is made for the first instance and freed with the last.
 * Asking only reads it, so that engines may ask from several threads.
 */
#include <libprotoident.h>

#include <cdpi/module.h>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>

#include "names.h"
#include "protoident/fill.h"

namespace
{

std::mutex guard;
unsigned instances;

struct instance {
    char name[FOREIGN_NAME_SIZE];
    char listed[FOREIGN_NAME_SIZE];
    char rule[64];
};

bool start_library()
{
    std::lock_guard<std::mutex> lock(guard);
    if (instances == 0 && lpi_init_library() != 0)
        return false;
    instances++;
    return true;
}

bool module_open(const char *const *settings, void **out, char *why, size_t why_size)
{
    if (*settings) {
        std::snprintf(why, why_size, "unknown setting %s", *settings);
        return false;
    }
    instance *i = new (std::nothrow) instance();
    if (!i || !start_library()) {
        std::snprintf(why, why_size, "libprotoident does not start");
        delete i;
        return false;
    }
    *out = i;
    return true;
}

void module_close(void *opened)
{
    std::lock_guard<std::mutex> lock(guard);
    delete static_cast<instance *>(opened);
    if (--instances == 0)
        lpi_free_library();
}

void fill(const cdpi_module_flow *flow, lpi_data_t *data)
{
    protoident_input input;
    protoident_fill(flow, &input);
    lpi_init_data(data);
    for (unsigned side = 0; side < 2; side++) {
        data->payload[side] = input.payload[side];
        data->payload_len[side] = input.payload_len[side];
        data->seen_syn[side] = input.seen_syn[side];
        data->seqno[side] = input.seqno[side];
        data->observed[side] = input.observed[side];
        data->ips[side] = input.ips[side];
    }
    data->server_port = input.server_port;
    data->client_port = input.client_port;
    data->trans_proto = input.trans_proto;
}

cdpi_module_says module_classify(void *opened, const cdpi_module_flow *flow,
                                 cdpi_module_verdict *verdict)
{
    instance *i = static_cast<instance *>(opened);
    lpi_data_t data;
    fill(flow, &data);
    lpi_module_t *said = lpi_guess_protocol(&data);
    if (!said || protoident_knows_not(said->name))
        return CDPI_MODULE_DOES_NOT_KNOW;
    names_answer(FOREIGN_PROTOIDENT, "protoident", said->name, i->name);
    std::snprintf(i->rule, sizeof i->rule, "category %.40s", lpi_print_category(said->category));
    verdict->protocol = i->name;
    verdict->rule = i->rule;
    return CDPI_MODULE_KNOWS;
}

/* Those that it has retired are not listed. */
const char *module_protocol(void *opened, size_t index)
{
    instance *i = static_cast<instance *>(opened);
    size_t at = 0;
    for (int p = 0; p < static_cast<int>(LPI_PROTO_LAST); p++) {
        lpi_protocol_t protocol = static_cast<lpi_protocol_t>(p);
        const char *name = lpi_is_protocol_inactive(protocol) ? nullptr : lpi_print(protocol);
        if (protoident_knows_not(name) || at++ != index)
            continue;
        names_answer(FOREIGN_PROTOIDENT, "protoident", name, i->listed);
        return i->listed;
    }
    return nullptr;
}

} // namespace

extern "C" {

extern CDPI_MODULE_EXPORT const cdpi_module cdpi_module;
const struct cdpi_module cdpi_module = {
    CDPI_MODULE_ABI,
    sizeof(struct cdpi_module),
    "protoident",
    "libprotoident 2",
    0,
    0,
    module_open,
    module_close,
    module_classify,
    module_protocol,
    nullptr,
};
}
