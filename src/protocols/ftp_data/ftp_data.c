/* SPDX-License-Identifier: MIT */
/*
 * FTP's data connections carry files and nothing else: only the control connection tells them
 * (src/protocols/ftp/ftp.c announces them).
 */
#include "protocols/protocol.h"

const struct cdpi_protocol cdpi_protocol_ftp_data = {
    .name = "FTP-DATA",
    .reference = "RFC 959 section 5.2, RFC 2428",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_TRANSFER,
    .tcp_ports = PORTS(20),
};
