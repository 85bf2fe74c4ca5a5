/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_FORMAT = 256,
    OPT_FLOWS,
    OPT_EXPLAIN,
    OPT_STATS,
    OPT_MODULES,
    OPT_SET,
    OPT_MODULE_PATH,
    OPT_LIST,
    OPT_FILTER,
    OPT_PER_FILE,
    OPT_VLAN,
    OPT_NO_DECAP,
    OPT_IDLE,
    OPT_ACTIVE,
    OPT_MEMORY,
    OPT_ASK_ALL,
    OPT_NO_PROGRESS,
    OPT_COLOUR,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"format", required_argument, NULL, OPT_FORMAT},
    {"flows", no_argument, NULL, OPT_FLOWS},
    {"explain", no_argument, NULL, OPT_EXPLAIN},
    {"stats", no_argument, NULL, OPT_STATS},
    {"modules", required_argument, NULL, OPT_MODULES},
    {"set", required_argument, NULL, OPT_SET},
    {"option", required_argument, NULL, OPT_SET}, /* its other name */
    {"module-path", required_argument, NULL, OPT_MODULE_PATH},
    {"list", required_argument, NULL, OPT_LIST},
    {"filter", required_argument, NULL, OPT_FILTER},
    {"per-file", no_argument, NULL, OPT_PER_FILE},
    {"vlan", required_argument, NULL, OPT_VLAN},
    {"no-decap", no_argument, NULL, OPT_NO_DECAP},
    {"idle-timeout", required_argument, NULL, OPT_IDLE},
    {"active-timeout", required_argument, NULL, OPT_ACTIVE},
    {"memory", required_argument, NULL, OPT_MEMORY},
    {"ask-all", no_argument, NULL, OPT_ASK_ALL},
    {"interface", required_argument, NULL, 'i'},
    {"output", required_argument, NULL, 'o'},
    {"no-progress", no_argument, NULL, OPT_NO_PROGRESS},
    {"color", required_argument, NULL, OPT_COLOUR},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0}};

void options_help(void)
{
    fputs("usage: cdpi [options] FILE|-...        name the flows of capture files\n"
          "       cdpi [options] -i INTERFACE     name what passes, until Ctrl-C\n"
          "       cdpi bench --module NAME FILE... | compare [--modules LIST] FILE...\n"
          "       cdpi unknown [--cluster N] [--sample FILE] [--skeleton NAME] FILE...\n"
          "\n"
          "  --flows              a line a flow         --explain   and the evidence under it\n"
          "  --format F           table, json (JSON Lines), csv or none\n"
          "  --stats              counters, to standard error\n"
          "  -o, --output FILE    instead of standard output\n"
          "  --modules LIST       own, port, ndpi, protoident, ml; or all (default: own)\n"
          "  --set M.KEY=VALUE    a module's setting    --module-path DIRS   where modules are\n"
          "  --ask-all            ask every module about every flow\n"
          "  --filter EXPR        only packets that this BPF expression lets pass\n"
          "  --per-file           each file by itself, not all as one traffic\n"
          "  --vlan loose|strict  strict: the same flow in two VLANs is two\n"
          "  --no-decap           do not look into tunnels\n"
          "  --idle-timeout S     a silent flow ends (300; negative: never)\n"
          "  --active-timeout S   a long flow is cut (never)\n"
          "  --memory SIZE        budget, with K, M or G (512M)\n"
          "  --list WHAT          protocols or modules\n"
          "  --color WHEN         auto, always, never   --no-progress\n"
          "  -h, --help           --version\n"
          "\n"
          "exit status: 0 done; 1 an input or the output failed (what was read is printed);\n"
          "2 wrong usage\n",
          stdout);
}

static int complain(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "cdpi: --%s %s: want %s; try cdpi --help\n", option, value, wanted);
    return EXIT_USAGE;
}

static int read_format(struct options *o, const char *value)
{
    static const struct output_format *const formats[] = {&output_table, &output_json, &output_csv,
                                                          &output_none};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i]->name, value) == 0) {
            o->format = formats[i];
            return EXIT_DONE;
        }
    }
    return complain("format", value, "table, json, csv or none");
}

static int read_seconds(const char *option, const char *value, double *seconds)
{
    char *rest;
    *seconds = strtod(value, &rest);
    return *value && !*rest && *seconds == *seconds ? EXIT_DONE
                                                    : complain(option, value, "seconds");
}

static int read_size(const char *value, uint64_t *size)
{
    char *rest;
    unsigned shift = 0;
    unsigned long long number = strtoull(value, &rest, 10);
    switch (*rest) {
    case 'k':
    case 'K':
        shift = 10;
        break;
    case 'm':
    case 'M':
        shift = 20;
        break;
    case 'g':
    case 'G':
        shift = 30;
        break;
    default:
        break;
    }
    if (rest == value || rest[shift ? 1 : 0] || *value == '-' || number >> (63 - shift))
        return complain("memory", value, "a size such as 64M");
    *size = (uint64_t)number << shift;
    return EXIT_DONE;
}

