// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/descendants.h"

#include "run/feed.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 128
};

static struct {
    int listener;
    struct feed *feed;
    sem_t looked; // the collector has looked who is there
} watch;

bool descendants_listen(struct descendants *descendants)
{
    uint64_t number;
    descendants->listener = -1;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
        return false;
    }
    snprintf(descendants->name, sizeof(descendants->name), "halde-%d-%016llx", (int)getpid(),
        (unsigned long long)number);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(descendants->name);
    memcpy(address.sun_path + 1, descendants->name, size);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) {
        return false;
    }
    if (bind(listener, (const struct sockaddr *)&address, length) != 0 ||
        listen(listener, BACKLOG) != 0) {
        int error = errno;
        close(listener);
        errno = error;
        return false;
    }
    descendants->listener = listener;
    return true;
}

static void *watch_socket(void *unused)
{
    (void)unused;
    for (;;) {
        struct pollfd wanted = {.fd = watch.listener, .events = POLLIN};
        if (poll(&wanted, 1, -1) > 0) {
            feed_ring_bell(watch.feed);
            sem_wait(&watch.looked);
        }
    }
    return NULL;
}

bool descendants_watch(struct descendants *descendants, struct feed *feed)
{
    watch.listener = descendants->listener;
    watch.feed = feed;
    sem_init(&watch.looked, 0, 0);
    // Signals are for the collector's thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    bool is_started = pthread_create(&thread, NULL, watch_socket, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_started) {
        pthread_detach(thread);
    }
    return is_started;
}

bool descendants_next(struct descendants *descendants, struct applicant *applicant)
{
    if (descendants->listener < 0) {
        return false;
    }
    int connection = accept4(descendants->listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0) {
        int value;
        if (sem_getvalue(&watch.looked, &value) == 0 && value <= 0) {
            sem_post(&watch.looked);
        }
        return false;
    }
    const struct timeval patience = {.tv_usec = 500000};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    struct ucred who;
    socklen_t size = sizeof(who);
    uint32_t forked_from;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
        recv(connection, &forked_from, sizeof(forked_from), MSG_WAITALL) !=
            (ssize_t)sizeof(forked_from) ||
        who.uid != geteuid()) {
        close(connection);
        return descendants_next(descendants, applicant);
    }
    *applicant = (struct applicant){
        .connection = connection, .process_id = who.pid, .forked_from = forked_from};
    return true;
}

void descendants_answer(struct applicant *applicant, int channel)
{
    char byte = 0;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (channel >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &channel, sizeof(channel));
    }
    sendmsg(applicant->connection, &message, MSG_NOSIGNAL);
    close(applicant->connection);
}

void descendants_close(struct descendants *descendants)
{
    if (descendants->listener >= 0) {
        close(descendants->listener);
        descendants->listener = -1;
    }
}
