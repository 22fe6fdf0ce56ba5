/*
 * A workspace as one file: a tar archive, compressed with gzip.
 */
#ifndef MOCKD_ASH_BUNDLE_H
#define MOCKD_ASH_BUNDLE_H

#include "mockd/alloc.h"
#include "mockd/ash/tree.h"

void ash_bundle_write(const struct ash_tree *tree, struct buffer *out);

/* Puts the archive's regular files in place of what is in the tree. False, and nothing is changed, when it is none. */
bool ash_bundle_read(freshet_str bundle, struct ash_tree **tree, uint64_t now_us);

#endif
