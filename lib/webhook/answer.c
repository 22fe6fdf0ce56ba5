/*
 * Texts: what causes and outcomes are called, and what is answered. All of them are constants, so nothing of a request
 * and no secret can be in one.
 */
#include "receiver.h"

struct cause {
	int status;
	const char *text;
	const char *body;
};

static const struct cause causes[] = {
#define CAUSE(name, status, text) {status, text, "{\"ok\":false,\"error\":\"" text "\"}"},
	FRESHET_WEBHOOK_CAUSE_MAP(CAUSE)
#undef CAUSE
};

static const struct cause *cause_of(freshet_webhook_cause cause)
{
	return (size_t)cause < sizeof causes / sizeof causes[0] ? &causes[cause] : NULL;
}

const char *freshet_webhook_cause_text(freshet_webhook_cause cause)
{
	const struct cause *found = cause_of(cause);
	return found != NULL ? found->text : "unknown cause";
}

const char *freshet_webhook_outcome_name(freshet_webhook_outcome outcome)
{
	switch (outcome) {
	case FRESHET_WEBHOOK_NEW: return "new";
	case FRESHET_WEBHOOK_UNCONFIRMED: return "unconfirmed";
	case FRESHET_WEBHOOK_DUPLICATE: return "duplicate";
	case FRESHET_WEBHOOK_OLD: return "old";
	case FRESHET_WEBHOOK_BUSY: return "busy";
	case FRESHET_WEBHOOK_REFUSED: return "refused";
	case FRESHET_WEBHOOK_FAILED: return "failed";
	}
	return "unknown";
}

static freshet_webhook_answer answer(int status, const char *body)
{
	return (freshet_webhook_answer){.status = status, .body = freshet_str_of(body)};
}

static freshet_webhook_answer answer_fine(void)
{
	return answer(200, "{\"ok\":true}");
}

static freshet_webhook_answer answer_again(void)
{
	return answer(503, "{\"ok\":false,\"error\":\"not now\"}");
}

static freshet_webhook_answer answer_refused(freshet_webhook_cause cause)
{
	freshet_webhook_answer refused = answer(causes[cause].status, causes[cause].body);
	refused.allow = cause == FRESHET_WEBHOOK_CAUSE_METHOD ? "POST" : NULL;
	return refused;
}

freshet_webhook_answer receiver_answer(const freshet_webhook_delivery *d)
{
	switch (d->outcome) {
	case FRESHET_WEBHOOK_REFUSED: return answer_refused(d->cause);
	case FRESHET_WEBHOOK_BUSY:
	case FRESHET_WEBHOOK_FAILED: return answer_again();
	case FRESHET_WEBHOOK_NEW:
	case FRESHET_WEBHOOK_UNCONFIRMED:
	case FRESHET_WEBHOOK_DUPLICATE:
	case FRESHET_WEBHOOK_OLD: break;
	}
	return answer_fine();
}

freshet_webhook_answer receiver_answer_verdict(freshet_webhook_verdict verdict)
{
	switch (verdict) {
	case FRESHET_WEBHOOK_IGNORED: return answer(200, "{\"ok\":true,\"status\":\"ignored\"}");
	case FRESHET_WEBHOOK_REJECTED:
	case FRESHET_WEBHOOK_LATER: return answer_again();
	case FRESHET_WEBHOOK_TAKEN:
	case FRESHET_WEBHOOK_REPEATED: break;
	}
	return answer_fine();
}
