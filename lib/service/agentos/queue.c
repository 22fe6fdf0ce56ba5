/*
 * Happy path: an event is put behind the others of its run, held when a request takes it, sent when that was confirmed.
 *
 * Which list is the longest: lists are kept by how many wait in them, so that an event that comes or goes moves its list
 * by one place, and the longest is where it was or beside it. So putting and dropping cost the same however many runs there
 * are. The walk down over empty places, after a batch has left the longest list, is paid for by the events that led up.
 *
 * Payloads may hold prompts: their memory is overwritten before it is given back.
 */
#include "queue.h"

#include "guest/text.h"

/* Places by length to begin with. */
#define HEADS_MIN 64

void agentos_queue_init(struct agentos_queue *queue, const freshet_agentos_options *options)
{
	memset(queue, 0, sizeof *queue);
	queue->max_events = options->max_queue_events;
	queue->max_bytes = options->max_queue_bytes;
	queue->overflow = options->overflow;
}

void agentos_queue_clear(struct agentos_queue *queue)
{
	freshet_mem_free(queue->heads);
	queue->heads = NULL;
	queue->heads_count = 0;
}

/* ---- lists by their length ---- */

static void leave_place(struct agentos_queue *queue, struct agentos_lane *lane)
{
	if (lane->waiting == 0)
		return;
	if (lane->longer != NULL)
		lane->longer->shorter = lane->shorter;
	else
		queue->heads[lane->waiting] = lane->shorter;
	if (lane->shorter != NULL)
		lane->shorter->longer = lane->longer;
	lane->shorter = lane->longer = NULL;
}

static void take_place(struct agentos_queue *queue, struct agentos_lane *lane)
{
	if (lane->waiting == 0)
		return;
	lane->shorter = queue->heads[lane->waiting];
	if (lane->shorter != NULL)
		lane->shorter->longer = lane;
	queue->heads[lane->waiting] = lane;
}

static void set_waiting(struct agentos_queue *queue, struct agentos_lane *lane, size_t waiting)
{
	leave_place(queue, lane);
	lane->waiting = waiting;
	take_place(queue, lane);
	if (waiting > queue->longest)
		queue->longest = waiting;
	while (queue->longest > 0 && queue->heads[queue->longest] == NULL)
		queue->longest--;
}

/* Room for a list in which so many wait. */
static bool reserve_place(struct agentos_queue *queue, size_t waiting)
{
	if (waiting < queue->heads_count)
		return true;
	size_t count = waiting < HEADS_MIN ? HEADS_MIN : waiting <= SIZE_MAX / 4 ? 2 * waiting : 0;
	struct agentos_lane **heads = count > 0 ? freshet_mem_new(count, sizeof *heads) : NULL;
	if (heads == NULL)
		return false;
	if (queue->heads_count > 0)
		memcpy(heads, queue->heads, queue->heads_count * sizeof *heads);
	freshet_mem_free(queue->heads);
	queue->heads = heads;
	queue->heads_count = count;
	return true;
}

/* ---- events ---- */

static size_t size_of(size_t len)
{
	return sizeof(struct agentos_event) + len;
}

static struct agentos_event *event_new(freshet_str text)
{
	struct agentos_event *event =
		text.len <= SIZE_MAX - sizeof *event ? freshet_mem_new(1, size_of(text.len)) : NULL;
	if (event == NULL)
		return NULL;
	event->len = text.len;
	memcpy(event->text, text.ptr, text.len);
	return event;
}

static void event_free(struct agentos_queue *queue, struct agentos_event *event)
{
	queue->events--;
	queue->bytes -= size_of(event->len);
	guest_wipe(event->text, event->len);
	freshet_mem_free(event);
}

/* The oldest that waits, out of its list. */
static struct agentos_event *take_oldest(struct agentos_queue *queue, struct agentos_lane *lane)
{
	struct agentos_event **at = lane->held_last != NULL ? &lane->held_last->next : &lane->first;
	struct agentos_event *event = *at;
	*at = event->next;
	if (event->next == NULL)
		lane->last = lane->held_last;
	lane->waiting_bytes -= event->len;
	set_waiting(queue, lane, lane->waiting - 1);
	return event;
}

