// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <pool/pool.h>

namespace {

struct Text {
  const char* name;
  const char* sentence;
};

// Indexed by minus the status.
constexpr Text texts[] = {
    {"POOL_OK", "Success."},
    {"POOL_EINVAL", "An argument or an option is out of its range."},
    {"POOL_EBADHANDLE", "The handle is null, stale or of another kind."},
    {"POOL_ENOMEM", "There is no memory; nothing has changed."},
    {"POOL_ETHREAD", "The system gave no thread."},
    {"POOL_EFULL", "The queue is full and the overflow policy refuses."},
    {"POOL_ETIMEDOUT", "The time-out is over."},
    {"POOL_ECLOSED", "The pool is shutting down, or the object went away during the call."},
    {"POOL_ECANCELED", "A task of the group was cancelled before it started."},
    {"POOL_EDEADLK", "The call would wait for the task, the drop or the pool that it is called from."},
    {"POOL_EFORKED", "The handle belongs to the parent of this process."},
    {"POOL_EBUSY", "The group has unfinished tasks."},
    {"POOL_EFAILED", "A task of the group failed."},
    {"POOL_EINTERNAL", "A defect of the library; please report it."},
};
constexpr pool_status_t count = sizeof texts / sizeof texts[0];

}  // namespace

extern "C" {

const char* pool_status_name(pool_status_t status) {
  return status <= 0 && status > -count ? texts[-status].name : "POOL_UNKNOWN";
}

const char* pool_status_str(pool_status_t status) {
  return status <= 0 && status > -count ? texts[-status].sentence : "Not a status of this library.";
}

uint32_t pool_version(void) { return POOL_VERSION; }

const char* pool_version_string(void) { return POOL_VERSION_STRING; }

}  // extern "C"
