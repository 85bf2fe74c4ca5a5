/* SPDX-License-Identifier: MIT */
/*
 * EtherNet/IP. CIP volume 2, section 2-3: each encapsulation message is, low byte first,
 *
 *     command(2) length(2) session(4) status(4) context(8) options(4) = 0 data(length)
 */
#include "protocols/protocol.h"

enum { HEADER = 24, REGISTER_SESSION = 0x65, MOST = 65511 };

/* Table 2-3.2. */
static bool is_command(uint16_t command)
{
    return command == 0x00 || command == 0x04 || command == 0x63 || command == 0x64 ||
           command == REGISTER_SESSION || command == 0x66 || command == 0x6f || command == 0x70 ||
           command == 0x72 || command == 0x73;
}

/* Table 2-3.3. */
static bool is_status(uint32_t status)
{
    return status <= 3 || status == 0x64 || status == 0x65 || status == 0x69 || status == 0x6a ||
           status == 8 || status == 9;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t command = cursor_le16(&c), length = cursor_le16(&c);
    if (!is_command(command))
        return NO;
    uint32_t session = cursor_u32(&c);
    uint32_t status = cursor_le32(&c);
    uint64_t context = cursor_u64(&c);
    uint32_t options = cursor_le32(&c);
    bool is_told = is_cut(in, &c) && c.at >= 20 && is_status(status) &&
                   fills_datagram(in, &c, HEADER + (uint32_t)length);
    if (c.ran_short && is_told) /* command, length and status are 58 bits */
        return likely(in, "encapsulation header, cut", &c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_status(status) || options != 0 || length > MOST)
        return NO;
    if (command == 0 && c.side == SERVER) /* a NOP has no answer */
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, HEADER + (uint32_t)length))
        return NO;
    if (command == REGISTER_SESSION && length != 4 && status == 0)
        return NO;
    /* A small number and zeros are many things' beginning. */
    bool is_zeros = (session | context) == 0 && length == 0 && status == 0;
    if (is_zeros && command == 0)
        return NO;
    if (is_zeros && !is_udp(in) && !both_spoke(in))
        return likely(in, "encapsulation header of zeros", &c);
    return yes(in, "encapsulation header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\x04\0", .min_size = HEADER},
    {.size = 2, .bytes = "\x63\0", .min_size = HEADER},
    {.size = 2, .bytes = "\x64\0", .min_size = HEADER},
    {.size = 4, .bytes = "\x65\0\0\0", .mask = "\xff\xff\xfb\xff", .min_size = HEADER},
    {.size = 4, .bytes = "\x66\0\0\0", .min_size = HEADER},
    {.size = 2, .bytes = "\x6f\0", .min_size = HEADER},
    {.size = 2, .bytes = "\x70\0", .min_size = HEADER},
    {.size = 2, .bytes = "\x72\0", .min_size = HEADER},
    {.size = 2, .bytes = "\x73\0", .min_size = HEADER},
};

const struct cdpi_protocol cdpi_protocol_ethernet_ip = {
    .name = "EtherNet/IP",
    .reference = "ODVA, The CIP Networks Library volume 2, section 2-3",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(44818),
    .udp_ports = PORTS(44818),
    SIGNATURES(signatures),
    .validate = validate,
};
