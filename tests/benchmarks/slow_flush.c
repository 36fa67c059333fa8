/* Makes a fast disk as slow as a cloud's: fdatasync sleeps for FLUSH_MS, and then does what it does. Put into
   PostgreSQL with LD_PRELOAD, which makes its write-ahead log safe with that call, and its tables with fsync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int fdatasync(int file)
{
    struct timespec pause = {0, FLUSH_MS * 1000000L};
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");

    nanosleep(&pause, 0);
    return real(file);
}
