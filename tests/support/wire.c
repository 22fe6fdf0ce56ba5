/*
 * Each namespace has a TUN interface, whose other side is a file: what one file gives is written into the other after the
 * cable's latency. A file made in one namespace can be used from anywhere, so the child only sends its own up here.
 */
#include "support/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX    2048
#define UNDER_WAY_MAX 4096

static const char interface_name[] = "cable";

struct packet {
	uint64_t due_us;
	int to;
	size_t len;
	uint8_t bytes[PACKET_MAX];
};

struct wire {
	pthread_t thread;
	pthread_mutex_t mutex;
	int files[2]; /* of the near and of the far host */
	int control;  /* a socket of the near host, for its interface */
	int stop;     /* readable when the thread is to end */
	struct wire_quality quality;
	struct wire_stats stats;
	uint64_t random;
	struct packet *under_way; /* a ring: all take equally long, so the first is due first */
	size_t first;
	size_t count;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- Hosts. */

/* Who may not simply have a namespace of the network may have one as the root of a namespace of users. */
static bool enter_namespace(void)
{
	return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static struct ifreq request_for_interface(void)
{
	struct ifreq r;
	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, interface_name, sizeof interface_name);
	return r;
}

static void put_address(struct ifreq *r, const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	inet_pton(AF_INET, address, &in.sin_addr);
	memcpy(&r->ifr_addr, &in, sizeof in);
}

static bool set_up_interface(int control, bool up)
{
	struct ifreq r = request_for_interface();
	r.ifr_flags = (short)(up ? IFF_UP | IFF_RUNNING : 0);
	return ioctl(control, SIOCSIFFLAGS, &r) == 0;
}

/* The interface of this host; its file, or -1. */
static int make_interface(int control, const char *address)
{
	int file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq r = request_for_interface();
	r.ifr_flags = IFF_TUN | IFF_NO_PI;
	bool made = file >= 0 && ioctl(file, TUNSETIFF, &r) == 0;
	put_address(&r, address);
	made = made && ioctl(control, SIOCSIFADDR, &r) == 0;
	put_address(&r, "255.255.255.0");
	if (made && ioctl(control, SIOCSIFNETMASK, &r) == 0 && set_up_interface(control, true))
		return file;
	if (file >= 0)
		close(file);
	return -1;
}

/* A host: this process in a namespace of its own. NULL when all went well, else what the machine lacks. */
static const char *make_host(const char *address, int *file, int *control)
{
	if (!enter_namespace())
		return "it allows no network namespaces";
	*control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	*file = *control >= 0 ? make_interface(*control, address) : -1;
	return *file >= 0 ? NULL : "it allows no interface of the kind TUN (/dev/net/tun)";
}

/* A message with a file in it (SCM_RIGHTS). */
union file_message {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

static void send_file(int channel, int file)
{
	char byte = 'f';
	union file_message message = {.room = {0}};
	struct iovec part = {&byte, 1};
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = message.room, .msg_controllen = sizeof message.room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof file);
	memcpy(CMSG_DATA(c), &file, sizeof file);
	sendmsg(channel, &header, MSG_NOSIGNAL);
}

/* -1 when the other side has gone without sending one. */
static int receive_file(int channel)
{
	char byte;
	int file = -1;
	union file_message message = {.room = {0}};
	struct iovec part = {&byte, 1};
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = message.room, .msg_controllen = sizeof message.room};
	ssize_t len;
	do
		len = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	const struct cmsghdr *c = len == 1 ? CMSG_FIRSTHDR(&header) : NULL;
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(&file, CMSG_DATA(c), sizeof file);
	return file;
}

struct far_host {
	int channels[2];
	void (*run)(void *user);
	void *user;
};

static void run_far_host(void *user)
{
	struct far_host *far = user;
	int file, control;
	close(far->channels[0]);
	if (make_host(WIRE_FAR, &file, &control) != NULL)
		return;
	send_file(far->channels[1], file);
	close(far->channels[1]);
	close(control);
	/* The interface lives as long as somebody has its file open: the near host does. */
	close(file);
	far->run(far->user);
}

/* --- The cable. */

