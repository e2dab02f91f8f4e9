// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Names of Rust.  The old form is that of C++ with a hash at the end and escapes like $LT$; v0 is a
 * grammar of its own ("Rust Symbol Mangling", RFC 2603), read here by descent.  A reference back
 * into the name is followed by reading again from there; depth, steps and output are bounded.
 */
#include "symbols/demangle.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 200,
    STEPS_MAX = 200000,
    PUNYCODE_MAX = 256, ///< characters of an identifier that is not ASCII
    HASH_LENGTH = 16,
};

struct output {
    char *text;
    size_t used;
    size_t capacity;
    bool is_failed;
};

static void put_bytes(struct output *output, const char *bytes, size_t size)
{
    if (output->is_failed || output->used + size > DEMANGLE_OUTPUT_MAX) {
        output->is_failed = true;
        return;
    }
    if (output->used + size + 1 > output->capacity) {
        size_t capacity = (output->used + size + 1) * 2;
        char *text = realloc(output->text, capacity);
        if (text == NULL) {
            output->is_failed = true;
            return;
        }
        output->text = text;
        output->capacity = capacity;
    }
    memcpy(output->text + output->used, bytes, size);
    output->used += size;
    output->text[output->used] = 0;
}

static void put(struct output *output, const char *text)
{
    put_bytes(output, text, strlen(text));
}

static void put_number(struct output *output, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    put(output, digits);
}

static void put_character(struct output *output, uint32_t code)
{
    char bytes[4];
    if (code < 0x80) {
        bytes[0] = (char)code;
        put_bytes(output, bytes, 1);
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3F));
        put_bytes(output, bytes, 2);
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xE0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (code & 0x3F));
        put_bytes(output, bytes, 3);
    } else {
        bytes[0] = (char)(0xF0 | (code >> 18 & 7));
        bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
        bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[3] = (char)(0x80 | (code & 0x3F));
        put_bytes(output, bytes, 4);
    }
}

static char *finish(struct output *output, bool is_good)
{
    if (is_good && !output->is_failed && output->used > 0) {
        return output->text;
    }
    free(output->text);
    return NULL;
}

// ---- The old form -------------------------------------------------------------------------------

static bool is_hash(const char *text, size_t size)
{
    if (size != HASH_LENGTH + 1 || text[0] != 'h') {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (!isdigit((unsigned char)text[i]) && (text[i] < 'a' || text[i] > 'f')) {
            return false;
        }
    }
    return true;
}

/// Writes what $...$ at `text` stands for. Returns the bytes read; 0: no such escape.
static size_t put_escape(struct output *output, const char *text, size_t size)
{
    static const struct {
        const char *name;
        char character;
    } escapes[] = {{"SP", '@'}, {"BP", '*'}, {"RF", '&'}, {"LT", '<'}, {"GT", '>'}, {"LP", '('},
        {"RP", ')'}, {"C", ','}};
    const char *end = size > 1 ? memchr(text + 1, '$', size - 1) : NULL;
    if (end == NULL || end - text > 8) {
        return 0;
    }
    size_t length = (size_t)(end - text) - 1;
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        if (strlen(escapes[i].name) == length && memcmp(escapes[i].name, text + 1, length) == 0) {
            put_bytes(output, &escapes[i].character, 1);
            return length + 2;
        }
    }
    if (length < 2 || text[1] != 'u') {
        return 0;
    }
    uint32_t code = 0;
    for (size_t i = 2; i <= length; i++) {
        if (!isxdigit((unsigned char)text[i])) {
            return 0;
        }
        int digit = isdigit((unsigned char)text[i]) ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10;
        code = code * 16 + (uint32_t)digit;
    }
    if (code < 0x20 || code > 0x10FFFF) {
        return 0;
    }
    put_character(output, code);
    return length + 2;
}

static void put_old_identifier(struct output *output, const char *text, size_t size)
{
    if (size > 1 && text[0] == '_' && text[1] == '$') {
        text++;
        size--;
    }
    while (size > 0) {
        size_t done = 1;
        if (*text == '$') {
            done = put_escape(output, text, size);
            if (done == 0) {
                put_bytes(output, text, size);
                return;
            }
        } else if (size > 1 && text[0] == '.' && text[1] == '.') {
            put(output, "::");
            done = 2;
        } else {
            put_bytes(output, text, 1);
        }
        text += done;
        size -= done;
    }
}

