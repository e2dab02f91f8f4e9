// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde doctor: whether the other verbs would work here, and if not, why and what to do.

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/memory.h"
#include "cli/preload.h"
#include "run/program.h"
#include "target/identity.h"
#include "target/permission.h"
#include "target/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {NULL, 0, NULL, NULL},
};

static const struct cli_example examples[] = {
    {"halde doctor", "what works on this machine, and as this user"},
    {"halde doctor ./server", "also whether that program can be run and recorded"},
    {"halde doctor --json", "the same for a script"},
    {NULL, NULL},
};

enum outcome {
    GOOD,
    WARNING, // something works less well, or only with more rights
    BAD,     // something does not work
};

struct check {
    const char *topic; // verbs that need it
    const char *name;
    enum outcome outcome;
    char *text;   // what was found
    char *advice; // what to do; NULL: nothing
};

struct report {
    struct check checks[32];
    size_t count;
};

static struct check *add(struct report *report, const char *topic, const char *name,
    enum outcome outcome, const char *format, ...) __attribute__((format(printf, 5, 6)));
static struct check *add(struct report *report, const char *topic, const char *name,
    enum outcome outcome, const char *format, ...)
{
    static struct check overflow;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    bool has_room = report->count < sizeof(report->checks) / sizeof(report->checks[0]);
    struct check *check = has_room ? &report->checks[report->count++] : &overflow;
    *check = (struct check){topic, name, outcome, must_copy_text(text), NULL};
    return check;
}

static void advise(struct check *check, const char *text)
{
    check->advice = must_copy_text(text);
}

// The first line of a small file of /proc or /sys; "" if it cannot be read.
static char *first_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    line[0] = 0;
    if (file != NULL) {
        if (fgets(line, size, file) == NULL) {
            line[0] = 0;
        }
        fclose(file);
    }
    line[strcspn(line, "\n")] = 0;
    return line;
}

// ---- Running ------------------------------------------------------------------------------------

