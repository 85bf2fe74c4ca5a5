/* SPDX-License-Identifier: MIT */
/* The protocols that there are, by index (dense, in the catalog's order), by number and by name. */
#ifndef CDPI_CLASSIFY_CATALOG_H
#define CDPI_CLASSIFY_CATALOG_H

#include "protocols/protocol.h"

/* A room's place in the catalog; NO_ROOM is none. */
typedef uint16_t room_index;
#define NO_ROOM ((room_index)UINT16_MAX)

struct catalog_room {
    uint16_t number;
    const char *folder;
    const struct cdpi_protocol *protocol;
};

struct catalog_ip_protocol {
    uint16_t number;
    uint8_t ip_protocol;
    uint8_t category;
    const char *name;
};

extern const struct catalog_room catalog_rooms[];
extern const size_t catalog_room_count;
extern const struct catalog_ip_protocol catalog_ip_protocols[];
extern const size_t catalog_ip_protocol_count;

/* Letter case does not count. NO_ROOM where no room has the name. */
room_index catalog_find_room(const char *name);
/* NULL where there is none. */
const struct catalog_ip_protocol *catalog_find_ip_protocol(uint8_t ip_protocol);

/* By number, rooms and IP protocols alike; NULL where there is none. */
const char *catalog_name(uint16_t number);
/* By name; 0 where there is none. */
uint16_t catalog_number(const char *name);
/* The number that follows `number` in rising order; 0 after the last. */
uint16_t catalog_next(uint16_t number);
const struct cdpi_protocol *catalog_protocol(uint16_t number);

const char *category_name(uint8_t category);

#endif
