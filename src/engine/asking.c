/* SPDX-License-Identifier: MIT */
/*
 * Modules asked about a flow: what they get to see, what their answers are worth, what is kept of
 * them.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>

#include "engine/engine.h"

/* ---- the view ---------------------------------------------------------------------------- */

static void view_head(const struct hot *hot, const struct head *head, struct cdpi_module_flow *view)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        enum side side = direction_side(hot, direction);
        view->head[side] = head_bytes(head, direction);
        view->head_size[side] = head->side[direction].size;
        view->sequence[side] = head->side[direction].base;
        view->payload_bytes[side] = head->side[direction].passed;
    }
    for (unsigned i = head->mark_count; i-- > 0;) {
        const struct datagram *mark = &head->marks[i];
        enum side side = (enum side)mark->side;
        if (mark->offset && view->first_payload[side])
            continue; /* it came first, but the stream begins with a later one */
        view->first_payload[side] = mark->wire_size;
        view->first_captured[side] = mark->size;
    }
    if (head->mark_count)
        view->first_speaker = head->marks[0].side;
}

static void fill_view(struct cdpi *engine, const struct flow_place *place, const struct head *head,
                      struct cdpi_module_flow *view)
{
    const struct hot *hot = place_hot(place);
    struct cdpi_flow flow = {engine, *place};
    struct cdpi_flow_info info;
    cdpi_flow_info(&flow, &info);
    *view = (struct cdpi_module_flow){
        .struct_size = sizeof *view,
        .ip_version = info.ip_version,
        .ip_protocol = info.ip_protocol,
        .sides_are_certain = hot->bits & FLOW_SIDES_CERTAIN,
        .syn_seen = {hot->bits & FLOW_SYN_SEEN, hot->bits & FLOW_SYNACK_SEEN},
        .port = {info.port[0], info.port[1]},
        .head = {(const uint8_t *)"", (const uint8_t *)""},
        .state = engine->module_state};
    memcpy(view->address, info.address, sizeof view->address);
    if (!head)
        return;
    view_head(hot, head, view);
    if (engine->wants_packets)
        engine_view_packets(engine, place, head, view);
}

/* ---- what an answer is worth ------------------------------------------------------------- */

bool engine_name_is_good(const char *name)
{
    size_t n = 0;
    for (size_t whole = 0; *name; name++, whole++) {
        n = *name == '|' ? 0 : n + 1;
        if (n == NAME_SIZE || whole == 2 * NAME_SIZE || *name < ' ' || *name > '~' ||
            (*name == '|' && name[1] == '|'))
            return false;
    }
    return n > 0;
}

static bool makes_sense(const struct cdpi_module_verdict *said, const struct cdpi_module_flow *view)
{
    return said->protocol && engine_name_is_good(said->protocol) &&
           (!said->application || engine_name_is_good(said->application)) &&
           (!said->rule || !*said->rule || engine_name_is_good(said->rule)) && said->side <= 1 &&
           said->packet <= UINT8_MAX && said->length <= view->head_size[said->side & 1] &&
           said->offset <= view->head_size[said->side & 1] - said->length;
}

/* The number of a rule that a module names: its words are copied once. */
static uint16_t module_rule(struct cdpi *engine, const char *rule)
{
    if (!rule || !*rule)
        return 0;
    for (uint32_t i = 0; i < engine->module_rule_count; i++) {
        if (strcmp(engine->module_rules[i], rule) == 0)
            return engine_rule(engine, engine->module_rules[i]);
    }
    if (!engine->module_rules)
        engine->module_rules =
            memory_get(&engine->memory, MAX_RULES * sizeof *engine->module_rules, 64);
    if (!engine->module_rules || engine->module_rule_count == MAX_RULES)
        return 0;
    char *copy = engine->module_rules[engine->module_rule_count++];
    snprintf(copy, NAME_SIZE, "%s", rule);
    return engine_rule(engine, copy);
}

static void take_answer(struct cdpi *engine, struct module *m, enum cdpi_module_says says,
                        const struct cdpi_module_verdict *said, struct reply *answer)
{
    uint16_t protocol = engine_name_number(engine, said->protocol);
    if (!protocol)
        return; /* more names than there is room for */
    answer->state = CDPI_ANSWERED;
    if (says == CDPI_MODULE_GUESSES) {
        answer->guess = protocol;
        m->info.guessed++;
        return;
    }
    answer->protocol = protocol;
    answer->application = said->application ? engine_name_number(engine, said->application) : 0;
    answer->rule = module_rule(engine, said->rule);
    answer->offset = (uint16_t)said->offset;
    answer->length = (uint16_t)said->length;
    answer->packet = (uint8_t)said->packet;
    answer->side = said->side;
    answer->is_certain = said->is_certain;
    m->info.answered++;
}

