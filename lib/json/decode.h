/*
 * What the ways of decoding a string share.
 */
#ifndef JSON_DECODE_H
#define JSON_DECODE_H

/*
 * The characters of [at, end), which are checked, decoded to `to`, where there is room for as many bytes. Returns where the
 * next byte goes. Only for machines of CPU_VBMI2.
 */
char *decode_vbmi2(const char *at, const char *end, char *to);

#endif
