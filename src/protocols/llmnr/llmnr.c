/* SPDX-License-Identifier: MIT */
/*
 * LLMNR: DNS messages on UDP port 5355. RFC 4795 tells it from DNS by the port only: the DNS room
 * walks the messages, and allows for what differs in them.
 */
#include "protocols/protocol.h"

const struct cdpi_protocol cdpi_protocol_llmnr = {
    .name = "LLMNR",
    .reference = "RFC 4795",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .udp_ports = PORTS(5355),
    .told_by = {.parent = "DNS", .port = 5355},
};
