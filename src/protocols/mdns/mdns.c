/* SPDX-License-Identifier: MIT */
/*
 * mDNS: DNS messages on UDP port 5353. RFC 6762 tells it from DNS by the port only: the DNS room
 * walks the messages, and allows for what differs in them.
 */
#include "protocols/protocol.h"

const struct cdpi_protocol cdpi_protocol_mdns = {
    .name = "mDNS",
    .reference = "RFC 6762",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .udp_ports = PORTS(5353),
    .told_by = {.parent = "DNS", .port = 5353},
};
