/* SPDX-License-Identifier: MIT */
/*
 * The application parts of radio networks have one frame (framing/aper.h): which of them it is,
 * SCTP's payload protocol identifier says (IANA's registry).
 */
#ifndef CDPI_PROTOCOLS_APPLICATION_PART_H
#define CDPI_PROTOCOLS_APPLICATION_PART_H

#include "framing/aper.h"
#include "protocols/protocol.h"

static inline enum answer application_part_side(struct inspection *in, struct cursor c)
{
    return aper_message(&c) ? yes(in, "message", &c) : NO;
}

static inline enum answer judge_application_part(struct inspection *in, uint32_t identifier)
{
    return in->sctp_ppid == identifier
               ? judge_sides(in, application_part_side, application_part_side)
               : NO;
}

/* A choice of three, a criticality of three. */
#define APPLICATION_PART_SIGNATURE SIGNATURE_MASKED(0, "\0\0\0", "\x9f\0\x3f")

#endif
