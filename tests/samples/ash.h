#include <freshet/ash.h>

static freshet_reactor *reactor;
static freshet_ash *ash;
static freshet_ash_chat *chat;
static freshet_str id;
static void *user;

void created(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *s, size_t n, void *u);
void on_event(freshet_ash_chat *c, const freshet_ash_event *event, void *u);
void on_turn(freshet_ash_chat *c, const freshet_ash_turn_end *end, void *u);
