// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/program.h"

#include "base/layout.h"
#include "cli/cli.h"
#include "cli/memory.h"
#include "record/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    FIRST_LINE_SIZE = 256,
    SCRIPTS_MAX = 4, // whose interpreters are scripts
};

static void set_trouble(struct program *program, int code, char *text)
{
    if (program->trouble == NULL) {
        program->trouble = text;
        program->code = code;
    } else {
        free(text);
    }
}

// ---- Search -------------------------------------------------------------------------------------

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

// The path of a program; NULL: there is none.  One that may not be executed is taken if there is no
// other.
static char *search(const char *name)
{
    if (strchr(name, '/') != NULL) {
        return is_file(name) ? must_copy_text(name) : NULL;
    }
    const char *folders = getenv("PATH");
    folders = folders == NULL ? "/bin:/usr/bin" : folders;
    char *second = NULL;
    for (const char *at = folders; name[0] != '\0'; at++) {
        size_t size = strcspn(at, ":");
        char *path = must_format("%.*s%s%s", (int)size, at, size > 0 ? "/" : "", name);
        if (is_file(path) && access(path, X_OK) == 0) {
            free(second);
            return path;
        }
        if (second == NULL && is_file(path)) {
            second = path;
        } else {
            free(path);
        }
        at += size;
        if (*at == '\0') {
            break;
        }
    }
    return second;
}

// ---- ELF ----------------------------------------------------------------------------------------

static bool has_interpreter(Elf *elf, char *interpreter, size_t capacity)
{
    size_t count = 0;
    if (elf_getphdrnum(elf, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) == NULL || header.p_type != PT_INTERP) {
            continue;
        }
        Elf_Data *data =
            elf_getdata_rawchunk(elf, (int64_t)header.p_offset, header.p_filesz, ELF_T_BYTE);
        if (data != NULL && data->d_size > 0) {
            size_t size = strnlen(data->d_buf, data->d_size);
            size = size < capacity ? size : capacity - 1;
            memcpy(interpreter, data->d_buf, size);
            interpreter[size] = '\0';
            return true;
        }
    }
    return false;
}

// Whether the text at an offset in a table of texts is one of those that sanitizers' programs have.
static bool is_of_sanitizer(const Elf_Data *texts, size_t offset)
{
    static const char *const NAMES[] = {"__asan_init", "__tsan_init"};
    bool is_found = false;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]) && !is_found; i++) {
        size_t size = strlen(NAMES[i]) + 1;
        is_found = offset < texts->d_size && texts->d_size - offset >= size &&
                   memcmp((const char *)texts->d_buf + offset, NAMES[i], size) == 0;
    }
    return is_found;
}

// Whether the file's dynamic symbols are those of a program with a sanitizer.
static bool has_sanitizer(Elf *elf)
{
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section != NULL;
         section = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_DYNSYM ||
            header.sh_entsize == 0) {
            continue;
        }
        Elf_Data *data = elf_getdata(section, NULL);
        Elf_Data *texts = elf_getdata(elf_getscn(elf, header.sh_link), NULL);
        bool is_whole = data != NULL && texts != NULL && texts->d_buf != NULL;
        size_t count = is_whole ? data->d_size / header.sh_entsize : 0;
        for (size_t i = 0; i < count && i < INT32_MAX; i++) {
            GElf_Sym symbol;
            if (gelf_getsym(data, (int)i, &symbol) != NULL &&
                is_of_sanitizer(texts, symbol.st_name)) {
                return true;
            }
        }
    }
    return false;
}

// What of a Halde of its own a file has in it.
struct own_halde {
    bool has_heaps;
    bool has_recorder;
};

static struct own_halde find_halde(int descriptor)
{
    struct own_halde found = {false, false};
    struct stat status;
    if (fstat(descriptor, &status) != 0 || status.st_size <= 0) {
        return found;
    }
    size_t size = (size_t)status.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) {
        return found;
    }
    found.has_heaps = memmem(bytes, size, LAYOUT_MAGIC, sizeof(LAYOUT_MAGIC)) != NULL;
    found.has_recorder = memmem(bytes, size, CHANNEL_VARIABLE, sizeof(CHANNEL_VARIABLE)) != NULL;
    munmap(bytes, size);
    return found;
}

static void check_static(struct program *program, const char *path, int descriptor)
{
    const struct own_halde own = find_halde(descriptor);
    program->is_static = true;
    if (!own.has_heaps) {
        set_trouble(program, EXIT_OWN_FAILURE,
            must_format("%s is statically linked, so nothing can be loaded into it: link it with "
                        "libhalde.a, or dynamically",
                path));
    } else if (!own.has_recorder) {
        set_trouble(program, EXIT_OWN_FAILURE,
            must_format("%s is statically linked with libhalde-heap.a, which has no recorder: link "
                        "it with libhalde.a, or dynamically",
                path));
    }
}

