// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/eventfd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace {

using pool::os::close_descriptor;
using pool::os::duplicate_eventfd;
using pool::os::Duplicated;
using pool::os::signal_eventfd;

std::uint64_t take(int fd) {
  std::uint64_t value = 0;
  return read(fd, &value, sizeof value) == sizeof value ? value : 0;
}

TEST(Eventfd, AddsToTheSameCounter) {
  const int fd = eventfd(0, EFD_NONBLOCK);
  int ours = -1;
  ASSERT_EQ(duplicate_eventfd(fd, ours), Duplicated::ok);
  EXPECT_NE(ours, fd);
  EXPECT_EQ(fcntl(ours, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(take(fd), 0U);  // the look has left nothing
  signal_eventfd(ours);
  signal_eventfd(ours);
  EXPECT_EQ(take(fd), 2U);
  const std::uint64_t most = UINT64_MAX - 1;
  ASSERT_EQ(write(fd, &most, sizeof most), static_cast<ssize_t>(sizeof most));
  signal_eventfd(ours);
  EXPECT_EQ(take(fd), most);
  // A full one is an eventfd, too.
  ASSERT_EQ(write(fd, &most, sizeof most), static_cast<ssize_t>(sizeof most));
  int another = -1;
  EXPECT_EQ(duplicate_eventfd(fd, another), Duplicated::ok);
  close_descriptor(another);
  close_descriptor(ours);
  EXPECT_EQ(fcntl(ours, F_GETFD), -1);
  close(fd);
}

TEST(Eventfd, IsNothingElse) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK), 0);
  sigset_t none;
  sigemptyset(&none);
  const int others[] = {ends[0],
                        ends[1],
                        open("/dev/null", O_RDWR | O_NONBLOCK),
                        timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK),
                        signalfd(-1, &none, SFD_NONBLOCK),
                        eventfd(0, 0)};
  const int next = eventfd(0, 0);
  for (const int each : others) {
    int ours = -1;
    EXPECT_EQ(duplicate_eventfd(each, ours), Duplicated::unfit);
    EXPECT_EQ(ours, -1);
    close(each);
  }
  close(next);
  int ours = -1;
  EXPECT_EQ(duplicate_eventfd(next, ours), Duplicated::unfit);
  // Nothing was left open: the number that is free first is the first that we have closed.
  EXPECT_EQ(dup(STDERR_FILENO), others[0]);
  close(others[0]);
}

TEST(Eventfd, IsNoCancellationPoint) {
  const auto signal_all = [](void*) -> void* {
    const int fd = eventfd(0, EFD_NONBLOCK);
    pthread_cancel(pthread_self());
    int ours = -1;
    if (duplicate_eventfd(fd, ours) != Duplicated::ok) return nullptr;
    signal_eventfd(ours);
    close_descriptor(ours);
    close_descriptor(fd);
    static int survived;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
    return &survived;
  };
  pthread_t thread{};
  ASSERT_EQ(pthread_create(&thread, nullptr, signal_all, nullptr), 0);
  void* result = nullptr;
  ASSERT_EQ(pthread_join(thread, &result), 0);
  EXPECT_NE(result, nullptr);
  EXPECT_NE(result, PTHREAD_CANCELED);
}

}  // namespace