static int read_colour(struct options *o, const char *value)
{
    if (strcmp(value, "auto") == 0)
        return EXIT_DONE;
    if (strcmp(value, "always") != 0 && strcmp(value, "never") != 0)
        return complain("color", value, "auto, always or never");
    o->colour = *value == 'a';
    return EXIT_DONE;
}

static int read_list(struct options *o, const char *value)
{
    o->list = strcmp(value, "protocols") == 0 ? LIST_PROTOCOLS
              : strcmp(value, "modules") == 0 ? LIST_MODULES
                                              : LIST_NOTHING;
    return o->list ? EXIT_DONE : complain("list", value, "protocols or modules");
}

static int read_setting(struct options *o, const char *value)
{
    const char *dot = strchr(value, '.'), *equals = strchr(value, '=');
    if (!dot || !equals || dot > equals || dot == value)
        return complain("set", value, "MODULE.KEY=VALUE");
    if (o->setting_count == MOST_SETTINGS)
        return complain("set", value, "at most 64 settings");
    o->settings[o->setting_count++] = value;
    return EXIT_DONE;
}

static int read_one(struct options *o, int option, const char *value)
{
    switch (option) {
    case OPT_FORMAT:
        return read_format(o, value);
    case OPT_EXPLAIN:
        o->explain = true;
        /* fall through */
    case OPT_FLOWS:
        o->format = &output_lines;
        return EXIT_DONE;
    case OPT_STATS:
        o->stats = true;
        return EXIT_DONE;
    case OPT_MODULES:
        o->engine.modules = value;
        return EXIT_DONE;
    case OPT_SET:
        return read_setting(o, value);
    case OPT_MODULE_PATH:
        o->engine.module_path = value;
        return EXIT_DONE;
    case OPT_LIST:
        return read_list(o, value);
    case OPT_FILTER:
        o->filter = value;
        return EXIT_DONE;
    case OPT_PER_FILE:
        o->per_file = true;
        return EXIT_DONE;
    case OPT_VLAN:
        o->engine.vlan_strict = strcmp(value, "strict") == 0;
        return o->engine.vlan_strict || strcmp(value, "loose") == 0
                   ? EXIT_DONE
                   : complain("vlan", value, "loose or strict");
    case OPT_NO_DECAP:
        o->engine.no_decap = true;
        return EXIT_DONE;
    case OPT_IDLE:
        return read_seconds("idle-timeout", value, &o->engine.idle_timeout);
    case OPT_ACTIVE:
        return read_seconds("active-timeout", value, &o->engine.active_timeout);
    case OPT_MEMORY:
        return read_size(value, &o->engine.memory_budget);
    case OPT_ASK_ALL:
        o->engine.ask_all = true;
        return EXIT_DONE;
    case OPT_NO_PROGRESS:
        o->no_progress = true;
        return EXIT_DONE;
    case OPT_COLOUR:
        return read_colour(o, value);
    case OPT_VERSION:
        o->version = true;
        return EXIT_DONE;
    case 'i':
        o->interface = value;
        return EXIT_DONE;
    case 'o':
        o->output = value;
        return EXIT_DONE;
    case 'h':
        o->help = true;
        return EXIT_DONE;
    default:
        fputs("cdpi: try cdpi --help\n", stderr);
        return EXIT_USAGE;
    }
}

static int say_unknown(int argc, char **argv, int option)
{
    const char *word = optind <= argc && optind > 0 ? argv[optind - 1] : "";
    if (option == ':')
        fprintf(stderr, "cdpi: option %s wants a value; try cdpi --help\n", word);
    else
        fprintf(stderr, "cdpi: unknown option %s; try cdpi --help\n", word);
    return EXIT_USAGE;
}

static bool wants_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no && *no);
}

int options_read(struct options *o, int argc, char **argv)
{
    int option, status;
    *o = (struct options){.format = &output_table,
                          .colour = wants_colour(),
                          .engine = {.struct_size = sizeof o->engine}};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":i:o:h", long_options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return say_unknown(argc, argv, option);
        status = read_one(o, option, optarg);
        if (status != EXIT_DONE)
            return status;
    }
    o->files = argv + optind;
    o->file_count = argc - optind;
    o->engine.settings = o->settings;
    if (o->output)
        o->colour = false;
    if (o->help || o->version || o->list)
        return EXIT_DONE;
    if (o->interface && o->file_count) {
        fputs("cdpi: an interface or files, not both; try cdpi --help\n", stderr);
        return EXIT_USAGE;
    }
    if (!o->interface && o->file_count == 0) {
        fputs("cdpi: no capture file; try cdpi --help\n", stderr);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}