/// A decimal length and so many bytes. NULL: there is none.
static const char *read_old_identifier(const char **position, size_t *size)
{
    const char *at = *position;
    size_t length = 0;
    while (isdigit((unsigned char)*at) && length < DEMANGLE_INPUT_MAX) {
        length = length * 10 + (size_t)(*at - '0');
        at++;
    }
    if (length == 0 || at == *position || strnlen(at, length) < length) {
        return NULL;
    }
    *position = at + length;
    *size = length;
    return at;
}

static char *demangle_old(const char *name)
{
    struct output output = {0};
    const char *at = name + strlen("_ZN");
    const char *identifier = NULL;
    size_t size = 0;
    bool has_hash = false;
    while ((identifier = read_old_identifier(&at, &size)) != NULL) {
        has_hash = *at == 'E' && is_hash(identifier, size);
        if (has_hash) {
            break;
        }
        if (output.used > 0) {
            put(&output, "::");
        }
        put_old_identifier(&output, identifier, size);
    }
    return finish(&output, has_hash);
}

// ---- Form v0 ------------------------------------------------------------------------------------

struct parser {
    const char *start; ///< behind "_R"; references count from here
    const char *at;
    struct output output;
    int depth;
    int steps;
    uint64_t binder_depth; ///< lifetimes that are bound around here
    bool is_quiet;         ///< read, but write nothing
    bool is_failed;
};

static void parse_path(struct parser *parser, bool is_value);
static void parse_type(struct parser *parser);
static void parse_const(struct parser *parser);

static void say(struct parser *parser, const char *text)
{
    if (!parser->is_quiet) {
        put(&parser->output, text);
        parser->is_failed |= parser->output.is_failed;
    }
}

static bool enter(struct parser *parser)
{
    parser->depth++;
    parser->steps++;
    if (parser->depth > DEPTH_MAX || parser->steps > STEPS_MAX) {
        parser->is_failed = true;
    }
    return !parser->is_failed;
}

static void leave(struct parser *parser)
{
    parser->depth--;
}

static bool take(struct parser *parser, char character)
{
    if (parser->is_failed || *parser->at != character) {
        return false;
    }
    parser->at++;
    return true;
}

static char take_any(struct parser *parser)
{
    if (parser->is_failed || *parser->at == 0) {
        parser->is_failed = true;
        return 0;
    }
    return *parser->at++;
}

/// Whether the end of a list is here, or the name ends without it.
static bool is_end(struct parser *parser)
{
    parser->is_failed |= *parser->at == 0;
    return parser->is_failed || take(parser, 'E');
}

/// A number of base 62 that ends in '_': "_" is 0, "0_" is 1.
static uint64_t parse_base62(struct parser *parser)
{
    if (take(parser, '_')) {
        return 0;
    }
    uint64_t number = 0;
    while (!parser->is_failed && !take(parser, '_')) {
        char character = take_any(parser);
        uint64_t digit = 0;
        if (isdigit((unsigned char)character)) {
            digit = (uint64_t)(character - '0');
        } else if (character >= 'a' && character <= 'z') {
            digit = (uint64_t)(character - 'a') + 10;
        } else if (character >= 'A' && character <= 'Z') {
            digit = (uint64_t)(character - 'A') + 36;
        } else {
            parser->is_failed = true;
        }
        if (number > (UINT64_MAX - 62) / 62) {
            parser->is_failed = true;
            return 0;
        }
        number = number * 62 + digit;
    }
    return number == UINT64_MAX ? number : number + 1;
}

/// A number behind a letter; 0 when the letter is not there.
static uint64_t parse_optional_base62(struct parser *parser, char letter)
{
    if (!take(parser, letter)) {
        return 0;
    }
    uint64_t number = parse_base62(parser);
    return number == UINT64_MAX ? number : number + 1;
}

// Punycode, RFC 3492 section 6.2.
static uint32_t punycode_adapt(uint32_t delta, uint32_t count, bool is_first)
{
    delta = is_first ? delta / 700 : delta / 2;
    delta += delta / count;
    uint32_t k = 0;
    while (delta > (36 - 1) * 26 / 2) {
        delta /= 36 - 1;
        k += 36;
    }
    return k + (36 - 1 + 1) * delta / (delta + 38);
}

