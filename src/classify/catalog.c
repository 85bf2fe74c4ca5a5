/* SPDX-License-Identifier: MIT */
#include "classify/catalog.h"

#include <strings.h>

#define CDPI_PROTOCOL(number, folder) extern const struct cdpi_protocol cdpi_protocol_##folder;
#define CDPI_IP_PROTOCOL(number, name, ip_protocol, category)
#include "protocols/catalog.def"
#undef CDPI_PROTOCOL
#undef CDPI_IP_PROTOCOL

const struct catalog_room catalog_rooms[] = {
#define CDPI_PROTOCOL(number, folder) {number, #folder, &cdpi_protocol_##folder},
#define CDPI_IP_PROTOCOL(number, name, ip_protocol, category)
#include "protocols/catalog.def"
#undef CDPI_PROTOCOL
#undef CDPI_IP_PROTOCOL
};
const size_t catalog_room_count = sizeof catalog_rooms / sizeof catalog_rooms[0];

const struct catalog_ip_protocol catalog_ip_protocols[] = {
#define CDPI_PROTOCOL(number, folder)
#define CDPI_IP_PROTOCOL(number, name, ip_protocol, category) {number, ip_protocol, category, name},
#include "protocols/catalog.def"
#undef CDPI_PROTOCOL
#undef CDPI_IP_PROTOCOL
};
const size_t catalog_ip_protocol_count =
    sizeof catalog_ip_protocols / sizeof catalog_ip_protocols[0];

/* Letters of either case and few other characters agree in these bits: most names are told apart
 * without a call. */
static bool may_be_same(const char *name, const char *other)
{
    return ((name[0] ^ other[0]) & 0x1f) == 0;
}

room_index catalog_find_room(const char *name)
{
    for (size_t i = 0; i < catalog_room_count; i++) {
        const char *other = catalog_rooms[i].protocol->name;
        if (may_be_same(other, name) && strcasecmp(other, name) == 0)
            return (room_index)i;
    }
    return NO_ROOM;
}

const struct catalog_ip_protocol *catalog_find_ip_protocol(uint8_t ip_protocol)
{
    for (size_t i = 0; i < catalog_ip_protocol_count; i++) {
        if (catalog_ip_protocols[i].ip_protocol == ip_protocol)
            return &catalog_ip_protocols[i];
    }
    return NULL;
}

const struct cdpi_protocol *catalog_protocol(uint16_t number)
{
    for (size_t i = 0; i < catalog_room_count; i++) {
        if (catalog_rooms[i].number == number)
            return catalog_rooms[i].protocol;
    }
    return NULL;
}

const char *catalog_name(uint16_t number)
{
    const struct cdpi_protocol *protocol = catalog_protocol(number);
    if (protocol)
        return protocol->name;
    for (size_t i = 0; i < catalog_ip_protocol_count; i++) {
        if (catalog_ip_protocols[i].number == number)
            return catalog_ip_protocols[i].name;
    }
    return NULL;
}

uint16_t catalog_number(const char *name)
{
    room_index room = catalog_find_room(name);
    if (room != NO_ROOM)
        return catalog_rooms[room].number;
    for (size_t i = 0; i < catalog_ip_protocol_count; i++) {
        if (strcasecmp(catalog_ip_protocols[i].name, name) == 0)
            return catalog_ip_protocols[i].number;
    }
    return 0;
}

uint16_t catalog_next(uint16_t number)
{
    uint32_t best = UINT32_MAX;
    for (size_t i = 0; i < catalog_room_count; i++) {
        if (catalog_rooms[i].number > number && catalog_rooms[i].number < best)
            best = catalog_rooms[i].number;
    }
    for (size_t i = 0; i < catalog_ip_protocol_count; i++) {
        if (catalog_ip_protocols[i].number > number && catalog_ip_protocols[i].number < best)
            best = catalog_ip_protocols[i].number;
    }
    return best == UINT32_MAX ? 0 : (uint16_t)best;
}

const char *category_name(uint8_t category)
{
    static const char *const names[] = {
        [CATEGORY_NONE] = "",
        [CATEGORY_WEB] = "web",
        [CATEGORY_MAIL] = "mail",
        [CATEGORY_DATABASE] = "database",
        [CATEGORY_FILE_SHARING] = "file sharing",
        [CATEGORY_FILE_TRANSFER] = "file transfer",
        [CATEGORY_REMOTE_ACCESS] = "remote access",
        [CATEGORY_VPN] = "VPN",
        [CATEGORY_TUNNEL] = "tunnel",
        [CATEGORY_IOT] = "IoT",
        [CATEGORY_INDUSTRIAL] = "industrial",
        [CATEGORY_VEHICLE] = "vehicle",
        [CATEGORY_GAME] = "game",
        [CATEGORY_CHAT] = "chat",
        [CATEGORY_VOICE] = "voice",
        [CATEGORY_STREAMING] = "streaming",
        [CATEGORY_NETWORK] = "network service",
        [CATEGORY_ROUTING] = "routing",
        [CATEGORY_MANAGEMENT] = "management",
        [CATEGORY_DIRECTORY] = "directory",
        [CATEGORY_RPC] = "RPC",
        [CATEGORY_MESSAGING] = "messaging",
        [CATEGORY_TELEPHONY] = "telephony",
        [CATEGORY_CRYPTOCURRENCY] = "cryptocurrency",
        [CATEGORY_MALWARE] = "malware",
        [CATEGORY_PRINTING] = "printing",
        [CATEGORY_DEVELOPMENT] = "development",
        [CATEGORY_CLUSTER] = "cluster",
        [CATEGORY_SECURITY] = "security",
        [CATEGORY_MEDICAL] = "medical",
        [CATEGORY_FINANCE] = "finance",
        [CATEGORY_OTHER] = "other",
    };
    return category < sizeof names / sizeof names[0] ? names[category] : "";
}
