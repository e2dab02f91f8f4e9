// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Tables: cells are kept until all are there, because widths depend on all of them.

#include "cli/cli.h"
#include "cli/memory.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    GAP = 2,        ///< blanks between columns
    NARROWEST = 12, ///< a column that gives way keeps so much
    MAX_COLUMNS = 32,
};

struct column {
    char *title;
    enum table_align align;
    size_t width;
};

struct cell {
    char *text;
    enum cli_style style;
};

struct table {
    struct column columns[MAX_COLUMNS];
    size_t column_count;
    struct cell *cells;
    size_t cell_count;
    size_t cell_capacity;
};

struct table *table_create(void)
{
    return must_allocate(1, sizeof(struct table));
}

void table_add_column(struct table *table, const char *title, enum table_align align)
{
    if (table->column_count == MAX_COLUMNS) {
        return;
    }
    char *clean = text_clean(title);
    table->columns[table->column_count++] =
        (struct column){.title = clean, .align = align, .width = text_width(clean)};
}

void table_add_cell(struct table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = must_format_list(format, arguments);
    va_end(arguments);
    table->cells =
        must_grow(table->cells, table->cell_count, &table->cell_capacity, sizeof(*table->cells));
    char *clean = text_clean(text);
    free(text);
    struct column *column = &table->columns[table->cell_count % table->column_count];
    size_t width = text_width(clean);
    if (width > column->width) {
        column->width = width;
    }
    table->cells[table->cell_count++] = (struct cell){clean, STYLE_END};
}

void table_style_cell(struct table *table, enum cli_style style)
{
    if (table->cell_count > 0) {
        table->cells[table->cell_count - 1].style = style;
    }
}

size_t table_row_count(const struct table *table)
{
    return table->column_count > 0 ? table->cell_count / table->column_count : 0;
}

static size_t total_width(const struct table *table)
{
    size_t width = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        width += table->columns[i].width + (i > 0 ? GAP : 0);
    }
    return width;
}

static struct column *widest_left_column(struct table *table)
{
    struct column *widest = NULL;
    for (size_t i = 0; i < table->column_count; i++) {
        struct column *column = &table->columns[i];
        if (column->align == TABLE_LEFT && column->width > NARROWEST &&
            (!widest || column->width >= widest->width)) {
            widest = column;
        }
    }
    return widest;
}

/// Lines that wrap cannot be read; numbers are never cut.
static void make_fit(struct table *table, size_t width)
{
    size_t total = total_width(table);
    while (total > width) {
        struct column *column = widest_left_column(table);
        if (!column) {
            return;
        }
        size_t excess = total - width;
        size_t spare = column->width - NARROWEST;
        size_t cut = excess < spare ? excess : spare;
        column->width -= cut;
        total -= cut;
    }
}

static void put_blanks(FILE *stream, size_t count)
{
    fprintf(stream, "%*s", (int)count, "");
}

/// A text cut to `width` columns, with a mark at its end.
static void put_cut(FILE *stream, const char *text, size_t width)
{
    const char *mark = cli_is_utf8() ? "\u2026" : "...";
    size_t mark_width = text_width(mark);
    size_t size = text_fit(text, width - mark_width);
    char *head = must_format("%.*s", (int)size, text);
    fprintf(stream, "%s%s", head, mark);
    put_blanks(stream, width - mark_width - text_width(head));
    free(head);
}

static void put_cell(FILE *stream, const struct column *column, const char *text, bool is_last)
{
    size_t width = text_width(text);
    if (width > column->width) {
        put_cut(stream, text, column->width);
        return;
    }
    size_t blanks = column->width - width;
    if (column->align == TABLE_RIGHT) {
        put_blanks(stream, blanks);
        fputs(text, stream);
    } else {
        fputs(text, stream);
        put_blanks(stream, is_last ? 0 : blanks); // no blanks at a line's end
    }
}

static void print_titles(const struct table *table, const struct cli *cli, FILE *stream)
{
    fputs(cli_style(cli, STYLE_STRONG), stream);
    for (size_t i = 0; i < table->column_count; i++) {
        put_blanks(stream, i > 0 ? GAP : 0);
        put_cell(stream, &table->columns[i], table->columns[i].title, i + 1 == table->column_count);
    }
    fprintf(stream, "%s\n", cli_style(cli, STYLE_END));
}

static void print_row(
    const struct table *table, const struct cell *cells, const struct cli *cli, FILE *stream)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool is_styled = cells[i].style != STYLE_END;
        put_blanks(stream, i > 0 ? GAP : 0);
        fputs(is_styled ? cli_style(cli, cells[i].style) : "", stream);
        put_cell(stream, &table->columns[i], cells[i].text, i + 1 == table->column_count);
        fputs(is_styled ? cli_style(cli, STYLE_END) : "", stream);
    }
    fputc('\n', stream);
}

static void table_destroy(struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].title);
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        free(table->cells[i].text);
    }
    free(table->cells);
    free(table);
}

void table_print(struct table *table, const struct cli *cli, FILE *stream)
{
    // Cut for eyes only: what goes into a file or another program stays whole.
    if (cli_is_terminal(stream)) {
        make_fit(table, cli_width());
    }
    print_titles(table, cli, stream);
    size_t rows = table_row_count(table);
    for (size_t i = 0; i < rows; i++) {
        print_row(table, table->cells + i * table->column_count, cli, stream);
    }
    table_destroy(table);
}
