// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// An addon of Node: plant(count) loses so many blocks.

#include <node_api.h>

#include "planted.h"

static napi_value plant_from_node(napi_env environment, napi_callback_info call)
{
    size_t count = 1;
    napi_value argument;
    napi_value result;
    int64_t blocks = 0;
    napi_get_cb_info(environment, call, &count, &argument, NULL, NULL);
    napi_get_value_int64(environment, argument, &blocks);
    plant((long)blocks, 111);
    napi_create_int32(environment, 42, &result);
    return result;
}

NAPI_MODULE_INIT()
{
    napi_value function;
    napi_create_function(env, "plant", NAPI_AUTO_LENGTH, plant_from_node, NULL, &function);
    return function;
}