/// Reads one delta. False: malformed.
static bool punycode_delta(const char **at, const char *end, uint32_t bias, uint32_t *position)
{
    uint64_t weight = 1;
    uint64_t sum = *position;
    for (uint32_t k = 36;; k += 36) {
        if (*at == end) {
            return false;
        }
        char character = *(*at)++;
        uint32_t digit = 0;
        if (character >= 'a' && character <= 'z') {
            digit = (uint32_t)(character - 'a');
        } else if (isdigit((unsigned char)character)) {
            digit = (uint32_t)(character - '0') + 26;
        } else {
            return false;
        }
        sum += digit * weight;
        uint32_t threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (sum > UINT32_MAX / 2) {
            return false;
        }
        if (digit < threshold) {
            break;
        }
        weight *= 36 - threshold;
        if (weight > UINT32_MAX) {
            return false;
        }
    }
    *position = (uint32_t)sum;
    return true;
}

/// Decodes an identifier; the ASCII part stands before the last '_'. Returns the characters; 0:
/// malformed.
static size_t punycode_decode(const char *text, size_t size, uint32_t codes[PUNYCODE_MAX])
{
    const char *end = text + size;
    const char *mark = memrchr(text, '_', size);
    size_t count = 0;
    for (const char *at = text; mark != NULL && at < mark; at++) {
        if (count == PUNYCODE_MAX) {
            return 0;
        }
        codes[count++] = (unsigned char)*at;
    }
    const char *at = mark != NULL ? mark + 1 : text;
    uint32_t code = 128;
    uint32_t bias = 72;
    uint32_t position = 0;
    bool is_first = true;
    while (at < end) {
        uint32_t old = position;
        if (count == PUNYCODE_MAX || !punycode_delta(&at, end, bias, &position)) {
            return 0;
        }
        uint32_t total = (uint32_t)count + 1;
        bias = punycode_adapt(position - old, total, is_first);
        is_first = false;
        code += position / total;
        position %= total;
        if (code > 0x10FFFF) {
            return 0;
        }
        memmove(codes + position + 1, codes + position, (count - position) * sizeof(codes[0]));
        codes[position++] = code;
        count++;
    }
    return count;
}

static void say_identifier(struct parser *parser, const char *text, size_t size, bool is_punycode)
{
    if (parser->is_quiet || parser->is_failed) {
        return;
    }
    uint32_t codes[PUNYCODE_MAX];
    size_t count = is_punycode ? punycode_decode(text, size, codes) : 0;
    if (is_punycode && count == 0) {
        parser->is_failed = true;
        return;
    }
    if (is_punycode) {
        for (size_t i = 0; i < count; i++) {
            put_character(&parser->output, codes[i]);
        }
    } else {
        put_bytes(&parser->output, text, size);
    }
    parser->is_failed |= parser->output.is_failed;
}

/// [ "u" ] decimal-number [ "_" ] bytes. Returns its size, and whether it is punycode.
static const char *read_identifier(struct parser *parser, size_t *size, bool *is_punycode)
{
    *is_punycode = take(parser, 'u');
    size_t length = 0;
    if (!isdigit((unsigned char)*parser->at)) {
        parser->is_failed = true;
        return NULL;
    }
    // A length does not begin with 0 unless it is 0.
    if (!take(parser, '0')) {
        while (isdigit((unsigned char)*parser->at) && length < DEMANGLE_INPUT_MAX) {
            length = length * 10 + (size_t)(*parser->at++ - '0');
        }
    }
    take(parser, '_');
    if (strnlen(parser->at, length) < length) {
        parser->is_failed = true;
        return NULL;
    }
    const char *text = parser->at;
    parser->at += length;
    *size = length;
    return text;
}

static void parse_identifier(struct parser *parser)
{
    size_t size = 0;
    bool is_punycode = false;
    const char *text = read_identifier(parser, &size, &is_punycode);
    if (text != NULL) {
        say_identifier(parser, text, size, is_punycode);
    }
}

