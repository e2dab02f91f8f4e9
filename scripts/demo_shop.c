// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What scripts/demo.sh looks into: a program that knows nothing of Halde, and has a leak.
//
//   shop          takes some orders and ends
//   shop serve    takes orders until it is ended

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CATALOGUE_SIZE = 2000,
    PICTURE_SIZE = 40000,
};

struct order {
    char *customer;
    int number;
};

static char *catalogue[CATALOGUE_SIZE];

static void load_catalogue(void)
{
    for (size_t i = 0; i < CATALOGUE_SIZE; i++) {
        size_t size = i % 100 == 0 ? PICTURE_SIZE : 24;
        catalogue[i] = calloc(1, size);
    }
}

static struct order *take_order(int number)
{
    struct order *order = malloc(sizeof(*order));
    if (order == NULL) {
        abort();
    }
    order->customer = strdup("Ada Lovelace, 12 St James's Square");
    order->number = number;
    return order;
}

/// Here is the mistake: one order in ten is cancelled, and nobody frees it.
static void handle_order(int number)
{
    struct order *order = take_order(number);
    if (number % 10 == 0) {
        return;
    }
    free(order->customer);
    free(order);
}

int main(int count, char **arguments)
{
    int is_serving = count > 1 && strcmp(arguments[1], "serve") == 0;
    load_catalogue();
    for (int number = 1; is_serving || number <= 100; number++) {
        handle_order(number);
        if (is_serving) {
            nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
        }
    }
    printf("100 orders, 90 delivered\n");
    for (size_t i = 0; i < CATALOGUE_SIZE; i++) {
        free(catalogue[i]);
    }
    return 0;
}
