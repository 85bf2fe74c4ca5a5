/* SPDX-License-Identifier: MIT */
/* --flows: a line a flow. --explain: the evidence under it. And nothing at all, for --format
 * none. */
#include <string.h>

#include "output/output.h"

static void nothing(struct output *out)
{
    (void)out;
}

static void endpoint(struct writer *w, const struct cdpi_flow_info *info, enum cdpi_side side)
{
    bool is_v6_with_port = info->ip_version == 6 && has_ports(info);
    if (is_v6_with_port)
        write_char(w, '[');
    write_address(w, info->address[side], info->ip_version);
    if (is_v6_with_port)
        write_char(w, ']');
    if (has_ports(info)) {
        write_char(w, ':');
        write_number(w, info->port[side]);
    }
}

static void write_names(struct output *out, const struct cdpi_verdict *v)
{
    struct writer *w = &out->writer;
    if (out->with_colour)
        write_text(w, v->protocol ? "\x1b[1;32m" : "\x1b[33m");
    write_text(w, v->protocol ? cdpi_protocol_name(out->engine, v->protocol) : "unknown");
    if (out->with_colour)
        write_text(w, "\x1b[0m");
    if (v->application) {
        write_char(w, '/');
        write_text(w, cdpi_protocol_name(out->engine, v->application));
    }
    if (v->then) {
        write_text(w, " then ");
        write_text(w, cdpi_protocol_name(out->engine, v->then));
    }
    if (v->protocol) {
        write_text(w, v->confidence == CDPI_CERTAIN ? " (certain, " : " (likely, ");
        write_text(w, v->source);
        write_char(w, ')');
    }
    if (v->guess && !v->protocol) {
        write_text(w, " (by port perhaps ");
        write_text(w, cdpi_protocol_name(out->engine, v->guess));
        write_char(w, ')');
    }
}

static void explain(struct output *out, const struct cdpi_verdict *v)
{
    struct writer *w = &out->writer;
    const struct cdpi_evidence *e = &v->evidence;
    write_text(w, "    ");
    if (!v->protocol) {
        write_text(w, "nothing that is known fits");
    } else {
        write_text(w, *e->rule ? e->rule : "no rule named");
        if (e->length) {
            write_text(w, ": payload packet ");
            write_number(w, e->packet);
            write_text(w,
                       e->side == CDPI_CLIENT ? ", the client's bytes " : ", the server's bytes ");
            write_number(w, e->offset);
            write_text(w, " to ");
            write_number(w, e->offset + e->length - 1);
        }
    }
    for (unsigned side = 0; side < 2; side++) {
        if (v->side[side] && v->side[side] != v->protocol) {
            write_text(w, side == CDPI_CLIENT ? "; the client alone says "
                                              : "; the server alone says ");
            write_text(w, cdpi_protocol_name(out->engine, v->side[side]));
        }
    }
    write_char(w, '\n');
}

/* --ask-all: what another module than the verdict's says. */
static void explain_answer(struct output *out, const struct cdpi_module_answer *a,
                           const struct cdpi_verdict *v)
{
    struct writer *w = &out->writer;
    const struct cdpi_verdict *said = &a->verdict;
    if (a->state != CDPI_ANSWERED || strcmp(a->module, v->source) == 0)
        return;
    write_text(w, "    ");
    write_text(w, a->module);
    write_text(w, said->protocol ? " says " : " guesses ");
    write_text(w, cdpi_protocol_name(out->engine, said->protocol ? said->protocol : said->guess));
    if (said->application) {
        write_char(w, '/');
        write_text(w, cdpi_protocol_name(out->engine, said->application));
    }
    if (*said->evidence.rule) {
        write_text(w, ": ");
        write_text(w, said->evidence.rule);
    }
    write_char(w, '\n');
}

static void flow(struct output *out, const struct cdpi_flow_info *info,
                 const struct cdpi_verdict *v, const struct cdpi_module_answer *answers,
                 size_t answer_count)
{
    struct writer *w = &out->writer;
    const char *keyword = ip_protocol_keyword(info->ip_protocol);
    if (keyword) {
        write_text(w, keyword);
    } else {
        write_text(w, "IP ");
        write_number(w, info->ip_protocol);
    }
    write_char(w, ' ');
    endpoint(w, info, CDPI_CLIENT);
    write_text(w, " -> ");
    endpoint(w, info, CDPI_SERVER);
    write_char(w, ' ');
    write_names(out, v);
    write_text(w, ", ");
    write_number(w, info->packets[0] + info->packets[1]);
    write_text(w, info->packets[0] + info->packets[1] == 1 ? " packet\n" : " packets\n");
    if (out->with_evidence)
        explain(out, v);
    for (size_t i = 0; out->with_evidence && i < answer_count; i++)
        explain_answer(out, &answers[i], v);
}

const struct output_format output_lines = {"lines", nothing, flow, nothing};

static void no_flow(struct output *out, const struct cdpi_flow_info *info,
                    const struct cdpi_verdict *verdict, const struct cdpi_module_answer *answers,
                    size_t answer_count)
{
    (void)out;
    (void)info;
    (void)verdict;
    (void)answers;
    (void)answer_count;
}

const struct output_format output_none = {"none", nothing, no_flow, nothing};
