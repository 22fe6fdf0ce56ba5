/*
 * Which vector code runs. What the machine has is found once, at the first question; tests choose a lesser one to hold
 * each against the others.
 */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdatomic.h>
#include <stdbool.h>

enum cpu_vector {
	CPU_SCALAR, /* none: plain C, which every machine runs */
	CPU_BASE,   /* what every machine of the kind has: SSE2 on x86-64, NEON on AArch64 */
	CPU_AVX2,   /* AVX2 with BMI1 and BMI2 */
	CPU_AVX512, /* these and AVX-512 F, BW and VL; what has no code of its own for it runs that for AVX2 */
	CPU_VBMI2,  /* these and AVX-512 VBMI and VBMI2; most code is that for AVX-512 */
	CPU_VECTORS
};

/* The choice, or CPU_VECTORS before the first question. cpu_vector() reads it, and tables with an entry for that. */
extern atomic_int cpu_chosen;

enum cpu_vector cpu_find(void);

static inline enum cpu_vector cpu_vector(void)
{
	int chosen = atomic_load_explicit(&cpu_chosen, memory_order_relaxed);
	return __builtin_expect(chosen == CPU_VECTORS, 0) ? cpu_find() : (enum cpu_vector)chosen;
}

/* For tests: chooses; false when this machine has no such code. CPU_VECTORS brings the best back. */
bool cpu_force(enum cpu_vector vector);

#endif
