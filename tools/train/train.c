/* SPDX-License-Identifier: MIT */
/*
 * Trains a model from samples, and says how good it is on what it has not seen.
 *
 *   cdpi-train SAMPLES tcp|udp MODEL REPORT [least-groups least-flows C folds]
 *
 * A protocol is a class when it has samples from `least-groups` groups and `least-flows` flows; all
 * others train "none of these". Groups (a scenario's captures, a protocol's cases) are dealt into
 * folds; each fold is predicted by a model that saw none of its groups. From these predictions come
 * the scale that makes probabilities honest, and the report: a line a sample,
 *
 *   source group label said probability
 *
 * The same samples give the same model: liblinear's random numbers are seeded.
 */
#define _GNU_SOURCE
#include <linear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ml/features.h"

enum { MOST_SAMPLES = 200000, MOST_NAMES = 2000, NAME = 96, LINE = 4096 };

struct sample {
    int source, group, protocol; /* into names */
    int class;                   /* 0: none of these */
    size_t count;
    struct feature *features;
    int said;
    double decision[400];
};

struct names {
    char name[MOST_NAMES][NAME];
    int count;
};

struct training {
    struct sample *samples;
    int count;
    struct names sources, groups, protocols;
    int class_of[MOST_NAMES], protocol_of[MOST_NAMES], classes;
    int *index_of; /* key -> column, 1 up; 0: not seen */
    int columns;
    double c;
};

static int number_of(struct names *names, const char *name)
{
    for (int i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], name) == 0)
            return i;
    }
    if (names->count == MOST_NAMES)
        exit(1);
    snprintf(names->name[names->count], NAME, "%s", name);
    return names->count++;
}

static uint32_t from_hex(const char *text, uint8_t *bytes)
{
    uint32_t n = 0;
    unsigned value;
    for (; n < PAIR_BYTES && sscanf(text + 2 * (size_t)n, "%2x", &value) == 1; n++)
        bytes[n] = (uint8_t)value;
    return *text == '-' ? 0 : n;
}

static void read_samples(struct training *t, const char *path, const char *transport)
{
    static char line[LINE], hex[2][LINE];
    char source[NAME], group[NAME], label[NAME], over[8];
    FILE *f = fopen(path, "r");
    t->samples = calloc(MOST_SAMPLES, sizeof *t->samples);
    while (f && t->samples && t->count < MOST_SAMPLES && fgets(line, sizeof line, f)) {
        struct payloads p = {0};
        struct feature features[MOST_FEATURES];
        uint8_t bytes[2][PAIR_BYTES];
        unsigned first;
        if (sscanf(line, "%95s %95s %95s %7s %u %u %u %4095s %4095s", source, group, label, over,
                   &first, &p.wire[0], &p.wire[1], hex[0], hex[1]) != 9 ||
            strcmp(over, transport) != 0)
            continue;
        for (unsigned side = 0; side < 2; side++) {
            p.bytes[side] = bytes[side];
            p.size[side] = from_hex(hex[side], bytes[side]);
        }
        p.server_first = first == 1;
        struct sample *s = &t->samples[t->count++];
        s->source = number_of(&t->sources, source);
        s->group = number_of(&t->groups, group);
        s->protocol = number_of(&t->protocols, label);
        s->count = features_of(&p, features);
        s->features = malloc(s->count * sizeof *features);
        memcpy(s->features, features, s->count * sizeof *features);
    }
    if (f)
        fclose(f);
}

/* ---- classes ----------------------------------------------------------------------------- */

static int groups_with(const struct training *t, int protocol, int *flows)
{
    static char seen[MOST_NAMES];
    int n = 0;
    memset(seen, 0, sizeof seen);
    *flows = 0;
    for (int i = 0; i < t->count; i++) {
        const struct sample *s = &t->samples[i];
        if (s->protocol != protocol)
            continue;
        ++*flows;
        n += !seen[s->group];
        seen[s->group] = 1;
    }
    return n;
}

static void choose_classes(struct training *t, int least_groups, int least_flows)
{
    t->classes = 1;
    for (int p = 0; p < t->protocols.count; p++) {
        int flows, groups = groups_with(t, p, &flows);
        if (strcmp(t->protocols.name[p], "-") == 0 || groups < least_groups || flows < least_flows)
            continue;
        t->protocol_of[t->classes] = p;
        t->class_of[p] = t->classes++;
    }
    for (int i = 0; i < t->count; i++)
        t->samples[i].class = t->class_of[t->samples[i].protocol];
}

/* ---- liblinear --------------------------------------------------------------------------- */

/* Only what is seen in training has a column. */
static void index_features(struct training *t, const int *fold, int left_out)
{
    memset(t->index_of, 0, KEYS * sizeof *t->index_of);
    for (int i = 0; i < t->count; i++) {
        if (fold[t->samples[i].group] == left_out)
            continue;
        for (size_t k = 0; k < t->samples[i].count; k++)
            t->index_of[t->samples[i].features[k].key] = 1;
    }
    t->columns = 0;
    for (uint32_t key = 0; key < KEYS; key++) {
        if (t->index_of[key])
            t->index_of[key] = ++t->columns;
    }
}

static struct feature_node *as_nodes(const struct training *t, const struct sample *s)
{
    struct feature_node *nodes = calloc(s->count + 1, sizeof *nodes);
    size_t n = 0;
    for (size_t k = 0; k < s->count; k++) {
        int column = t->index_of[s->features[k].key];
        if (column)
            nodes[n++] = (struct feature_node){column, s->features[k].value};
    }
    nodes[n].index = -1;
    return nodes;
}

