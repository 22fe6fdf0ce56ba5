/*
 * A name server for one test, on UDP of the loopback. What it does is in the first label of the name that is asked for:
 *
 *	nxdomain, servfail, refused    the answer that says so
 *	empty                          no addresses, and no error
 *	silent                         nothing
 *	garbage, short, pointer        bytes that are no answer, half of one, one whose name points to itself
 *	stranger                       the answer to another question, and nothing else
 *	late                           the same, and then the right one
 *	one                            127.0.0.1
 *	several                        127.0.0.9, 127.0.0.8 and 127.0.0.1
 *	elsewhere                      127.0.0.9 and 127.0.0.8
 *	many                           forty addresses of 127.0.7.0/24
 */
#ifndef SUPPORT_NAMESERVER_H
#define SUPPORT_NAMESERVER_H

struct nameserver;

struct nameserver *nameserver_start(void);
void nameserver_stop(struct nameserver *n);

/* "127.0.0.1:PORT", as freshet_reactor_options.dns_server takes it. */
const char *nameserver_address(const struct nameserver *n);

#endif