/// "B" base62: reads what stands there with `parse`, then goes on here.
static void parse_reference(struct parser *parser, void (*parse)(struct parser *parser))
{
    const char *here = parser->at - 1;
    uint64_t offset = parse_base62(parser);
    if (parser->is_failed || offset >= (uint64_t)(here - parser->start)) {
        parser->is_failed = true;
        return;
    }
    // Quietly there is nothing to be had from reading again.
    if (parser->is_quiet) {
        return;
    }
    const char *back = parser->at;
    parser->at = parser->start + offset;
    parse(parser);
    parser->at = back;
}

static void parse_value_path(struct parser *parser)
{
    parse_path(parser, true);
}

static void parse_type_path(struct parser *parser)
{
    parse_path(parser, false);
}

/// The path of the impl itself is not shown.
static void skip_impl_path(struct parser *parser)
{
    parse_optional_base62(parser, 's');
    bool was_quiet = parser->is_quiet;
    parser->is_quiet = true;
    parse_path(parser, false);
    parser->is_quiet = was_quiet;
}

static void parse_nested(struct parser *parser, bool is_value)
{
    char space = take_any(parser);
    if (!isalpha((unsigned char)space)) {
        parser->is_failed = true;
        return;
    }
    parse_path(parser, is_value);
    uint64_t number = parse_optional_base62(parser, 's');
    size_t size = 0;
    bool is_punycode = false;
    const char *text = read_identifier(parser, &size, &is_punycode);
    if (text == NULL) {
        return;
    }
    if (islower((unsigned char)space)) {
        if (size > 0) {
            say(parser, "::");
            say_identifier(parser, text, size, is_punycode);
        }
        return;
    }
    say(parser, "::{");
    char unknown[2] = {space, 0};
    say(parser, space == 'C' ? "closure" : space == 'S' ? "shim" : unknown);
    if (size > 0) {
        say(parser, ":");
        say_identifier(parser, text, size, is_punycode);
    }
    say(parser, "#");
    if (!parser->is_quiet) {
        put_number(&parser->output, number);
    }
    say(parser, "}");
}

static void say_lifetime(struct parser *parser, uint64_t index)
{
    if (index == 0) {
        say(parser, "'_");
        return;
    }
    if (index > parser->binder_depth) {
        parser->is_failed = true;
        return;
    }
    uint64_t depth = parser->binder_depth - index;
    say(parser, "'");
    if (depth < 26) {
        char letter[2] = {(char)('a' + depth), 0};
        say(parser, letter);
    } else if (!parser->is_quiet) {
        put(&parser->output, "_");
        put_number(&parser->output, depth);
    }
}

static void parse_generic_argument(struct parser *parser)
{
    if (take(parser, 'L')) {
        say_lifetime(parser, parse_base62(parser));
    } else if (take(parser, 'K')) {
        parse_const(parser);
    } else {
        parse_type(parser);
    }
}

static void parse_generic_arguments(struct parser *parser)
{
    for (bool is_first = true; !is_end(parser); is_first = false) {
        say(parser, is_first ? "" : ", ");
        parse_generic_argument(parser);
    }
}

static void parse_qualified(struct parser *parser, bool has_impl, bool has_trait)
{
    if (has_impl) {
        skip_impl_path(parser);
    }
    say(parser, "<");
    parse_type(parser);
    if (has_trait) {
        say(parser, " as ");
        parse_path(parser, false);
    }
    say(parser, ">");
}

static void parse_path_of(struct parser *parser, char tag, bool is_value)
{
    switch (tag) {
    case 'C':
        parse_optional_base62(parser, 's');
        parse_identifier(parser);
        break;
    case 'M':
        parse_qualified(parser, true, false);
        break;
    case 'X':
        parse_qualified(parser, true, true);
        break;
    case 'Y':
        parse_qualified(parser, false, true);
        break;
    case 'N':
        parse_nested(parser, is_value);
        break;
    case 'I':
        parse_path(parser, is_value);
        say(parser, is_value ? "::<" : "<");
        parse_generic_arguments(parser);
        say(parser, ">");
        break;
    case 'B':
        parse_reference(parser, is_value ? parse_value_path : parse_type_path);
        break;
    default:
        parser->is_failed = true;
    }
}

static void parse_path(struct parser *parser, bool is_value)
{
    if (enter(parser)) {
        parse_path_of(parser, take_any(parser), is_value);
    }
    leave(parser);
}

