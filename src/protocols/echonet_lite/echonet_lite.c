/* SPDX-License-Identifier: MIT */
/*
 * ECHONET Lite, of homes in Japan (ECHONET Lite specification, part II section 3.2):
 *
 *     10 81 transaction(2) source(3) destination(3) service(1) count(1) properties
 *
 * and properties: code(1) from 80 on, size(1), data. An object is a class's group, its class, an
 * instance; node profiles are 0e f0, controllers 05 ff. Services 6e, 7e and 5e have two lists.
 */
#include "protocols/protocol.h"

enum { FIRST_CODE = 0x80, LAST_GROUP = 0x0f, PROFILE = 0x0ef0, CONTROLLER = 0x05ff };
enum { SET_GET = 0x6e, SET_GET_ANSWER = 0x7e, SET_GET_REFUSED = 0x5e };

/* Section 3.2.5. */
static bool is_service(uint8_t service)
{
    return (service >= 0x50 && service <= 0x53) || service == SET_GET_REFUSED ||
           (service >= 0x60 && service <= 0x63) || service == SET_GET ||
           (service >= 0x71 && service <= 0x74) || service == 0x7a || service == SET_GET_ANSWER;
}

static bool is_object(uint32_t object)
{
    return object >> 16 <= LAST_GROUP;
}

static bool is_well_known(uint32_t object)
{
    return object >> 8 == PROFILE || object >> 8 == CONTROLLER;
}

static bool pass_properties(struct cursor *c)
{
    uint8_t count = cursor_u8(c);
    for (unsigned i = 0; i < count && !c->ran_short; i++) {
        if (cursor_u8(c) < FIRST_CODE)
            return false;
        cursor_skip(c, cursor_u8(c));
    }
    return !c->ran_short;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_u16(&c) != 0x1081)
        return NO;
    cursor_skip(&c, 2);
    uint32_t source = cursor_u24(&c), destination = cursor_u24(&c);
    uint8_t service = cursor_u8(&c);
    if (!is_object(source) || !is_object(destination) || !is_service(service))
        return NO;
    bool has_two = service == SET_GET || service == SET_GET_ANSWER || service == SET_GET_REFUSED;
    bool fits = cursor_peek(&c, 0) > 0 && pass_properties(&c) && (!has_two || pass_properties(&c));
    if (!fits || !cursor_at_end(&c))
        return NO;
    bool is_known = is_well_known(source) || is_well_known(destination);
    return is_known ? yes(in, "frame", &c) : likely(in, "frame", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 11,
     .bytes = "\x10\x81\0\0\0\0\0\0\0\0\x40",
     .mask = "\xff\xff\0\0\xf0\0\0\xf0\0\0\xc0",
     .min_size = 14},
};

const struct cdpi_protocol cdpi_protocol_echonet_lite = {
    .name = "ECHONET-Lite",
    .reference = "ECHONET Lite specification, part II section 3.2",
    .transports = OVER_UDP,
    .category = CATEGORY_IOT,
    .udp_ports = PORTS(3610),
    SIGNATURES(signatures),
    .validate = validate,
};
