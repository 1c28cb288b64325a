/*===- Profile.c - what kernels take ---------------------------------------------------------===
 *
 * Linked only into models compiled with --profile. Two reads of the clock for each call of a kernel: some 40 ns.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

/* struct timespec of 64-bit Linux. */
typedef struct ingot_timespec { int64_t seconds, nanoseconds; } ingot_timespec;
int clock_gettime(int clock, ingot_timespec *time);

static int64_t nanoseconds(void) {
  ingot_timespec now = {0, 0};
  clock_gettime(1 /* CLOCK_MONOTONIC */, &now);
  return now.seconds * 1000000000 + now.nanoseconds;
}

void ingot_frame_mark(ingot_frame *frame, int32_t place, int64_t flops, int64_t bytes) {
  int64_t now = nanoseconds();
  if (place < 0) {
    frame->mark = now;
    return;
  }
  ingot_kernel_time *time = &frame->instance->times[place];
  time->calls += 1;
  time->nanoseconds += now - frame->mark;
  time->flops = flops < 0 || time->flops < 0 ? INGOT_UNKNOWN_DIM : time->flops + flops;
  time->bytes += bytes;
}

const ingot_kernel_time *ingot_core_kernel_times(const ingot_instance *instance) { return instance ? instance->times : 0; }
