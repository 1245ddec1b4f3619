/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Every status has its name and its sentence, its value is pinned, and the version is that of the header. */
#define _GNU_SOURCE
#include "check.h"

int main(void) {
  static const char* const names[] = {"POOL_OK",        "POOL_EINVAL",   "POOL_EBADHANDLE", "POOL_ENOMEM",
                                      "POOL_ETHREAD",   "POOL_EFULL",    "POOL_ETIMEDOUT",  "POOL_ECLOSED",
                                      "POOL_ECANCELED", "POOL_EDEADLK",  "POOL_EFORKED",    "POOL_EBUSY",
                                      "POOL_EFAILED",   "POOL_EINTERNAL"};
  const int count = (int)(sizeof names / sizeof names[0]);
  CHECK_EQ(POOL_EINTERNAL, -13);
  CHECK_EQ(count, 14);
  for (int i = 0; i < count; i++) {
    CHECK(strcmp(pool_status_name(-i), names[i]) == 0);
    CHECK(strlen(pool_status_str(-i)) > 5);
    for (int j = 0; j < i; j++) CHECK(strcmp(pool_status_str(-i), pool_status_str(-j)) != 0);
  }
  const pool_status_t unknown[] = {1, 2, -14, -15, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    CHECK(strcmp(pool_status_name(unknown[i]), "POOL_UNKNOWN") == 0);
    CHECK(strlen(pool_status_str(unknown[i])) > 5);
  }

  CHECK_EQ(pool_version(), POOL_VERSION);
  CHECK_EQ(pool_version(), POOL_VERSION_MAJOR * 65536 + POOL_VERSION_MINOR * 256 + POOL_VERSION_PATCH);
  CHECK(strcmp(pool_version_string(), POOL_VERSION_STRING) == 0);
  return 0;
}
