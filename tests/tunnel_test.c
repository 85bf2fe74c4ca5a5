/* SPDX-License-Identifier: MIT */
/* Tunnels: the outer flow is named, the inner one is tracked with the tunnel's identity. */
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { SECOND = 1000000, GRE = 47, IPIP = 4, SIXIN4 = 41 };

/* What the engine saw, by looking at every flow. */
struct seen {
    const struct cdpi *engine;
    unsigned flows, inner;
    char kind[16], outer_name[32], inner_name[32];
    uint64_t ids[8];
};

static bool look(void *context, struct cdpi_flow *flow)
{
    struct seen *seen = context;
    struct cdpi_flow_info info;
    cdpi_flow_info(flow, &info);
    struct cdpi_verdict v = cdpi_classify((struct cdpi *)(uintptr_t)seen->engine, flow);
    const char *name = cdpi_protocol_name(seen->engine, v.protocol);
    seen->flows++;
    if (info.tunnel == 0) {
        snprintf(seen->outer_name, sizeof seen->outer_name, "%s", name);
        return true;
    }
    snprintf(seen->kind, sizeof seen->kind, "%s", info.tunnel_kind);
    snprintf(seen->inner_name, sizeof seen->inner_name, "%s", name);
    if (seen->inner < 8)
        seen->ids[seen->inner] = info.tunnel_id;
    seen->inner++;
    return true;
}

static const struct ends outside = {{0xc6336401, 0xc6336402}, {50000, 4789}, false};
static const struct ends inside = {{0x0a000001, 0x0a000002}, {40000, 53}, false};
static const struct ends inside6 = {{1, 2}, {40000, 53}, true};
static const char query[] = "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07"
                            "example\x03net\0\0\x01\0\x01";

/* The inner packet: an Ethernet frame, or from its IP header on. */
static struct frame inner_frame(const struct ends *ends)
{
    struct frame f;
    build_udp(&f, ends, false, query, sizeof query - 1);
    return f;
}

static void join(struct frame *to, const void *header, size_t size, const struct frame *inner,
                 uint32_t skip)
{
    to->size = 0;
    frame_add(to, header, size);
    frame_add(to, inner->bytes + skip, inner->size - skip);
}

static struct seen feed(const struct frame *frames, unsigned count, bool no_decap)
{
    struct cdpi_options options = {
        .struct_size = sizeof options, .hash_key = {1, 2}, .no_decap = no_decap};
    struct cdpi *engine;
    struct seen seen = {0};
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    for (unsigned i = 0; i < count; i++) {
        struct cdpi_frame frame = as_frame(&frames[i], SECOND + i);
        CHECK(cdpi_feed(engine, &frame, 1) == CDPI_OK);
    }
    seen.engine = engine;
    CHECK(cdpi_each_flow(engine, look, &seen) == CDPI_OK);
    CHECK(cdpi_close(engine) == CDPI_OK);
    return seen;
}

static void check_inner(const struct frame *frame, const char *kind, uint64_t id)
{
    struct seen seen = feed(frame, 1, false);
    bool sound = seen.flows == 2 && seen.inner == 1 && strcmp(seen.kind, kind) == 0 &&
                 seen.ids[0] == id && strcmp(seen.inner_name, "DNS") == 0;
    if (!sound)
        printf("%s: %u flows, %u inside, \"%s\" %llu, %s\n", kind, seen.flows, seen.inner,
               seen.kind, (unsigned long long)seen.ids[0], seen.inner_name);
    CHECK(sound);
    seen = feed(frame, 1, true);
    CHECK(seen.flows == 1 && seen.inner == 0);
}

enum { WHOLE = 0, FROM_IP = 14 };

/* IEEE 802.11 with LLC and SNAP; some controllers swap the first two bytes. */
#define AFTER_CONTROL "\0\0\2\0\0\0\0\1\2\0\0\0\0\2\2\0\0\0\0\3\0\0\xaa\xaa\x03\0\0\0\x08\0"
#define WIRELESS "\x08\1" AFTER_CONTROL

