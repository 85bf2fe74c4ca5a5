/* SPDX-License-Identifier: MIT */
/* What BitTorrent's peers say to each other over TCP: the handshake and messages of BEP 3, those of
 * the fast extension (BEP 6) and of the extension protocol (BEP 10). */
#ifndef CDPI_BITTORRENT_PEER_H
#define CDPI_BITTORRENT_PEER_H

#include "protocols/protocol.h"

/* One side of a peers' stream; one that was joined late begins with a message. */
enum answer bittorrent_judge_peer(struct inspection *in, struct cursor c);

#endif
