/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * hello.c - one pool, one group, three tasks, one wait.
 *
 *     cc -std=c11 hello.c $(pkg-config --cflags --libs pool) -o hello && ./hello
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pool/pool.h>

/* A task: adds up 1 to n. The context is the caller's; it lives until the wait is over. */
struct sum {
  uint64_t n;
  uint64_t total;
};

static int32_t add_up(void* ctx) {
  struct sum* sum = ctx;
  for (uint64_t i = 1; i <= sum->n; i++) sum->total += i;
  return 0; /* any other value is a failure */
}

/* Ends the program unless `status` is POOL_OK. */
static void must(pool_status_t status, const char* what) {
  if (status == POOL_OK) return;
  fprintf(stderr, "hello: %s: %s: %s\n", what, pool_status_name(status), pool_status_str(status));
  exit(EXIT_FAILURE);
}

int main(void) {
  struct sum sums[3] = {{.n = 10}, {.n = 1000}, {.n = 100000}};
  pool_t pool;
  pool_group_t group;

  must(pool_create(NULL, &pool), "pool_create");
  must(pool_group_create(pool, NULL, &group), "pool_group_create");
  for (int i = 0; i < 3; i++) must(pool_group_submit(group, add_up, &sums[i]), "pool_group_submit");
  must(pool_group_wait(group), "pool_group_wait"); /* this thread helps with the group's tasks meanwhile */

  for (int i = 0; i < 3; i++) printf("1 + ... + %" PRIu64 " = %" PRIu64 "\n", sums[i].n, sums[i].total);

  must(pool_group_destroy(group), "pool_group_destroy");
  must(pool_destroy(pool), "pool_destroy");
  return EXIT_SUCCESS;
}
