// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Sequences of random calls, for whoever has no libFuzzer:
//
//   fuzz_calls                     200,000 calls times POOL_TEST_SCALE, with a seed that is printed
//   fuzz_calls SEED                the same again
//   fuzz_calls --calls N [SEED]    so many calls
//   fuzz_calls SEED SEQUENCE       that sequence of that seed, alone, a thousand times
//   fuzz_calls FILE...             sequences from files
//
// When a check fails, a sanitizer reports, or a sequence takes longer than a minute, it says which sequence that was
// and writes its bytes to a file.
#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "session.hpp"

extern "C" {
// What sanitizers call when they have something to say.
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
void __tsan_on_report(void*);
}

namespace {

constexpr unsigned patience = 60;  // s for one sequence

std::vector<std::uint8_t>& sequence = *new std::vector<std::uint8_t>;  // may be told of during exit()
char where[64] = "";                                                   // what it is called

// Async-signal-safe: it is called when the alarm goes off, too.
void tell() {
  char file[96] = "fuzz-";
  std::strcat(file, where);
  for (char* at = file; *at != '\0'; ++at) {
    if (*at == ' ' || *at == '/') *at = '-';
  }
  const int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = fd >= 0 && write(fd, sequence.data(), sequence.size()) >= 0;
  if (fd >= 0) close(fd);
  const char* const texts[] = {"\nagain: fuzz_calls ", where, written ? "; its bytes are in " : "", written ? file : "",
                               "\n"};
  for (const char* text : texts) (void)!write(STDERR_FILENO, text, std::strlen(text));
}

void on_signal(int signal) {
  if (signal == SIGALRM) {
    static constexpr char text[] = "\nhangs\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
  }
  tell();
  std::signal(signal, SIG_DFL);
  if (signal == SIGALRM) std::signal(SIGABRT, SIG_DFL);
  raise(signal == SIGALRM ? SIGABRT : signal);
}

void play() {
  alarm(patience);
  fuzz::run(sequence.data(), sequence.size());
  alarm(0);
}

void make(int number) {
  stress::Random random(static_cast<std::uint32_t>(number));
  sequence.resize(200 + random.below(1800));
  for (std::uint8_t& byte : sequence) byte = static_cast<std::uint8_t>(random.below(256));
  std::snprintf(where, sizeof where, "%u %d", stress::seed, number);
}

int play_files(int count, char** files) {
  for (int i = 0; i < count; ++i) {
    std::ifstream file(files[i], std::ios::binary);
    CHECK(file.good());
    sequence.assign(std::istreambuf_iterator<char>(file), {});
    const char* const name = std::strrchr(files[i], '/');
    std::snprintf(where, sizeof where, "%.60s", name != nullptr ? name + 1 : files[i]);
    for (int turn = stress::scaled(5); turn > 0; --turn) play();
  }
  std::printf("%d files, %llu calls\n", count, static_cast<unsigned long long>(fuzz::calls.load()));
  return 0;
}

}  // namespace

extern "C" void __tsan_on_report(void*) { tell(); }

int main(int argc, char** argv) {
  stress::before_end = tell;
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(tell);
  std::signal(SIGALRM, on_signal);
  std::signal(SIGABRT, on_signal);
  if (__sanitizer_set_death_callback == nullptr) std::signal(SIGSEGV, on_signal);

  std::uint64_t wanted = 0;
  if (argc > 2 && std::strcmp(argv[1], "--calls") == 0) {
    wanted = std::strtoull(argv[2], nullptr, 10);
    argc -= 2;
    argv += 2;
  }
  if (argc > 1 && std::isdigit(static_cast<unsigned char>(*argv[1])) == 0) {
    char* const none[] = {argv[0], nullptr};
    stress::begin(1, const_cast<char**>(none));
    return play_files(argc - 1, argv + 1);
  }
  stress::begin(argc, argv);
  if (wanted == 0) wanted = static_cast<std::uint64_t>(stress::scaled(200'000));
  if (argc > 2) {
    make(std::atoi(argv[2]));
    for (int i = stress::scaled(1000); i > 0; --i) play();
    return 0;
  }
  int number = 0;
  for (; fuzz::calls < wanted; ++number) {
    make(number);
    play();
  }
  std::printf("%d sequences, %llu calls\n", number, static_cast<unsigned long long>(fuzz::calls.load()));
  return 0;
}
