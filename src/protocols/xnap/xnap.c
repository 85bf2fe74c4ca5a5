/* SPDX-License-Identifier: MIT */
/* XnAP, between base stations of 5G: SCTP's payload protocol identifier tells it
 * (protocols/application_part.h). */
#include "protocols/application_part.h"

enum { IDENTIFIER = 61 };

static enum answer validate(struct inspection *in)
{
    return judge_application_part(in, IDENTIFIER);
}

static const struct signature signatures[] = {APPLICATION_PART_SIGNATURE};

const struct cdpi_protocol cdpi_protocol_xnap = {
    .name = "XnAP",
    .reference = "3GPP TS 38.423 section 9, TS 38.422 section 7",
    .transports = OVER_SCTP,
    .category = CATEGORY_TELEPHONY,
    SIGNATURES(signatures),
    .validate = validate,
};
