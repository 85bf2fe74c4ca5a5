/* SPDX-License-Identifier: MIT */
/* The stand-in library: knows "GET " from the client with "HTTP" from the server, and "NC". */
#include <libprotoident.h>

#include <cstring>

extern "C" {

static lpi_module_t modules[] = {
    {LPI_PROTO_HTTP, LPI_CATEGORY_WEB, "HTTP", 2, nullptr},
    {LPI_PROTO_NCSOFT, LPI_CATEGORY_SERVICES, "NCSoft_New", 2, nullptr},
    {LPI_PROTO_DNS_TCP, LPI_CATEGORY_SERVICES, "DNS_TCP", 2, nullptr},
    {LPI_PROTO_RETIRED, LPI_CATEGORY_UNKNOWN, "NULL", 255, nullptr},
    {LPI_PROTO_UNKNOWN, LPI_CATEGORY_UNKNOWN, "Unknown_TCP", 255, nullptr},
};
static bool is_open;

int lpi_init_library(void)
{
    int status = is_open ? -1 : 0;
    is_open = true;
    return status;
}

void lpi_free_library(void)
{
    is_open = false;
}

void lpi_init_data(lpi_data_t *data)
{
    std::memset(data, 0, sizeof *data);
}

const char *lpi_print(lpi_protocol_t protocol)
{
    return modules[protocol].name;
}

const char *lpi_print_category(lpi_category_t category)
{
    static const char *const names[] = {"Web", "Services", "Unknown"};
    return names[category];
}

lpi_module_t *lpi_guess_protocol(lpi_data_t *data)
{
    if (!is_open)
        return nullptr;
    if (std::memcmp(&data->payload[0], "GET ", 4) == 0 &&
        std::memcmp(&data->payload[1], "HTTP", 4) == 0 && data->trans_proto == 6)
        return &modules[LPI_PROTO_HTTP];
    if (std::memcmp(&data->payload[0], "NC\0\0", 4) == 0 && data->payload_len[0] == 2)
        return &modules[LPI_PROTO_NCSOFT];
    return &modules[LPI_PROTO_UNKNOWN];
}

bool lpi_is_protocol_inactive(lpi_protocol_t protocol)
{
    return protocol == LPI_PROTO_RETIRED;
}
}