/* ---- one question ------------------------------------------------------------------------ */

static uint64_t cpu_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void ask_one(struct cdpi *engine, struct module *m, const struct cdpi_module_flow *view,
                    struct reply *answer)
{
    struct cdpi_module_verdict said = {.struct_size = sizeof said};
    struct cdpi_module_flow own_copy = *view; /* what one module writes, the next does not see */
    if (!(m->descriptor->flags & CDPI_MODULE_WANTS_PACKETS)) {
        own_copy.packets = NULL;
        own_copy.packet_count = 0;
    }
    if (engine->module_state)
        memset(engine->module_state, 0, engine->module_state_size);
    bool was = engine->in_callback;
    engine->in_callback = true; /* a module does not call the engine */
    uint64_t before = cpu_time();
    enum cdpi_module_says says = m->descriptor->classify(m->instance, &own_copy, &said);
    m->info.nanoseconds += cpu_time() - before;
    engine->in_callback = was;
    m->info.asked++;
    answer->state = CDPI_NO_ANSWER;
    if (says == CDPI_MODULE_DOES_NOT_KNOW)
        return;
    if ((says == CDPI_MODULE_KNOWS || says == CDPI_MODULE_GUESSES) && makes_sense(&said, view))
        take_answer(engine, m, says, &said, answer);
    else
        m->info.nonsense++;
}

/* ---- verdicts ---------------------------------------------------------------------------- */

static void store(const struct flow_place *place, uint32_t index, const struct reply *answer)
{
    struct hot *hot = place_hot(place);
    struct cold *cold = place_cold(place);
    hot->verdict = answer->protocol;
    hot->application = answer->application;
    hot->source = (uint8_t)index;
    hot->bits &= (uint16_t) ~(FLOW_CERTAIN | FLOW_APART);
    if (answer->is_certain)
        hot->bits |= FLOW_CERTAIN;
    cold->heard = 0;
    cold->rule = answer->rule;
    cold->evidence_offset = answer->offset;
    cold->evidence_size = answer->length & 0x7fffu;
    cold->evidence_side = answer->side & 1u;
    cold->evidence_packet = answer->packet;
}

/* A flow without a verdict keeps its guess where the application would stand. */
static void store_guess(const struct flow_place *place, const struct reply *answers, uint32_t count)
{
    struct hot *hot = place_hot(place);
    for (uint32_t i = 0; i < count; i++) {
        if (!answers[i].guess)
            continue;
        hot->application = answers[i].guess;
        hot->source = (uint8_t)i;
        return;
    }
}

static struct reply stored_answer(const struct flow_place *place)
{
    const struct hot *hot = place_hot(place);
    const struct cold *cold = place_cold(place);
    return (struct reply){.protocol = hot->verdict,
                          .application = hot->application,
                          .rule = cold->rule,
                          .offset = cold->evidence_offset,
                          .length = cold->evidence_size,
                          .packet = cold->evidence_packet,
                          .side = cold->evidence_side,
                          .state = CDPI_ANSWERED,
                          .is_certain = hot->bits & FLOW_CERTAIN};
}

/* What own says where it does not lead: stored, to be read as any module's. */
static void answer_own(struct cdpi *engine, struct head *head, struct reply *answer)
{
    const struct classification *c = head ? head_classification(head) : NULL;
    answer->state = CDPI_NO_ANSWER;
    if (!c || c->room == NO_ROOM)
        return;
    *answer = (struct reply){.protocol = catalog_rooms[c->room].number,
                             .application = c->application,
                             .rule = engine_rule(engine, c->rule),
                             .offset = c->evidence_offset,
                             .length = c->evidence_size,
                             .packet = c->evidence_packet,
                             .side = c->evidence_side,
                             .state = CDPI_ANSWERED,
                             .is_certain = c->is_certain};
}

static void count_agreement(struct cdpi *engine, const struct flow_place *place,
                            const struct reply *answers)
{
    const struct hot *hot = place_hot(place);
    for (uint32_t i = 0; i < engine->module_count; i++) {
        struct cdpi_module_info *info = &engine->modules[i].info;
        if (!hot->verdict || i == hot->source || !answers[i].protocol)
            continue;
        if (answers[i].protocol == hot->verdict)
            info->agreed++;
        else
            info->disagreed++;
    }
}

