#include <freshet/webhook.h>

static freshet_webhook *webhook;
static struct evhttp *http;
static freshet_str secret, method, target, body;
static const freshet_header *headers;
static size_t header_count;

bool store(int64_t run, freshet_str status);
bool keep(const freshet_webhook_delivery *delivery);
void reply(int status, const char *type, freshet_str answer);
