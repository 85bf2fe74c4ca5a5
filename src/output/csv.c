/* SPDX-License-Identifier: MIT */
/* RFC 4180: a header line, then a line a flow. No field of ours holds a quote, a comma or a line
 * break but names that a module brought: these are quoted. */
#include <string.h>

#include "output/output.h"

static void field(struct writer *w, const char *text)
{
    write_char(w, ',');
    if (!strpbrk(text, "\",\r\n")) {
        write_text(w, text);
        return;
    }
    write_char(w, '"');
    for (; *text; text++) {
        if (*text == '"')
            write_char(w, '"');
        write_char(w, *text);
    }
    write_char(w, '"');
}

static void number(struct writer *w, uint64_t value)
{
    write_char(w, ',');
    write_number(w, value);
}

static void begin(struct output *out)
{
    write_text(&out->writer,
               "start,end,flow_id,proto,src_ip,src_port,dest_ip,dest_port,app_proto,application,"
               "category,confidence,source,rule,guess,pkts_toserver,pkts_toclient,bytes_toserver,"
               "bytes_toclient,reason,community_id\r\n");
}

static void endpoint(struct writer *w, const struct cdpi_flow_info *info, enum cdpi_side side)
{
    write_char(w, ',');
    write_address(w, info->address[side], info->ip_version);
    number(w, has_ports(info) ? info->port[side] : 0);
}

static void flow(struct output *out, const struct cdpi_flow_info *info,
                 const struct cdpi_verdict *v, const struct cdpi_module_answer *answers,
                 size_t answer_count)
{
    struct writer *w = &out->writer;
    char community_id[CDPI_COMMUNITY_ID_SIZE];
    const char *keyword = ip_protocol_keyword(info->ip_protocol);
    (void)answers;
    (void)answer_count;
    write_time(w, info->start);
    write_char(w, ',');
    write_time(w, info->end);
    number(w, info->id);
    if (keyword)
        field(w, keyword);
    else
        number(w, info->ip_protocol);
    endpoint(w, info, CDPI_CLIENT);
    endpoint(w, info, CDPI_SERVER);
    field(w, cdpi_protocol_name(out->engine, v->protocol));
    field(w, cdpi_protocol_name(out->engine, v->application));
    field(w, cdpi_protocol_category(out->engine, v->protocol));
    field(w, v->protocol ? confidence_name(v->confidence) : "");
    field(w, v->source);
    field(w, v->evidence.rule);
    field(w, cdpi_protocol_name(out->engine, v->guess));
    for (unsigned side = 0; side < 2; side++)
        number(w, info->packets[side]);
    for (unsigned side = 0; side < 2; side++)
        number(w, info->bytes[side]);
    field(w, cdpi_end_reason_name(info->end_reason));
    cdpi_community_id(info, 0, community_id);
    field(w, community_id);
    write_text(w, "\r\n");
}

static void end(struct output *out)
{
    (void)out;
}

const struct output_format output_csv = {"csv", begin, flow, end};