static void check_elf(struct program *program, const char *path, int descriptor, Elf *elf)
{
    GElf_Ehdr header;
    char interpreter[512];
    if (gelf_getehdr(elf, &header) == NULL) {
        return;
    }
#if defined(__x86_64__)
    const unsigned machine = EM_X86_64;
#else
    const unsigned machine = EM_AARCH64;
#endif
    if (header.e_machine != machine || header.e_ident[EI_CLASS] != ELFCLASS64) {
        set_trouble(program, EXIT_OWN_FAILURE,
            must_format(
                "%s is a program for another kind of processor (or a 32-bit one), into which "
                "libhalde-preload.so cannot be loaded",
                path));
    } else if (!has_interpreter(elf, interpreter, sizeof(interpreter))) {
        check_static(program, path, descriptor);
    } else if (strstr(interpreter, "ld-linux") == NULL) {
        set_trouble(program, EXIT_OWN_FAILURE,
            must_format(
                "%s is started by %s, not by glibc's loader, so libhalde-preload.so does not "
                "fit: build it for glibc",
                path, interpreter));
    } else if (has_sanitizer(elf)) {
        set_trouble(program, EXIT_OWN_FAILURE,
            must_format("%s is built with a sanitizer, which has an allocator of its own: build it "
                        "without -fsanitize",
                path));
    }
}

// ---- Files --------------------------------------------------------------------------------------

// What the kernel runs with other rights is not given preload objects.
static void check_rights(struct program *program, const char *path, int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return;
    }
    bool is_other_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != getuid();
    bool is_other_group = (status.st_mode & S_ISGID) != 0 && status.st_gid != getgid();
    char value[64];
    bool has_capabilities =
        getuid() != 0 && fgetxattr(descriptor, "security.capability", value, sizeof(value)) > 0;
    if (is_other_user || is_other_group || has_capabilities) {
        set_trouble(program, EXIT_OWN_FAILURE,
            must_format(
                "%s runs with other rights than yours (set-uid, set-gid or capabilities), so "
                "the system loads nothing into it: run a copy without them, or run it as its "
                "owner",
                path));
    }
}

// The interpreter that a script's first line names, and a word for it, or NULL; both to be freed.
static char *script_interpreter(int descriptor, char **word)
{
    char line[FIRST_LINE_SIZE + 1];
    ssize_t size = pread(descriptor, line, FIRST_LINE_SIZE, 0);
    if (size < 2 || line[0] != '#' || line[1] != '!') {
        return NULL;
    }
    line[size] = '\0';
    line[strcspn(line, "\n")] = '\0';
    char *start = line + 2 + strspn(line + 2, " \t");
    char *end = start + strcspn(start, " \t");
    char *rest = end + strspn(end, " \t");
    size_t length = strlen(rest);
    while (length > 0 && strchr(" \t\r", rest[length - 1]) != NULL) {
        rest[--length] = '\0';
    }
    *word = length > 0 ? must_copy_text(rest) : NULL;
    *end = '\0';
    return start[0] != '\0' ? must_copy_text(start) : NULL;
}

static void check_file(struct program *program, const char *path, unsigned depth);

static bool is_env(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash == NULL ? path : slash + 1, "env") == 0;
}

// The program becomes the interpreter that env would have found, with the script as its argument.
static void replace_by(struct program *program, char *interpreter, const char *name)
{
    size_t count = 0;
    while (program->words[count] != NULL) {
        count++;
    }
    char **words = must_allocate(count + 2, sizeof(words[0]));
    words[0] = must_copy_text(name);
    words[1] = program->path;
    memcpy(words + 2, program->words + 1, count * sizeof(words[0]));
    program->words = words;
    program->path = interpreter;
}

static void check_script(
    struct program *program, const char *interpreter, const char *word, unsigned depth)
{
    bool names_program = word != NULL && strpbrk(word, " \t=") == NULL && word[0] != '-';
    char *found = depth == 0 && is_env(interpreter) && names_program ? search(word) : NULL;
    if (found == NULL) {
        check_file(program, interpreter, depth + 1);
        return;
    }
    replace_by(program, found, word);
    check_file(program, found, depth + 1);
}

static void check_file(struct program *program, const char *path, unsigned depth)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || depth > SCRIPTS_MAX) {
        if (descriptor >= 0) {
            close(descriptor);
        }
        return; // it may be executable all the same: then we shall see
    }
    char *word = NULL;
    char *interpreter = script_interpreter(descriptor, &word);
    if (interpreter != NULL) {
        check_script(program, interpreter, word, depth);
    } else {
        check_rights(program, path, descriptor);
        elf_version(EV_CURRENT);
        Elf *elf = elf_begin(descriptor, ELF_C_READ_MMAP, NULL);
        if (elf != NULL && elf_kind(elf) == ELF_K_ELF) {
            check_elf(program, path, descriptor, elf);
        }
        elf_end(elf);
    }
    free(interpreter);
    free(word);
    close(descriptor);
}

void program_find(struct program *program, char **words, bool needs_preload)
{
    *program = (struct program){.words = words};
    program->path = search(words[0]);
    if (program->path == NULL) {
        set_trouble(program, EXIT_NOT_FOUND,
            must_format("there is no program %s%s", words[0],
                strchr(words[0], '/') != NULL ? "" : " in PATH"));
    } else if (access(program->path, X_OK) != 0) {
        set_trouble(program, EXIT_NOT_EXECUTABLE,
            must_format("%s may not be executed: %s", program->path, strerror(errno)));
    } else if (needs_preload) {
        check_file(program, program->path, 0);
    }
}

void program_release(struct program *program)
{
    free(program->path);
    free(program->trouble);
}
