/* SPDX-License-Identifier: MIT */
/*
 * MAVLink, of drones and their ground stations (mavlink.io, Packet Serialization), little-endian:
 *
 *     1   fe size sequence system component message(1) data crc(2)
 *     2   fd size flags flags sequence system component message(3) data crc(2) [signature(13)]
 *
 * The checksum (CRC-16/MCRF4XX) goes over all but the first byte, and over one byte more that
 * stands for the message's definition.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum { V1 = 0xfe, V2 = 0xfd, V1_HEADER = 6, V2_HEADER = 10, CHECKSUM = 2, SIGNATURE_SIZE = 13 };
enum { SIGNED = 1, LAST_MESSAGE = 0xffff, HEARTBEAT = 0, FRAMES = 8 };

struct frame {
    uint8_t magic, system, component, sequence;
    uint32_t message;
    struct cursor covered; /* by the checksum */
    uint16_t checksum;
};

/* Definitions' bytes (common.xml) of messages that begin most sessions. */
static const struct definition {
    uint8_t message, byte;
} definitions[] = {
    {0, 50},   /* heartbeat */
    {1, 124},  /* the system's status */
    {2, 137},  /* its clock */
    {4, 237},  /* ping */
    {20, 214}, /* a parameter is asked for */
    {21, 159}, /* all are */
    {22, 220}, /* a parameter */
    {24, 24},  /* GPS */
    {30, 39},  /* attitude */
    {33, 104}, /* position */
    {66, 148}, /* streams are asked for */
    {76, 152}, /* a command */
    {77, 143}, /* its answer */
    {111, 34}, /* times to and fro */
};

static int definition_byte(uint32_t message)
{
    for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++) {
        if (definitions[i].message == message)
            return definitions[i].byte;
    }
    return -1;
}

static bool read_frame(struct cursor *c, struct frame *f)
{
    f->magic = cursor_u8(c);
    struct cursor from = *c;
    uint8_t size = cursor_u8(c), flags = 0;
    if (f->magic == V2) {
        flags = cursor_u8(c);
        cursor_skip(c, 1);
    }
    f->sequence = cursor_u8(c);
    f->system = cursor_u8(c);
    f->component = cursor_u8(c);
    f->message = cursor_u8(c);
    if (f->magic == V2)
        f->message |= (uint32_t)cursor_le16(c) << 8;
    cursor_skip(c, size);
    f->covered = cursor_take(&from, (f->magic == V2 ? V2_HEADER : V1_HEADER) - 1u + size);
    f->checksum = cursor_le16(c);
    if (flags & SIGNED)
        cursor_skip(c, SIGNATURE_SIZE);
    return !c->ran_short && !(flags & ~SIGNED) && f->message <= LAST_MESSAGE && f->system != 0;
}

enum checked { WRONG, UNCHECKED, RIGHT };

static enum checked check(const struct frame *f)
{
    int byte = definition_byte(f->message);
    if (byte < 0)
        return UNCHECKED;
    return crc16_mcrf4xx(f->covered, (uint8_t)byte) == f->checksum ? RIGHT : WRONG;
}

/* A frame of the same sender and version, whose checksum is not wrong: 24 bits, or 8. */
static unsigned weigh(const struct frame *f, const struct frame *first)
{
    enum checked checked = check(f);
    if (checked == WRONG || f->magic != first->magic || f->system != first->system)
        return 0;
    return checked == RIGHT ? 24 : 8;
}

/* Frames up to the end. A heartbeat has its size beside. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    struct frame first = {0}, f;
    unsigned bits = 0;
    for (unsigned i = 0; i < FRAMES && !cursor_at_end(&c); i++) {
        if (cursor_peek(&c, 0) != V1 && cursor_peek(&c, 0) != V2)
            return NO;
        bool is_whole = read_frame(&c, &f);
        if (c.ran_short)
            return is_udp(in) ? NO : answer_by_bits(in, bits, "frames", &c);
        first = i == 0 ? f : first;
        unsigned worth = is_whole ? weigh(&f, &first) : 0;
        if (worth == 0)
            return NO;
        bits += worth + (f.message == HEARTBEAT && i == 0 ? 16 : 0);
    }
    return answer_by_bits(in, bits, "frames", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_stronger(in, judge);
}

/* What can be checked: first, the heartbeat of either version (its size is 9); then messages below
 * 128. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\xfe\x09\0\0\0\0", "\xff\xff\0\0\0\xff"),
    SIGNATURE_MASKED(0, "\xfd\x09\0\0\0\0\0\0\0\0", "\xff\xff\xfe\0\0\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\xfd\0\0\0\0\0\0\0\0\0", "\xff\0\xfe\0\0\0\0\x80\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_mavlink = {
    .name = "MAVLink",
    .reference = "mavlink.io, Packet Serialization; message definitions common.xml",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VEHICLE,
    .tcp_ports = PORTS(5760),
    .udp_ports = PORTS(14550, 14540),
    SIGNATURES(signatures),
    .validate = validate,
};
