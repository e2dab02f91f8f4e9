// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROWS_DEFAULT = 24,
    COLUMNS_DEFAULT = 80,
    PART_SIZE = 65536,
    SHELL_NOT_EXECUTABLE = 126, ///< what a shell says of a command; greater: there is none
};

static struct {
    FILE *terminal;  ///< the standard output
    FILE *collected; ///< stands in for it; NULL: nothing does
} pager;

/// For a shell; NULL: no pager.
static const char *pager_command(void)
{
    const char *terminal = getenv("TERM");
    if (!terminal || !*terminal || strcmp(terminal, "dumb") == 0) {
        return NULL;
    }
    const char *command = getenv("HALDE_PAGER");
    command = command ? command : getenv("PAGER");
    if (!command) {
        return "command -v less >/dev/null 2>&1 || exit 127; exec less";
    }
    return *command && strcmp(command, "cat") != 0 ? command : NULL;
}

// What was collected is not lost where the tool ends early.
static void end_at_exit(void)
{
    if (pager.collected) {
        setenv("HALDE_PAGER", "", 1);
        pager_end();
        fflush(stdout);
    }
}

void pager_begin(void)
{
    static bool is_registered = false;
    if (pager.collected || isatty(STDOUT_FILENO) != 1 || !pager_command()) {
        return;
    }
    int fd = memfd_create("output", MFD_CLOEXEC);
    FILE *collected = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (!collected) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    if (!is_registered) {
        is_registered = atexit(end_at_exit) == 0;
    }
    fflush(stdout);
    pager.terminal = stdout;
    pager.collected = collected;
    stdout = collected;
}

// ---- How long it is -----------------------------------------------------------------------------

/// Rows and columns of a screen, and where a text has come to on it.
struct screen {
    size_t rows;
    size_t columns;
    size_t row;
    size_t column;
    bool is_escape; ///< in an escape sequence, which is not seen
};

static struct screen measure_screen(void)
{
    struct winsize size = {0};
    struct screen screen = {.rows = ROWS_DEFAULT, .columns = COLUMNS_DEFAULT};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        screen.rows = size.ws_row;
        screen.columns = size.ws_col;
    }
    return screen;
}

static void put_byte(struct screen *screen, unsigned char byte)
{
    if (screen->is_escape) {
        screen->is_escape = byte != 'm';
    } else if (byte == '\033') {
        screen->is_escape = true;
    } else if (byte == '\n') {
        screen->row++;
        screen->column = 0;
    } else if ((byte & 0xC0) != 0x80 && ++screen->column > screen->columns) {
        screen->row++; // the line goes on below
        screen->column = 1;
    }
}

/// Whether the text leaves no row for the shell's prompt.
static bool is_long(int fd)
{
    struct screen screen = measure_screen();
    unsigned char part[PART_SIZE];
    off_t offset = 0;
    ssize_t size;
    while (screen.row < screen.rows && (size = pread(fd, part, sizeof(part), offset)) > 0) {
        for (ssize_t i = 0; i < size; i++) {
            put_byte(&screen, part[i]);
        }
        offset += size;
    }
    return screen.row >= screen.rows;
}

// ---- Showing it ---------------------------------------------------------------------------------

static bool copy_to_terminal(int fd)
{
    char part[PART_SIZE];
    off_t offset = 0;
    ssize_t size;
    while ((size = pread(fd, part, sizeof(part), offset)) > 0) {
        if (fwrite(part, 1, (size_t)size, stdout) != (size_t)size) {
            return false;
        }
        offset += size;
    }
    return size == 0;
}

_Noreturn static void become_pager(int fd, const char *command)
{
    // Quit if it fits, let colours through, leave the text on the screen; what git says, too.
    setenv("LESS", "FRX", 0);
    setenv("LV", "-c", 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    if (lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    }
    _exit(SHELL_NOT_EXECUTABLE + 1);
}

/// False: the pager could not be run.
static bool show_paged(int fd, const char *command)
{
    // Interrupts are the pager's.
    void (*old_interrupt)(int) = signal(SIGINT, SIG_IGN);
    void (*old_quit)(int) = signal(SIGQUIT, SIG_IGN);
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        become_pager(fd, command);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    signal(SIGINT, old_interrupt);
    signal(SIGQUIT, old_quit);
    return child > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) < SHELL_NOT_EXECUTABLE);
}

bool pager_end(void)
{
    if (!pager.collected) {
        return true;
    }
    FILE *collected = pager.collected;
    bool is_good = fflush(collected) == 0 && !ferror(collected);
    int fd = fileno(collected);
    stdout = pager.terminal;
    pager.collected = NULL;
    const char *command = pager_command();
    if (!command || !is_long(fd) || !show_paged(fd, command)) {
        is_good = copy_to_terminal(fd) && is_good;
    }
    fclose(collected);
    return is_good;
}