static const char *basic_type(char tag)
{
    static const char *const names[26] = {['a' - 'a'] = "i8",
        ['b' - 'a'] = "bool",
        ['c' - 'a'] = "char",
        ['d' - 'a'] = "f64",
        ['e' - 'a'] = "str",
        ['f' - 'a'] = "f32",
        ['h' - 'a'] = "u8",
        ['i' - 'a'] = "isize",
        ['j' - 'a'] = "usize",
        ['l' - 'a'] = "i32",
        ['m' - 'a'] = "u32",
        ['n' - 'a'] = "i128",
        ['o' - 'a'] = "u128",
        ['p' - 'a'] = "_",
        ['s' - 'a'] = "i16",
        ['t' - 'a'] = "u16",
        ['u' - 'a'] = "()",
        ['v' - 'a'] = "...",
        ['x' - 'a'] = "i64",
        ['y' - 'a'] = "u64",
        ['z' - 'a'] = "!"};
    return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

/// "G" base62: lifetimes that are bound from here on. Returns how many.
static uint64_t parse_binder(struct parser *parser)
{
    uint64_t count = parse_optional_base62(parser, 'G');
    if (count == 0 || parser->is_failed) {
        return 0;
    }
    if (count > DEPTH_MAX) {
        parser->is_failed = true;
        return 0;
    }
    say(parser, "for<");
    for (uint64_t i = 0; i < count; i++) {
        say(parser, i == 0 ? "" : ", ");
        parser->binder_depth++;
        say_lifetime(parser, 1);
    }
    say(parser, "> ");
    return count;
}

static void parse_abi(struct parser *parser)
{
    if (!take(parser, 'K')) {
        return;
    }
    say(parser, "extern \"");
    if (take(parser, 'C')) {
        say(parser, "C");
    } else {
        size_t size = 0;
        bool is_punycode = false;
        const char *text = read_identifier(parser, &size, &is_punycode);
        for (size_t i = 0; text != NULL && i < size; i++) {
            char letter[2] = {text[i] == '_' ? '-' : text[i], 0};
            say(parser, letter);
        }
    }
    say(parser, "\" ");
}

static void parse_function(struct parser *parser)
{
    uint64_t bound = parse_binder(parser);
    if (take(parser, 'U')) {
        say(parser, "unsafe ");
    }
    parse_abi(parser);
    say(parser, "fn(");
    for (bool is_first = true; !is_end(parser); is_first = false) {
        say(parser, is_first ? "" : ", ");
        parse_type(parser);
    }
    say(parser, ")");
    // What returns () does not say so.
    if (!take(parser, 'u')) {
        say(parser, " -> ");
        parse_type(parser);
    }
    parser->binder_depth -= bound;
}

/// A path whose generic arguments are left open, for bindings to come. Returns whether they are.
static bool parse_open_path(struct parser *parser)
{
    if (!take(parser, 'I')) {
        parse_path(parser, false);
        return false;
    }
    parse_path(parser, false);
    say(parser, "<");
    parse_generic_arguments(parser);
    return true;
}

static void parse_dyn(struct parser *parser)
{
    say(parser, "dyn ");
    uint64_t bound = parse_binder(parser);
    for (bool is_first = true; !is_end(parser); is_first = false) {
        say(parser, is_first ? "" : " + ");
        bool is_open = parse_open_path(parser);
        while (take(parser, 'p')) {
            say(parser, is_open ? ", " : "<");
            is_open = true;
            parse_identifier(parser);
            say(parser, " = ");
            parse_type(parser);
        }
        say(parser, is_open ? ">" : "");
    }
    parser->binder_depth -= bound;
    if (!take(parser, 'L')) {
        parser->is_failed = true;
        return;
    }
    uint64_t lifetime = parse_base62(parser);
    if (lifetime != 0) {
        say(parser, " + ");
        say_lifetime(parser, lifetime);
    }
}

static void parse_pointer(struct parser *parser, const char *mark)
{
    say(parser, mark);
    if (mark[0] == '&' && take(parser, 'L')) {
        uint64_t lifetime = parse_base62(parser);
        if (lifetime != 0) {
            say_lifetime(parser, lifetime);
            say(parser, " ");
        }
    }
}

static void parse_tuple(struct parser *parser)
{
    say(parser, "(");
    size_t count = 0;
    for (; !is_end(parser); count++) {
        say(parser, count == 0 ? "" : ", ");
        parse_type(parser);
    }
    say(parser, count == 1 ? ",)" : ")");
}

static void parse_reference_type(struct parser *parser, bool is_mutable)
{
    parse_pointer(parser, "&");
    say(parser, is_mutable ? "mut " : "");
    parse_type(parser);
}

static void parse_array(struct parser *parser, bool has_length)
{
    say(parser, "[");
    parse_type(parser);
    if (has_length) {
        say(parser, "; ");
        parse_const(parser);
    }
    say(parser, "]");
}

static void parse_type_of(struct parser *parser, char tag)
{
    switch (tag) {
    case 'A':
    case 'S':
        parse_array(parser, tag == 'A');
        break;
    case 'T':
        parse_tuple(parser);
        break;
    case 'R':
    case 'Q':
        parse_reference_type(parser, tag == 'Q');
        break;
    case 'P':
    case 'O':
        say(parser, tag == 'P' ? "*const " : "*mut ");
        parse_type(parser);
        break;
    case 'F':
        parse_function(parser);
        break;
    case 'D':
        parse_dyn(parser);
        break;
    case 'B':
        parse_reference(parser, parse_type);
        break;
    default:
        parser->at--;
        parse_path(parser, false);
    }
}

static void parse_type(struct parser *parser)
{
    if (enter(parser)) {
        char tag = take_any(parser);
        const char *basic = basic_type(tag);
        if (basic != NULL) {
            say(parser, basic);
        } else if (!parser->is_failed) {
            parse_type_of(parser, tag);
        }
    }
    leave(parser);
}

/// Hexadecimal digits up to '_'. What has more than 64 bits is written as it stands.
static void parse_const_number(struct parser *parser, char tag)
{
    bool is_negative = take(parser, 'n');
    const char *digits = parser->at;
    uint64_t number = 0;
    while (isxdigit((unsigned char)*parser->at) && !isupper((unsigned char)*parser->at)) {
        char digit = *parser->at++;
        number = number << 4 |
                 (uint64_t)(isdigit((unsigned char)digit) ? digit - '0' : digit - 'a' + 10);
    }
    size_t size = (size_t)(parser->at - digits);
    if (!take(parser, '_')) {
        parser->is_failed = true;
        return;
    }
    if (parser->is_quiet) {
        return;
    }
    if (tag == 'b') {
        say(parser, number != 0 ? "true" : "false");
        return;
    }
    if (tag == 'c') {
        say(parser, "'");
        put_character(&parser->output, number > 0x10FFFF ? '?' : (uint32_t)number);
        say(parser, "'");
        return;
    }
    say(parser, is_negative ? "-" : "");
    if (size > 16) {
        say(parser, "0x");
        put_bytes(&parser->output, digits, size);
    } else {
        put_number(&parser->output, number);
    }
}

static void parse_const(struct parser *parser)
{
    if (enter(parser)) {
        char tag = take_any(parser);
        if (tag == 'p') {
            say(parser, "_");
        } else if (tag == 'B') {
            parse_reference(parser, parse_const);
        } else if (tag != 0 && strchr("abchijlmnostxy", tag) != NULL) {
            parse_const_number(parser, tag);
        } else {
            parser->is_failed = true;
        }
    }
    leave(parser);
}

static char *demangle_v0(const char *name)
{
    struct parser parser = {.start = name + strlen("_R"), .at = name + strlen("_R")};
    // A version would stand here; there is only one so far, and it is not written.
    if (!isupper((unsigned char)*parser.at)) {
        return NULL;
    }
    parse_path(&parser, true);
    // The crate that made this copy, perhaps; then what the compiler's later steps have added.
    if (!parser.is_failed && isupper((unsigned char)*parser.at)) {
        parser.is_quiet = true;
        parse_path(&parser, false);
    }
    bool is_good = !parser.is_failed && (*parser.at == 0 || *parser.at == '.' || *parser.at == '$');
    return finish(&parser.output, is_good);
}

char *demangle_rust(const char *name)
{
    if (strncmp(name, "_ZN", 3) == 0) {
        return demangle_old(name);
    }
    if (strncmp(name, "_R", 2) == 0) {
        return demangle_v0(name);
    }
    return NULL;
}