/* Over UDP, with the inner packet after a header. */
static void over_udp(const char *kind, uint16_t port, uint64_t id, const void *header, size_t size,
                     uint32_t skip, const struct ends *inner)
{
    struct ends ends = outside;
    struct frame in = inner_frame(inner), payload, f;
    ends.port[1] = port;
    join(&payload, header, size, &in, skip);
    if (strcmp(kind, "teredo") == 0)
        memcpy(payload.bytes + size + 8, "\x20\x01\0\0", 4); /* its prefix, RFC 4380 section 2.6 */
    build_udp(&f, &ends, false, payload.bytes, payload.size);
    check_inner(&f, kind, id);
    ends.port[1] = 9; /* another port, the same bytes: the room names the flow, which opens it */
    build_udp(&f, &ends, false, payload.bytes, payload.size);
    check_inner(&f, kind, id);
    if (inner->is_v6)
        return;
    uint8_t *ip = f.bytes + f.size - (in.size - FROM_IP);
    ip[10] ^= 1; /* but nothing whose checksum does not hold */
    CHECK(feed(&f, 1, false).inner == 0);
    ip[10] ^= 1;
    ip[3]++; /* with the checksum put right: longer than what is there */
    ip[11]--;
    CHECK(feed(&f, 1, false).inner == 0);
}

static void over_ip(const char *kind, uint8_t ip_protocol, uint64_t id, const void *header,
                    size_t size, uint32_t skip, const struct ends *inner)
{
    struct frame in = inner_frame(inner), payload, f;
    struct ends outside6 = outside;
    outside6.is_v6 = true;
    join(&payload, header, size, &in, skip);
    build_ip(&f, &outside, false, ip_protocol, payload.bytes, payload.size);
    check_inner(&f, kind, id);
    build_ip(&f, &outside6, false, ip_protocol, payload.bytes, payload.size);
    check_inner(&f, kind, id);
}

static void each_kind(void)
{
    struct frame in = inner_frame(&inside);
    uint8_t gtp[8] = {0x30, 0xff, 0, 0, 0, 0, 0, 9},
            l2tp[12] = {0x40, 2, 0, 0, 0, 1, 0, 2, 0xff, 3, 0, 0x21};
    gtp[3] = (uint8_t)(in.size - FROM_IP);
    l2tp[3] = (uint8_t)(in.size - FROM_IP + 12);
    over_udp("vxlan", 4789, 42, "\x08\0\0\0\0\0\x2a\0", 8, WHOLE, &inside);
    over_udp("vxlan", 4789, 42, "\x0c\0\0\x01\0\0\x2a\0", 8, FROM_IP, &inside); /* GPE */
    over_udp("geneve", 6081, 7, "\x01\0\x65\x58\0\0\x07\0\0\0\0\0", 12, WHOLE, &inside);
    over_udp("geneve", 6081, 7, "\0\0\x86\xdd\0\0\x07\0", 8, FROM_IP, &inside6);
    over_udp("gtp", 2152, 9, gtp, 8, FROM_IP, &inside);
    over_udp("teredo", 3544, 0, "", 0, FROM_IP, &inside6);
    over_udp("l2tp", 1701, 0x10002, l2tp, 12, FROM_IP, &inside);
    over_udp("capwap", 5247, 0, "\0\x10\0\0\0\0\0\0", 8, WHOLE, &inside);
    over_udp("capwap", 5247, 0, "\0\x10\x03\0\0\0\0\0" WIRELESS, 40, FROM_IP, &inside);
    over_udp("capwap", 5247, 0, "\0\x20\x03\x20\0\0\0\0\6\2\0\0\0\0\1\0\x01\x08" AFTER_CONTROL, 48,
             FROM_IP, &inside);
    over_udp("tzsp", 37008, 0, "\x01\0\0\x01\x0a\x01\xc4\x01", 8, WHOLE, &inside);
    over_ip("ipip", IPIP, 0, "", 0, FROM_IP, &inside);
    over_ip("gre", GRE, 0, "\x80\0\x88\x47\0\0\0\0\0\1\1\xff", 12, FROM_IP, &inside); /* MPLS */
    over_ip("gre", GRE, 0, "\0\0\x81\0\0\7\x08\0", 8, FROM_IP, &inside);              /* VLAN */
    over_ip("erspan", GRE, 6, "\x10\0\x22\xeb\0\0\0\x01\x20\0\0\6\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0",
            28, WHOLE, &inside);
    over_ip("6in4", SIXIN4, 0, "", 0, FROM_IP, &inside6);
    over_ip("gre", GRE, 0, "\0\0\x08\0", 4, FROM_IP, &inside);
    over_ip("gre", GRE, 5, "\x30\0\x86\xdd\0\0\0\x05\0\0\0\x01", 12, FROM_IP, &inside6);
    over_ip("gre", GRE, 5, "\x20\0\x65\x58\0\0\0\x05", 8, WHOLE, &inside);
    over_ip("pptp", GRE, 3, "\x30\x01\x88\x0b\0\0\0\x03\0\0\0\x01\xff\x03\0\x21", 16, FROM_IP,
            &inside);
    over_ip("erspan", GRE, 0, "\0\0\x88\xbe", 4, WHOLE, &inside);
    over_ip("erspan", GRE, 6, "\x10\0\x88\xbe\0\0\0\x01\x10\0\0\x06\0\0\0\0", 16, WHOLE, &inside);
    over_ip("erspan", GRE, 6, "\x10\0\x22\xeb\0\0\0\x01\x20\0\0\x06\0\0\0\0\0\0\0\0", 20, WHOLE,
            &inside);
}