/* Marsaglia's xorshift. */
static uint64_t random_next(struct wire *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

/* Takes one packet from the host; false when it has none. */
static bool take_packet(struct wire *w, size_t from)
{
	struct packet *p = &w->under_way[(w->first + w->count) % UNDER_WAY_MAX];
	uint8_t spare[PACKET_MAX];
	bool room = w->count < UNDER_WAY_MAX;
	ssize_t len = read(w->files[from], room ? p->bytes : spare, PACKET_MAX);
	if (len <= 0)
		return false;
	if (w->quality.pulled || !room) {
		w->stats.dropped++;
	} else if (random_next(w) % 100 < w->quality.loss_percent) {
		w->stats.lost++;
	} else {
		p->due_us = now_us() + (uint64_t)w->quality.latency_ms * 1000;
		p->to = w->files[1 - from];
		p->len = (size_t)len;
		w->count++;
	}
	return true;
}

/* Delivers what is due; how long until more is, in ms, or -1. A host whose interface is down takes nothing. */
static int deliver(struct wire *w)
{
	uint64_t now = now_us();
	while (w->count > 0) {
		const struct packet *p = &w->under_way[w->first];
		if (p->due_us > now)
			return (int)((p->due_us - now) / 1000 + 1);
		if (write(p->to, p->bytes, p->len) == (ssize_t)p->len)
			w->stats.carried++;
		else
			w->stats.dropped++;
		w->first = (w->first + 1) % UNDER_WAY_MAX;
		w->count--;
	}
	return -1;
}

static void *run_cable(void *user)
{
	struct wire *w = user;
	struct pollfd files[3] = {{w->files[0], POLLIN, 0}, {w->files[1], POLLIN, 0}, {w->stop, POLLIN, 0}};
	int wait_ms = -1;
	do {
		poll(files, 3, wait_ms);
		pthread_mutex_lock(&w->mutex);
		for (size_t from = 0; from < 2; from++)
			while ((files[from].revents & POLLIN) != 0 && take_packet(w, from))
				;
		wait_ms = deliver(w);
		pthread_mutex_unlock(&w->mutex);
	} while (files[2].revents == 0);
	return NULL;
}

struct wire *wire_start(struct process *far, void (*run)(void *user), void *user, const char **why)
{
	struct far_host host = {.run = run, .user = user};
	struct wire *w = calloc(1, sizeof *w);
	must(w != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, host.channels) == 0, "wire");
	process_fork(far, run_far_host, &host);
	close(host.channels[1]);
	w->files[1] = receive_file(host.channels[0]);
	close(host.channels[0]);
	w->files[0] = w->control = -1;
	*why = make_host(WIRE_NEAR, &w->files[0], &w->control);
	if (*why != NULL || w->files[1] < 0) {
		process_end(far);
		close(w->files[0]);
		close(w->files[1]);
		free(w);
		return NULL;
	}
	w->random = 1;
	w->stop = eventfd(0, EFD_CLOEXEC);
	w->under_way = calloc(UNDER_WAY_MAX, sizeof *w->under_way);
	must(w->stop >= 0 && w->under_way != NULL, "wire");
	pthread_mutex_init(&w->mutex, NULL);
	must(pthread_create(&w->thread, NULL, run_cable, w) == 0, "pthread_create");
	return w;
}

void wire_stop(struct wire *w)
{
	if (w == NULL)
		return;
	must(eventfd_write(w->stop, 1) == 0, "eventfd_write");
	pthread_join(w->thread, NULL);
	close(w->stop);
	close(w->control);
	close(w->files[0]);
	close(w->files[1]);
	pthread_mutex_destroy(&w->mutex);
	free(w->under_way);
	free(w);
}

void wire_set(struct wire *w, const struct wire_quality *quality)
{
	pthread_mutex_lock(&w->mutex);
	w->quality = *quality;
	pthread_mutex_unlock(&w->mutex);
}

void wire_link(struct wire *w, bool up)
{
	must(set_up_interface(w->control, up), "the link");
}

struct wire_stats wire_stats(struct wire *w)
{
	pthread_mutex_lock(&w->mutex);
	struct wire_stats stats = w->stats;
	pthread_mutex_unlock(&w->mutex);
	return stats;
}
