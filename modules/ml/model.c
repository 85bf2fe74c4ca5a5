/* SPDX-License-Identifier: MIT */
#include "ml/model.h"

#include <linear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ml_model {
    struct model linear;
    char (*names)[CLASS_NAME];
    uint16_t *index_of; /* by key: the feature's number from 1; 0: the model has none such */
    int classes, features;
    double scale, none;
};

/* ---- reading ----------------------------------------------------------------------------- */

struct reading {
    char *text, *line; /* line is the one to be read next */
    unsigned number;
    char *why;
    size_t why_size;
};

static bool fail(struct reading *r, const char *what)
{
    snprintf(r->why, r->why_size, "line %u: %s", r->number, what);
    return false;
}

/* Line by line, comments passed over; NULL at the end. */
static char *next_line(struct reading *r)
{
    while (r->line && *r->line) {
        char *line = r->line, *end = strchr(line, '\n');
        r->number++;
        r->line = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        if (*line && *line != '#')
            return line;
    }
    return NULL;
}

static char *read_file(const char *path, char *why, size_t why_size)
{
    FILE *f = fopen(path, "rb");
    char *text = f ? malloc(MODEL_DISK + 2) : NULL;
    if (!text) {
        snprintf(why, why_size, "cannot read it");
        if (f)
            fclose(f);
        return NULL;
    }
    size_t n = fread(text, 1, MODEL_DISK + 1, f);
    fclose(f);
    text[n] = 0;
    if (n <= MODEL_DISK && memchr(text, 0, n) == NULL)
        return text;
    snprintf(why, why_size, "it is no text of at most 2 MiB");
    free(text);
    return NULL;
}

static int count_lines(const char *text, const char *word)
{
    int n = 0;
    size_t length = strlen(word);
    for (; text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
        n += strncmp(text, word, length) == 0;
    return n;
}

static bool make_room(struct ml_model *m, struct reading *r)
{
    m->classes = count_lines(r->text, "class ");
    m->features = count_lines(r->text, "feature ");
    if (m->classes < 2 || m->classes > MOST_CLASSES || m->features < 1 || m->features > UINT16_MAX)
        return fail(r, "it wants 2 to 400 classes, and 1 to 65535 features");
    if ((double)m->features * m->classes * sizeof(double) > MODEL_MEMORY)
        return fail(r, "it would take more than 16 MiB");
    m->names = calloc((size_t)m->classes, sizeof *m->names);
    m->index_of = calloc(KEYS, sizeof *m->index_of);
    m->linear.label = calloc((size_t)m->classes, sizeof *m->linear.label);
    /* liblinear keeps one vector where there are two classes. */
    m->linear.w = calloc((size_t)m->features * (size_t)m->classes, sizeof *m->linear.w);
    return (m->names && m->index_of && m->linear.label && m->linear.w) || fail(r, "no memory");
}

static bool read_number(const char **at, double *value)
{
    char *end;
    *value = strtod(*at, &end);
    bool good = end != *at && isfinite(*value);
    *at = end;
    return good;
}

static bool read_feature(struct ml_model *m, struct reading *r, const char *at, int index,
                         uint32_t *last)
{
    double key, class, weight;
    if (!read_number(&at, &key) || key < 0 || key >= KEYS)
        return fail(r, "no such feature");
    if (index && (uint32_t)key <= *last)
        return fail(r, "features do not rise");
    *last = (uint32_t)key;
    m->index_of[*last] = (uint16_t)(index + 1);
    while (*at == ' ') {
        if (!read_number(&at, &class) || *at++ != ':' || !read_number(&at, &weight))
            return fail(r, "want class:weight");
        if (class < 0 || class >= m->classes)
            return fail(r, "no such class");
        m->linear.w[index * m->classes + (int)class] = weight;
    }
    return *at ? fail(r, "want class:weight") : true;
}

static bool read_lines(struct ml_model *m, struct reading *r)
{
    int classes = 0, features = 0;
    uint32_t last = 0;
    char *line = next_line(r);
    if (!line || strcmp(line, "cdpi-model 1") != 0)
        return fail(r, "want \"cdpi-model 1\"");
    while ((line = next_line(r))) {
        const char *rest = strchr(line, ' ');
        if (!rest++)
            return fail(r, "want a word and a value");
        if (strncmp(line, "class ", 6) == 0 && *rest && strlen(rest) < CLASS_NAME) {
            snprintf(m->names[classes++], CLASS_NAME, "%s", rest);
        } else if (strncmp(line, "scale ", 6) == 0) {
            if (!read_number(&rest, &m->scale) || m->scale <= 0)
                return fail(r, "scale wants a number above 0");
        } else if (strncmp(line, "none ", 5) == 0) {
            if (!read_number(&rest, &m->none))
                return fail(r, "none wants a number");
        } else if (strncmp(line, "feature ", 8) == 0) {
            if (!read_feature(m, r, rest, features++, &last))
                return false;
        } else {
            return fail(r, "unknown word");
        }
    }
    return true;
}

struct ml_model *ml_model_read(const char *path, char *why, size_t why_size)
{
    struct reading r = {.why = why, .why_size = why_size};
    struct ml_model *m = calloc(1, sizeof *m);
    r.line = r.text = m ? read_file(path, why, why_size) : NULL;
    if (!r.text || !make_room(m, &r))
        goto out;
    m->scale = 1;
    if (!read_lines(m, &r))
        goto out;
    m->linear.param.solver_type = L1R_LR;
    m->linear.nr_class = m->classes;
    m->linear.nr_feature = m->features;
    m->linear.bias = -1;
    for (int i = 0; i < m->classes; i++)
        m->linear.label[i] = i;
    free(r.text);
    return m;
out:
    free(r.text);
    ml_model_free(m);
    return NULL;
}

void ml_model_free(struct ml_model *m)
{
    if (!m)
        return;
    free(m->names);
    free(m->index_of);
    free(m->linear.label);
    free(m->linear.w);
    free(m);
}

/* ---- asking ------------------------------------------------------------------------------ */

static void as_nodes(const struct ml_model *m, const struct feature *features, size_t count,
                     struct feature_node *nodes)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        int index = m->index_of[features[i].key];
        if (index)
            nodes[n++] = (struct feature_node){index, features[i].value};
    }
    nodes[n] = (struct feature_node){-1, 0};
}

const char *ml_model_ask(const struct ml_model *m, const struct payloads *payloads,
                         double *probability)
{
    struct feature features[MOST_FEATURES];
    struct feature_node nodes[MOST_FEATURES + 1];
    double said[MOST_CLASSES], sum = 0;
    int best = 0;
    as_nodes(m, features, features_of(payloads, features), nodes);
    predict_values(&m->linear, nodes, said);
    said[0] += m->none;
    for (int i = 1; i < m->classes; i++)
        best = said[i] > said[best] ? i : best;
    for (int i = 0; i < m->classes; i++)
        sum += exp(m->scale * (said[i] - said[best]));
    *probability = 1 / sum;
    return best ? m->names[best] : NULL;
}

const char *ml_model_class(const struct ml_model *m, size_t i)
{
    return i > 0 && i < (size_t)m->classes ? m->names[i] : NULL;
}
