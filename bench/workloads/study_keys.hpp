// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The words KEY=VALUE of a run of the study; bench/study/method.md says what each means.
#ifndef POOL_BENCH_STUDY_KEYS_HPP
#define POOL_BENCH_STUDY_KEYS_HPP

#include <charconv>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include "measure.hpp"

namespace bench {

enum { kBadWords = 2, kCannotDo = 3 };  // exit statuses

[[noreturn]] inline void give_up(int status, const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::_Exit(status);
}

class Keys {
 public:
  // A number from `least` to `most`.
  template <typename Number>
  void number(const char* key, Number* value, Number least, Number most) {
    keys_.push_back({key, [=](std::string_view word) {
                       Number read{};
                       const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), read);
                       if (error != std::errc() || end != word.data() + word.size()) return false;
                       if (!(read >= least && read <= most)) return false;  // also one that is none
                       *value = read;
                       return true;
                     }});
  }
  // A name, of which somebody else says whether it is known.
  void text(const char* key, std::string* value) {
    keys_.push_back({key, [=](std::string_view word) { return *value = word, !word.empty(); }});
  }

  // Gives up on a word that is no key, or whose value is not allowed.
  void read(int count, char** words) const {
    for (int i = 0; i < count; i++) {
      const std::string_view word = words[i];
      const std::size_t at = word.find('=');
      if (at == std::string_view::npos) give_up(kBadWords, "not KEY=VALUE: " + std::string(word));
      const std::string_view key = word.substr(0, at);
      const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& each) { return each.name == key; });
      if (found == keys_.end()) give_up(kBadWords, "unknown key: " + std::string(key));
      if (!found->take(word.substr(at + 1))) bad(key, word.substr(at + 1));
    }
  }
  [[noreturn]] static void bad(std::string_view key, std::string_view value) {
    give_up(kBadWords, "bad value of " + std::string(key) + ": " + std::string(value));
  }

 private:
  struct Key {
    std::string_view name;
    std::function<bool(std::string_view)> take;
  };
  std::vector<Key> keys_;
};

struct StudyCase {
  std::string work = "empty";
  int64_t ns = 0;
  int64_t tasks = 0;
  int64_t in_flight = 1'000;
  int64_t fan_out = 10;
  int submitters = 1;
  int workers = default_workers();
  int cold = 0;
  int64_t limit_ms = 100;
  int64_t settle_ms = 0;

  static StudyCase read(int count, char** words) {
    StudyCase its;
    Keys keys;
    keys.text("work", &its.work);
    keys.number<int64_t>("ns", &its.ns, 0, 60'000'000'000);
    keys.number<int64_t>("tasks", &its.tasks, 0, 1'000'000'000'000);
    keys.number<int64_t>("in_flight", &its.in_flight, 1, 100'000'000);
    keys.number<int64_t>("fan_out", &its.fan_out, 1, 100'000'000);
    keys.number("submitters", &its.submitters, 1, 1'024);
    keys.number("workers", &its.workers, 1, 32'767);
    keys.number("cold", &its.cold, 0, 1);
    keys.number<int64_t>("limit_ms", &its.limit_ms, 1, 86'400'000);
    keys.number<int64_t>("settle_ms", &its.settle_ms, 0, 86'400'000);
    keys.read(count, words);
    if (its.fan_out > its.in_flight) Keys::bad("fan_out", std::to_string(its.fan_out) + ", more than in_flight");
    return its;
  }

  // Groups that are started before anybody waits, those of that thread alone.
  int64_t groups_of(int submitter) const {
    const int64_t all = std::max<int64_t>((in_flight + fan_out / 2) / fan_out, 1);
    return std::max<int64_t>(all / submitters + (submitter < all % submitters ? 1 : 0), 1);
  }
  int64_t tasks_of(int submitter) const { return tasks / submitters + (submitter < tasks % submitters ? 1 : 0); }
};

struct OverloadCase {
  double load = 1.0;
  std::string policy;  // the subject's first, unless given
  unsigned capacity = 64;
  int workers = 4;
  int64_t ns = 1'000'000;
  int64_t limit_ms = 500;

  static OverloadCase read(int count, char** words) {
    OverloadCase its;
    Keys keys;
    keys.number("load", &its.load, 0.01, 100.0);
    keys.text("policy", &its.policy);
    keys.number("capacity", &its.capacity, 1U, 1'000'000'000U);
    keys.number("workers", &its.workers, 1, 32'767);
    keys.number<int64_t>("ns", &its.ns, 1'000, 60'000'000'000);
    keys.number<int64_t>("limit_ms", &its.limit_ms, 1, 86'400'000);
    keys.read(count, words);
    return its;
  }
};

}  // namespace bench

#endif  // POOL_BENCH_STUDY_KEYS_HPP
