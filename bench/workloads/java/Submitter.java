// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;

/** Starts its share of the tasks of each round, and waits for them: a latch for each group. */
final class Submitter {
  // Classes, not lambdas: to link the first lambdas takes ten milliseconds, which a cold case would have in its time.
  private record Task(Work work, long n, CountDownLatch group) implements Runnable {
    @Override
    public void run() {
      try {
        work.run(n);
      } finally {
        group.countDown();
      }
    }
  }

  private record TimedTask(Task task, long[] latencies, int place, long handed) implements Runnable {
    @Override
    public void run() {
      latencies[place] = System.nanoTime() - handed;
      task.run();
    }
  }

  final Sampler starts;
  final Sampler groups;
  ExecutorService executor;
  long tasks; // that it has started
  long threads; // most that were seen

  private final Work work;
  private final int index; // which of count
  private final int count;
  private final int fanOut;
  private final int share; // tasks in a round, which is a number of whole groups
  private final int[] timed; // the groups of the round whose latency is taken
  private CountDownLatch[] waiting;
  private long grouped;
  private boolean lookNow; // at the number of threads

  Submitter(Work work, int index, int count, int inFlight, int fanOut) {
    this.work = work;
    this.index = index;
    this.count = count;
    this.fanOut = fanOut;
    int inRound = (int) Math.max(part(Math.max((inFlight + fanOut / 2) / fanOut, 1)), 1);
    share = inRound * fanOut;
    waiting = new CountDownLatch[inRound];
    starts = new Sampler(Sampler.KEPT / count);
    groups = new Sampler(Sampler.KEPT / count);
    timed = new int[Sampler.KEPT / count];
    new TimedTask(new Task(null, 0, null), null, 0, 0); // so that both are loaded
  }

  /** How many of a total fall to this submitter. */
  long part(long total) {
    return total / count + (index < total % count ? 1 : 0);
  }

  /** Counts from nothing, and has the samplers expect so many tasks, of so many ns each. */
  void expect(double count, double each) {
    tasks = 0;
    grouped = 0;
    starts.begin(count, each, share, fanOut);
    groups.begin(count / fanOut, each * fanOut, share / fanOut, 1);
  }

  private void round(int size) throws InterruptedException {
    int started = 0;
    int timedCount = 0;
    int firstPlace = groups.used;
    for (int left = size; left > 0; left -= fanOut) {
      CountDownLatch group = new CountDownLatch(Math.min(left, fanOut));
      int place = groups.look(grouped++);
      if (place >= 0) {
        groups.values[place] = System.nanoTime();
        timed[timedCount++] = started;
      }
      waiting[started++] = group;
      for (int i = 0; i < fanOut && i < left; i++) submit(group);
    }
    if (lookNow) look();
    int place = firstPlace;
    for (int i = 0; i < started; i++) {
      waiting[i].await();
      waiting[i] = null;
      if (place < firstPlace + timedCount && timed[place - firstPlace] == i) {
        groups.values[place] = System.nanoTime() - groups.values[place];
        place++;
      }
    }
  }

  private void submit(CountDownLatch group) {
    long n = tasks * count + index;
    int place = starts.look(tasks++);
    Task task = new Task(work, n, group);
    executor.execute(place < 0 ? task : new TimedTask(task, starts.values, place, System.nanoTime()));
  }

  void look() {
    lookNow = false;
    threads = Math.max(threads, Usage.threads());
  }

  /** No further rounds. */
  void end() {
    waiting = null;
  }

  /** Runs its part of so many tasks, or any number if that is 0, but starts no round after the limit. */
  void rounds(long total, long limit) throws InterruptedException {
    long left = total == 0 ? Long.MAX_VALUE : part(total);
    long begin = System.nanoTime();
    long looked = begin;
    long lookedAtThreads = begin;
    int unseen = 1;
    while (left > 0) {
      for (int i = 0; i < unseen && left > 0; i++) { // short rounds do not each look at the clock
        int size = (int) Math.min(share, left);
        round(size);
        left -= size;
      }
      long present = System.nanoTime();
      if (present - begin >= limit) return;
      if (present - looked < 50_000) {
        unseen *= 2;
      } else if (present - looked > 100_000) {
        unseen = Math.max(unseen / 2, 1);
      }
      looked = present;
      if (index == 0 && present - lookedAtThreads >= 20_000_000) {
        lookNow = true;
        lookedAtThreads = present;
      }
    }
  }
}
