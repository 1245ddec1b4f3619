// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "watch/screen.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "base/terminal.hpp"

namespace consumer {
namespace {

constexpr int terminal = STDOUT_FILENO;
constexpr std::string_view enter_sequence = "\033[?1049h\033[?25l";  // the alternate screen, no cursor
constexpr std::string_view leave_sequence = "\033[?25h\033[?1049l";

// What ends a process, and is not taken elsewhere.
constexpr std::array ends = {SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGUSR2, SIGALRM, SIGXCPU};

// Handlers know of nothing else. All of it is sequentially consistent: either drawing sees that the screen was left, or
// who leaves it sees the drawing.
enum class State { outside, inside, left };
std::atomic<State> state{State::outside};
std::atomic<bool> drawing{false};
std::atomic<bool> continued{false};

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(terminal, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;  // the terminal is gone
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Who has put an end to State::inside shows what stood there before.
void show_normal() {
  // Not before the frame is out; but not for ever, for this may be the handler of a signal that came in its midst.
  for (int patience = 100; drawing && patience > 0; patience--) poll(nullptr, 0, 1);
  // Nor where the terminal takes nothing: whoever ends the process must not wait for that.
  if (writable(terminal)) put(leave_sequence);
}

void leave_for_good() {
  if (state.exchange(State::left) == State::inside) show_normal();
}

// The handler is gone already: the signal does what it would have done.
void on_end(int signal) {
  leave_for_good();
  raise(signal);
}

void on_stop(int signal) {
  const int error = errno;
  State expected = State::inside;
  if (state.compare_exchange_strong(expected, State::outside)) show_normal();
  struct sigaction standard {};
  struct sigaction ours {};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, &ours);
  raise(signal);
  sigset_t it, mask;
  sigemptyset(&it);
  sigaddset(&it, signal);
  pthread_sigmask(SIG_UNBLOCK, &it, &mask);  // stops here
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  sigaction(signal, &ours, nullptr);
  continued = true;
  errno = error;
}

// Leaves alone what is ignored, or a sanitizer's.
void take(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  sigaction(signal, nullptr, &action);
  if (action.sa_handler != SIG_DFL) return;
  action.sa_handler = handler;
  action.sa_flags = flags | SA_RESTART;
  sigaction(signal, &action, nullptr);
}
void give_back(int signal, void (*handler)(int)) {
  struct sigaction action {};
  sigaction(signal, nullptr, &action);
  if (action.sa_handler != handler) return;
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
}

bool is_in_background() {
  const pid_t foreground = tcgetpgrp(terminal);
  return foreground > 0 && foreground != getpgrp();
}

}  // namespace

Screen::Screen() {
  state = State::outside;
  for (const int signal : ends) take(signal, &on_end, static_cast<int>(SA_RESETHAND));
  take(SIGTSTP, &on_stop, 0);
}

Screen::~Screen() {
  leave();
  for (const int signal : ends) give_back(signal, &on_end);
  give_back(SIGTSTP, &on_stop);
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string frame = "\033[H";
  for (const std::string& line : lines) {
    if (&line != &lines.front()) frame += "\r\n";
    frame += line + "\033[K";
  }
  frame += "\033[J";
  if (is_in_background() || !writable(terminal)) return;
  drawing = true;
  State expected = State::outside;
  if (state.compare_exchange_strong(expected, State::inside)) put(enter_sequence);
  if (state == State::inside) put(frame);
  drawing = false;
}

bool Screen::is_stale() {
  const TerminalSize before = drawn_;
  drawn_ = size();
  const bool is_same = before.columns == drawn_.columns && before.rows == drawn_.rows;
  return continued.exchange(false) || !is_same;
}

TerminalSize Screen::size() const { return terminal_size(terminal); }

void Screen::leave() { leave_for_good(); }

}  // namespace consumer
