// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the programs of the bench are called with: a case, or a run of the study.
#ifndef POOL_BENCH_PROGRAM_HPP
#define POOL_BENCH_PROGRAM_HPP

#include <exception>
#include <string_view>
#include <type_traits>

#include "cases.hpp"
#include "overload.hpp"
#include "study.hpp"

namespace bench {

// A library that throws, since the system gives it no further thread for example, cannot do what it was asked for.
[[noreturn]] inline void cannot_do() {
  if (!std::current_exception()) std::abort();
  try {
    throw;
  } catch (const std::exception& thrown) {
    give_up(kCannotDo, std::string("cannot do it: ") + thrown.what());
  } catch (...) {
    std::abort();
  }
}

// For programs that only take part in the study.
inline int no_cases(int /*argc*/, char** argv) {
  std::fprintf(stderr, "usage: %s study KEY=VALUE...\n", argv[0]);
  return kBadWords;
}

// Runs what the words ask for; another one than a run of the study is a case, and `cases` runs that. `Bounded` is the
// adapter for overload; void: there is none.
template <typename Peer, typename Bounded = Peer>
int run_program(int argc, char** argv, int (*cases)(int, char**) = Cases<Peer>::main) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  if (kind != "study" && kind != "overload") return cases(argc, argv);
  std::set_terminate(cannot_do);
  if (kind == "study") return Study<Peer>::main(argc - 2, argv + 2);
  if constexpr (std::is_void_v<Bounded>) {
    give_up(kCannotDo, "cannot do it: overload");
  } else {
    return Overload<Bounded>::main(argc - 2, argv + 2);
  }
}

}  // namespace bench

#endif  // POOL_BENCH_PROGRAM_HPP