// Starts /bin/true with the object. The answer is its version line, or what the loader said.
static bool try_preload(const char *object, char *answer, size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(answer, size, "%s", strerror(errno));
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        setenv("LD_PRELOAD", object, 1);
        setenv("HALDE_OPTIONS", "verbose=1", 1);
        execlp("true", "true", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t got = child > 0 ? read(ends[0], answer, size - 1) : 0;
    answer[got > 0 ? got : 0] = 0;
    answer[strcspn(answer, "\n")] = 0;
    close(ends[0]);
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    bool is_loaded = strncmp(answer, "halde", 5) == 0;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_loaded;
}

static void check_preload(struct report *report)
{
    char *tried = must_copy_text("");
    char *object = preload_find(&tried);
    char answer[512];
    if (object == NULL) {
        for (char *line = tried; *line != 0; line++) {
            *line = *line == '\n' && line[1] != 0 ? ' ' : *line == '\n' ? 0 : *line;
        }
        advise(add(report, "run", "preload object", BAD,
                   PRELOAD_NAME " is not found; looked at: %s", tried),
            "install it beside the tool, or set HALDE_PRELOAD to its path");
    } else if (try_preload(object, answer, sizeof(answer))) {
        add(report, "run", "preload object", GOOD, "%s loads", object);
    } else {
        advise(add(report, "run", "preload object", BAD, "%s does not load into a program: %s",
                   object, *answer != 0 ? answer : "it says nothing"),
            "install the one that belongs to this tool, or one built for this C library");
    }
    free(object);
    free(tried);
}

static void check_memfd(struct report *report)
{
    int fd = memfd_create("halde-doctor", MFD_CLOEXEC);
    void *memory = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, 1 << 20) == 0) {
        memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (memory != MAP_FAILED) {
        add(report, "run", "shared memory", GOOD, "memfd_create() works");
        munmap(memory, 1 << 20);
    } else {
        advise(add(report, "run", "shared memory", BAD, "memfd_create() does not work: %s",
                   strerror(errno)),
            "let the sandbox or container permit it; until then use --mode=off or "
            "HALDE_OPTIONS=stats=1");
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void check_address_space(struct report *report)
{
    struct rlimit limit;
    char size[16], policy[16];
    getrlimit(RLIMIT_AS, &limit);
    if (limit.rlim_cur == RLIM_INFINITY) {
        add(report, "run", "address space", GOOD, "not limited");
    } else {
        advise(add(report, "run", "address space", WARNING,
                   "limited to %s (ulimit -v): Halde reserves less, and recording may find no room",
                   cli_format_size(limit.rlim_cur, size)),
            "ulimit -v unlimited");
    }
    first_line("/proc/sys/vm/overcommit_memory", policy, sizeof(policy));
    if (strcmp(policy, "2") == 0) {
        advise(add(report, "run", "overcommit", WARNING,
                   "the machine commits no more memory than it has (vm.overcommit_memory is 2): "
                   "recording may find no room"),
            "sysctl vm.overcommit_memory=0, if that is acceptable");
    } else {
        add(report, "run", "overcommit", GOOD, "vm.overcommit_memory is %s",
            *policy != 0 ? policy : "unknown");
    }
}

static void check_membarrier(struct report *report)
{
    long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    if (commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
        add(report, "run", "membarrier", GOOD, "available");
    } else {
        advise(add(report, "run", "membarrier", WARNING,
                   "not available: every allocation costs a memory fence"),
            "Linux 4.14 or newer, and a system call filter that permits membarrier()");
    }
}

// ---- Attaching ----------------------------------------------------------------------------------

static void check_ptrace(struct report *report)
{
    int number = permission_try_child();
    int scope = permission_yama_scope();
    bool has_capability = permission_has(CAP_SYS_PTRACE);
    struct permission_rule rule = permission_yama_rule(scope, has_capability);
    if (rule.rule != NULL) {
        advise(add(report, "attach", "ptrace", number != 0 ? BAD : WARNING,
                   "on this machine %s (kernel.yama.ptrace_scope is %d)", rule.rule, scope),
            rule.remedy);
    } else if (number != 0) {
        advise(add(report, "attach", "ptrace", BAD, "not even a child can be traced: %s%s",
                   strerror(number),
                   permission_has_seccomp() ? " (a system call filter is on this process)" : ""),
            "in a container: --cap-add=SYS_PTRACE; or run halde outside of it; a program can tell "
            "about itself with HALDE_OPTIONS=stats=1 (heaps) or mode=crt:crt_reachability=1 "
            "(leaks)");
    } else if (has_capability) {
        add(report, "attach", "ptrace", GOOD, "every process can be looked at (CAP_SYS_PTRACE)");
    } else {
        add(report, "attach", "ptrace", GOOD, "processes of this user can be looked at");
    }
}

// ---- Core files ---------------------------------------------------------------------------------

static void check_core(struct report *report)
{
    char pattern[256], filter[64];
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    first_line("/proc/sys/kernel/core_pattern", pattern, sizeof(pattern));
    if (pattern[0] == '|') {
        bool is_systemd = strstr(pattern, "systemd-coredump") != NULL;
        advise(add(report, "core", "core files", WARNING, "the kernel gives them to a program: %s",
                   pattern + 1),
            is_systemd ? "coredumpctl dump -o FILE PID, then halde heaps FILE"
                       : "find out where that program puts them, or take one with gcore PID");
    } else if (limit.rlim_cur == 0) {
        advise(add(report, "core", "core files", WARNING,
                   "none is written: their size is limited to 0 (the pattern is %s)", pattern),
            "ulimit -c unlimited, or take one with gcore PID");
    } else {
        add(report, "core", "core files", GOOD, "written to %s",
            *pattern != 0 ? pattern : "an unknown place");
    }
    first_line("/proc/self/coredump_filter", filter, sizeof(filter));
    unsigned long bits = strtoul(filter, NULL, 16);
    if (*filter != 0 && (bits & 1) == 0) {
        advise(add(report, "core", "core filter", BAD,
                   "core files lack private memory (coredump_filter is %s): no heap is in them",
                   filter),
            "echo 0x33 > /proc/PID/coredump_filter, or CoredumpFilter=0x33 in the service");
    } else if (*filter != 0 && (bits & 0x10) == 0) {
        advise(
            add(report, "core", "core filter", WARNING,
                "core files lack ELF headers (coredump_filter is %s): names of functions cannot be "
                "told from them",
                filter),
            "echo 0x33 > /proc/PID/coredump_filter");
    } else {
        add(report, "core", "core filter", GOOD, "coredump_filter is %s",
            *filter != 0 ? filter : "unknown");
    }
}

// ---- Names --------------------------------------------------------------------------------------

static bool is_folder(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0 && S_ISDIR(information.st_mode);
}

static void check_symbols(struct report *report)
{
    const char *servers = getenv("DEBUGINFOD_URLS");
    if (is_folder("/usr/lib/debug/.build-id")) {
        add(report, "names", "debug files", GOOD, "/usr/lib/debug has some");
    } else {
        advise(add(report, "names", "debug files", GOOD,
                   "none are installed: system libraries show names of functions, but no lines"),
            "install -dbgsym packages of the libraries that matter");
    }
    add(report, "names", "debuginfod", GOOD, "%s",
        servers != NULL && *servers != 0
            ? "DEBUGINFOD_URLS is set; it is asked only with --debuginfod"
            : "not configured");
}

// ---- A program ----------------------------------------------------------------------------------

// Whether a program's file has sections with line numbers.
static bool has_debug_sections(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat information;
    if (fd < 0 || fstat(fd, &information) != 0 || information.st_size <= 0) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    size_t size = (size_t)information.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED) {
        return false;
    }
    // The table of section names, at the end, is the only place where it has a 0 on both sides.
    bool has = memmem(bytes, size, "\0.debug_line", 13) != NULL;
    munmap(bytes, size);
    return has;
}

static void check_build_id(struct report *report, const char *path)
{
    struct identity identity;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_known = fd >= 0 && identity_of_descriptor(&identity, fd);
    if (fd >= 0) {
        close(fd);
    }
    if (!is_known) {
        return;
    }
    if (has_debug_sections(path)) {
        add(report, "program", "line numbers", GOOD, "it has debug information");
    } else {
        advise(add(report, "program", "line numbers", WARNING,
                   "it has no debug information: reports show functions at best, no lines"),
            "compile it with -g, or install its debug file");
    }
    if (identity.build_id_size == 0) {
        advise(add(report, "program", "build-id", WARNING,
                   "it has none: debug files and core files cannot be matched with it for certain"),
            "link it with -Wl,--build-id");
    }
}

static void check_program(struct report *report, char *name)
{
    struct program program;
    char *words[] = {name, NULL};
    program_find(&program, words, true);
    if (program.trouble != NULL) {
        add(report, "program", "run", BAD, "%s", program.trouble);
        program_release(&program);
        return;
    }
    add(report, "program", "run", GOOD,
        program.is_static ? "%s is statically linked with libhalde.a and can be recorded"
                          : "%s is dynamically linked and can be recorded",
        program.path);
    const char *bundled = scan_bundled(program.path);
    if (bundled != NULL) {
        advise(
            add(report, "program", "allocator", WARNING,
                "it brings an allocator of its own (%s): what goes there is not recorded", bundled),
            "build it without, if it can be");
    } else {
        add(report, "program", "allocator", GOOD, "no allocator of its own was found in it");
    }
    check_build_id(report, program.path);
    program_release(&program);
}

// ---- Telling ------------------------------------------------------------------------------------

static const char *outcome_name(enum outcome outcome)
{
    static const char *const NAMES[] = {[GOOD] = "ok", [WARNING] = "warning", [BAD] = "failed"};
    return NAMES[outcome];
}

static int print_json(const struct report *report, bool is_good)
{
    struct json *json = json_begin(stdout);
    struct utsname system;
    json_open_object(json);
    json_put_text(json, "schema", "halde.doctor/1");
    json_put_text(json, "version", HALDE_VERSION);
    json_put_text(json, "commit", cli_commit());
    json_put_text(json, "kernel", uname(&system) == 0 ? system.release : "");
    json_put_flag(json, "is_good", is_good);
    json_key(json, "checks");
    json_open_array(json);
    for (size_t i = 0; i < report->count; i++) {
        const struct check *check = &report->checks[i];
        json_open_object(json);
        json_put_text(json, "topic", check->topic);
        json_put_text(json, "name", check->name);
        json_put_text(json, "outcome", outcome_name(check->outcome));
        json_put_text(json, "text", check->text);
        if (check->advice != NULL) {
            json_put_text(json, "advice", check->advice);
        }
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return json_end(json) ? EXIT_CLEAN : EXIT_TROUBLE;
}

static void print_check(const struct cli *cli, const struct check *check)
{
    static const enum cli_style STYLES[] = {
        [GOOD] = STYLE_GOOD, [WARNING] = STYLE_WARNING, [BAD] = STYLE_BAD};
    printf("  %s%-8s%s%-16s", cli_style(cli, STYLES[check->outcome]), outcome_name(check->outcome),
        cli_style(cli, STYLE_END), check->name);
    cli_put_text(stdout, check->text);
    putchar('\n');
    if (check->advice != NULL) {
        printf(
            "  %-8s%-16s%sdo:%s ", "", "", cli_style(cli, STYLE_STRONG), cli_style(cli, STYLE_END));
        cli_put_text(stdout, check->advice);
        putchar('\n');
    }
}

static void print_text(const struct cli *cli, const struct report *report)
{
    static const struct {
        const char *topic, *title;
    } TITLES[] = {
        {"run", "Running programs (halde run)"},
        {"attach", "Looking into running processes (halde heaps, walk, check, leaks ... PID)"},
        {"core", "Core files"},
        {"names", "Names of functions, files and lines"},
        {"program", "This program"},
    };
    for (size_t t = 0; t < sizeof(TITLES) / sizeof(TITLES[0]); t++) {
        bool is_first = true;
        for (size_t i = 0; i < report->count; i++) {
            if (strcmp(report->checks[i].topic, TITLES[t].topic) != 0) {
                continue;
            }
            if (is_first) {
                printf("%s%s%s\n", cli_style(cli, STYLE_STRONG), TITLES[t].title,
                    cli_style(cli, STYLE_END));
            }
            is_first = false;
            print_check(cli, &report->checks[i]);
        }
    }
}

static int run(const struct cli *cli)
{
    if (!cli_expect_arguments(cli, 0, 1)) {
        return EXIT_TROUBLE;
    }
    struct report report = {.count = 0};
    check_preload(&report);
    check_memfd(&report);
    check_address_space(&report);
    check_membarrier(&report);
    check_ptrace(&report);
    check_core(&report);
    check_symbols(&report);
    if (cli->argument_count == 1) {
        check_program(&report, cli->arguments[0]);
    }
    bool is_good = true;
    for (size_t i = 0; i < report.count; i++) {
        is_good &= report.checks[i].outcome != BAD;
    }
    int code = is_good ? EXIT_CLEAN : EXIT_FINDING;
    if (cli->is_json) {
        code = print_json(&report, is_good) == EXIT_CLEAN ? code : EXIT_TROUBLE;
    } else {
        print_text(cli, &report);
    }
    for (size_t i = 0; i < report.count; i++) {
        free(report.checks[i].text);
        free(report.checks[i].advice);
    }
    return code;
}

extern const struct verb verb_doctor;
const struct verb verb_doctor = {
    .name = "doctor",
    .arguments = "[PROGRAM]",
    .summary = "Say whether halde works here, and if not, what to do",
    .description =
        "Tries out what the other verbs need: that the preload object is found and loads, shared "
        "memory, limits of the address space, the right to look into processes, where core files "
        "go "
        "and what is in them, and debug files.\n\n"
        "With PROGRAM also whether that program can be recorded: not if it is statically linked, "
        "set-uid, of another C library or of 32 bits; and what it brings along that would keep "
        "things "
        "from being seen.\n\n"
        "Nothing is changed.",
    .options = options,
    .examples = examples,
    .exit_codes =
        "0: everything works, perhaps with warnings. 1: something does not. 2: wrong usage.",
    .has_json = true,
    .run = run,
};
