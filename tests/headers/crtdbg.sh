#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# <crtdbg.h> gets along with every header of C11, POSIX and C++17, before it and after it, in debug and
# release units, with and without _CRTDBG_MAP_ALLOC, in both languages, with both compilers; and what it
# maps is still mapped behind the other header.  It and the headers of its kind are valid C89 and C++98.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

c_headers=(assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h math.h
    setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
    stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h)
posix_headers=(aio.h arpa/inet.h cpio.h dirent.h dlfcn.h fcntl.h fmtmsg.h fnmatch.h ftw.h glob.h grp.h
    iconv.h langinfo.h libgen.h monetary.h mqueue.h net/if.h netdb.h netinet/in.h netinet/tcp.h
    nl_types.h poll.h pthread.h pwd.h regex.h sched.h search.h semaphore.h spawn.h strings.h sys/ipc.h
    sys/mman.h sys/msg.h sys/resource.h sys/select.h sys/sem.h sys/shm.h sys/socket.h sys/stat.h
    sys/statvfs.h sys/time.h sys/times.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/wait.h
    syslog.h tar.h termios.h ulimit.h unistd.h utime.h utmpx.h wordexp.h)
other_headers=(malloc.h mm_malloc.h immintrin.h obstack.h windows.h tchar.h new.h direct.h io.h)
cxx_headers=(algorithm any array atomic bitset cassert cctype cerrno cfenv cfloat charconv chrono
    cinttypes climits clocale cmath codecvt complex condition_variable csetjmp csignal cstdarg cstddef
    cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution filesystem
    forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator
    limits list locale map memory memory_resource mutex new numeric optional ostream queue random ratio
    regex scoped_allocator set shared_mutex sstream stack stdexcept streambuf string string_view
    system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility
    valarray variant vector ext/malloc_allocator.h)

for tool in gcc g++ clang clang++; do
    if ! command -v "$tool" >/dev/null; then
        printf '%s is not installed: apt-get install %s\n' "$tool" "${tool/clang++/clang}"
        exit 1
    fi
done

# What every unit ends with: it uses what the header declares and maps.
cat >"$work/body.h" <<'BODY'
#if defined(_DEBUG) && defined(_CRTDBG_MAP_ALLOC)
#if !defined(malloc) || !defined(free) || !defined(calloc) || !defined(realloc)
#error "the mapping is lost"
#endif
#elif defined(malloc) || defined(free)
#error "mapped without being asked"
#endif
int main(void);
int main(void)
{
    _CrtMemState state = {0, {0}, {0}, 0, 0};
    void *block = malloc(10);
    block = realloc(block, 20);
    _RPT1(_CRT_WARN, "%p", block);
    _RPTF0(_CRT_WARN, "m");
    _RPTW0(_CRT_WARN, L"m");
    _ASSERTE(block != NULL);
    _ASSERT(block);
    _CrtMemCheckpoint(&state);
    free(block);
    _free_dbg(_malloc_dbg(3, _CLIENT_BLOCK, __FILE__, __LINE__), _CLIENT_BLOCK);
    block = _aligned_malloc(10, 64);
    _aligned_free(block);
#ifdef __cplusplus
    block = std::malloc(10);
    std::free(block);
    int *number = new int(1);
    delete number;
#ifdef _DEBUG
    number = new (_CLIENT_BLOCK, __FILE__, __LINE__) int(2);
    delete number;
#endif
#endif
    /* As statements whose value nobody wants, and as values. */
    _CrtSetDbgFlag(_CrtSetDbgFlag(_CRTDBG_REPORT_FLAG) | _CRTDBG_LEAK_CHECK_DF);
    _CrtCheckMemory();
    _CrtDumpMemoryLeaks();
    _CrtGetAllocHook();
    _CrtSetAllocHook(NULL);
    _CrtGetDumpClient();
    _CrtSetDumpClient(NULL);
    _CrtIsMemoryBlock(&state, 1, NULL, NULL, NULL);
    _CrtIsValidHeapPointer(&state);
    _CrtIsValidPointer(&state, 1, 1);
    _CrtMemDifference(&state, &state, &state);
    _CrtReportBlockType(&state);
    _CrtSetBreakAlloc(1);
    _CrtSetDebugFillThreshold(3);
    _CrtSetReportFile(_CRT_WARN, _CRTDBG_FILE_STDERR);
    _CrtSetReportHook(NULL);
    _CrtGetReportHook();
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, NULL);
    _CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, NULL);
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_FILE);
    halde_set_incremental_check(1);
    if (!_CrtCheckMemory())
        _RPT0(_CRT_WARN, "m");
    else
        _RPTFW1(_CRT_WARN, L"%d", 1);
    if (_CrtReportBlockType(&state) != -1 && _CrtIsValidHeapPointer(&state))
        return 1;
    return _CrtDumpMemoryLeaks() + (int)state.lTotalCount;
}
BODY

