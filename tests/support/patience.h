/*
 * How long a test waits for what must come. It measures nothing: it ends a test that hangs, with words of its own, before
 * ctest does, and is longer than anything takes on a machine on which everything else has precedence.
 */
#ifndef SUPPORT_PATIENCE_H
#define SUPPORT_PATIENCE_H

#define PATIENCE_S 240

#endif
