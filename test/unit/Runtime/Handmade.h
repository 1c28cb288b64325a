/*===- Handmade.h - models written by hand, see Handmade.c ------------------------------------------===*/
#ifndef INGOT_TEST_UNIT_RUNTIME_HANDMADE_H
#define INGOT_TEST_UNIT_RUNTIME_HANDMADE_H

#ifdef __cplusplus
extern "C" {
#endif

#include "ingot/Runtime/Frame.h" /* which only C code includes otherwise */

const ingot_model *handmade_model(void);
const ingot_model *handmade_cpu_model(void);  /* needs a processor that does not exist */
const ingot_model *handmade_side_model(void); /* its weights lie in "handmade.weights" with checksum 42 */

#ifdef __cplusplus
}
#endif
#endif
