// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "filter/filter.h"

#include "cli/cli.h"
#include "cli/memory.h"
#include "image/names.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODES_MAX = 512,
    DEPTH_MAX = 64, // of parentheses and "!"
    TEXT_SIZE = 128,
};

// ---- Fields -----------------------------------------------------------------------------------

enum value_kind {
    VALUE_COUNT, // a plain number
    VALUE_SIZE,
    VALUE_DURATION,
    VALUE_ADDRESS,
    VALUE_TEXT,
};

static const struct {
    const char *name;
    enum value_kind kind;
} FIELDS[FILTER_FIELD_COUNT] = {
    [FILTER_SIZE] = {"size", VALUE_SIZE},
    [FILTER_OVERHEAD] = {"overhead", VALUE_SIZE},
    [FILTER_NUMBER] = {"number", VALUE_COUNT},
    [FILTER_SUBTYPE] = {"subtype", VALUE_COUNT},
    [FILTER_THREAD] = {"thread", VALUE_COUNT},
    [FILTER_LINE] = {"line", VALUE_COUNT},
    [FILTER_WEIGHT] = {"weight", VALUE_SIZE},
    [FILTER_AGE] = {"age", VALUE_DURATION},
    [FILTER_TIME] = {"time", VALUE_DURATION},
    [FILTER_ADDRESS] = {"address", VALUE_ADDRESS},
    [FILTER_KIND] = {"kind", VALUE_TEXT},
    [FILTER_TYPE] = {"type", VALUE_TEXT},
    [FILTER_PLACE] = {"place", VALUE_TEXT},
    [FILTER_HEAP] = {"heap", VALUE_TEXT},
    [FILTER_FILE] = {"file", VALUE_TEXT},
    [FILTER_STACK] = {"stack", VALUE_TEXT},
};

bool filter_find_field(const char *name, enum filter_field *field)
{
    for (unsigned i = 0; i < FILTER_FIELD_COUNT; i++) {
        if (strcmp(FIELDS[i].name, name) == 0) {
            *field = (enum filter_field)i;
            return true;
        }
    }
    return false;
}

const char *filter_field_names(void)
{
    static char names[256];
    if (names[0] == '\0') {
        size_t length = 0;
        for (unsigned i = 0; i < FILTER_FIELD_COUNT; i++) {
            length += (size_t)snprintf(
                names + length, sizeof(names) - length, "%s%s", i > 0 ? ", " : "", FIELDS[i].name);
        }
    }
    return names;
}

// The number of a field. False: the block has none.
static bool number_of(enum filter_field field, const struct image *image,
    const struct image_block *block, uint64_t *number)
{
    const struct image_detail *detail = image_detail(image, block);
    switch (field) {
    case FILTER_SIZE:
        *number = block->size;
        return true;
    case FILTER_OVERHEAD:
        *number = image_overhead(image, block);
        return true;
    case FILTER_ADDRESS:
        *number = block->address;
        return true;
    case FILTER_NUMBER:
        *number = detail->number;
        return detail->number != 0;
    case FILTER_SUBTYPE:
        *number = detail->subtype;
        return (block->flags & IMAGE_BLOCK_IS_DEBUG) != 0;
    case FILTER_THREAD:
        *number = block->thread_id;
        return block->thread_id != 0;
    case FILTER_LINE:
        *number = detail->line > 0 ? (uint64_t)detail->line : 0;
        return detail->line > 0;
    case FILTER_WEIGHT:
        *number = detail->weight != 0 ? detail->weight : block->size;
        return block->kind == IMAGE_BUSY;
    case FILTER_AGE:
        return image_age(image, block, number);
    case FILTER_TIME:
        *number = block->time_ns;
        return block->time_ns != 0;
    default:
        return false;
    }
}

