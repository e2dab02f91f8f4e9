// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A module of Redis: the command PLANTED.LOSE loses as many blocks as it is told.  Redis' header is
// in no package, so what is used of it is declared here.

#include "planted.h"

typedef int command_function(void *context, void **arguments, int count);

static int (*set_attributes)(void *context, const char *name, int version, int api);
static int (*create_command)(void *context, const char *name, command_function *function,
    const char *flags, int first_key, int last_key, int key_step);
static int (*reply_with_number)(void *context, long long number);
static int (*to_number)(const void *text, long long *number);

static int plant_from_redis(void *context, void **arguments, int count)
{
    long long blocks = 0;
    if (count == 2 && to_number(arguments[1], &blocks) == 0) {
        plant((long)blocks, 99);
    }
    return reply_with_number(context, blocks);
}

int RedisModule_OnLoad(void *context, void **arguments, int count);

int RedisModule_OnLoad(void *context, void **arguments, int count)
{
    (void)arguments;
    (void)count;
    // The first word of a context is the function that tells the others.
    int (*get)(const char *name, void *function) = *(int (**)(const char *, void *))context;
    get("RedisModule_SetModuleAttribs", &set_attributes);
    get("RedisModule_CreateCommand", &create_command);
    get("RedisModule_ReplyWithLongLong", &reply_with_number);
    get("RedisModule_StringToLongLong", &to_number);
    set_attributes(context, "planted", 1, 1);
    return create_command(context, "planted.lose", plant_from_redis, "fast", 0, 0, 0);
}
