/*===- CpuFeatures.c - what the processor can do -----------------------------------------===
 *
 * Asked once per instance.  On x86 by CPUID, and by XGETBV for what the operating system saves of it; elsewhere the kernel says.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

#define HAS(word, bit) ((word) >> (bit) & 1u)
#define HAS_ALL(word, mask) (((word) & (mask)) == (mask))
#define FEATURE(name, condition) ((uint64_t)!!(condition) << INGOT_CPU_##name)

const char *ingotCpuFeatureName(unsigned feature) {
  switch (feature) {
  case INGOT_CPU_X86_64_V2: return "x86-64-v2";
  case INGOT_CPU_X86_64_V3: return "x86-64-v3";
  case INGOT_CPU_X86_64_V4: return "x86-64-v4";
  case INGOT_CPU_AVX512VNNI: return "avx512vnni";
  case INGOT_CPU_AVX512BF16: return "avx512bf16";
  case INGOT_CPU_AVX512FP16: return "avx512fp16";
  case INGOT_CPU_AVX512VBMI: return "avx512vbmi";
  case INGOT_CPU_AVXVNNI: return "avxvnni";
  case INGOT_CPU_AMX_TILE: return "amx-tile";
  case INGOT_CPU_AMX_INT8: return "amx-int8";
  case INGOT_CPU_AMX_BF16: return "amx-bf16";
  case INGOT_CPU_ARM_FP16: return "fullfp16";
  case INGOT_CPU_ARM_DOTPROD: return "dotprod";
  case INGOT_CPU_ARM_I8MM: return "i8mm";
  case INGOT_CPU_ARM_BF16: return "bf16";
  case INGOT_CPU_ARM_SVE: return "sve";
  case INGOT_CPU_ARM_SVE2: return "sve2";
  case INGOT_CPU_RISCV_V: return "v";
  default: return "an extension unknown here";
  }
}

#if defined(__x86_64__)

typedef struct Registers { uint32_t a, b, c, d; } Registers;

static Registers cpuid(uint32_t leaf, uint32_t subleaf) {
  Registers r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
  return r;
}

static uint64_t savedState(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

uint64_t ingotCpuFeatures(void) {
  /* The levels are those of the x86-64 psABI, section 3.1.1. */
  const uint32_t v2Leaf1 = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23; /* sse3 ssse3 cx16 sse4.1 sse4.2 popcnt */
  const uint32_t v3Leaf1 = 1u << 12 | 1u << 22 | 1u << 28 | 1u << 29;                     /* fma movbe avx f16c */
  const uint32_t v3Leaf7 = 1u << 3 | 1u << 5 | 1u << 8;                                   /* bmi1 avx2 bmi2 */
  const uint32_t v4Leaf7 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;          /* avx512 f dq cd bw vl */
  const uint64_t avxState = 0x6, avx512State = 0xe6, amxState = 0x60000;

  uint32_t last = cpuid(0, 0).a;
  Registers none = {0, 0, 0, 0}, leaf1 = cpuid(1, 0);
  Registers leaf7 = last >= 7 ? cpuid(7, 0) : none;
  Registers leaf7b = last >= 7 && leaf7.a >= 1 ? cpuid(7, 1) : none;
  uint32_t extended = cpuid(0x80000000u, 0).a >= 0x80000001u ? cpuid(0x80000001u, 0).c : 0;
  uint64_t state = HAS(leaf1.c, 27) ? savedState() : 0;

  int v2 = HAS_ALL(leaf1.c, v2Leaf1) && HAS(extended, 0);
  int v3 = v2 && HAS_ALL(state, avxState) && HAS_ALL(leaf1.c, v3Leaf1) && HAS_ALL(leaf7.b, v3Leaf7) && HAS(extended, 5);
  int v4 = v3 && HAS_ALL(state, avx512State) && HAS_ALL(leaf7.b, v4Leaf7);
  int amx = HAS_ALL(state, amxState) && HAS(leaf7.d, 24);
  return FEATURE(X86_64_V2, v2) | FEATURE(X86_64_V3, v3) | FEATURE(X86_64_V4, v4) |
         FEATURE(AVX512VNNI, v4 && HAS(leaf7.c, 11)) | FEATURE(AVX512BF16, v4 && HAS(leaf7b.a, 5)) |
         FEATURE(AVX512FP16, v4 && HAS(leaf7.d, 23)) | FEATURE(AVX512VBMI, v4 && HAS(leaf7.c, 1)) |
         FEATURE(AVXVNNI, v3 && HAS(leaf7b.a, 4)) | FEATURE(AMX_TILE, amx) | FEATURE(AMX_INT8, amx && HAS(leaf7.d, 25)) |
         FEATURE(AMX_BF16, amx && HAS(leaf7.d, 22));
}

#elif defined(__aarch64__) && defined(__linux__)

unsigned long getauxval(unsigned long type);

uint64_t ingotCpuFeatures(void) {
  unsigned long first = getauxval(16), second = getauxval(26); /* AT_HWCAP, AT_HWCAP2 */
  return FEATURE(ARM_FP16, HAS(first, 9) && HAS(first, 10)) | FEATURE(ARM_DOTPROD, HAS(first, 20)) |
         FEATURE(ARM_SVE, HAS(first, 22)) | FEATURE(ARM_SVE2, HAS(second, 1)) | FEATURE(ARM_I8MM, HAS(second, 13)) |
         FEATURE(ARM_BF16, HAS(second, 14));
}

#elif defined(__riscv) && defined(__linux__)

unsigned long getauxval(unsigned long type);

uint64_t ingotCpuFeatures(void) { return FEATURE(RISCV_V, HAS(getauxval(16), 'v' - 'a')); }

#else

uint64_t ingotCpuFeatures(void) { return 0; }

#endif
