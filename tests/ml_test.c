/* SPDX-License-Identifier: MIT */
/* The model's file and answers: what is read, what is refused, what is asked.   ml_test FOLDER */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ml/model.h"
#include "support/check.h"

/* A class's name of 70 characters. */
#define TEN "aaaaaaaaaa"
#define LONG_NAME ("cdpi-model 1\nfeature 1 0:1\nclass -\nclass " TEN TEN TEN TEN TEN TEN TEN "\n")

static char scratch[] = "/tmp/cdpi-model-XXXXXX";

static struct ml_model *read_text(const char *text, char why[200])
{
    FILE *f = fopen(scratch, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        return NULL;
    return ml_model_read(scratch, why, 200);
}

static void what_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "cdpi-model 2\nclass -\nclass A\nfeature 1 0:1\n",
        "cdpi-model 1\nclass -\nfeature 1 0:1\n",                         /* one class */
        "cdpi-model 1\nclass -\nclass A\n",                               /* no features */
        "cdpi-model 1\nclass -\nclass A\nfeature 1 2:1\n",                /* class 2 */
        "cdpi-model 1\nclass -\nclass A\nfeature 1 -1:1\n",               /* below 0 */
        "cdpi-model 1\nclass -\nclass A\nfeature 99999999 0:1\n",         /* no such key */
        "cdpi-model 1\nclass -\nclass A\nfeature 2 0:1\nfeature 1 0:1\n", /* falling */
        "cdpi-model 1\nclass -\nclass A\nfeature 1 0:nan\n",              /* no number */
        "cdpi-model 1\nclass -\nclass A\nfeature 1 0\n",                  /* no weight */
        "cdpi-model 1\nclass -\nclass A\nscale 0\nfeature 1 0:1\n",       /* scale */
        "cdpi-model 1\nclass -\nclass A\nword\nfeature 1 0:1\n",          /* word */
        LONG_NAME,
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char why[200] = "";
        struct ml_model *m = read_text(bad[i], why);
        CHECK(!m && *why);
        if (m)
            printf("taken: %s\n", bad[i]);
        ml_model_free(m);
    }
    char why[200] = "";
    CHECK(!ml_model_read("/nowhere/at/all", why, sizeof why) && *why);
}

static void a_model_by_hand(void)
{
    /* "AB" from the client is A, the server's first byte Z is against it. */
    static const char text[] = "cdpi-model 1\n# by hand\nscale 2\nclass -\nclass A\nclass B\n"
                               "feature 16706 1:5\nfeature 134234 0:9 1:-9\n";
    char why[200] = "";
    double probability = 0;
    struct ml_model *m = read_text(text, why);
    CHECK(m != NULL);
    if (!m) {
        printf("%s\n", why);
        return;
    }
    struct payloads p = {
        .bytes = {(const uint8_t *)"AB", (const uint8_t *)"Z"}, .size = {2, 0}, .wire = {2, 0}};
    const char *name = ml_model_ask(m, &p, &probability);
    CHECK(name && strcmp(name, "A") == 0 && probability > 0.99 && probability <= 1);
    p.size[1] = p.wire[1] = 1;
    CHECK(ml_model_ask(m, &p, &probability) == NULL);
    p.size[0] = p.wire[0] = 0;
    CHECK(ml_model_ask(m, &p, &probability) == NULL);
    CHECK(strcmp(ml_model_class(m, 2), "B") == 0 && !ml_model_class(m, 3));
    ml_model_free(m);
}

/* What is added to "none of these" outweighs what speaks for a class. */
static void none_of_these_weighs(void)
{
    char why[200] = "";
    double probability = 0;
    struct ml_model *m = read_text("cdpi-model 1\nscale 1\nnone 6\nclass -\nclass A\nclass B\n"
                                   "feature 16706 1:5\n",
                                   why);
    struct payloads p = {
        .bytes = {(const uint8_t *)"AB", (const uint8_t *)""}, .size = {2, 0}, .wire = {2, 0}};
    CHECK(m && ml_model_ask(m, &p, &probability) == NULL && probability > 0.5);
    ml_model_free(m);
}

static void features_by_hand(void)
{
    struct feature f[MOST_FEATURES];
    uint8_t most[PAIR_BYTES + 50];
    for (size_t i = 0; i < sizeof most; i++)
        most[i] = (uint8_t)(i * i);
    struct payloads p = {.bytes = {most, most},
                         .size = {sizeof most, sizeof most},
                         .wire = {65535, 4000000000u},
                         .server_first = true};
    size_t n = features_of(&p, f);
    CHECK(n > 20 && n <= MOST_FEATURES && f[n - 1].key == KEY_SERVER_FIRST);
    for (size_t i = 1; i < n; i++)
        CHECK(f[i - 1].key < f[i].key);
    p = (struct payloads){.bytes = {most, most}, .size = {1, 0}, .wire = {1, 0}};
    CHECK(features_of(&p, f) == 2); /* a byte has no pair */
    p.size[0] = p.wire[0] = 0;
    CHECK(features_of(&p, f) == 0);
}

/* The models that ship: each is read, as is each beginning of it, or refused; nothing else. */
static void what_ships(const char *folder, const char *transport)
{
    char path[4096], why[200] = "";
    static char text[MODEL_DISK + 1];
    snprintf(path, sizeof path, "%s/cdpi-%s.model", folder, transport);
    struct ml_model *m = ml_model_read(path, why, sizeof why);
    CHECK(m && ml_model_class(m, 10));
    ml_model_free(m);
    FILE *f = fopen(path, "r");
    size_t size = f ? fread(text, 1, MODEL_DISK, f) : 0;
    if (f)
        fclose(f);
    for (size_t i = 0; i < size; i += size / 12 + 1) {
        text[size - i] = 0;
        ml_model_free(read_text(text, why));
    }
    checks_passed++;
}

int main(int argc, char **argv)
{
    int fd = mkstemp(scratch);
    if (fd >= 0)
        close(fd);
    what_is_refused();
    a_model_by_hand();
    none_of_these_weighs();
    features_by_hand();
    what_ships(argc > 1 ? argv[1] : ".", "tcp");
    what_ships(argc > 1 ? argv[1] : ".", "udp");
    unlink(scratch);
    return CHECKS_END("ml");
}
