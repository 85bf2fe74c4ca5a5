/* SPDX-License-Identifier: MIT */
/* S1AP, between a base station of LTE and its core: SCTP's payload protocol identifier tells it
 * (protocols/application_part.h). */
#include "protocols/application_part.h"

enum { IDENTIFIER = 18 };

static enum answer validate(struct inspection *in)
{
    return judge_application_part(in, IDENTIFIER);
}

static const struct signature signatures[] = {APPLICATION_PART_SIGNATURE};

const struct cdpi_protocol cdpi_protocol_s1ap = {
    .name = "S1AP",
    .reference = "3GPP TS 36.413 section 9, TS 36.412 section 7",
    .transports = OVER_SCTP,
    .category = CATEGORY_TELEPHONY,
    SIGNATURES(signatures),
    .validate = validate,
};
