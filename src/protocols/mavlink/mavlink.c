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

/* Definitions' bytes (common.xml) of messages that begin sessions, and of those that make up most
 * of what is sent in their course; 0: not looked at. */
static const uint8_t definitions[] = {
    [0] = 50,    /* heartbeat */
    [1] = 124,   /* the system's status */
    [2] = 137,   /* its clock */
    [4] = 237,   /* ping */
    [11] = 89,   /* a mode is set */
    [20] = 214,  /* a parameter is asked for */
    [21] = 159,  /* all are */
    [22] = 220,  /* a parameter */
    [23] = 168,  /* it is set */
    [24] = 24,   /* GPS */
    [27] = 144,  /* accelerations, raw */
    [29] = 115,  /* pressure */
    [30] = 39,   /* attitude */
    [31] = 246,  /* the same as a quaternion */
    [32] = 185,  /* position from here */
    [33] = 104,  /* position on the earth */
    [35] = 244,  /* the pilot's channels, raw */
    [36] = 222,  /* servos */
    [42] = 28,   /* the mission's step */
    [43] = 132,  /* the mission is asked for */
    [44] = 221,  /* how many steps it has */
    [47] = 153,  /* it is taken */
    [51] = 196,  /* a step is asked for */
    [62] = 183,  /* the navigator's outputs */
    [65] = 118,  /* the pilot's channels */
    [66] = 148,  /* streams are asked for */
    [69] = 243,  /* manual control */
    [73] = 38,   /* a step */
    [74] = 20,   /* what a head-up display shows */
    [76] = 152,  /* a command */
    [77] = 143,  /* its answer */
    [83] = 22,   /* attitude wanted */
    [105] = 93,  /* accelerations */
    [109] = 185, /* the radio's status */
    [110] = 84,  /* files */
    [111] = 34,  /* times to and fro */
    [116] = 76,  /* accelerations of a second sensor */
    [125] = 203, /* power */
    [136] = 1,   /* terrain */
    [141] = 47,  /* altitude */
    [147] = 154, /* battery */
    [148] = 178, /* the autopilot's version */
};

static int definition_byte(uint32_t message)
{
    return message < sizeof definitions && definitions[message] ? definitions[message] : -1;
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

/* A frame of the same sender and version, whose checksum is not wrong. Right, it is worth 16 bits,
 * the first byte 8; version 2 has three for the message's number, and flags of which one is known.
 */
static unsigned weigh(const struct frame *f, const struct frame *first)
{
    enum checked checked = check(f);
    if (checked == WRONG || f->magic != first->magic || f->system != first->system)
        return 0;
    return checked == UNCHECKED ? 8 : f->magic == V2 ? 40 : 26;
}

/* Frames up to the end. A heartbeat has its size beside. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    struct frame first = {0}, f;
    unsigned bits = 0;
    for (unsigned i = 0; i < FRAMES && bits < BITS_FOR_YES && !cursor_at_end(&c); i++) {
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

/* What can be checked: first, the heartbeat of either version (its size is 9); then one frame of
 * version 1 in a datagram, and messages below 256 of version 2. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\xfe\x09\0\0\0\0", "\xff\xff\0\0\0\xff"),
    SIGNATURE_MASKED(0, "\xfd\x09\0\0\0\0\0\0\0\0", "\xff\xff\xfe\0\0\0\0\xff\xff\xff"),
    {.transports = OVER_UDP, .size = 1, .bytes = "\xfe", .min_size = 9, .length = {1, 1, false, 8}},
    SIGNATURE_MASKED(0, "\xfd\0\0\0\0\0\0\0\0\0", "\xff\0\xfe\0\0\0\0\0\xff\xff"),
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
