// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// An extension of SQLite: the function plant(count) loses so many blocks each time.

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include "planted.h"

static void plant_from_sql(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    plant(sqlite3_value_int(values[0]), 88);
    sqlite3_result_int(context, 42);
}

int sqlite3_plantedsqlite_init(
    sqlite3 *database, char **error, const sqlite3_api_routines *routines);

int sqlite3_plantedsqlite_init(
    sqlite3 *database, char **error, const sqlite3_api_routines *routines)
{
    (void)error;
    SQLITE_EXTENSION_INIT2(routines);
    return sqlite3_create_function(
        database, "plant", 1, SQLITE_UTF8, NULL, plant_from_sql, NULL, NULL);
}
