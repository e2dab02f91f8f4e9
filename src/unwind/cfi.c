// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/cfi.h"

#include "unwind/cursor.h"
#include "unwind/expression.h"

#include <string.h>

// ---- Index ------------------------------------------------------------------------------------

// The table in .eh_frame_hdr has entries as an index of ours; they count from the header, and may
// lie anywhere.
static struct cfi_entry index_at(const uint8_t *table, size_t index)
{
    struct cfi_entry entry;
    memcpy(&entry, table + index * sizeof(entry), sizeof(entry));
    return entry;
}

// The address of the description (FDE) with the last start at or below `pc`, or 0. Entries count
// from `base`.
static uintptr_t search_table(const uint8_t *table, size_t count, uintptr_t base, uintptr_t pc)
{
    size_t first = 0;
    size_t last = count;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (base + (uintptr_t)(intptr_t)index_at(table, middle).code <= pc) {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    return first == 0 ? 0 : base + (uintptr_t)(intptr_t)index_at(table, first - 1).description;
}

// The table of .eh_frame_hdr. False: there is none of the one form that linkers write; a module
// without a table can not be searched in time.
static bool open_table(const struct cfi_image *image, struct cursor *table, size_t *count)
{
    struct cursor cursor = cursor_at(image, image->header);
    uint8_t version = read_u8(&cursor);
    uint8_t frame_encoding = read_u8(&cursor);
    uint8_t count_encoding = read_u8(&cursor);
    uint8_t table_encoding = read_u8(&cursor);
    if (cursor.is_bad || version != 1 || count_encoding == ENCODING_OMIT ||
        frame_encoding == ENCODING_OMIT ||
        table_encoding != (ENCODING_DATA_RELATIVE | ENCODING_S32)) {
        return false;
    }
    read_pointer(&cursor, frame_encoding, image->header);
    *count = read_pointer(&cursor, count_encoding, image->header);
    *table = cursor;
    return !cursor.is_bad && *count <= bytes_left(&cursor) / sizeof(struct cfi_entry);
}

bool cfi_has_table(const struct cfi_image *image)
{
    struct cursor table;
    size_t count;
    return image->header != 0 && open_table(image, &table, &count);
}

static enum cfi_status find_description(
    const struct cfi_image *image, uintptr_t pc, uintptr_t *description)
{
    struct cursor table;
    size_t count;
    if (image->header != 0) {
        if (!open_table(image, &table, &count)) {
            return CFI_BAD;
        }
        *description = search_table(table.at, count, image->header, pc);
    } else if (image->index != NULL) {
        *description = search_table(
            (const uint8_t *)image->index->entries, image->index->count, image->window, pc);
    }
    return *description == 0 ? CFI_MISSING : CFI_FOUND;
}

// ---- Descriptions -----------------------------------------------------------------------------

// What is common to many functions (CIE), and what is said about one (FDE).
struct description {
    const struct cfi_image *image;
    uint64_t code_factor;
    int64_t data_factor;
    uint64_t return_register;
    uint8_t pointer_encoding;
    bool has_sizes; // each augmentation has a size
    bool is_signal;
    uintptr_t code;
    uintptr_t code_size;
    struct cursor common_program;
    struct cursor program;
};

// Reads the length that begins a record, and cuts the cursor at the record's end. False: no record.
static bool enter_record(struct cursor *cursor, bool *is_64_bit)
{
    uint64_t length = read_u32(cursor);
    *is_64_bit = length == UINT32_MAX;
    if (*is_64_bit) {
        length = read_u64(cursor);
    }
    if (cursor->is_bad || length == 0 || length > bytes_left(cursor)) {
        return false;
    }
    cursor->end = cursor->at + length;
    return true;
}

// The letters behind the 'z' say what the augmentation holds, in their order.
static void read_augmentation(
    struct description *description, struct cursor *cursor, const char *letters)
{
    uint64_t size = read_uleb(cursor);
    struct cursor data = *cursor;
    if (!skip(cursor, size)) {
        return;
    }
    data.end = cursor->at;
    for (; *letters != '\0'; letters++) {
        switch (*letters) {
        case 'R':
            description->pointer_encoding = read_u8(&data);
            break;
        case 'L':
            read_u8(&data);
            break;
        case 'P': {
            uint8_t encoding = read_u8(&data);
            read_format(&data, encoding & ENCODING_FORMAT);
            break;
        }
        case 'S':
            description->is_signal = true;
            break;
        case 'B': // keys of pointer authentication
            break;
        default: // what follows cannot be read, but its size is known
            return;
        }
    }
    cursor->is_bad |= data.is_bad;
}

static bool read_common(struct description *description, uintptr_t address)
{
    struct cursor cursor = cursor_at(description->image, address);
    bool is_64_bit;
    if (!enter_record(&cursor, &is_64_bit)) {
        return false;
    }
    uint64_t id = is_64_bit ? read_u64(&cursor) : read_u32(&cursor);
    uint8_t version = read_u8(&cursor);
    const char *letters = (const char *)cursor.at;
    const uint8_t *letters_end = memchr(letters, 0, bytes_left(&cursor));
    if (cursor.is_bad || id != 0 || (version != 1 && version != 3) || letters_end == NULL ||
        (letters[0] != 'z' && letters[0] != '\0')) {
        return false;
    }
    cursor.at = letters_end + 1;
    description->code_factor = read_uleb(&cursor);
    description->data_factor = read_sleb(&cursor);
    description->return_register = version == 1 ? read_u8(&cursor) : read_uleb(&cursor);
    description->has_sizes = letters[0] == 'z';
    if (description->has_sizes) {
        read_augmentation(description, &cursor, letters + 1);
    }
    description->common_program = cursor;
    return !cursor.is_bad;
}

static bool read_description(struct description *description, uintptr_t address)
{
    struct cursor cursor = cursor_at(description->image, address);
    bool is_64_bit;
    if (!enter_record(&cursor, &is_64_bit)) {
        return false;
    }
    uintptr_t place = (uintptr_t)cursor.at;
    uint64_t distance = is_64_bit ? read_u64(&cursor) : read_u32(&cursor);
    if (cursor.is_bad || distance == 0 || distance > place ||
        !read_common(description, place - (uintptr_t)distance)) {
        return false;
    }
    uint8_t encoding = description->pointer_encoding;
    description->code = read_pointer(&cursor, encoding, description->image->header);
    description->code_size = (uintptr_t)read_format(&cursor, encoding & ENCODING_FORMAT);
    if (description->has_sizes) {
        skip(&cursor, read_uleb(&cursor));
    }
    description->program = cursor;
    return !cursor.is_bad;
}

// ---- Lists ------------------------------------------------------------------------------------

// The next description from `place` on, which moves behind it; 0: there is none.
static uintptr_t next_description(const struct cfi_image *image, uintptr_t *place)
{
    while (*place < image->window_end) {
        uintptr_t record = *place;
        struct cursor cursor = cursor_at(image, record);
        struct cursor length = cursor;
        bool is_64_bit;
        if (read_u32(&length) == 0 && !length.is_bad) {
            *place = (uintptr_t)length.at; // the end of one linker's input, perhaps
            continue;
        }
        if (!enter_record(&cursor, &is_64_bit)) {
            break; // where the next one begins nobody knows
        }
        *place = (uintptr_t)cursor.end;
        uint64_t distance = is_64_bit ? read_u64(&cursor) : read_u32(&cursor);
        if (!cursor.is_bad && distance != 0) {
            return record;
        }
    }
    return 0;
}

size_t cfi_count(const struct cfi_image *image)
{
    size_t count = 0;
    uintptr_t place = image->window;
    while (next_description(image, &place) != 0) {
        count++;
    }
    return count;
}

static bool list_one(const struct cfi_image *image, uintptr_t record, uintptr_t start,
    uintptr_t end, struct cfi_entry *entry)
{
    struct description description = {.image = image, .pointer_encoding = ENCODING_ABSOLUTE};
    if (!read_description(&description, record) || description.code < start ||
        description.code >= end || description.code_size == 0) {
        return false;
    }
    int64_t code = (int64_t)(description.code - image->window);
    int64_t offset = (int64_t)(record - image->window);
    *entry = (struct cfi_entry){.code = (int32_t)code, .description = (int32_t)offset};
    return entry->code == code && entry->description == offset;
}

size_t cfi_list(const struct cfi_image *image, uintptr_t start, uintptr_t end,
    struct cfi_entry *entries, size_t capacity)
{
    size_t count = 0;
    uintptr_t place = image->window;
    uintptr_t record = next_description(image, &place);
    while (record != 0 && count < capacity) {
        count += list_one(image, record, start, end, &entries[count]);
        record = next_description(image, &place);
    }
    return count;
}

// ---- Programs ---------------------------------------------------------------------------------

enum {
    REMEMBER_DEPTH = 8
};

struct machine {
    const struct description *description;
    struct cursor cursor;
    uintptr_t pc;       // the row asked for
    uintptr_t location; // the row in `row` begins here
    struct cfi_row row;
    const struct cfi_row *initial; // after the common program; NULL while that runs
    struct cfi_row remembered[REMEMBER_DEPTH];
    size_t remembered_count;
    bool is_bad;
};

// DWARF 4, section 7.23.
enum {
    CFA_ADVANCE_LOC = 0x40, // with the operand in the low six bits, as the next two
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE_LOC1 = 0x02,
    CFA_ADVANCE_LOC2 = 0x03,
    CFA_ADVANCE_LOC4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER_STATE = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF_CFA = 0x0c,
    CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_OFFSET = 0x0e,
    CFA_DEF_CFA_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEF_CFA_SF = 0x12,
    CFA_DEF_CFA_OFFSET_SF = 0x13,
    CFA_VAL_OFFSET = 0x14,
    CFA_VAL_OFFSET_SF = 0x15,
    CFA_VAL_EXPRESSION = 0x16,
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

static void set_register(
    struct machine *machine, uint64_t number, enum cfi_where where, uint8_t other, int64_t offset)
{
    if (number >= CFI_REGISTER_COUNT) {
        return; // one that no rule of ours needs
    }
    bool is_odd = !symbol_fits(offset);
    machine->row.registers[number] =
        (struct cfi_register){.where = is_odd ? CFI_ODD : (uint8_t)where,
            .other = other,
            .offset = is_odd ? 0 : (int32_t)offset};
}

static void set_cfa(struct machine *machine, uint64_t number, int64_t offset)
{
    bool is_odd = number >= CFI_REGISTER_COUNT || !symbol_fits(offset);
    machine->row.cfa = is_odd ? CFI_CFA_ODD : CFI_CFA_REGISTER;
    machine->row.cfa_register = is_odd ? 0 : (uint8_t)number;
    machine->row.cfa_offset = is_odd ? 0 : (int32_t)offset;
    machine->row.cfa_second_offset = 0;
}

static void set_cfa_register(struct machine *machine, uint64_t number)
{
    if (machine->row.cfa != CFI_CFA_REGISTER) {
        machine->is_bad = true;
        return;
    }
    set_cfa(machine, number, machine->row.cfa_offset);
}

static void set_cfa_offset(struct machine *machine, int64_t offset)
{
    if (machine->row.cfa != CFI_CFA_REGISTER) {
        machine->is_bad = true;
        return;
    }
    set_cfa(machine, machine->row.cfa_register, offset);
}

static void set_cfa_expression(struct machine *machine)
{
    struct symbol symbol = expression_evaluate(&machine->cursor, machine->pc, false);
    struct cfi_row *row = &machine->row;
    row->cfa = CFI_CFA_ODD;
    if (symbol.kind == SYMBOL_REGISTER) {
        set_cfa(machine, symbol.number, symbol.offset);
    } else if (symbol.kind == SYMBOL_MEMORY) {
        row->cfa = CFI_CFA_MEMORY;
        row->cfa_register = symbol.number;
        row->cfa_offset = (int32_t)symbol.offset;
        row->cfa_second_offset = (int32_t)symbol.second_offset;
    }
}

// The expression gives the place of the caller's value, or (is_value) that value.
static void set_register_expression(struct machine *machine, bool is_value)
{
    uint64_t number = read_uleb(&machine->cursor);
    struct symbol symbol = expression_evaluate(&machine->cursor, machine->pc, true);
    bool is_cfa = symbol.number == SYMBOL_CFA;
    enum cfi_where where = CFI_ODD;
    if (symbol.kind == SYMBOL_REGISTER) {
        where = is_value ? (is_cfa ? CFI_IS_CFA : CFI_IS_REGISTER)
                         : (is_cfa ? CFI_AT_CFA : CFI_AT_REGISTER);
    }
    set_register(machine, number, where, is_cfa ? 0 : symbol.number, symbol.offset);
}

static void restore_register(struct machine *machine, uint64_t number)
{
    if (machine->initial == NULL) {
        machine->is_bad = true;
    } else if (number < CFI_REGISTER_COUNT) {
        machine->row.registers[number] = machine->initial->registers[number];
    }
}

static void remember(struct machine *machine)
{
    if (machine->remembered_count == REMEMBER_DEPTH) {
        machine->is_bad = true;
        return;
    }
    machine->remembered[machine->remembered_count++] = machine->row;
}

static void recall(struct machine *machine)
{
    if (machine->remembered_count == 0) {
        machine->is_bad = true;
        return;
    }
    machine->row = machine->remembered[--machine->remembered_count];
}

static int64_t factored(const struct machine *machine, int64_t value)
{
    return (int64_t)((uint64_t)value * (uint64_t)machine->description->data_factor);
}

static void advance(struct machine *machine, uint64_t distance)
{
    machine->location += (uintptr_t)(distance * machine->description->code_factor);
}

static void set_location(struct machine *machine)
{
    machine->location = read_pointer(&machine->cursor, machine->description->pointer_encoding,
        machine->description->image->header);
}

// Instructions that change how one register is found.
static bool run_register_instruction(struct machine *machine, uint8_t instruction)
{
    struct cursor *cursor = &machine->cursor;
    uint64_t number;
    switch (instruction) {
    case CFA_OFFSET_EXTENDED:
        number = read_uleb(cursor);
        set_register(machine, number, CFI_AT_CFA, 0, factored(machine, (int64_t)read_uleb(cursor)));
        return true;
    case CFA_OFFSET_EXTENDED_SF:
        number = read_uleb(cursor);
        set_register(machine, number, CFI_AT_CFA, 0, factored(machine, read_sleb(cursor)));
        return true;
    case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
        number = read_uleb(cursor);
        set_register(
            machine, number, CFI_AT_CFA, 0, factored(machine, (int64_t)(0 - read_uleb(cursor))));
        return true;
    case CFA_VAL_OFFSET:
        number = read_uleb(cursor);
        set_register(machine, number, CFI_IS_CFA, 0, factored(machine, (int64_t)read_uleb(cursor)));
        return true;
    case CFA_VAL_OFFSET_SF:
        number = read_uleb(cursor);
        set_register(machine, number, CFI_IS_CFA, 0, factored(machine, read_sleb(cursor)));
        return true;
    case CFA_RESTORE_EXTENDED:
        restore_register(machine, read_uleb(cursor));
        return true;
    case CFA_UNDEFINED:
        set_register(machine, read_uleb(cursor), CFI_UNDEFINED, 0, 0);
        return true;
    case CFA_SAME_VALUE:
        set_register(machine, read_uleb(cursor), CFI_SAME, 0, 0);
        return true;
    case CFA_REGISTER: {
        number = read_uleb(cursor);
        uint64_t other = read_uleb(cursor);
        bool is_known = other < CFI_REGISTER_COUNT;
        set_register(machine, number, is_known ? CFI_IN_REGISTER : CFI_ODD,
            is_known ? (uint8_t)other : 0, 0);
        return true;
    }
    case CFA_EXPRESSION:
    case CFA_VAL_EXPRESSION:
        set_register_expression(machine, instruction == CFA_VAL_EXPRESSION);
        return true;
    default:
        return false;
    }
}

// Instructions that change how the CFA is found.
static bool run_cfa_instruction(struct machine *machine, uint8_t instruction)
{
    struct cursor *cursor = &machine->cursor;
    uint64_t number;
    switch (instruction) {
    case CFA_DEF_CFA:
        number = read_uleb(cursor);
        set_cfa(machine, number, (int64_t)read_uleb(cursor));
        return true;
    case CFA_DEF_CFA_SF:
        number = read_uleb(cursor);
        set_cfa(machine, number, factored(machine, read_sleb(cursor)));
        return true;
    case CFA_DEF_CFA_REGISTER:
        set_cfa_register(machine, read_uleb(cursor));
        return true;
    case CFA_DEF_CFA_OFFSET:
        set_cfa_offset(machine, (int64_t)read_uleb(cursor));
        return true;
    case CFA_DEF_CFA_OFFSET_SF:
        set_cfa_offset(machine, factored(machine, read_sleb(cursor)));
        return true;
    case CFA_DEF_CFA_EXPRESSION:
        set_cfa_expression(machine);
        return true;
    default:
        return false;
    }
}

static void run_other_instruction(struct machine *machine, uint8_t instruction)
{
    struct cursor *cursor = &machine->cursor;
    switch (instruction) {
    case CFA_NOP:
        break;
    case CFA_SET_LOC:
        set_location(machine);
        break;
    case CFA_ADVANCE_LOC1:
        advance(machine, read_u8(cursor));
        break;
    case CFA_ADVANCE_LOC2:
        advance(machine, read_u16(cursor));
        break;
    case CFA_ADVANCE_LOC4:
        advance(machine, read_u32(cursor));
        break;
    case CFA_REMEMBER_STATE:
        remember(machine);
        break;
    case CFA_RESTORE_STATE:
        recall(machine);
        break;
    case CFA_GNU_ARGS_SIZE:
        read_uleb(cursor);
        break;
    default:
        machine->is_bad = true;
        break;
    }
}

static void run_instruction(struct machine *machine)
{
    uint8_t instruction = read_u8(&machine->cursor);
    uint8_t operand = instruction & 0x3f;
    switch (instruction & 0xc0) {
    case CFA_ADVANCE_LOC:
        advance(machine, operand);
        return;
    case CFA_OFFSET:
        set_register(machine, operand, CFI_AT_CFA, 0,
            factored(machine, (int64_t)read_uleb(&machine->cursor)));
        return;
    case CFA_RESTORE:
        restore_register(machine, operand);
        return;
    default:
        break;
    }
    if (!run_register_instruction(machine, instruction) &&
        !run_cfa_instruction(machine, instruction)) {
        run_other_instruction(machine, instruction);
    }
}

// Runs a program up to the row that holds at `pc`.
static bool run(struct machine *machine, struct cursor program)
{
    machine->cursor = program;
    while (bytes_left(&machine->cursor) > 0 && !machine->is_bad && !machine->cursor.is_bad &&
           machine->location <= machine->pc) {
        run_instruction(machine);
    }
    return !machine->is_bad && !machine->cursor.is_bad;
}

// The description that speaks of `pc`.
static enum cfi_status describe(
    const struct cfi_image *image, uintptr_t pc, struct description *description)
{
    uintptr_t address = 0;
    enum cfi_status status = find_description(image, pc, &address);
    if (status != CFI_FOUND) {
        return status;
    }
    *description = (struct description){.image = image, .pointer_encoding = ENCODING_ABSOLUTE};
    if (!read_description(description, address)) {
        return CFI_BAD;
    }
    bool is_inside = pc >= description->code && pc - description->code < description->code_size;
    return is_inside ? CFI_FOUND : CFI_MISSING;
}

bool cfi_function(const struct cfi_image *image, uintptr_t pc, uintptr_t *start, uintptr_t *end)
{
    struct description description;
    if (describe(image, pc, &description) != CFI_FOUND) {
        return false;
    }
    *start = description.code;
    *end = description.code + description.code_size;
    return true;
}

enum cfi_status cfi_find(const struct cfi_image *image, uintptr_t pc, struct cfi_row *row)
{
    struct description description;
    enum cfi_status status = describe(image, pc, &description);
    if (status != CFI_FOUND) {
        return status;
    }
    struct machine machine = {.description = &description, .pc = pc, .location = description.code};
    if (!run(&machine, description.common_program)) {
        return CFI_BAD;
    }
    struct cfi_row initial = machine.row;
    machine.initial = &initial;
    machine.location = description.code;
    if (!run(&machine, description.program) || description.return_register >= CFI_REGISTER_COUNT) {
        return CFI_BAD;
    }
    *row = machine.row;
    row->return_register = (uint8_t)description.return_register;
    row->is_signal = description.is_signal;
    return CFI_FOUND;
}
