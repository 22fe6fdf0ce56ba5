/*
 * What the machine has. There is always plain C, so nothing here can fail.
 */
#include "base/cpu.h"

atomic_int cpu_chosen = CPU_VECTORS;

static enum cpu_vector best(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
	bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		      __builtin_cpu_supports("avx512vl");
	bool vbmi2 = __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
	if (!avx2)
		return CPU_BASE;
	if (!avx512)
		return CPU_AVX2;
	return vbmi2 ? CPU_VBMI2 : CPU_AVX512;
#elif defined(__aarch64__)
	return CPU_BASE;
#else
	return CPU_SCALAR;
#endif
}

/* Every thread finds the same, so it does not matter which of them writes it. */
enum cpu_vector cpu_find(void)
{
	enum cpu_vector found = best();
	atomic_store_explicit(&cpu_chosen, (int)found, memory_order_relaxed);
	return found;
}

bool cpu_force(enum cpu_vector vector)
{
	if (vector != CPU_VECTORS && vector > best())
		return false;
	atomic_store_explicit(&cpu_chosen, (int)vector, memory_order_relaxed);
	return true;
}
