// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The two subjects: `tpe`, a pool of so many threads, and `virtual`, a virtual thread for each task. */
final class Pools {
  private Pools() {}

  static boolean known(String subject) {
    return subject.equals("tpe") || subject.equals("virtual");
  }

  /** Virtual threads run on as many threads as the run-time system takes by itself. */
  static ExecutorService make(String subject, int workers) {
    return subject.equals("tpe") ? Executors.newFixedThreadPool(workers) : virtual();
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

  /** What runs virtual threads starts with the first of them; it belongs to the run-time system, as that of Go does. */
  static void prepare(String subject) throws InterruptedException {
    if (!subject.equals("virtual")) return;
    ExecutorService executor = virtual();
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
