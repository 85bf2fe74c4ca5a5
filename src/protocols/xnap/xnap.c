/* SPDX-License-Identifier: MIT */
/*
 * XnAP, between base stations of 5G. All protocols of this kind have the same frame
 * (framing/aper.h): which one it is, SCTP's payload protocol identifier says, 61 by IANA's
 * registry.
 */
#include "framing/aper.h"
#include "protocols/protocol.h"

enum { IDENTIFIER = 61 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    return aper_message(&c) ? yes(in, "message", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return in->sctp_ppid == IDENTIFIER ? judge_sides(in, judge, judge) : NO;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0", "\x9f\0\x3f"),
};

const struct cdpi_protocol cdpi_protocol_xnap = {
    .name = "XnAP",
    .reference = "3GPP TS 38.423 section 9, TS 38.422 section 7",
    .transports = OVER_SCTP,
    .category = CATEGORY_TELEPHONY,
    SIGNATURES(signatures),
    .validate = validate,
};
