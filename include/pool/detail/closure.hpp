// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Closures: how a callable is run so that no exception leaves it, and how it is given to the library. Included by
// <pool/pool.hpp>.
#pragma once

#include <pool/detail/status.hpp>

#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__GLIBCXX__) && defined(__cpp_exceptions)
#include <cxxabi.h>
#endif

namespace pool {
inline namespace v1 {

// What a task's callable may return in place of void: success, or any other number as its failure, outcome{7} for
// example. INT32_MIN to INT32_MIN + 255 are the library's own.
enum class outcome : std::int32_t { success = 0 };

// Whether objects of a type may be moved by copying their bytes and forgetting the original. True for trivially
// copyable types; specialize it for others of yours of which it holds. It does not for std::string and std::list of
// libstdc++, which point into themselves.
template <class T>
struct is_bitwise_relocatable : std::is_trivially_copyable<T> {};

// The same promise for one callable, which a lambda's type cannot make:
//
//     group.submit(pool::relocatable([owner = std::move(owner)] { use(*owner); }));   // a std::unique_ptr
template <class F>
struct relocatable {
  F callable;

  explicit relocatable(F f) : callable(std::move(f)) {}
  decltype(auto) operator()() { return std::invoke(std::move(callable)); }
};
template <class F>
struct is_bitwise_relocatable<relocatable<F>> : std::true_type {};

namespace detail {

// Calls it and tells its outcome as a pool_task_fn does.
template <class F, class... Arguments>
std::int32_t outcome_of(F&& callable, Arguments&&... arguments) {
  using Result = std::invoke_result_t<F, Arguments...>;
  static_assert(std::is_void_v<Result> || std::is_same_v<Result, outcome>,
                "a task returns void or pool::outcome; submit_job() is for those with a result");
  if constexpr (std::is_void_v<Result>) {
    std::invoke(std::forward<F>(callable), std::forward<Arguments>(arguments)...);
    return 0;
  } else {
    return static_cast<std::int32_t>(std::invoke(std::forward<F>(callable), std::forward<Arguments>(arguments)...));
  }
}

inline std::int32_t fail_with(const char* text) noexcept {
  pool_task_set_failure(exception_code, text);
  return exception_code;
}

// Runs `body` and makes an exception the task's failure, with its text; `keep` is called while it is handled. Caught on
// this side of the C interface, since the program's std::exception need not be the library's. Only the forced unwinding
// of pthread_exit() or a cancellation passes. (g++ binds the reference of that handler to null, which UBSan would
// mind, and in a function that this one is inlined into it would again. With libc++ there is no type for it, but it is
// no C++ exception, either.)
template <class Body, class Keep>
__attribute__((noinline, no_sanitize("null"))) std::int32_t run_guarded(Body&& body, Keep&& keep) {
#if defined(__cpp_exceptions)
  try {
    return body();
#if defined(__GLIBCXX__)
  } catch (const abi::__forced_unwind&) {
    throw;
#endif
  } catch (const std::exception& exception) {
    keep();
    return fail_with(exception.what());
  } catch (...) {
#if !defined(__GLIBCXX__)
    if (!std::current_exception()) throw;
#endif
    keep();
    return fail_with("an exception that is no std::exception");
  }
#else
  static_cast<void>(keep);
  return body();
#endif
}

template <class Body>
std::int32_t run_guarded(Body&& body) {
  return run_guarded(std::forward<Body>(body), [] {});
}

// How a closure travels.
enum class passage {
  pointer,  // as the bits of the context pointer
  copy,     // in the task, which has room for 48 bytes
  heap      // by its address: one allocation
};

template <class F>
constexpr passage passage_of() {
  if (std::is_trivially_copyable_v<F> && sizeof(F) <= sizeof(void*)) return passage::pointer;
  if (is_bitwise_relocatable<F>::value && sizeof(F) <= POOL_TASK_COPY_MAX && alignof(F) <= 16) return passage::copy;
  return passage::heap;
}

// The callbacks that belong to a closure of type F.
template <class F>
struct closure {
  static constexpr passage travels = passage_of<F>();
  static constexpr bool has_drop = travels == passage::heap || !std::is_trivially_destructible_v<F>;

  static std::int32_t run(void* ctx) {
    if constexpr (travels == passage::pointer) {
      alignas(F) unsigned char bytes[sizeof(F)];
      std::memcpy(bytes, &ctx, sizeof bytes);
      return call(bytes);
    } else {
      return call(ctx);
    }
  }

  static void drop(void* ctx) noexcept {
    if constexpr (travels == passage::heap) {
      delete static_cast<F*>(ctx);
    } else {
      std::destroy_at(std::launder(static_cast<F*>(ctx)));
    }
  }

 private:
  static std::int32_t call(void* object) {
    return run_guarded([object] { return outcome_of(std::move(*std::launder(static_cast<F*>(object)))); });
  }
};

}  // namespace detail

// A closure that is ready to be submitted; empty after that, and still whole after a refusal. Moving one moves the
// closure by its bytes and throws nothing. Not thread-safe.
class prepared_task {
 public:
  prepared_task() noexcept = default;

  // Takes the callable over. Throws what its copy or move throws and, if it does not fit, std::bad_alloc.
  template <class F, class D = std::decay_t<F>, class = std::enable_if_t<!std::is_same_v<D, prepared_task>>>
  explicit prepared_task(F&& callable) {
    static_assert(std::is_invocable_v<D>, "a task is called without arguments");
    using Closure = detail::closure<D>;
    if constexpr (Closure::travels == detail::passage::heap) {
      void* const address = new D(std::forward<F>(callable));
      std::memcpy(bytes_, &address, sizeof address);
    } else {
      ::new (static_cast<void*>(bytes_)) D(std::forward<F>(callable));
      if constexpr (Closure::travels == detail::passage::copy) copy_size_ = sizeof(D);
    }
    run_ = &Closure::run;
    if constexpr (Closure::has_drop) drop_ = &Closure::drop;
  }

  prepared_task(prepared_task&& other) noexcept { take(other); }
  prepared_task& operator=(prepared_task&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  ~prepared_task() { clear(); }

  explicit operator bool() const noexcept { return run_ != nullptr; }

 private:
  friend class group_ref;

  void take(prepared_task& other) noexcept {
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    copy_size_ = other.copy_size_;
    drop_ = std::exchange(other.drop_, nullptr);
    run_ = std::exchange(other.run_, nullptr);
  }

  void clear() noexcept {
    if (run_ != nullptr && drop_ != nullptr) drop_(context());
    run_ = nullptr;
  }

  void* context() noexcept {
    if (copy_size_ != 0) return bytes_;
    void* address = nullptr;
    std::memcpy(&address, bytes_, sizeof address);
    return address;
  }

  alignas(16) unsigned char bytes_[POOL_TASK_COPY_MAX] = {};
  std::uint32_t copy_size_ = 0;
  pool_task_fn run_ = nullptr;
  pool_drop_fn drop_ = nullptr;
};

}  // namespace v1
}  // namespace pool