static void quiet(const char *text)
{
    (void)text;
}

static struct model *learn(struct training *t, const int *fold, int left_out,
                           struct problem *problem)
{
    struct parameter parameter = {.solver_type = L1R_LR, .eps = 0.01, .C = t->c};
    index_features(t, fold, left_out);
    *problem = (struct problem){.n = t->columns, .bias = -1};
    problem->y = calloc((size_t)t->count, sizeof *problem->y);
    problem->x = calloc((size_t)t->count, sizeof *problem->x);
    for (int i = 0; i < t->count; i++) {
        if (fold[t->samples[i].group] == left_out)
            continue;
        problem->y[problem->l] = t->samples[i].class;
        problem->x[problem->l++] = as_nodes(t, &t->samples[i]);
    }
    srand(1);
    set_print_string_function(quiet);
    return train(problem, &parameter);
}

static void forget(struct model *model, struct problem *problem)
{
    for (int i = 0; i < problem->l; i++)
        free(problem->x[i]);
    free(problem->x);
    free(problem->y);
    free_and_destroy_model(&model);
}

/* Decision values by our classes; one that a fold's training lacks is out of the question. */
static void decide(const struct training *t, const struct model *model, struct sample *s)
{
    double values[400];
    struct feature_node *nodes = as_nodes(t, s);
    predict_values(model, nodes, values);
    free(nodes);
    for (int c = 0; c < t->classes; c++)
        s->decision[c] = -30;
    for (int i = 0; i < model->nr_class; i++)
        s->decision[model->label[i]] = values[i];
    s->said = 0;
    for (int c = 1; c < t->classes; c++)
        s->said = s->decision[c] > s->decision[s->said] ? c : s->said;
}

/* ---- what is measured -------------------------------------------------------------------- */

static double probability(const struct training *t, const struct sample *s, int class, double scale)
{
    double sum = 0;
    for (int c = 0; c < t->classes; c++)
        sum += exp(scale * (s->decision[c] - s->decision[class]));
    return 1 / sum;
}

/* The scale under which what was left out is least surprising. */
static double fit_scale(const struct training *t)
{
    double best = 1, least = INFINITY;
    for (double scale = 0.05; scale < 8; scale *= 1.05) {
        double surprise = 0;
        for (int i = 0; i < t->count; i++) {
            const struct sample *s = &t->samples[i];
            surprise -= log(probability(t, s, s->class, scale) + 1e-12);
        }
        if (surprise < least) {
            least = surprise;
            best = scale;
        }
    }
    return best;
}

static void write_report(const struct training *t, const char *path, double scale)
{
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < t->count; i++) {
        const struct sample *s = &t->samples[i];
        fprintf(f, "%s %s %s %d %s %.4f\n", t->sources.name[s->source], t->groups.name[s->group],
                t->protocols.name[s->protocol], s->class != 0,
                s->said ? t->protocols.name[t->protocol_of[s->said]] : "-",
                probability(t, s, s->said, scale));
    }
    if (f)
        fclose(f);
}

static void write_model(const struct training *t, const struct model *model, const char *path,
                        double scale)
{
    FILE *f = fopen(path, "w");
    if (!f)
        exit(1);
    fprintf(f, "cdpi-model 1\n# Made by tools/train; do not edit.\nscale %.4g\nclass -\n", scale);
    for (int c = 1; c < t->classes; c++)
        fprintf(f, "class %s\n", t->protocols.name[t->protocol_of[c]]);
    for (uint32_t key = 0; key < KEYS; key++) {
        int column = t->index_of[key], written = 0;
        for (int i = 0; column && i < model->nr_class; i++) {
            double w = model->w[(column - 1) * model->nr_class + i];
            if (fabs(w) < 1e-3)
                continue;
            if (!written++)
                fprintf(f, "feature %u", key);
            fprintf(f, " %d:%.3g", model->label[i], w);
        }
        if (written)
            fputc('\n', f);
    }
    fclose(f);
}

int main(int argc, char **argv)
{
    static struct training t;
    static int fold[MOST_NAMES];
    struct problem problem;
    if (argc < 5) {
        fputs("usage: cdpi-train SAMPLES tcp|udp MODEL REPORT [groups flows C folds]\n", stderr);
        return 2;
    }
    int folds = argc > 8 ? atoi(argv[8]) : 10;
    t.c = argc > 7 ? atof(argv[7]) : 32;
    t.index_of = calloc(KEYS, sizeof *t.index_of);
    read_samples(&t, argv[1], argv[2]);
    choose_classes(&t, argc > 5 ? atoi(argv[5]) : 5, argc > 6 ? atoi(argv[6]) : 50);
    for (int g = 0; g < t.groups.count; g++)
        fold[g] = g % folds;
    for (int k = 0; k < folds; k++) {
        struct model *model = learn(&t, fold, k, &problem);
        for (int i = 0; i < t.count; i++) {
            if (fold[t.samples[i].group] == k)
                decide(&t, model, &t.samples[i]);
        }
        forget(model, &problem);
    }
    double scale = fit_scale(&t);
    write_report(&t, argv[4], scale);
    struct model *model = learn(&t, fold, -1, &problem);
    write_model(&t, model, argv[3], scale);
    printf("%s: %d samples, %d groups, %d classes, %d columns, scale %.3g\n", argv[2], t.count,
           t.groups.count, t.classes - 1, t.columns, scale);
    forget(model, &problem);
    return 0;
}
