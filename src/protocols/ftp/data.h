/* SPDX-License-Identifier: MIT */
/* What FTP's control connection announces: the data connections of PORT and PASV (RFC 959), EPRT and
 * EPSV (RFC 2428). */
#ifndef CDPI_FTP_DATA_H
#define CDPI_FTP_DATA_H

#include "protocols/protocol.h"

enum { FTP_LINE_LIMIT = 1024 };

enum follow_answer ftp_follow(struct follow *follow, struct cursor *payload);

#endif
