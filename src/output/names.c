/* SPDX-License-Identifier: MIT */
#include "output/output.h"

const char *ip_protocol_keyword(uint8_t ip_protocol)
{
    static const struct {
        uint8_t number;
        const char *keyword;
    } keywords[] = {{1, "ICMP"},       {2, "IGMP"},   {4, "IPv4"},     {6, "TCP"},
                    {8, "EGP"},        {17, "UDP"},   {33, "DCCP"},    {41, "IPv6"},
                    {46, "RSVP"},      {47, "GRE"},   {50, "ESP"},     {51, "AH"},
                    {58, "IPv6-ICMP"}, {88, "EIGRP"}, {89, "OSPFIGP"}, {103, "PIM"},
                    {112, "VRRP"},     {113, "PGM"},  {115, "L2TP"},   {132, "SCTP"},
                    {136, "UDPLite"}};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (keywords[i].number == ip_protocol)
            return keywords[i].keyword;
    }
    return NULL;
}

bool has_ports(const struct cdpi_flow_info *info)
{
    return info->ip_protocol == 6 || info->ip_protocol == 17 || info->ip_protocol == 132;
}

const char *confidence_name(enum cdpi_confidence confidence)
{
    return confidence == CDPI_CERTAIN ? "certain" : confidence == CDPI_LIKELY ? "likely" : "none";
}
