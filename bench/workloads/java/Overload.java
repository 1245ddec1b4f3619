// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Tasks that arrive on a schedule, whether the pool keeps up or not. */
final class Overload {
  private static final long WARM_UP_NS = 300_000_000;

  private final String subject;
  private final int workers;
  private final Work work;
  private final AtomicLong finished = new AtomicLong();
  private final AtomicLong last = new AtomicLong(); // when the last one ended
  private final Line line = new Line();

  private Overload(String subject, int workers, long ns) {
    this.subject = subject;
    this.workers = workers;
    work = Work.of("sleep", ns);
  }

  static void run(String[] arguments) throws InterruptedException {
    boolean bounded = arguments[0].equals("tpe");
    Options options =
        new Options("policy", bounded ? "reject" : "none")
            .fraction("load", 1, 0.01, 100)
            .whole("capacity", 64, 1, 1_000_000_000)
            .whole("workers", 4, 1, 32767)
            .whole("ns", 1_000_000, 1000, 60_000_000_000L)
            .whole("limit_ms", 500, 1, 86_400_000)
            .parse(arguments, 2);
    int workers = (int) options.count("workers");
    String policy = options.word();
    ExecutorService executor = null;
    if (policy.equals("none")) {
      executor = Pools.make(arguments[0], workers);
    } else if (bounded) {
      executor = Pools.bounded(policy, workers, (int) options.count("capacity"));
    }
    if (executor == null) Options.fail(Options.CANNOT, "policy: " + arguments[0] + " has none of the name " + policy);

    Overload overload = new Overload(arguments[0], workers, options.count("ns"));
    double limit = options.number("limit_ms") * 1e6;
    double full = overload.fullSpeed(Math.max(limit / 2, 20 * options.number("ns")));
    overload.line.add("full_per_s", full);
    overload.arrivals(executor, 1e9 / (full * options.number("load")), (long) limit, policy.startsWith("discard"));
    overload.line.print();
  }

  /** A thread for each task works at one of so many places: threads that only sleep would take any load otherwise. */
  private Executor placed(ExecutorService executor) {
    if (!subject.equals("virtual")) return executor;
    Semaphore places = new Semaphore(workers);
    return task ->
        executor.execute(
            () -> {
              places.acquireUninterruptibly();
              try {
                task.run();
              } finally {
                places.release();
              }
            });
  }

  /** The tasks that run in a second when there are always more of them than workers. The queue has no part in it. */
  private double fullSpeed(double enough) throws InterruptedException {
    ExecutorService executor = Pools.make(subject, workers);
    Executor pool = placed(executor);
    Semaphore flying = new Semaphore(4 * workers);
    AtomicLong count = new AtomicLong();
    long begin = System.nanoTime() + WARM_UP_NS;
    long before = -1;
    while (System.nanoTime() - begin < enough) {
      if (before < 0 && System.nanoTime() >= begin) {
        begin = System.nanoTime();
        before = count.get();
      }
      flying.acquire();
      pool.execute(
          () -> {
            work.run(0);
            count.incrementAndGet();
            flying.release();
          });
    }
    double perSecond = (count.get() - before) * 1e9 / (System.nanoTime() - begin);
    Pools.end(executor);
    return perSecond;
  }

  private void serve(long due, long[] latencies, int place) {
    work.run(0);
    long end = System.nanoTime();
    if (place >= 0) latencies[place] = end - due;
    last.accumulateAndGet(end, (a, b) -> a - b > 0 ? a : b);
    finished.incrementAndGet();
  }

  private void arrivals(ExecutorService executor, double mean, long limit, boolean discards)
      throws InterruptedException {
    Executor pool = placed(executor);
    Sampler late = new Sampler(Sampler.KEPT);
    late.begin(limit / mean, mean, 1, 1);
    Arrays.fill(late.values, -1); // one that has not finished
    Work.Random distances = new Work.Random(223);
    long arrived = 0;
    long refused = 0;
    long mostThreads = Usage.threads();
    final long begin = System.nanoTime();
    long lookedAtThreads = begin;
    last.set(begin);
    for (double after = 0; ; arrived++) {
      after += -Math.log1p(-distances.fraction()) * mean;
      if (after >= limit) break;
      long due = begin + (long) after;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) LockSupport.parkNanos(left);
      int place = late.look(arrived);
      try {
        pool.execute(() -> serve(due, late.values, place));
      } catch (RejectedExecutionException e) {
        refused++;
      }
      if (System.nanoTime() - lookedAtThreads >= 20_000_000) {
        lookedAtThreads = System.nanoTime();
        mostThreads = Math.max(mostThreads, Usage.threads());
      }
    }
    Pools.end(executor);

    if (discards) refused = arrived - finished.get(); // nobody is told
    line.add("served_per_s", finished.get() * 1e9 / Math.max(last.get() - begin, 1));
    line.add("arrived", arrived);
    line.add("finished", finished.get());
    line.add("refused", refused);
    line.addPercentiles("late", Arrays.stream(late.values, 0, late.used).filter(ns -> ns >= 0).toArray());
    line.add("rss_peak", Usage.status("VmHWM") << 10);
    line.add("threads", mostThreads);
  }
}
