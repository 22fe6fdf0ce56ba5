/*
 * The program's flags.
 */
#ifndef MOCKD_FLAGS_H
#define MOCKD_FLAGS_H

struct mockd_options;

/* Reads the flags into the options, whose strings lie in argv. Returns the exit status, or -1 to go on. */
int flags_read(int argc, char **argv, struct mockd_options *options);

#endif