bool engine_ask_modules(struct cdpi *engine, const struct flow_place *place, struct head *head,
                        bool known)
{
    struct reply answers[MAX_MODULES] = {0};
    struct cdpi_module_flow view;
    fill_view(engine, place, head, &view);
    for (uint32_t i = 0; i < engine->module_count && (!known || engine->ask_all); i++) {
        struct module *m = &engine->modules[i];
        if (m->kind == MODULE_PORT)
            continue;
        if (m->kind == MODULE_LOADED)
            ask_one(engine, m, &view, &answers[i]);
        else if (known && i == place_hot(place)->source)
            answers[i] = stored_answer(place);
        else
            answer_own(engine, head, &answers[i]);
        if (!answers[i].protocol || known)
            continue;
        known = true;
        if (m->kind == MODULE_OWN)
            engine_store(engine, place, head_classification(head));
        else
            store(place, i, &answers[i]);
    }
    if (!known)
        store_guess(place, answers, engine->module_count);
    if (engine->ask_all) {
        struct cdpi_flow flow = {engine, *place};
        count_agreement(engine, place, answers);
        answers_remember(engine, cdpi_flow_id(&flow), answers);
    }
    return known;
}

/* ---- what each said ---------------------------------------------------------------------- */

static struct cdpi_verdict as_verdict(const struct cdpi *engine, const char *source,
                                      const struct reply *answer)
{
    return (struct cdpi_verdict){
        .protocol = answer->protocol,
        .application = answer->application,
        .guess = answer->guess,
        .state = CDPI_FINAL,
        .confidence = !answer->protocol    ? CDPI_NO_CONFIDENCE
                      : answer->is_certain ? CDPI_CERTAIN
                                           : CDPI_LIKELY,
        .source = source,
        .evidence = {.rule = engine->rules[answer->rule] ? engine->rules[answer->rule] : "",
                     .packet = answer->packet,
                     .side = (enum cdpi_side)answer->side,
                     .offset = answer->offset,
                     .length = answer->length}};
}

/* Where nothing is remembered, the verdict tells who was asked: all up to its source. */
static enum cdpi_answer_state derived_state(const struct cdpi *engine, const struct hot *hot,
                                            uint32_t index)
{
    if (!(hot->bits & FLOW_PAYLOAD) || is_undecided(hot))
        return CDPI_NOT_ASKED;
    if (engine->modules[index].kind == MODULE_OWN && engine->own_leads)
        return CDPI_NO_ANSWER;
    return !hot->verdict || index < hot->source ? CDPI_NO_ANSWER : CDPI_NOT_ASKED;
}

static void fill_answer(const struct cdpi *engine, const struct flow_place *place, uint32_t index,
                        const struct cdpi_verdict *verdict, const struct reply *remembered,
                        struct cdpi_module_answer *a)
{
    const struct module *m = &engine->modules[index];
    const struct hot *hot = place_hot(place);
    cdpi_protocol_id by_port = engine_flow_guess(engine, hot);
    *a = (struct cdpi_module_answer){.module = m->name};
    if (m->kind == MODULE_PORT) {
        a->state = by_port ? CDPI_ANSWERED : CDPI_NO_ANSWER;
        a->verdict = (struct cdpi_verdict){
            .guess = by_port, .source = m->name, .evidence.rule = by_port ? "port" : ""};
    } else if (verdict->protocol && hot->source == index) {
        a->state = CDPI_ANSWERED;
        a->verdict = *verdict;
    } else if (remembered) {
        a->state = (enum cdpi_answer_state)remembered[index].state;
        a->verdict = as_verdict(engine, m->name, &remembered[index]);
    } else if (hot_state(hot) == FLOW_GIVEN_UP && hot->application && hot->source == index) {
        a->state = CDPI_ANSWERED;
        a->verdict = *verdict;
        a->verdict.source = m->name;
    } else {
        a->state = derived_state(engine, hot, index);
    }
}

size_t cdpi_classify_all(struct cdpi *engine, const struct cdpi_flow *flow,
                         struct cdpi_module_answer *answers, size_t room)
{
    struct cdpi_verdict verdict = engine_verdict(engine, &flow->place);
    const struct reply *remembered =
        engine->ask_all ? answers_find(engine, cdpi_flow_id(flow)) : NULL;
    for (uint32_t i = 0; i < engine->module_count && i < room; i++)
        fill_answer(engine, &flow->place, i, &verdict, remembered, &answers[i]);
    return engine->module_count;
}
