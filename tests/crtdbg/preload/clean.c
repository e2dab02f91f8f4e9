// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt

// A clean program that uses much of libc: nothing is said.

#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *work(void *context)
{
    char *text = strdup(context);
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen("/etc/passwd", "r");
    if (file != NULL) {
        if (getline(&line, &capacity, file) < 0) {
            perror("getline");
        }
        fclose(file);
    }
    free(line);
    free(text);
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    setlocale(LC_ALL, "");
    setenv("A_NAME_OF_OUR_OWN", "value", 1);
    for (size_t i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, work, "text");
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    time_t now = time(NULL);
    char *text = NULL;
    if (asprintf(&text, "%s %p", asctime(localtime(&now)), (void *)getservbyname("http", "tcp")) <
        0) {
        return 1;
    }
    puts(text);
    free(text);
    free(realpath("/tmp/..", NULL));
    free(getcwd(NULL, 0));
    void *aligned = NULL;
    if (posix_memalign(&aligned, 4096, 10) != 0) {
        return 1;
    }
    aligned = realloc(aligned, 100000);
    free(aligned);
    return 0;
}