/* The same five-tuple in two networks is two flows, and in the same one it is one. */
static void two_networks(void)
{
    struct frame in = inner_frame(&inside), payload, f[3];
    static const char *const headers[3] = {"\x08\0\0\0\0\0\x01\0", "\x08\0\0\0\0\0\x02\0",
                                           "\x08\0\0\0\0\0\x01\0"};
    for (unsigned i = 0; i < 3; i++) {
        join(&payload, headers[i], 8, &in, WHOLE);
        build_udp(&f[i], &outside, false, payload.bytes, payload.size);
    }
    struct seen seen = feed(f, 3, false);
    CHECK(seen.flows == 3 && seen.inner == 2 && seen.ids[0] + seen.ids[1] == 3);
    CHECK(strcmp(seen.outer_name, "VXLAN") == 0);
}

/* GRE in VXLAN: a flow at each depth. */
static void tunnels_in_tunnels(void)
{
    struct frame in = inner_frame(&inside), gre, gre_frame, payload, f;
    join(&gre, "\0\0\x08\0", 4, &in, FROM_IP);
    build_ip(&gre_frame, &outside, false, GRE, gre.bytes, gre.size);
    join(&payload, "\x08\0\0\0\0\0\x2a\0", 8, &gre_frame, WHOLE);
    build_udp(&f, &outside, false, payload.bytes, payload.size);
    struct seen seen = feed(&f, 1, false);
    CHECK(seen.flows == 3 && seen.inner == 2);
}

/* Fields that must be zero are not; lengths that pass the end. */
static void what_is_no_tunnel(void)
{
    static const struct {
        uint16_t port;
        const char *header;
        size_t size;
    } wrong[] = {{4789, "\x08\0\0\0\0\0\x2a\x01", 8},
                 {4789, "\0\0\0\0\0\0\x2a\0", 8},
                 {6081, "\x3f\0\x65\x58\0\0\x07\0", 8},
                 {2152, "\x30\xff\xff\xff\0\0\0\x09", 8},
                 {37008, "\x02\0\0\x01\x01", 5}};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ends ends = outside;
        struct frame in = inner_frame(&inside), payload, f;
        ends.port[1] = wrong[i].port;
        join(&payload, wrong[i].header, wrong[i].size, &in, WHOLE);
        build_udp(&f, &ends, false, payload.bytes, payload.size);
        CHECK(feed(&f, 1, false).inner == 0);
    }
}

/* More networks than identities: flows stay apart. */
static void many_networks(void)
{
    struct cdpi_options options = {.struct_size = sizeof options, .hash_key = {1, 2}};
    struct cdpi *engine;
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    struct frame in = inner_frame(&inside), payload, f;
    for (unsigned i = 1; i <= 6000; i++) {
        uint8_t header[8] = {8, 0, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i, 0};
        join(&payload, header, 8, &in, WHOLE);
        build_udp(&f, &outside, false, payload.bytes, payload.size);
        struct cdpi_frame frame = as_frame(&f, SECOND + i);
        CHECK(cdpi_feed(engine, &frame, 1) == CDPI_OK);
    }
    CHECK(cdpi_stats(engine).flows == 6001);
    CHECK(cdpi_close(engine) == CDPI_OK);
}

