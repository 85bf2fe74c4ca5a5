/* SPDX-License-Identifier: MIT */
/*
 * Instructions counted one by one, by a parent that steps through what its child does between two
 * marks: the figures are the same on every machine with the same compiler.
 */
#ifndef CDPI_BENCH_STEPS_H
#define CDPI_BENCH_STEPS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's: where counting begins and ends. */
static inline void steps_mark(void)
{
    raise(SIGUSR1);
}

/* Lets the child run until it stops; false when it has ended. */
static inline bool steps_wait(pid_t pid, int *signal_number)
{
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        return false;
    *signal_number = WSTOPSIG(status);
    return true;
}

static inline bool steps_to_mark(pid_t pid)
{
    int signal_number = 0;
    do {
        if (ptrace(PTRACE_CONT, pid, NULL, NULL) != 0 || !steps_wait(pid, &signal_number))
            return false;
    } while (signal_number != SIGUSR1);
    return true;
}

static inline bool steps_count(pid_t pid, uint32_t *count)
{
    int signal_number = 0;
    for (*count = 0; signal_number != SIGUSR1; ++*count) {
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0 || !steps_wait(pid, &signal_number))
            return false;
    }
    return true;
}

/* What the work costs, in a child of its own; 0: it could not be counted. */
static inline uint32_t steps_of(void (*work)(void *context), void *context)
{
    int signal_number;
    uint32_t count = 0;
    pid_t pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
            raise(SIGSTOP);
            steps_mark();
            work(context);
            steps_mark();
        }
        _exit(0);
    }
    if (pid < 0 || !steps_wait(pid, &signal_number))
        return 0;
    bool is_counted = steps_to_mark(pid) && steps_count(pid, &count);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return is_counted ? count : 0;
}

#endif
