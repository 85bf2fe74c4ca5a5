/* SPDX-License-Identifier: MIT */
/* MySQL's X protocol, on a port of its own: length(4) type(1), Protocol Buffers. The server's hello
 * is a notice (11) of kind 5 without content; what the client sends has a type below 50. */
#ifndef CDPI_MYSQL_X_H
#define CDPI_MYSQL_X_H

#include "protocols/protocol.h"

/* Whether a server's first bytes are the beginning of that hello. */
bool mysql_may_be_x(const struct cursor *server);

enum answer mysql_judge_x(struct inspection *in);

#endif
