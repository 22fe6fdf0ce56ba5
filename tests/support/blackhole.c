#include "support/blackhole.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

void blackhole_open(struct blackhole *b, const char *host, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t size = sizeof address;
	inet_pton(AF_INET, host, &address.sin_addr);
	b->listener = socket(AF_INET, SOCK_STREAM, 0);
	b->filler = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(b->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(b->listener, 0), 0);
	assert_int_equal(getsockname(b->listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(b->filler, (struct sockaddr *)&address, size), 0);
	b->port = ntohs(address.sin_port);
}

void blackhole_close(struct blackhole *b)
{
	close(b->filler);
	close(b->listener);
}
