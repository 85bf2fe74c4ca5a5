/* SPDX-License-Identifier: MIT */
/*
 * Trains a model from samples, and says how good it is on what it has not seen.
 *
 *   cdpi-train SAMPLES tcp|udp MODEL REPORT [least-captures least-flows C folds]
 *
 * A protocol is a class when it was recorded in `least-captures` captures and `least-flows` flows;
 * all others train "none of these". What is left out of training is predicted, three times over:
 *
 *   capture    captures are left out: what the same software says another time
 *   scenario   whole scenarios (groups) are: what other software says
 *   protocol   whole protocols are: what should get no name
 *
 * From the last two come the scale of the probabilities and the weight of "none of these". The
 * report has a line a prediction:
 *
 *   left-out source group label flows truth said probability
 *
 * `truth` is "-" where the training had no such class. The same samples give the same model:
 * liblinear's random numbers are seeded.
 */
#define _GNU_SOURCE
#include <linear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

enum left_out { BY_CAPTURE, BY_SCENARIO, BY_PROTOCOL, WAYS };
enum { MOST_WEIGHT = 4 };
static const char *const way_name[] = {"capture", "scenario", "protocol"};

struct prediction {
    enum left_out way;
    const struct sample *sample;
    int truth;
    double *decision; /* by class */
};

struct training {
    struct samples samples;
    int *index_of; /* key -> column, 1 up; 0: not seen */
    int columns, folds;
    double c;
    bool *trains; /* by sample */
    struct prediction *predictions;
    int prediction_count;
    double scale, none; /* what makes probabilities honest */
};

/* ---- what is left out -------------------------------------------------------------------- */

static int fold_of(const struct training *t, const struct sample *s, enum left_out way)
{
    bool has_label = strcmp(t->samples.protocols.name[s->protocol], "-") != 0;
    if (way == BY_PROTOCOL && has_label)
        return s->protocol % t->folds;
    if (way == BY_CAPTURE && s->capture_count)
        return s->captures[0] % t->folds;
    return s->group % t->folds;
}

/* Bytes that other captures have too stay in, when captures are left out. */
static bool is_left_out(const struct training *t, const struct sample *s, enum left_out way,
                        int fold)
{
    if (fold_of(t, s, way) != fold)
        return false;
    for (int i = 0; way == BY_CAPTURE && i < s->capture_count; i++) {
        if (s->captures[i] % t->folds != fold)
            return false;
    }
    return true;
}

/* ---- liblinear --------------------------------------------------------------------------- */