static const char *text_of(
    enum filter_field field, const struct image *image, const struct image_block *block)
{
    switch (field) {
    case FILTER_KIND:
        return image_kind_name(block->kind);
    case FILTER_TYPE:
        return image_type_name(image, block);
    case FILTER_PLACE:
        return image_place_name(block);
    case FILTER_FILE:
        return image_string(image, image_detail(image, block)->file);
    case FILTER_HEAP:
        return block->heap < image->heap_count ? image_string(image, image->heaps[block->heap].name)
                                               : "";
    default:
        return "";
    }
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b, bool is_descending)
{
    if (*a == '\0' || *b == '\0') {
        return (*a == '\0') - (*b == '\0');
    }
    return is_descending ? strcmp(b, a) : strcmp(a, b);
}

int filter_compare(enum filter_field field, bool is_descending, const struct image *image,
    const struct image_block *a, const struct image_block *b)
{
    if (field == FILTER_STACK) {
        return is_descending ? compare_numbers(b->stack, a->stack)
                             : compare_numbers(a->stack, b->stack);
    }
    if (FIELDS[field].kind == VALUE_TEXT) {
        return compare_texts(text_of(field, image, a), text_of(field, image, b), is_descending);
    }
    uint64_t one = 0;
    uint64_t other = 0;
    bool has_one = number_of(field, image, a, &one);
    bool has_other = number_of(field, image, b, &other);
    if (!has_one || !has_other) {
        return has_other - has_one;
    }
    return is_descending ? compare_numbers(other, one) : compare_numbers(one, other);
}

// ---- The tree ---------------------------------------------------------------------------------

enum node_kind {
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_WORD,
    NODE_COMPARISON,
};

enum operation {
    IS_EQUAL,
    IS_OTHER,
    IS_LESS,
    IS_AT_MOST,
    IS_MORE,
    IS_AT_LEAST,
    CONTAINS,
    CONTAINS_NOT,
};

struct node {
    enum node_kind kind;
    uint16_t left, right; // NOT: left only
    uint8_t word;         // index into WORDS
    enum filter_field field;
    enum operation operation;
    uint64_t number;
    bool is_handle; // heap: `number` is its handle
    char text[TEXT_SIZE];
};

struct filter {
    struct node nodes[NODES_MAX];
    uint16_t count;
    uint16_t root;
};

// Words that are true or false of a block.
static const struct {
    const char *name;
    int kind;  // enum image_block_kind, or -1
    int flags; // one of them
} WORDS[] = {
    {"busy", IMAGE_BUSY, 0},
    {"free", IMAGE_FREE, 0},
    {"cached", IMAGE_CACHED, 0},
    {"uncommitted", IMAGE_UNCOMMITTED, 0},
    {"freed", IMAGE_DEBUG_FREED, 0},
    {"span", -1, IMAGE_BLOCK_IN_SPAN},
    {"mixed", -1, IMAGE_BLOCK_IN_MIXED},
    {"large", -1, IMAGE_BLOCK_LARGE},
    {"debug", -1, IMAGE_BLOCK_IS_DEBUG},
    {"ignored", -1, IMAGE_BLOCK_IS_IGNORED},
    {"sampled", -1, IMAGE_BLOCK_IS_SAMPLED},
    {"info", -1, IMAGE_BLOCK_HAS_USER_INFO},
};
enum {
    WORD_COUNT = sizeof(WORDS) / sizeof(WORDS[0])
};

// ---- Parsing ----------------------------------------------------------------------------------

struct parser {
    const char *text;
    const char *at;
    struct filter *filter;
    char *error;
    unsigned depth;
};

enum {
    NO_NODE = UINT16_MAX
};

static uint16_t parse_or(struct parser *parser);

