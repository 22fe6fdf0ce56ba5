#include <freshet/agentos_hosted.h>

static freshet_agentos *agentos;
static void *user;

void complain(const freshet_outcome *outcome);
void answer(freshet_str run_id, freshet_str question_id, freshet_str question);
void use(freshet_str output);
