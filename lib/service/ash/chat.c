/*
 * A conversation: one turn after the other, each with what the one before it left to be done.
 */
#include "client.h"

struct freshet_ash_chat {
	freshet_ash *client;
	freshet_ash_chat_callbacks callbacks;
	void *user;
	freshet_ash_turn *turn; /* NULL: none is open */
	int64_t sequence;       /* stored events up to here are old */
	bool unclean;           /* the agent may be still at work on an earlier turn */
	bool freed;             /* by the application, while a turn is open */
	char session[GUEST_UUID_SIZE];
};

static void turn_event(freshet_ash_turn *turn, const freshet_ash_event *event, void *user)
{
	freshet_ash_chat *chat = user;
	(void)turn;
	if (!chat->freed)
		chat->callbacks.on_event(chat, event, chat->user);
}

static void turn_done(freshet_ash_turn *turn, const freshet_ash_turn_end *end, void *user)
{
	freshet_ash_chat *chat = user;
	(void)turn;
	bool reached = end->state != FRESHET_ASH_TURN_UNSENT && end->state != FRESHET_ASH_TURN_REFUSED;
	chat->turn = NULL;
	chat->sequence = end->sequence;
	if (reached)
		chat->unclean = end->state == FRESHET_ASH_TURN_UNKNOWN || end->state == FRESHET_ASH_TURN_DISTURBED;
	/* Memory goes at once when the last callback says so, or here when it was asked for before. */
	bool freed = chat->freed;
	chat->callbacks.on_turn(chat, end, chat->user);
	if (freed)
		freshet_mem_free(chat);
}

freshet_err freshet_ash_chat_new(freshet_ash *client, freshet_str session_id,
	const freshet_ash_chat_callbacks *callbacks, void *user, freshet_ash_chat **out)
{
	char id[GUEST_UUID_SIZE];
	*out = NULL;
	if (!guest_uuid_read(session_id, id) || callbacks == NULL || callbacks->on_event == NULL ||
		callbacks->on_turn == NULL)
		return FRESHET_EINVAL;
	freshet_ash_chat *chat = freshet_mem_new(1, sizeof *chat);
	if (chat == NULL)
		return FRESHET_ENOMEM;
	chat->client = client;
	chat->callbacks = *callbacks;
	chat->user = user;
	memcpy(chat->session, id, sizeof id);
	*out = chat;
	return FRESHET_OK;
}

freshet_err freshet_ash_chat_say(freshet_ash_chat *chat, freshet_str content, const freshet_ash_turn_options *options)
{
	freshet_ash_turn_options o;
	freshet_ash_turn_options_init(&o);
	if (options != NULL && !guest_options(&o, sizeof o, options))
		return FRESHET_EINVAL;
	if (chat->turn != NULL || chat->freed)
		return FRESHET_ESTATE;
	o.size = sizeof o;
	if (o.block_count == 0)
		o.content = content;
	o.session_id = freshet_str_of(chat->session);
	o.after = chat->sequence;
	o.resume = true;
	o.restart = chat->unclean;
	o.callbacks = (freshet_ash_turn_callbacks){NULL, turn_event, turn_done};
	o.user = chat;
	return freshet_ash_turn_open(chat->client, &o, &chat->turn);
}

freshet_err freshet_ash_chat_interrupt(freshet_ash_chat *chat)
{
	return chat->turn != NULL ? freshet_ash_turn_interrupt(chat->turn) : FRESHET_ESTATE;
}

void freshet_ash_chat_free(freshet_ash_chat *chat)
{
	if (chat == NULL || chat->freed)
		return;
	if (chat->turn == NULL) {
		freshet_mem_free(chat);
		return;
	}
	chat->freed = true;
	freshet_ash_turn_close(chat->turn);
}

const char *freshet_ash_chat_session(const freshet_ash_chat *chat)
{
	return chat->session;
}