/* Only what is seen in training has a column. */
static void index_features(struct training *t)
{
    memset(t->index_of, 0, KEYS * sizeof *t->index_of);
    for (int i = 0; i < t->samples.count; i++) {
        const struct sample *s = &t->samples.samples[i];
        for (size_t k = 0; t->trains[i] && k < s->count; k++)
            t->index_of[s->features[k].key] = 1;
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

/* Bytes that came again and again weigh more, to a degree: some programs never say but one thing.
 */
static int weight_of(const struct sample *s)
{
    return s->times < MOST_WEIGHT ? s->times : MOST_WEIGHT;
}

static void add_sample(struct problem *problem, const struct sample *s, struct feature_node *nodes)
{
    for (int n = 0; n < weight_of(s); n++) {
        problem->y[problem->l] = s->class;
        problem->x[problem->l++] = nodes;
    }
}

static struct model *learn(struct training *t, struct problem *problem)
{
    struct parameter parameter = {.solver_type = L1R_LR, .eps = 0.01, .C = t->c};
    const struct samples *all = &t->samples;
    index_features(t);
    *problem = (struct problem){.n = t->columns, .bias = -1};
    problem->y = calloc((size_t)all->count * MOST_WEIGHT, sizeof *problem->y);
    problem->x = calloc((size_t)all->count * MOST_WEIGHT, sizeof *problem->x);
    for (int i = 0; i < all->count; i++) {
        if (t->trains[i])
            add_sample(problem, &all->samples[i], as_nodes(t, &all->samples[i]));
    }
    srand(1);
    set_print_string_function(quiet);
    return train(problem, &parameter);
}

static void forget(struct model *model, struct problem *problem)
{
    for (int i = 0; i < problem->l; i++) {
        if (i == 0 || problem->x[i] != problem->x[i - 1])
            free(problem->x[i]);
    }
    free(problem->x);
    free(problem->y);
    free_and_destroy_model(&model);
}

/* ---- predictions ------------------------------------------------------------------------- */

/* A class that the training lacked is out of the question, and "none of these" is the truth. */
static void predict_one(struct training *t, const struct model *model, const struct sample *s,
                        enum left_out way)
{
    double values[MOST_CLASSES];
    struct prediction *p = &t->predictions[t->prediction_count++];
    struct feature_node *nodes = as_nodes(t, s);
    predict_values(model, nodes, values);
    free(nodes);
    *p = (struct prediction){.way = way, .sample = s};
    p->decision = calloc((size_t)t->samples.classes, sizeof *p->decision);
    for (int c = 0; c < t->samples.classes; c++)
        p->decision[c] = -30;
    for (int i = 0; i < model->nr_class; i++) {
        p->decision[model->label[i]] = values[i];
        if (model->label[i] == s->class)
            p->truth = s->class;
    }
}

static void predict_fold(struct training *t, enum left_out way, int fold)
{
    struct problem problem;
    int count = t->samples.count;
    for (int i = 0; i < count; i++)
        t->trains[i] = !is_left_out(t, &t->samples.samples[i], way, fold);
    struct model *model = learn(t, &problem);
    for (int i = 0; i < count; i++) {
        if (fold_of(t, &t->samples.samples[i], way) == fold)
            predict_one(t, model, &t->samples.samples[i], way);
    }
    forget(model, &problem);
}

static void predict_all(struct training *t)
{
    size_t most = (size_t)t->samples.count * WAYS;
    t->predictions = calloc(most, sizeof *t->predictions);
    for (int fold = 0; fold < t->folds * WAYS; fold++)
        predict_fold(t, (enum left_out)(fold / t->folds), fold % t->folds);
}

/* ---- probabilities ----------------------------------------------------------------------- */

static double weighed(const struct prediction *p, int class, double none)
{
    return p->decision[class] + (class ? 0 : none);
}

static double probability(const struct training *t, const struct prediction *p, int class,
                          double scale, double none)
{
    double sum = 0;
    for (int c = 0; c < t->samples.classes; c++)
        sum += exp(scale * (weighed(p, c, none) - weighed(p, class, none)));
    return 1 / sum;
}

static double surprise(const struct training *t, double scale, double none)
{
    double sum = 0;
    for (int i = 0; i < t->prediction_count; i++) {
        const struct prediction *p = &t->predictions[i];
        if (p->way != BY_CAPTURE)
            sum -= log(probability(t, p, p->truth, scale, none) + 1e-12);
    }
    return sum;
}

/* Under which what was left out surprises least. */
static void calibrate(struct training *t)
{
    double least = INFINITY;
    for (double none = -4; none <= 6; none += 0.5) {
        for (double scale = 0.1; scale < 8; scale *= 1.15) {
            double now = surprise(t, scale, none);
            if (now >= least)
                continue;
            least = now;
            t->scale = scale;
            t->none = none;
        }
    }
}

/* ---- what comes out ---------------------------------------------------------------------- */

static const char *class_name(const struct training *t, int class)
{
    return class ? t->samples.protocols.name[t->samples.protocol_of[class]] : "-";
}

static void write_report(const struct training *t, const char *path)
{
    const struct samples *all = &t->samples;
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < t->prediction_count; i++) {
        const struct prediction *p = &t->predictions[i];
        int said = 0;
        for (int c = 1; c < all->classes; c++)
            said = weighed(p, c, t->none) > weighed(p, said, t->none) ? c : said;
        fprintf(f, "%s %s %s %s %d %s %s %.4f\n", way_name[p->way],
                all->sources.name[p->sample->source], all->groups.name[p->sample->group],
                all->protocols.name[p->sample->protocol], p->sample->times, class_name(t, p->truth),
                class_name(t, said), probability(t, p, said, t->scale, t->none));
    }
    if (f)
        fclose(f);
}

static void write_feature(const struct training *t, const struct model *model, uint32_t key,
                          FILE *f)
{
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

static void write_model(const struct training *t, const struct model *model, const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        exit(1);
    fprintf(f, "cdpi-model 1\n# Made by tools/train; do not edit.\nscale %.4g\nnone %.4g\n",
            t->scale, t->none);
    for (int c = 0; c < t->samples.classes; c++)
        fprintf(f, "class %s\n", class_name(t, c));
    for (uint32_t key = 0; key < KEYS; key++)
        write_feature(t, model, key, f);
    fclose(f);
}

int main(int argc, char **argv)
{
    static struct training t;
    struct problem problem;
    if (argc < 5) {
        fputs("usage: cdpi-train SAMPLES tcp|udp MODEL REPORT [captures flows C folds]\n", stderr);
        return 2;
    }
    t.folds = argc > 8 ? atoi(argv[8]) : 8;
    t.c = argc > 7 ? atof(argv[7]) : 128;
    t.index_of = calloc(KEYS, sizeof *t.index_of);
    samples_read(&t.samples, argv[1], argv[2]);
    samples_choose_classes(&t.samples, argc > 5 ? atoi(argv[5]) : 5, argc > 6 ? atoi(argv[6]) : 50);
    t.trains = calloc((size_t)t.samples.count + 1, sizeof *t.trains);
    predict_all(&t);
    calibrate(&t);
    write_report(&t, argv[4]);
    for (int i = 0; i < t.samples.count; i++)
        t.trains[i] = true;
    struct model *model = learn(&t, &problem);
    write_model(&t, model, argv[3]);
    printf("%s: %d samples, %d captures, %d classes, %d columns, scale %.3g, none %.3g\n", argv[2],
           t.samples.count, t.samples.captures.count, t.samples.classes - 1, t.columns, t.scale,
           t.none);
    forget(model, &problem);
    return 0;
}
