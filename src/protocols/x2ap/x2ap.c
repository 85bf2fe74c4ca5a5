/* SPDX-License-Identifier: MIT */
/* X2AP, between base stations of LTE: SCTP's payload protocol identifier tells it
 * (protocols/application_part.h). */
#include "protocols/application_part.h"

enum { IDENTIFIER = 27 };

static enum answer validate(struct inspection *in)
{
    return judge_application_part(in, IDENTIFIER);
}

static const struct signature signatures[] = {APPLICATION_PART_SIGNATURE};

const struct cdpi_protocol cdpi_protocol_x2ap = {
    .name = "X2AP",
    .reference = "3GPP TS 36.423 section 9, TS 36.422 section 7",
    .transports = OVER_SCTP,
    .category = CATEGORY_TELEPHONY,
    SIGNATURES(signatures),
    .validate = validate,
};