static uint16_t fail(struct parser *parser, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static uint16_t fail(struct parser *parser, const char *at, const char *format, ...)
{
    char what[400];
    va_list arguments;
    if (parser->error == NULL) {
        va_start(arguments, format);
        vsnprintf(what, sizeof(what), format, arguments);
        va_end(arguments);
        parser->error = must_format(
            "at position %zu of '%s': %s", (size_t)(at - parser->text) + 1, parser->text, what);
    }
    return NO_NODE;
}

static void skip_blanks(struct parser *parser)
{
    while (isspace((unsigned char)*parser->at)) {
        parser->at++;
    }
}

static bool take(struct parser *parser, const char *token)
{
    skip_blanks(parser);
    size_t length = strlen(token);
    if (strncmp(parser->at, token, length) != 0) {
        return false;
    }
    parser->at += length;
    return true;
}

static uint16_t add_node(struct parser *parser, struct node node)
{
    if (parser->filter->count == NODES_MAX) {
        return fail(parser, parser->at, "the expression is too long");
    }
    parser->filter->nodes[parser->filter->count] = node;
    return parser->filter->count++;
}

static bool is_bare(char c)
{
    return c != '\0' && !isspace((unsigned char)c) && strchr("()!&|<>=~'\"", c) == NULL;
}

// A name or a value: bare, or in quotes. False: there is none, or it is too long.
static bool take_text(struct parser *parser, char text[TEXT_SIZE])
{
    skip_blanks(parser);
    const char *start = parser->at;
    char quote = *start == '\'' || *start == '"' ? *start : '\0';
    const char *from = quote != '\0' ? start + 1 : start;
    const char *end = from;
    while (quote != '\0' ? *end != '\0' && *end != quote : is_bare(*end)) {
        end++;
    }
    size_t length = (size_t)(end - from);
    if (quote != '\0' && *end != quote) {
        fail(parser, start, "the quote has no end");
        return false;
    }
    if (length == 0 && quote == '\0') {
        return false;
    }
    if (length >= TEXT_SIZE) {
        fail(parser, start, "this is too long");
        return false;
    }
    memcpy(text, from, length);
    text[length] = '\0';
    parser->at = quote != '\0' ? end + 1 : end;
    return true;
}

static bool take_operation(struct parser *parser, enum operation *operation)
{
    static const struct {
        const char *token;
        enum operation operation;
    } TOKENS[] = {{"==", IS_EQUAL}, {"!=", IS_OTHER}, {"<=", IS_AT_MOST}, {">=", IS_AT_LEAST},
        {"!~", CONTAINS_NOT}, {"<", IS_LESS}, {">", IS_MORE}, {"=", IS_EQUAL}, {"~", CONTAINS}};
    for (size_t i = 0; i < sizeof(TOKENS) / sizeof(TOKENS[0]); i++) {
        if (take(parser, TOKENS[i].token)) {
            *operation = TOKENS[i].operation;
            return true;
        }
    }
    return false;
}

static bool parse_number(enum value_kind kind, const char *text, uint64_t *number)
{
    switch (kind) {
    case VALUE_SIZE:
        return cli_parse_size(text, number);
    case VALUE_DURATION:
        return cli_parse_duration(text, number);
    case VALUE_ADDRESS:
        return cli_parse_address(text, number);
    case VALUE_COUNT:
        return cli_parse_count(text, number);
    case VALUE_TEXT:
        break;
    }
    return false;
}

static const char *wanted_of(enum value_kind kind)
{
    static const char *const WANTED[] = {
        [VALUE_COUNT] = "a number",
        [VALUE_SIZE] = "a size like 64K or 1.5M",
        [VALUE_DURATION] = "a duration like 10m or 1.5h",
        [VALUE_ADDRESS] = "an address like 0x7f3c10042040",
        [VALUE_TEXT] = "a text",
    };
    return WANTED[kind];
}

static bool check_operation(struct parser *parser, const char *at, const struct node *node)
{
    bool is_text = FIELDS[node->field].kind == VALUE_TEXT;
    bool is_for_text = node->operation == CONTAINS || node->operation == CONTAINS_NOT;
    bool is_for_both = node->operation == IS_EQUAL || node->operation == IS_OTHER;
    if (is_for_both || is_text == is_for_text) {
        return true;
    }
    fail(parser, at,
        is_text ? "%s is a text: compare it by ==, !=, ~ (contains) or !~"
                : "%s is a number: compare it by ==, !=, <, <=, > or >=",
        FIELDS[node->field].name);
    return false;
}

static uint16_t parse_comparison(struct parser *parser, enum filter_field field)
{
    struct node node = {.kind = NODE_COMPARISON, .field = field};
    skip_blanks(parser);
    const char *at = parser->at;
    if (!take_operation(parser, &node.operation)) {
        return fail(parser, at, "%s has to be compared with something: ==, !=, <, <=, >, >=, ~",
            FIELDS[field].name);
    }
    if (!check_operation(parser, at, &node)) {
        return NO_NODE;
    }
    skip_blanks(parser);
    at = parser->at;
    if (!take_text(parser, node.text)) {
        return fail(parser, at, "there has to be %s here", wanted_of(FIELDS[field].kind));
    }
    if (FIELDS[field].kind != VALUE_TEXT &&
        !parse_number(FIELDS[field].kind, node.text, &node.number)) {
        return fail(parser, at, "%s is compared with %s, and '%s' is none", FIELDS[field].name,
            wanted_of(FIELDS[field].kind), node.text);
    }
    node.is_handle = field == FILTER_HEAP && cli_parse_address(node.text, &node.number);
    return add_node(parser, node);
}

static uint16_t parse_name(struct parser *parser)
{
    char name[TEXT_SIZE];
    enum filter_field field;
    skip_blanks(parser);
    const char *at = parser->at;
    if (!take_text(parser, name)) {
        return fail(parser, at, "%s",
            *at == '\0' ? "the expression ends too early" : "a field or a word was expected");
    }
    for (unsigned i = 0; i < WORD_COUNT; i++) {
        if (strcmp(WORDS[i].name, name) == 0) {
            return add_node(parser, (struct node){.kind = NODE_WORD, .word = (uint8_t)i});
        }
    }
    if (!filter_find_field(name, &field)) {
        return fail(parser, at,
            "there is no field '%s'; there are %s, and the words busy, free, cached, "
            "uncommitted, freed, span, mixed, large, debug, ignored, sampled, info",
            name, filter_field_names());
    }
    return parse_comparison(parser, field);
}

static uint16_t parse_not(struct parser *parser)
{
    skip_blanks(parser);
    const char *at = parser->at;
    bool is_not = *at == '!';
    if (!is_not && *at != '(') {
        return parse_name(parser);
    }
    if (++parser->depth > DEPTH_MAX) {
        return fail(parser, at, "too many parentheses");
    }
    parser->at++;
    uint16_t inner = is_not ? parse_not(parser) : parse_or(parser);
    parser->depth--;
    if (inner == NO_NODE) {
        return NO_NODE;
    }
    if (is_not) {
        return add_node(parser, (struct node){.kind = NODE_NOT, .left = inner});
    }
    if (!take(parser, ")")) {
        return fail(parser, parser->at, "the parenthesis of position %zu is not closed",
            (size_t)(at - parser->text) + 1);
    }
    return inner;
}

static uint16_t parse_and(struct parser *parser)
{
    uint16_t left = parse_not(parser);
    while (left != NO_NODE && take(parser, "&&")) {
        uint16_t right = parse_not(parser);
        left =
            right == NO_NODE
                ? NO_NODE
                : add_node(parser, (struct node){.kind = NODE_AND, .left = left, .right = right});
    }
    return left;
}

static uint16_t parse_or(struct parser *parser)
{
    uint16_t left = parse_and(parser);
    while (left != NO_NODE && take(parser, "||")) {
        uint16_t right = parse_and(parser);
        left = right == NO_NODE
                   ? NO_NODE
                   : add_node(parser, (struct node){.kind = NODE_OR, .left = left, .right = right});
    }
    return left;
}

struct filter *filter_parse(const char *text, char **error)
{
    struct filter *filter = must_allocate(1, sizeof(*filter));
    struct parser parser = {.text = text, .at = text, .filter = filter};
    filter->root = parse_or(&parser);
    skip_blanks(&parser);
    if (parser.error == NULL && *parser.at != '\0') {
        fail(&parser, parser.at, "&& or || was expected here");
    }
    if (parser.error != NULL) {
        *error = parser.error;
        free(filter);
        return NULL;
    }
    return filter;
}

void filter_destroy(struct filter *filter)
{
    free(filter);
}

bool filter_wants_stacks(const struct filter *filter)
{
    for (uint16_t i = 0; i < filter->count; i++) {
        if (filter->nodes[i].kind == NODE_COMPARISON && filter->nodes[i].field == FILTER_STACK) {
            return true;
        }
    }
    return false;
}

bool filter_wants_free(const struct filter *filter)
{
    for (uint16_t i = 0; i < filter->count; i++) {
        const struct node *node = &filter->nodes[i];
        bool is_kind = node->kind == NODE_COMPARISON && node->field == FILTER_KIND;
        bool is_word = node->kind == NODE_WORD && WORDS[node->word].kind > IMAGE_BUSY;
        if (is_kind || is_word) {
            return true;
        }
    }
    return false;
}

// ---- Evaluation -------------------------------------------------------------------------------

struct subject {
    const struct filter *filter;
    const struct image *image;
    const struct image_block *block;
    const struct filter_stacks *stacks;
};

static bool matches_number(const struct subject *subject, const struct node *node)
{
    uint64_t number = 0;
    if (!number_of(node->field, subject->image, subject->block, &number)) {
        return node->operation == IS_OTHER;
    }
    int order = compare_numbers(number, node->number);
    switch (node->operation) {
    case IS_EQUAL:
        return order == 0;
    case IS_OTHER:
        return order != 0;
    case IS_LESS:
        return order < 0;
    case IS_AT_MOST:
        return order <= 0;
    case IS_MORE:
        return order > 0;
    case IS_AT_LEAST:
        return order >= 0;
    case CONTAINS:
    case CONTAINS_NOT:
        break;
    }
    return false;
}

static bool is_same_text(const struct subject *subject, const struct node *node)
{
    if (node->field == FILTER_HEAP && node->is_handle) {
        return subject->block->heap < subject->image->heap_count &&
               subject->image->heaps[subject->block->heap].handle == node->number;
    }
    if (node->field == FILTER_STACK) {
        const char *hash = subject->stacks == NULL ? ""
                                                   : subject->stacks->hash(subject->stacks->context,
                                                         subject->block->stack);
        return *hash != '\0' && *node->text != '\0' &&
               strncmp(hash, node->text, strlen(node->text)) == 0;
    }
    return strcmp(text_of(node->field, subject->image, subject->block), node->text) == 0;
}

static bool matches_text(const struct subject *subject, const struct node *node)
{
    switch (node->operation) {
    case IS_EQUAL:
        return is_same_text(subject, node);
    case IS_OTHER:
        return !is_same_text(subject, node);
    case CONTAINS:
    case CONTAINS_NOT: {
        const char *text =
            node->field == FILTER_STACK && subject->stacks != NULL
                ? subject->stacks->hash(subject->stacks->context, subject->block->stack)
                : text_of(node->field, subject->image, subject->block);
        return (strstr(text, node->text) != NULL) == (node->operation == CONTAINS);
    }
    default:
        return false;
    }
}

static bool matches_word(const struct subject *subject, const struct node *node)
{
    int kind = WORDS[node->word].kind;
    return kind >= 0 ? subject->block->kind == kind
                     : (subject->block->flags & WORDS[node->word].flags) != 0;
}

// The depth of the tree is that of the expression.
static bool matches(const struct subject *subject, uint16_t number)
{
    const struct node *node = &subject->filter->nodes[number];
    switch (node->kind) {
    case NODE_AND:
        return matches(subject, node->left) && matches(subject, node->right);
    case NODE_OR:
        return matches(subject, node->left) || matches(subject, node->right);
    case NODE_NOT:
        return !matches(subject, node->left);
    case NODE_WORD:
        return matches_word(subject, node);
    case NODE_COMPARISON:
        break;
    }
    return FIELDS[node->field].kind == VALUE_TEXT ? matches_text(subject, node)
                                                  : matches_number(subject, node);
}

bool filter_matches(const struct filter *filter, const struct image *image,
    const struct image_block *block, const struct filter_stacks *stacks)
{
    const struct subject subject = {
        .filter = filter, .image = image, .block = block, .stacks = stacks};
    return matches(&subject, filter->root);
}
