#include <event2/event.h>
#include <freshet/freshet.h>

static struct event_base *base;
static freshet_reactor *reactor;
static freshet_endpoint *endpoint;
static freshet_stream *stream;
static void *user;

void on_event(freshet_stream *s, const freshet_event *event, void *u);
void on_done(freshet_stream *s, const freshet_stream_end *end, void *u);
void on_closed(void *u);
