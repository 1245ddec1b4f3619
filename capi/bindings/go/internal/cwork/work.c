/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors */
#include "work.h"

#include <pool/pool.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct gate {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int is_open;
  int64_t came, inside, peak, passed, dropped;
};

gate_t* gate_new(void) {
  gate_t* const gate = calloc(1, sizeof *gate);
  if (gate == NULL) abort();
  pthread_mutex_init(&gate->mutex, NULL);
  pthread_cond_init(&gate->changed, NULL);
  return gate;
}

void gate_free(gate_t* gate) {
  pthread_cond_destroy(&gate->changed);
  pthread_mutex_destroy(&gate->mutex);
  free(gate);
}

void gate_await(gate_t* gate, int64_t count) {
  pthread_mutex_lock(&gate->mutex);
  while (gate->came < count) pthread_cond_wait(&gate->changed, &gate->mutex);
  pthread_mutex_unlock(&gate->mutex);
}

void gate_open(gate_t* gate) {
  pthread_mutex_lock(&gate->mutex);
  gate->is_open = 1;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->mutex);
}

static int64_t read_of(gate_t* gate, const int64_t* field) {
  pthread_mutex_lock(&gate->mutex);
  const int64_t value = *field;
  pthread_mutex_unlock(&gate->mutex);
  return value;
}

int64_t gate_passed(gate_t* gate) { return read_of(gate, &gate->passed); }
int64_t gate_peak(gate_t* gate) { return read_of(gate, &gate->peak); }
int64_t gate_dropped(gate_t* gate) { return read_of(gate, &gate->dropped); }

static void pass(gate_t* gate, int64_t amount) {
  pthread_mutex_lock(&gate->mutex);
  gate->came++;
  if (++gate->inside > gate->peak) gate->peak = gate->inside;
  pthread_cond_broadcast(&gate->changed);
  while (!gate->is_open) pthread_cond_wait(&gate->changed, &gate->mutex);
  gate->inside--;
  gate->passed += amount;
  pthread_mutex_unlock(&gate->mutex);
}

int32_t work_pass(void* gate) {
  pass(gate, 1);
  return 0;
}

int32_t work_sum(void* sum) {
  const sum_t* const arguments = sum;
  pass(arguments->gate, arguments->value);
  return 0;
}

int32_t work_fail(void* code) { return *(int32_t*)code; }

int32_t work_fail_with_text(void* unused) {
  (void)unused;
  pool_task_set_failure(17, "no such page");
  return 0;
}

static int64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

int32_t work_spin(void* microseconds) {
  const int64_t end = now() + *(int64_t*)microseconds * 1000;
  while (now() < end) {
  }
  return 0;
}

int32_t work_sleep(void* microseconds) {
  const int64_t ns = *(int64_t*)microseconds * 1000;
  const struct timespec span = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
  nanosleep(&span, NULL);
  return 0;
}

int32_t work_nothing(void* unused) {
  (void)unused;
  return 0;
}

void work_drop(void* gate_ptr) {
  gate_t* const gate = gate_ptr;
  pthread_mutex_lock(&gate->mutex);
  gate->dropped++;
  pthread_mutex_unlock(&gate->mutex);
}
