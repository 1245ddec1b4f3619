/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors */
#ifndef POOL_GO_CWORK_H
#define POOL_GO_CWORK_H

#include <stdint.h>

/* What tasks meet at, and leave their numbers in. */
typedef struct gate gate_t;

gate_t* gate_new(void);
void gate_free(gate_t* gate);
/* Waits until so many tasks have come. */
void gate_await(gate_t* gate, int64_t count);
/* Lets everybody pass. */
void gate_open(gate_t* gate);
int64_t gate_passed(gate_t* gate);
int64_t gate_peak(gate_t* gate);
int64_t gate_dropped(gate_t* gate);

typedef struct sum {
  gate_t* gate;
  int64_t value;
} sum_t;

/* Tasks, and a drop. */
int32_t work_pass(void* gate);
int32_t work_fail(void* code);
int32_t work_fail_with_text(void* unused);
int32_t work_sum(void* sum);
int32_t work_spin(void* microseconds);
int32_t work_sleep(void* microseconds);
int32_t work_nothing(void* unused);
void work_drop(void* gate);

#endif
