// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Blocks of every kind a leak search tells, each made by a function of its own.  With an argument
// the program then waits to be looked at; a thread of it holds blocks in its stack, in a register
// and in thread-local storage.

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct node {
    struct node *next;
    struct node *other;
    char text[32];
};

struct node *volatile first;
char *volatile inside;
_Thread_local struct node *volatile own;
static pthread_barrier_t barrier;
static pid_t holder;

// Keeps the compiler from taking stores away that nobody reads.
#define USED(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

// A thread makes them, so that no old pointer is left behind on the first one's stack.
#define PLANT __attribute__((noinline)) static struct node *

PLANT plant_reachable(struct node *next)
{
    struct node *node = calloc(1, sizeof(*node));
    node->next = next;
    return node;
}

PLANT plant_possible(void)
{
    return calloc(1, 100);
}

PLANT plant_below_possible(void)
{
    return calloc(1, 101);
}

PLANT plant_single(void)
{
    return calloc(1, 30);
}

PLANT plant_chain(struct node *next)
{
    struct node *node = calloc(1, sizeof(*node));
    node->next = next;
    return node;
}

PLANT plant_cycle(void)
{
    return calloc(1, sizeof(struct node));
}

PLANT plant_tree(int depth)
{
    struct node *node = calloc(1, sizeof(*node));
    if (depth > 0) {
        node->next = plant_tree(depth - 1);
        node->other = plant_tree(depth - 1);
    }
    return node;
}

PLANT plant_large(void)
{
    return calloc(1, 3000000);
}

static void *plant(void *unused)
{
    (void)unused;
    first = plant_reachable(plant_reachable(plant_reachable(NULL)));
    struct node *possible = plant_possible();
    possible->next = plant_below_possible();
    inside = possible->text;
    for (int i = 0; i < 7; i++) {
        plant_single();
    }
    plant_chain(plant_chain(plant_chain(NULL)));
    struct node *cycle = plant_cycle();
    cycle->next = plant_cycle();
    cycle->next->next = plant_cycle();
    cycle->next->next->next = cycle;
    USED(cycle);
    plant_tree(3);
    struct node *large = plant_large();
    ((struct node **)large)[200000] = plant_chain(NULL);
    USED(large);
    return NULL;
}

PLANT plant_on_stack(void)
{
    return calloc(1, 60);
}

PLANT plant_in_tls(void)
{
    return calloc(1, 61);
}

PLANT plant_in_register(void)
{
    return calloc(1, 62);
}

// Waits in the system with the pointer in a register, and nowhere else.
static void wait_with(struct node *node)
{
    register struct node *kept __asm__("r12") = node;
    long result = 34; // pause
    __asm__ volatile("syscall" : "+a"(result), "+r"(kept) : : "rcx", "r11", "memory");
}

static void *hold(void *unused)
{
    (void)unused;
    struct node *volatile here = plant_on_stack();
    own = plant_in_tls();
    struct node *node = plant_in_register();
    holder = (pid_t)syscall(SYS_gettid);
    pthread_barrier_wait(&barrier);
    wait_with(node);
    return here;
}

// Until then old words of the barrier's functions are still above its stack pointer.
static void wait_until_it_pauses(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)holder);
    for (int i = 0; i < 2000; i++) {
        char text[8] = "";
        FILE *file = fopen(path, "r");
        bool is_paused =
            file != NULL && fgets(text, sizeof(text), file) != NULL && strncmp(text, "34 ", 3) == 0;
        if (file != NULL) {
            fclose(file);
        }
        if (is_paused) {
            return;
        }
        usleep(1000);
    }
}

int main(int argc, char **argv)
{
    pthread_t thread;
    (void)argv;
    pthread_create(&thread, NULL, plant, NULL);
    pthread_join(thread, NULL);
    if (argc > 1) {
        pthread_barrier_init(&barrier, NULL, 2);
        pthread_create(&thread, NULL, hold, NULL);
        pthread_barrier_wait(&barrier);
        wait_until_it_pauses();
        puts("ready");
        fflush(stdout);
        pause();
    }
    return 0;
}
