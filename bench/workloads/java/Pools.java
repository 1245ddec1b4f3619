// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The subjects: `tpe` and `forkjoin`, pools of so many threads, and `virtual`, a virtual thread for each task. Whoever
 * submits to a ForkJoinPool is none of its threads.
 */
final class Pools {
  private Pools() {}

  static boolean known(String subject) {
    return List.of("tpe", "forkjoin", "virtual").contains(subject);
  }

  /** Virtual threads run on as many threads as the run-time system takes by itself. */
  static ExecutorService make(String subject, int workers) {
    switch (subject) {
      case "tpe":
        return Executors.newFixedThreadPool(workers);
      case "forkjoin":
        return new ForkJoinPool(workers);
      default:
        return virtual();
    }
  }

  /** By reflection, so that Java 17 compiles this. */
  private static ExecutorService virtual() {
    try {
      return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException e) {
      Options.fail(Options.CANNOT, "virtual: this run-time system has no virtual threads");
      throw new IllegalStateException(e);
    }
  }

  /**
   * Has the classes of the subject loaded: that belongs to the run-time system, as does what runs virtual threads and
   * starts with the first of them.
   */
  static void prepare(String subject) throws InterruptedException {
    ExecutorService executor = make(subject, 1);
    executor.execute(new CountDownLatch(1)::countDown);
    end(executor);
  }

  /** A pool whose queue has so many places; null if there is no policy of that name for a full one. */
  static ExecutorService bounded(String policy, int workers, int capacity) {
    RejectedExecutionHandler handler;
    switch (policy) {
      case "reject":
        handler = new ThreadPoolExecutor.AbortPolicy();
        break;
      case "caller-runs":
        handler = new ThreadPoolExecutor.CallerRunsPolicy();
        break;
      case "discard-oldest":
        handler = new ThreadPoolExecutor.DiscardOldestPolicy();
        break;
      case "discard-newest":
        handler = new ThreadPoolExecutor.DiscardPolicy();
        break;
      default:
        return null;
    }
    return new ThreadPoolExecutor(
        workers, workers, 0, TimeUnit.MILLISECONDS, new ArrayBlockingQueue<>(capacity), handler);
  }

  static void end(ExecutorService executor) throws InterruptedException {
    executor.shutdown();
    executor.awaitTermination(1, TimeUnit.HOURS);
  }
}