static void drop_oldest(struct agentos_queue *queue, struct agentos_lane *lane, freshet_agentos_drop cause)
{
	event_free(queue, take_oldest(queue, lane));
	queue->dropped[cause]++;
	lane->dropped++;
}

static bool has_room(const struct agentos_queue *queue, size_t size)
{
	return queue->events < queue->max_events && size <= queue->max_bytes && queue->bytes <= queue->max_bytes - size;
}

/* False when there is still none: nothing waits that might go. */
static bool make_room(struct agentos_queue *queue, size_t size)
{
	while (!has_room(queue, size)) {
		if (queue->overflow != FRESHET_AGENTOS_DROP_OLDEST || queue->longest == 0)
			return false;
		drop_oldest(queue, queue->heads[queue->longest], FRESHET_AGENTOS_DROPPED_OLDEST);
	}
	return true;
}

void agentos_queue_pass(struct agentos_queue *queue, struct agentos_lane *lane, freshet_agentos_drop cause)
{
	queue->emitted++;
	queue->dropped[cause]++;
	lane->emitted++;
	lane->dropped++;
}

freshet_err agentos_queue_put(struct agentos_queue *queue, struct agentos_lane *lane, freshet_str text)
{
	if (!reserve_place(queue, lane->waiting + 1))
		return FRESHET_ENOMEM;
	struct agentos_event *event = event_new(text);
	if (event == NULL)
		return FRESHET_ENOMEM;
	if (!make_room(queue, size_of(text.len))) {
		guest_wipe(event->text, event->len);
		freshet_mem_free(event);
		if (queue->overflow == FRESHET_AGENTOS_REFUSE)
			return FRESHET_EQUEUE_FULL;
		agentos_queue_pass(queue, lane, FRESHET_AGENTOS_DROPPED_NEWEST);
		return FRESHET_OK;
	}
	event->number = lane->emitted++;
	queue->emitted++;
	queue->events++;
	queue->bytes += size_of(text.len);
	if (lane->last != NULL)
		lane->last->next = event;
	else
		lane->first = event;
	lane->last = event;
	lane->waiting_bytes += text.len;
	set_waiting(queue, lane, lane->waiting + 1);
	return FRESHET_OK;
}

uint64_t agentos_lane_oldest(const struct agentos_lane *lane)
{
	const struct agentos_event *event = lane->held_last != NULL ? lane->held_last->next : lane->first;
	return event != NULL ? event->number : lane->emitted;
}

/* ---- requests ---- */

size_t agentos_queue_hold(
	struct agentos_queue *queue, struct agentos_lane *lane, size_t count, uint64_t end, size_t bytes)
{
	size_t held = 0, taken = 0;
	for (struct agentos_event *e = lane->first; e != NULL && held < count && e->number < end; e = e->next) {
		/* The first one fits: longer ones are not taken into the queue. */
		if (held > 0 && (taken >= bytes || e->len >= bytes - taken))
			break;
		taken += e->len + (held > 0 ? 1 : 0);
		held++;
		lane->held_last = e;
		lane->waiting_bytes -= e->len;
	}
	lane->held = held;
	set_waiting(queue, lane, lane->waiting - held);
	return held;
}

/* Takes the held ones out of the list and frees them. */
static size_t release(struct agentos_queue *queue, struct agentos_lane *lane)
{
	size_t held = lane->held;
	for (size_t i = 0; i < held; i++) {
		struct agentos_event *event = lane->first;
		lane->first = event->next;
		event_free(queue, event);
	}
	if (lane->first == NULL)
		lane->last = NULL;
	lane->held = 0;
	lane->held_last = NULL;
	return held;
}

void agentos_queue_sent(struct agentos_queue *queue, struct agentos_lane *lane)
{
	size_t count = release(queue, lane);
	queue->sent += count;
	lane->sent += count;
}

void agentos_queue_drop_held(struct agentos_queue *queue, struct agentos_lane *lane, freshet_agentos_drop cause)
{
	size_t count = release(queue, lane);
	queue->dropped[cause] += count;
	lane->dropped += count;
}

void agentos_queue_drop_waiting(struct agentos_queue *queue, struct agentos_lane *lane, freshet_agentos_drop cause)
{
	while (lane->waiting > 0)
		drop_oldest(queue, lane, cause);
}