/* Once a flow on a port of its own is named, each further datagram is opened: two networks, both
 * directions, and what is no tunnel's datagram is counted only. */
static void named_by_its_bytes(void)
{
    struct ends ends = outside;
    struct frame in = inner_frame(&inside), payload, f[5];
    ends.port[1] = 14789;
    for (unsigned i = 0; i < 4; i++) {
        join(&payload, i & 1 ? "\x08\0\0\0\0\0\x01\0" : "\x08\0\0\0\0\0\x02\0", 8, &in, WHOLE);
        build_udp(&f[i], &ends, i > 1, payload.bytes, payload.size);
    }
    build_udp(&f[4], &ends, false, "\x08\0\0\0\0\0\x03\0 something else", 23);
    struct seen seen = feed(f, 5, false);
    CHECK(seen.flows == 3 && seen.inner == 2 && seen.ids[0] + seen.ids[1] == 3);
    CHECK(strcmp(seen.outer_name, "VXLAN") == 0);
    CHECK(feed(f, 5, true).flows == 1);
}

/* However deep tunnels on such ports are nested, four are opened. */
static void not_too_deep(void)
{
    struct frame in = inner_frame(&inside), payload, f;
    for (unsigned depth = 1; depth <= 7; depth++) {
        struct ends ends = outside;
        ends.port[1] = depth & 1 ? 14789 : 4789;
        join(&payload, "\x08\0\0\0\0\0\x01\0", 8, &in, WHOLE);
        build_udp(&f, &ends, false, payload.bytes, payload.size);
        CHECK(feed(&f, 1, false).inner == (depth < 4 ? depth : 4));
        in = f;
    }
}

static const char reply[] = "\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x07"
                            "example\x03net\0\0\x01\0\x01"
                            "\xc0\x0c\0\x01\0\x01\0\0\x0e\x10\0\x04\x0a\0\0\x09";

/* A datagram of GTP between two gateways, with DNS inside. */
static struct frame gtp_frame(const struct ends *gateways, bool is_answer, uint32_t endpoint,
                              const struct ends *user)
{
    struct frame in, payload = {.size = 0}, f;
    build_udp(&in, user, is_answer, is_answer ? reply : query,
              is_answer ? sizeof reply - 1 : sizeof query - 1);
    frame_u16(&payload, 0x30ff);
    frame_u16(&payload, (uint16_t)(in.size - FROM_IP));
    frame_u32(&payload, endpoint);
    frame_add(&payload, in.bytes + FROM_IP, in.size - FROM_IP);
    build_udp(&f, gateways, is_answer, payload.bytes, payload.size);
    return f;
}

/* The two sides of a GTP tunnel have numbers of their own: a flow and its answers are one, as soon
 * as an answer has told which belong together; other users' stay apart. */
static void two_numbers_of_one_tunnel(void)
{
    struct ends gateways = outside, others = outside, user = inside, later = inside;
    gateways.port[0] = gateways.port[1] = 2152;
    others = gateways;
    others.address[1]++;
    later.port[0]++;
    struct frame f[6] = {
        gtp_frame(&gateways, false, 9, &user), gtp_frame(&gateways, true, 70, &user),
        gtp_frame(&gateways, true, 70, &later), gtp_frame(&gateways, false, 9, &later)};
    struct seen seen = feed(f, 4, false);
    CHECK(seen.flows == 3 && seen.inner == 2 && seen.ids[0] == 9 && seen.ids[1] == 9);
    f[4] = gtp_frame(&gateways, false, 10, &user); /* the same addresses, another tunnel */
    f[5] = gtp_frame(&gateways, true, 71, &user);
    seen = feed(f, 6, false);
    CHECK(seen.inner == 3);
    f[4] = gtp_frame(&others, false, 9, &user); /* another gateway's 9 is another */
    seen = feed(f, 5, false);
    CHECK(seen.flows == 5 && seen.inner == 3);
    gateways.port[1] = 2999; /* by its bytes, the same */
    f[0] = gtp_frame(&gateways, false, 9, &user);
    f[1] = gtp_frame(&gateways, true, 70, &user);
    seen = feed(f, 2, false);
    CHECK(seen.flows == 2 && seen.inner == 1 && strcmp(seen.inner_name, "DNS") == 0);
}

