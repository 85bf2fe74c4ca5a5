/* SPDX-License-Identifier: MIT */
/*
 * WebSocket begins as HTTP; its frames are the flow's second protocol (src/protocols/http/http.c
 * follows the upgrade). Joined late they are bits and masked bytes: not told.
 */
#include "protocols/protocol.h"

const struct cdpi_protocol cdpi_protocol_websocket = {
    .name = "WebSocket",
    .reference = "RFC 6455 section 4",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
};
