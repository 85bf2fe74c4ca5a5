/* SPDX-License-Identifier: MIT */
/* Every link layer that the decoder knows: its header before one and the same packet, and cut short
 * at every byte. */
#include <cdpi/cdpi.h>
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { HEADER_MOST = 160, ETHERNET = 14, CLIENT_PORT = 40000, SERVER_PORT = 2222, PSH_ACK = 24 };

struct link {
    const char *name;
    uint32_t type;
    bool is_v6;
    uint32_t size; /* of the header; zeros follow what is given */
    const char *header;
};

#define ADDRESSES "\2\0\0\0\0\1\2\0\0\0\0\2"
#define SNAP_IPV4 "\xaa\xaa\x03\0\0\0\x08\0"
#define WIRELESS "\x08\x01\0\0" ADDRESSES "\2\0\0\0\0\3\0\0"

static const struct link links[] = {
    {"null, little-endian", 0, false, 4, "\2\0\0\0"},
    {"null, big-endian, IPv6", 0, true, 4, "\0\0\0\x1e"},
    {"Ethernet", 1, false, 14, ADDRESSES "\x08\0"},
    {"Ethernet with LLC and SNAP", 1, false, 22, ADDRESSES "\x02\0" SNAP_IPV4},
    {"Ethernet with LLC alone", 1, false, 17, ADDRESSES "\x02\0\6\6\3"},
    {"VLAN in VLAN of an old kind", 1, false, 22, ADDRESSES "\x92\0\0\5\x81\0\0\6\x08\0"},
    {"provider bridge", 1, false, 32, ADDRESSES "\x88\xe7\0\0\0\1" ADDRESSES "\x08\0"},
    {"VN-Tag", 1, false, 20, ADDRESSES "\x89\x26\0\0\0\0\x08\0"},
    {"network service header", 1, false, 22, ADDRESSES "\x89\x4f\x0f\xc2\2\1\0\0\1\xff"},
    {"PPPoE in VLAN", 1, false, 26, ADDRESSES "\x81\0\0\7\x88\x64\x11\0\0\1\0\x40\0\x21"},
    {"MPLS, two labels", 1, false, 22, ADDRESSES "\x88\x47\0\1\0\xff\0\2\1\xff"},
    {"MPLS pseudo-wire with a control word", 1, false, 36,
     ADDRESSES "\x88\x47\0\1\1\xff\0\0\0\0" ADDRESSES "\x08\0"},
    {"MPLS pseudo-wire without one", 1, false, 32,
     ADDRESSES "\x88\x47\0\1\1\xff\2\0\0\0\0\1\2\0\0\0\0\2\x08\0"},
    {"MPLS pseudo-wire to an address like a control word", 1, false, 32,
     ADDRESSES "\x88\x47\0\1\1\xff\0\1\2\0\0\1\0\1\2\0\0\2\x08\0"},
    {"MPLS pseudo-wire to an address like IPv4", 1, false, 36,
     ADDRESSES "\x88\x47\0\1\1\xff\x45\1\2\0\0\1\0\1\2\0\0\2\x81\0\0\7\x08\0"},
    {"MPLS pseudo-wire to an address like IPv6", 1, true, 32,
     ADDRESSES "\x88\x47\0\1\1\xff\x65\1\2\0\0\1\0\1\2\0\0\2\x86\xdd"},
    {"MPLS in VLAN, IPv6", 1, true, 22, ADDRESSES "\x81\0\0\7\x88\x47\0\1\1\xff"},
    {"token ring", 6, false, 22, "\x10\x40" ADDRESSES SNAP_IPV4},
    {"token ring with a route", 6, false, 26,
     "\x10\x40\2\0\0\0\0\1\x82\0\0\0\0\2\4\0\0\x10" SNAP_IPV4},
    {"SLIP", 8, false, 16, ""},
    {"PPP", 9, false, 4, "\xff\3\0\x21"},
    {"PPP, compressed", 9, false, 1, "\x21"},
    {"PPP, IPv6", 9, true, 2, "\0\x57"},
    {"FDDI", 10, false, 21, "\x50" ADDRESSES SNAP_IPV4},
    {"ATM of BSD", 11, false, 8, SNAP_IPV4},
    {"raw of BSD", 12, false, 0, ""},
    {"raw of OpenBSD", 14, true, 0, ""},
    {"PPP in HDLC's frame", 50, false, 4, "\xff\3\0\x21"},
    {"PPPoE", 51, false, 8, "\x11\0\0\1\0\x40\0\x21"},
    {"ATM with LLC", 100, false, 8, SNAP_IPV4},
    {"ATM, bridged", 100, false, 24, "\xaa\xaa\x03\0\x80\xc2\0\7\0\0" ADDRESSES "\x08\0"},
    {"ATM, routed by NLPID", 100, false, 4, "\xfe\xfe\x03\xcc"},
    {"raw", 101, false, 0, ""},
    {"Cisco HDLC", 104, false, 4, "\x0f\0\x08\0"},
    {"802.11", 105, false, 32, WIRELESS SNAP_IPV4},
    {"802.11 with quality", 105, false, 34,
     "\x88\x01\0\0" ADDRESSES "\2\0\0\0\0\3\0\0\0\0" SNAP_IPV4},
    {"802.11, four addresses", 105, false, 38,
     "\x08\x03\0\0" ADDRESSES "\2\0\0\0\0\3\0\0\2\0\0\0\0\4" SNAP_IPV4},
    {"802.11, several in one", 105, false, 48,
     "\x88\x01\0\0" ADDRESSES "\2\0\0\0\0\3\0\0\x80\0" ADDRESSES "\0\x60" SNAP_IPV4},
    {"Frame Relay", 107, false, 4, "\x18\x41\3\xcc"},
    {"Frame Relay of Cisco", 107, false, 4, "\x18\x41\x08\0"},
    {"Frame Relay with SNAP", 107, false, 10, "\x18\x41\3\0\x80\0\0\0\x08\0"},
    {"loop", 108, false, 4, "\0\0\0\2"},
    {"enc", 109, false, 12, "\2\0\0\0"},
    {"Linux cooked", 113, false, 16, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0"},
    {"Linux cooked with LLC", 113, false, 24, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\0\4" SNAP_IPV4},
    {"pf's log", 117, false, 64, "\x3d\2"},
    {"Prism", 119, false, 176, "\x44\0\0\0\x90\0\0\0"},
    {"SunATM with LLC", 123, false, 12, "\2\0\0\x64" SNAP_IPV4},
    {"SunATM with an emulated LAN", 123, false, 20, "\1\0\0\x64\0\1" ADDRESSES "\x08\0"},
    {"radiotap", 127, false, 40, "\0\0\x08\0\0\0\0\0" WIRELESS SNAP_IPV4},
    {"radiotap, a padded header", 127, false, 64,
     "\0\0\x1c\0\3\0\0\x80\1\0\0\0\0\0\0\0\1\2\3\4\5\6\7\x08\x20\0\0\0"
     "\x88\x01\0\0" ADDRESSES "\2\0\0\0\0\3\0\0\0\0\0\0" SNAP_IPV4},
    {"IP over IEEE 1394", 138, false, 18, "\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\x08\x08\0"},
    {"AVS", 163, false, 96, "\x80\x21\x10\1\0\0\0\x40"},
    {"PPI", 192, false, 40, "\0\0\x08\0\x69\0\0\0" WIRELESS SNAP_IPV4},
    {"PPP with direction", 204, false, 5, "\1\xff\3\0\x21"},
    {"Cisco HDLC with direction", 205, false, 5, "\1\x0f\0\x08\0"},
    {"IPv4", 228, false, 0, ""},
    {"IPv6", 229, true, 0, ""},
    {"netfilter's log", 239, false, 16, "\2\0\0\0\x06\0\x0a\0\0\1\0\0\xff\0\x09\0"},
    {"netANALYZER", 240, false, 18, "\0\0\0\0" ADDRESSES "\x08\0"},
    {"Linux cooked, version 2", 276, false, 20, "\x08\0\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0"},
};

/* Headers that are mostly zeros end in something else. */
static void fill_header(const struct link *l, uint8_t *bytes)
{
    static const char wireless[] = WIRELESS SNAP_IPV4;
    bool is_padded = l->type == 119 || l->type == 163;
    uint32_t behind = is_padded ? sizeof wireless - 1 : 0;
    memset(bytes, 0, l->size);
    size_t given = is_padded ? 8 : l->type == 8 || l->type == 109 || l->type == 117 ? 2 : l->size;
    memcpy(bytes, l->header, l->type == 8 ? 0 : given);
    if (is_padded)
        memcpy(bytes + l->size - behind, wireless, behind);
}

static void one_flow(const struct link *l)
{
    static const char line[] = "SSH-2.0-server\r\n";
    const struct ends ends = {{0xc0000201, 0xc0000202}, {CLIENT_PORT, SERVER_PORT}, l->is_v6};
    struct cdpi_options options = {.struct_size = sizeof options};
    struct frame ethernet;
    uint8_t bytes[HEADER_MOST + 64 + FRAME_ROOM];
    struct cdpi *e = NULL;
    struct cdpi_flow *flow = NULL;
    build_tcp(&ethernet, &ends, true, 1000, PSH_ACK, line, sizeof line - 1);
    fill_header(l, bytes);
    memcpy(bytes + l->size, ethernet.bytes + ETHERNET, ethernet.size - ETHERNET);
    struct cdpi_frame frame = {.data = bytes,
                               .captured = l->size + ethernet.size - ETHERNET,
                               .length = l->size + ethernet.size - ETHERNET,
                               .time = 1000000000,
                               .link_type = l->type};
    CHECK(cdpi_open(&options, &e, NULL) == CDPI_OK);
    bool found = cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK && flow &&
                 strcmp(cdpi_protocol_name(e, cdpi_classify(e, flow).protocol), "SSH") == 0;
    if (!found)
        printf("%s: no flow, or no SSH in it\n", l->name);
    CHECK(found);
    for (uint32_t size = 0; size < frame.captured; size++) { /* nothing is read past the end */
        struct cdpi_frame cut = frame;
        cut.captured = size;
        CHECK(cdpi_feed(e, &cut, 1) == CDPI_OK);
    }
    CHECK(cdpi_close(e) == CDPI_OK);
}

static void an_unknown_one(void)
{
    struct cdpi_options options = {.struct_size = sizeof options};
    struct cdpi *e = NULL;
    struct cdpi_frame frame = {
        .data = (const uint8_t *)"none", .captured = 4, .length = 4, .link_type = 9999};
    CHECK(cdpi_open(&options, &e, NULL) == CDPI_OK);
    CHECK(cdpi_feed(e, &frame, 1) == CDPI_OK && cdpi_stats(e).packets_unknown_link == 1);
    CHECK(cdpi_close(e) == CDPI_OK);
}

int main(void)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        one_flow(&links[i]);
    an_unknown_one();
    return CHECKS_END("links");
}
