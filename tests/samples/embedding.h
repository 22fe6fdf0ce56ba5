#include <freshet/freshet.h>
#include <pthread.h>

static freshet_reactor *reactor;
static struct event_base *base;
static pthread_t thread;
static void *order;

void open_streams(freshet_reactor *r, void *arg);
