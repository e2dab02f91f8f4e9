// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A function that is chosen at its first call: the dynamic linker calls the resolver from the frame
// in which it has saved all registers.  That frame is found by rbx.

extern void on_resolve(void);
void plugin_call(void);
extern void plugin_chosen(void);

static void chosen(void)
{
    __asm__ volatile("");
}

static void (*resolve(void))(void)
{
    on_resolve();
    return chosen;
}

void plugin_chosen(void) __attribute__((ifunc("resolve")));

void plugin_call(void)
{
    plugin_chosen();
    __asm__ volatile("");
}
