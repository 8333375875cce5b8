/*
 * Everything that `serve` runs, made from the options and put together: the server, and with a primary its route, its redo list, the
 * synchronisation of the file, and the moving of sessions; and HTTP.
 */
#ifndef US_CLI_INSTANCE_H
#define US_CLI_INSTANCE_H

#include "cli/options.h"
#include "net/loop.h"

typedef struct Instance Instance;

/* Listens and watches from then on; loop_run serves. `loop` must outlive the instance. */
int instance_open(const Options *o, bool trust, Loop *loop, Instance **out, Error *err);
/* After loop_run. True when the instance stopped by itself because it must not go on; `err` then says why. */
bool instance_failed(Instance *in, Error *err);
void instance_close(Instance *in);

#endif
