/* SPDX-License-Identifier: MIT */
/*
 * Community ID v1: "1:" and the base64 of SHA1(seed, low address, high address, protocol, 0, low
 * port, high port), where the lower (address, port) comes first. ICMP's type and its counterpart
 * stand for the ports; a type without counterpart goes one way, with its code, and is not ordered.
 */
#include <stdio.h>

#include "crypto/digest.h"
#include "engine/engine.h"

static void base64(const uint8_t *bytes, size_t size, char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        text[at++] = digits[group >> 18];
        text[at++] = digits[group >> 12 & 63];
        text[at++] = left > 1 ? digits[group >> 6 & 63] : '=';
        text[at++] = left > 2 ? digits[group & 63] : '=';
    }
    text[at] = '\0';
}

static size_t append16(uint8_t *to, size_t at, uint16_t value)
{
    to[at] = (uint8_t)(value >> 8);
    to[at + 1] = (uint8_t)value;
    return at + 2;
}

void cdpi_community_id(const struct cdpi_flow_info *info, uint16_t seed,
                       char text[CDPI_COMMUNITY_ID_SIZE])
{
    uint8_t bytes[2 + 32 + 2 + 4], digest[SHA1_SIZE] = {0};
    size_t n = info->ip_version == 6 ? 16 : 4, at;
    bool is_icmp = info->ip_protocol == IP_ICMP || info->ip_protocol == IP_ICMPV6;
    bool has_ports = is_icmp || info->ip_protocol == IP_TCP || info->ip_protocol == IP_UDP ||
                     info->ip_protocol == IP_SCTP;
    bool one_way = is_icmp && decode_icmp_counterpart(info->ip_protocol == IP_ICMPV6,
                                                      (uint8_t)info->port[0]) < 0;
    int order = memcmp(info->address[0], info->address[1], n);
    unsigned low = !one_way && (order > 0 || (order == 0 && info->port[0] > info->port[1]));
    at = append16(bytes, 0, seed);
    memcpy(bytes + at, info->address[low], n);
    memcpy(bytes + at + n, info->address[!low], n);
    at += 2 * n;
    bytes[at++] = info->ip_protocol;
    bytes[at++] = 0;
    if (has_ports) {
        at = append16(bytes, at, info->port[low]);
        at = append16(bytes, at, info->port[!low]);
    }
    digest_sha1(bytes, at, digest);
    snprintf(text, CDPI_COMMUNITY_ID_SIZE, "1:");
    base64(digest, SHA1_SIZE, text + 2);
}
