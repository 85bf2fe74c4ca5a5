/* SPDX-License-Identifier: MIT */
/* JSON Lines with EVE's names; docs/flow.schema.json says what may stand in them. */
#include "output/output.h"

static void key(struct writer *w, const char *name)
{
    write_char(w, ',');
    write_char(w, '"');
    write_text(w, name);
    write_text(w, "\":");
}

static void number(struct writer *w, const char *name, uint64_t value)
{
    key(w, name);
    write_number(w, value);
}

static void string(struct writer *w, const char *name, const char *value)
{
    key(w, name);
    write_json_string(w, value, false);
}

static void address(struct writer *w, const char *name, const struct cdpi_flow_info *info,
                    enum cdpi_side side)
{
    key(w, name);
    write_char(w, '"');
    write_address(w, info->address[side], info->ip_version);
    write_char(w, '"');
}

static void time_text(struct writer *w, const char *name, uint64_t nanoseconds)
{
    key(w, name);
    write_char(w, '"');
    write_time(w, nanoseconds);
    write_char(w, '"');
}

/* A protocol's name, or null. */
static void protocol(struct output *out, const char *name, cdpi_protocol_id id)
{
    key(&out->writer, name);
    if (id)
        write_json_string(&out->writer, cdpi_protocol_name(out->engine, id), false);
    else
        write_text(&out->writer, "null");
}

static void begin(struct output *out)
{
    struct writer *w = &out->writer;
    write_text(w, "{\"event_type\":\"engine\",\"engine\":{\"name\":\"cdpi\"");
    string(w, "version", cdpi_version());
    number(w, "schema", SCHEMA_VERSION);
    write_text(w, ",\"modules\":[");
    struct cdpi_module_info m;
    for (size_t i = 0; (m = cdpi_module(out->engine, i)).name; i++) {
        write_text(w, i ? ",{\"name\":" : "{\"name\":");
        write_json_string(w, m.name, false);
        string(w, "version", m.version ? m.version : "");
        write_char(w, '}');
    }
    write_text(w, "]}}\n");
}

static void write_ip_protocol(struct writer *w, uint8_t ip_protocol)
{
    const char *keyword = ip_protocol_keyword(ip_protocol);
    key(w, "proto");
    write_char(w, '"');
    if (keyword)
        write_text(w, keyword);
    else
        write_number(w, ip_protocol);
    write_char(w, '"');
}

static void write_endpoints(struct output *out, const struct cdpi_flow_info *info)
{
    struct writer *w = &out->writer;
    char community_id[CDPI_COMMUNITY_ID_SIZE];
    address(w, "src_ip", info, CDPI_CLIENT);
    if (has_ports(info))
        number(w, "src_port", info->port[CDPI_CLIENT]);
    address(w, "dest_ip", info, CDPI_SERVER);
    if (has_ports(info))
        number(w, "dest_port", info->port[CDPI_SERVER]);
    number(w, "ip_v", info->ip_version);
    write_ip_protocol(w, info->ip_protocol);
    if (info->vlan) {
        write_text(w, ",\"vlan\":[");
        write_number(w, info->vlan);
        write_char(w, ']');
    }
    if (*info->tunnel_kind) {
        write_text(w, ",\"tunnel\":{\"type\":");
        write_json_string(w, info->tunnel_kind, false);
        number(w, "id", info->tunnel_id);
        write_char(w, '}');
    }
    cdpi_community_id(info, 0, community_id);
    string(w, "community_id", community_id);
}

static void write_counters(struct writer *w, const struct cdpi_flow_info *info)
{
    write_text(w, ",\"flow\":{\"pkts_toserver\":");
    write_number(w, info->packets[CDPI_CLIENT]);
    number(w, "pkts_toclient", info->packets[CDPI_SERVER]);
    number(w, "bytes_toserver", info->bytes[CDPI_CLIENT]);
    number(w, "bytes_toclient", info->bytes[CDPI_SERVER]);
    time_text(w, "start", info->start);
    time_text(w, "end", info->end);
    number(w, "age", (info->end - info->start) / 1000000000u);
    string(w, "reason", cdpi_end_reason_name(info->end_reason));
    write_char(w, '}');
}

