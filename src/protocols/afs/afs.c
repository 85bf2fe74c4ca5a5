/* SPDX-License-Identifier: MIT */
/*
 * AFS over Rx, as OpenAFS speaks it (its rx.h, and "Rx protocol" notes). A packet's header of 28
 * bytes:
 *
 *     epoch(4) connection(4) call(4) sequence(4) serial(4) type(1) flags(1) status(1) security(1)
 *       checksum(2) service(2)
 *
 * Numbers count from small ones; the services of AFS are few. What rxdebug asks (rx_user's
 * MakeDebugCall) has epoch 999 and no connection.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 28,
    DATA = 1,
    ABORT = 4,
    ACKNOWLEDGE_ALL = 5,
    DEBUG_PACKET = 8,
    VERSION_PACKET = 13,
    DEBUG_EPOCH = 999,
    LAST_TYPE = 13,
    LAST_SECURITY = 6, /* AuriStor's */
    LAST_PACKET = 4,
    CALL_LIMIT = 0x1000000,
    SEQUENCE_LIMIT = 0x10000
};

/* File server and callbacks, volume server, locations, protection, authentication, ubik, backup,
 * statistics; and AuriStor's, as Linux has them (fs/afs/protocol_yfs.h). */
static bool is_afs_service(uint16_t service)
{
    switch (service) {
    case 1:
    case 4:
    case 50:
    case 51:
    case 52:
    case 73:
    case 409:
    case 731:
    case 732:
    case 733:
    case 2001:
    case 2500:
    case 2501:
    case 2503:
    case 22314:
        return true;
    default:
        return false;
    }
}

static bool numbers_fit(uint8_t type, uint32_t call, uint32_t sequence, uint32_t serial)
{
    if (call >= CALL_LIMIT || sequence >= SEQUENCE_LIMIT || serial >= CALL_LIMIT)
        return false;
    return type != DATA || (call > 0 && sequence > 0 && serial > 0);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t epoch = cursor_u32(&c), connection = cursor_u32(&c);
    uint32_t call = cursor_u32(&c), sequence = cursor_u32(&c), serial = cursor_u32(&c);
    uint8_t type = cursor_u8(&c), flags = cursor_u8(&c);
    uint8_t status = cursor_u8(&c), security = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint16_t service = cursor_u16(&c);
    if (c.ran_short || type < DATA || type > LAST_TYPE || flags & 0xc0 || security > LAST_SECURITY)
        return NO;
    bool is_debug = (type == DEBUG_PACKET || type == VERSION_PACKET) && epoch == DEBUG_EPOCH;
    if (is_debug && connection == 0 && sequence == 0 && serial == 0 && service == 0)
        return call < CALL_LIMIT && flags & LAST_PACKET ? yes(in, "asked about Rx", &c) : NO;
    if (epoch == 0 || connection == 0 || status > 3 || !numbers_fit(type, call, sequence, serial))
        return NO;
    if (type == ABORT && cursor_left(&c) != 4)
        return NO;
    return is_afs_service(service) ? yes(in, "packet of a service", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.offset = 8,
     .size = 16,
     .bytes = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xff\0\0\0\xff\xff\0\0\xff\0\0\0\xf0\xc0\xfc\xf8",
     .min_size = HEADER}};

const struct cdpi_protocol cdpi_protocol_afs = {
    .name = "AFS",
    .reference = "OpenAFS' Rx packet header (rx.h)",
    .transports = OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .udp_ports = PORTS(7000, 7001, 7002, 7003, 7004, 7005, 7007),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
