// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// mailbox.hpp - how the pool's notifications, the keeper and the signals talk to the master.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "queue/queue.hpp"

namespace consumer {

class FanOut;

/// What became of messages, for good: counted after the commit.
struct Tally {
  std::uint64_t acked = 0;
  std::uint64_t bytes = 0;        // of the acknowledged files
  std::uint64_t retries = 0;      // failed, and handed back for another attempt
  std::uint64_t handed_back = 0;  // handed back without a fault of their own
  std::uint64_t dead = 0;
  std::uint64_t stale = 0;        // settled with a stale receipt: nothing was changed
  std::uint64_t redelivered = 0;  // fetched, and by the broker's word not for the first time

  Tally& operator+=(const Tally& more);
};

/// What the keeper has to tell.
struct KeeperNews {
  std::vector<Message> fetched;
  Tally settled;
  std::optional<Backlog> backlog;
  bool fetched_all = false;    // nothing more will be fetched, after stop_fetching()
  std::optional<Error> error;  // the last news
};

/// All news since the master last looked.
struct News {
  std::vector<FanOut*> done;  // their groups are empty
  KeeperNews keeper;
  std::vector<std::string> lines;  // to be told
  int signal = 0;
};

/// Many threads post, one takes.
class Mailbox {
 public:
  /// Called in the notification of an empty group: never waits for anything but the mailbox's own short lock.
  void post(FanOut* done);
  void post(KeeperNews&& news);
  void post_line(const std::string& line);
  void post_signal(int signal);

  /// Takes what there is; if there is nothing, waits up to `patience` for something.
  News take(std::chrono::milliseconds patience);

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  News news_;
  bool any_ = false;
};

}  // namespace consumer