static void write_evidence(struct writer *w, const struct cdpi_evidence *e)
{
    write_text(w, ",\"evidence\":{\"rule\":");
    write_json_string(w, e->rule, false);
    number(w, "packet", e->packet);
    string(w, "direction", e->side == CDPI_CLIENT ? "toserver" : "toclient");
    number(w, "offset", e->offset);
    number(w, "length", e->length);
    write_char(w, '}');
}

static void write_answer(struct output *out, const struct cdpi_verdict *v)
{
    if (!v->protocol) {
        protocol(out, "guess", v->guess);
        return;
    }
    protocol(out, "protocol", v->protocol);
    protocol(out, "application", v->application);
    string(&out->writer, "confidence", confidence_name(v->confidence));
    write_evidence(&out->writer, &v->evidence);
}

static void write_answers(struct output *out, const struct cdpi_module_answer *answers,
                          size_t count)
{
    struct writer *w = &out->writer;
    write_text(w, ",\"modules\":[");
    for (size_t i = 0; i < count; i++) {
        const struct cdpi_module_answer *a = &answers[i];
        write_text(w, i ? ",{\"name\":" : "{\"name\":");
        write_json_string(w, a->module, false);
        string(w, "state",
               a->state == CDPI_ANSWERED    ? "answered"
               : a->state == CDPI_NO_ANSWER ? "no_answer"
                                            : "not_asked");
        if (a->state == CDPI_ANSWERED)
            write_answer(out, &a->verdict);
        write_char(w, '}');
    }
    write_char(w, ']');
}

static void write_verdict(struct output *out, const struct cdpi_verdict *v,
                          const struct cdpi_module_answer *answers, size_t answer_count)
{
    struct writer *w = &out->writer;
    write_text(w, ",\"cdpi\":{\"state\":");
    write_json_string(w,
                      v->state == CDPI_GAVE_UP   ? "gave_up"
                      : v->state == CDPI_FINAL   ? "final"
                      : v->state == CDPI_PARTIAL ? "partial"
                                                 : "inspecting",
                      false);
    protocol(out, "protocol", v->protocol);
    if (v->protocol) {
        protocol(out, "application", v->application);
        string(w, "category", cdpi_protocol_category(out->engine, v->protocol));
        key(w, "encrypted");
        write_text(w, cdpi_protocol_is_encrypted(out->engine, v->protocol) ? "true" : "false");
        string(w, "source", v->source);
        string(w, "confidence", confidence_name(v->confidence));
        write_evidence(w, &v->evidence);
    }
    if (v->side[CDPI_CLIENT])
        protocol(out, "toserver", v->side[CDPI_CLIENT]);
    if (v->side[CDPI_SERVER])
        protocol(out, "toclient", v->side[CDPI_SERVER]);
    if (v->then)
        protocol(out, "then", v->then);
    if (v->guess)
        protocol(out, "guess", v->guess);
    if (out->with_modules)
        write_answers(out, answers, answer_count);
    write_char(w, '}');
}

static void flow(struct output *out, const struct cdpi_flow_info *info,
                 const struct cdpi_verdict *verdict, const struct cdpi_module_answer *answers,
                 size_t answer_count)
{
    struct writer *w = &out->writer;
    write_text(w, "{\"timestamp\":\"");
    write_time(w, info->start);
    write_char(w, '"');
    number(w, "flow_id", info->id);
    string(w, "event_type", "flow");
    if (out->capture)
        string(w, "capture_file", out->capture);
    write_endpoints(out, info);
    key(w, "app_proto");
    if (verdict->protocol)
        write_json_string(w, cdpi_protocol_name(out->engine, verdict->protocol), true);
    else
        write_text(w, "null");
    write_counters(w, info);
    write_verdict(out, verdict, answers, answer_count);
    write_text(w, "}\n");
}

static void end(struct output *out)
{
    (void)out;
}

const struct output_format output_json = {"json", begin, flow, end};