/* PPTP's calls are numbered by the receiver as well. */
static void two_numbers_of_a_call(void)
{
    struct frame in, payload, f[2];
    for (unsigned i = 0; i < 2; i++) {
        build_udp(&in, &inside, i, i ? reply : query, i ? sizeof reply - 1 : sizeof query - 1);
        join(&payload, i ? "\x20\x01\x88\x0b\0\0\0\x07\0\x21" : "\x20\x01\x88\x0b\0\0\0\x03\0\x21",
             10, &in, FROM_IP);
        build_ip(&f[i], &outside, i, GRE, payload.bytes, payload.size);
    }
    struct seen seen = feed(f, 2, false);
    CHECK(seen.flows == 2 && seen.inner == 1 && seen.ids[0] == 3);
}

/* The same flow with a tag on one side and without on the other is one, unless VLANs are strict. */
static void one_side_tagged(void)
{
    struct frame f[2], tagged = {.size = 0};
    struct cdpi_options options = {.struct_size = sizeof options, .hash_key = {1, 2}};
    build_udp(&f[0], &inside, false, query, sizeof query - 1);
    build_udp(&f[1], &inside, true, reply, sizeof reply - 1);
    frame_add(&tagged, f[1].bytes, 12);
    frame_u32(&tagged, 0x81000064);
    frame_add(&tagged, f[1].bytes + 12, f[1].size - 12);
    f[1] = tagged;
    for (unsigned strict = 0; strict < 2; strict++) {
        struct cdpi *engine;
        options.vlan_strict = strict;
        CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
        for (unsigned i = 0; i < 2; i++) {
            struct cdpi_frame frame = as_frame(&f[i], SECOND + i);
            CHECK(cdpi_feed(engine, &frame, 1) == CDPI_OK);
        }
        CHECK(cdpi_stats(engine).flows == strict + 1);
        CHECK(cdpi_close(engine) == CDPI_OK);
    }
}

/* With VLANs strict, those in a network are apart, and still say whose they are. */
static void vlans_in_a_network(void)
{
    struct frame in = inner_frame(&inside), tagged = {.size = 0}, payload, f[3];
    struct cdpi_options options = {
        .struct_size = sizeof options, .hash_key = {1, 2}, .vlan_strict = true};
    struct seen seen = {0};
    struct cdpi *engine;
    for (unsigned i = 0; i < 3; i++) {
        tagged.size = 0;
        frame_add(&tagged, in.bytes, 12);
        frame_u32(&tagged, 0x81000000 | (i == 1 ? 200u : 100u));
        frame_add(&tagged, in.bytes + 12, in.size - 12);
        join(&payload, "\x08\0\0\0\0\0\x2a\0", 8, &tagged, WHOLE);
        build_udp(&f[i], &outside, false, payload.bytes, payload.size);
    }
    CHECK(feed(f, 3, false).inner == 1);
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    for (unsigned i = 0; i < 3; i++) {
        struct cdpi_frame frame = as_frame(&f[i], SECOND + i);
        CHECK(cdpi_feed(engine, &frame, 1) == CDPI_OK);
    }
    seen.engine = engine;
    CHECK(cdpi_each_flow(engine, look, &seen) == CDPI_OK);
    CHECK(seen.inner == 2 && seen.ids[0] == 42 && seen.ids[1] == 42);
    CHECK(strcmp(seen.kind, "vxlan") == 0);
    CHECK(cdpi_close(engine) == CDPI_OK);
}

int main(void)
{
    each_kind();
    two_networks();
    tunnels_in_tunnels();
    what_is_no_tunnel();
    many_networks();
    named_by_its_bytes();
    not_too_deep();
    two_numbers_of_one_tunnel();
    two_numbers_of_a_call();
    vlans_in_a_network();
    one_side_tagged();
    return CHECKS_END("tunnels");
}