# One job: <compiler> <suffix> <standard> <before|after> <header> <flags...>
cat >"$work/job.sh" <<'JOB'
top=$1 work=$2 compiler=$3 suffix=$4 standard=$5 order=$6 header=$7
shift 7
source=$(mktemp "$work/unit-XXXXXX.$suffix")
{
    [ "$order" = before ] && printf '#include <%s>\n' "$header"
    printf '#include <crtdbg.h>\n'
    [ "$order" = after ] && printf '#include <%s>\n' "$header"
    printf '#include "body.h"\n'
} >"$source"
# windows.h and tchar.h belong to this tree; the rest is the system's, whose warnings are nobody's.
if ! "$compiler" "$standard" -D_GNU_SOURCE -pedantic -Wall -Wextra -Wundef -Wshadow -Werror \
    -fsyntax-only -msse2 "-I$top/include" "-I$top/include/halde-win32" "-I$work" "$@" "$source" \
    >"$source.log" 2>&1; then
    printf '<%s> %s <crtdbg.h>: %s %s %s\n' "$header" "$order" "$compiler" "$standard" "$*"
    head -n 12 "$source.log"
fi
echo done >>"$work/count"
rm -f "$source"
JOB

modes=(-DRELEASE -D_DEBUG "-D_DEBUG -D_CRTDBG_MAP_ALLOC")
# One header at a time, the short way where compilers and orders hardly differ ...
single_jobs() {
    local header order mode
    for header in "${c_headers[@]}" "${posix_headers[@]}" "${other_headers[@]}"; do
        for order in before after; do
            for mode in "${modes[@]}"; do
                echo "gcc c -std=c11 $order $header $mode"
            done
            echo "clang c -std=c11 $order $header ${modes[2]}"
        done
    done
    for header in "${cxx_headers[@]}"; do
        echo "g++ cpp -std=c++17 after $header ${modes[2]}"
    done
    for header in "${c_headers[@]}" "${other_headers[@]}"; do
        [[ $header =~ ^(stdatomic|stdnoreturn|threads|obstack)\.h$ ]] && continue # C only
        echo "g++ cpp -std=c++17 after $header ${modes[2]}"
        echo "clang++ cpp -std=c++17 before $header ${modes[1]}"
    done
}

# ... and all of them in one unit.
all_jobs() {
    local order mode compiler
    for order in before after; do
        for mode in "${modes[@]}"; do
            for compiler in g++ clang++; do
                echo "$compiler cpp -std=c++17 $order all/cxx.h $mode"
                echo "$compiler cpp -std=c++11 $order vector $mode"
            done
            for compiler in gcc clang; do
                echo "$compiler c -std=c17 $order all/c.h $mode"
                echo "$compiler c -std=gnu11 $order all/c.h $mode"
            done
        done
    done
}

# ... and the oldest languages: with headers of theirs, with Halde's of the C run-time library.
old_c_headers=(assert.h ctype.h errno.h limits.h locale.h math.h setjmp.h signal.h stdarg.h stddef.h
    stdio.h stdlib.h string.h time.h malloc.h new.h direct.h io.h halde_leaks.h)
old_jobs() {
    local order mode standard
    for order in before after; do
        for mode in "${modes[@]}"; do
            for standard in c89 gnu89 c99; do
                echo "gcc c -std=$standard $order all/old_c.h $mode"
                echo "clang c -std=$standard $order all/old_c.h $mode"
            done
            echo "g++ cpp -std=c++98 $order all/old_cxx.h $mode"
            echo "clang++ cpp -std=c++98 $order all/old_cxx.h $mode"
        done
    done
}
mkdir "$work/all"
printf '#include <%s>\n' "${cxx_headers[@]}" "${posix_headers[@]}" >"$work/all/cxx.h"
printf '#include <%s>\n' "${c_headers[@]}" "${posix_headers[@]}" >"$work/all/c.h"
printf '#include <%s>\n' "${old_c_headers[@]}" >"$work/all/old_c.h"
printf '#include <%s>\n' algorithm cstdlib cstring iostream map memory new string vector \
    "${old_c_headers[@]}" >"$work/all/old_cxx.h"

{
    single_jobs
    all_jobs
    old_jobs
} >"$work/jobs.txt"
xargs -P "$(nproc)" -L 1 bash "$work/job.sh" "$top" "$work" <"$work/jobs.txt" >"$work/failures"
wanted=$(wc -l <"$work/jobs.txt")
counted=$(wc -l <"$work/count")
cat "$work/failures"
failures=$(grep -c ' <crtdbg.h>: ' "$work/failures")
printf '%d compilations of %d, %d failed\n' "$counted" "$wanted" "$failures"
[ "$wanted" -gt 0 ] && [ "$counted" -eq "$wanted" ] && [ "$failures" -eq 0 ]
