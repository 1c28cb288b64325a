/*===- pool.h - the default thread pool ----------------------------------------------------===
 *
 * Part of libingot_rt.a.  The threads are those of the pthreadpool library, loaded when a pool is created, so that neither this
 * archive nor a program that runs models serially depends on it.
 *
 *   ingot_pool *pool = ingot_pool_create(0);
 *   options.parallel_for = pool ? ingot_pool_parallel_for : NULL;
 *   options.pool = pool;
 *===----------------------------------------------------------------------------------*/
#ifndef INGOT_RUNTIME_POOL_H
#define INGOT_RUNTIME_POOL_H

#include "ingot/Runtime/ingot.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ingot_pool ingot_pool;

/* A pool of `threads`, the calling one among them; 0: one for each processor this process may use.  Null if the library
 * libpthreadpool.so.0 is not there or has no threads to give: run serially then. */
ingot_pool *ingot_pool_create(int32_t threads);
/* `pool` may be null. No call may be under way. */
void ingot_pool_destroy(ingot_pool *pool);
int32_t ingot_pool_threads(const ingot_pool *pool);

/* An ingot_parallel_for.  [0, count) is cut into the same ranges at every call with the same count and number of threads; which
 * thread gets which is open.  Calls from several threads take turns; a body must not call it with the pool it runs on. */
void ingot_pool_parallel_for(void *pool, int64_t count, ingot_range_body body, void *context);

#ifdef __cplusplus
}
#endif
#endif
