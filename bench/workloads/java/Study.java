// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;

/** A program of the study, see bench/study/method.md. Usage: {@link #USAGE}. */
final class Study {
  private static final String USAGE = "Study tpe|forkjoin|virtual study|overload KEY=VALUE...";

  /** The compilers of the run-time system need longer than a tenth of the timed part. */
  private static final long LEAST_WARM_UP_NS = 300_000_000;

  private final Usage usage = new Usage();
  private final Usage.Spent took = new Usage.Spent();
  private final List<Submitter> all = new ArrayList<>();

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length < 2 || !Pools.known(arguments[0])) {
      Options.fail(Options.MISUSED, "usage: " + USAGE);
    }
    switch (arguments[1]) {
      case "study":
        new Study().run(arguments);
        break;
      case "overload":
        Overload.run(arguments);
        break;
      default:
        Options.fail(Options.MISUSED, "neither study nor overload: " + arguments[1]);
    }
  }

  private static Options parse(String[] arguments) {
    Options options =
        new Options("work", "empty")
            .whole("ns", 0, 0, 60_000_000_000L)
            .whole("tasks", 0, 0, 1_000_000_000_000L)
            .whole("in_flight", 1000, 1, 100_000_000)
            .whole("fan_out", 10, 1, 100_000_000)
            .whole("submitters", 1, 1, 1024)
            .whole("workers", Runtime.getRuntime().availableProcessors(), 1, 32767)
            .whole("cold", 0, 0, 1)
            .whole("limit_ms", 100, 1, 86_400_000)
            .whole("settle_ms", 0, 0, 86_400_000)
            .parse(arguments, 2);
    if (options.count("fan_out") > options.count("in_flight")) {
      Options.fail(Options.MISUSED, "fan_out: more than in_flight");
    }
    return options;
  }

  private void run(String[] arguments) throws InterruptedException {
    Options options = parse(arguments);
    Work work = Work.of(options.word(), options.count("ns"));
    if (work == null) Options.fail(Options.MISUSED, "bad value of work: " + options.word());
    int count = (int) options.count("submitters");
    for (int i = 0; i < count; i++) {
      all.add(new Submitter(work, i, count, (int) options.count("in_flight"), (int) options.count("fan_out")));
    }
    boolean cold = options.count("cold") == 1;
    long limit = options.count("limit_ms") * 1_000_000;
    double guess = Math.max(options.number("ns"), 400);
    for (Submitter one : all) one.expect(expected(one, options, guess), guess);

    boolean warm = !cold && options.count("tasks") == 0;
    if (!warm) {
      Pools.prepare(arguments[0]);
      usage.prepare();
    }
    final long base = Usage.resident();
    Usage.Part make =
        () -> {
          var executor = Pools.make(arguments[0], (int) options.count("workers"));
          for (Submitter one : all) one.executor = executor;
        };
    if (cold) {
      usage.add(took, make);
    } else {
      make.run();
    }
    if (warm) {
      Usage.Spent warmUp = new Usage.Spent();
      // Latencies are taken in it, too: what the compilers have never seen they do not compile.
      phase(warmUp, 0, Math.max(limit / 10, LEAST_WARM_UP_NS));
      for (Submitter one : all) {
        double each = (double) warmUp.wall / one.tasks;
        one.expect(expected(one, options, each), each);
      }
    }
    phase(took, options.count("tasks"), limit);

    all.get(0).look();
    for (Submitter one : all) one.end(); // what stays is the pool's
    Line settled = settle(options.count("settle_ms"));
    if (cold) {
      usage.add(took, () -> Pools.end(all.get(0).executor));
    } else {
      Pools.end(all.get(0).executor);
    }
    report(base, settled);
  }

  private static double expected(Submitter one, Options options, double each) {
    long tasks = options.count("tasks");
    return tasks == 0 ? options.number("limit_ms") * 1e6 / each : one.part(tasks);
  }

  /** Has all submitters run rounds, and adds what that takes without the start of their threads. */
  private void phase(Usage.Spent spent, long tasks, long limit) throws InterruptedException {
    if (all.size() == 1) {
      usage.add(spent, () -> all.get(0).rounds(tasks, limit));
      return;
    }
    CountDownLatch ready = new CountDownLatch(all.size());
    CountDownLatch start = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(all.size());
    CountDownLatch over = new CountDownLatch(1);
    for (Submitter one : all) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  ready.countDown();
                  start.await();
                  one.rounds(tasks, limit);
                  done.countDown();
                  over.await(); // so that its CPU time can be seen
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      thread.setDaemon(true);
      thread.start();
    }
    ready.await();
    usage.add(
        spent,
        () -> {
          start.countDown();
          done.await();
        });
    over.countDown();
  }

  /** Looks at what is there some time after the last round, while the pool is. */
  private Line settle(long most) throws InterruptedException {
    Line line = new Line();
    long begin = System.nanoTime();
    long cpu = 0;
    for (int ms : new int[] {0, 100, 300, 1000, 3000, 12000}) {
      if (most == 0 || ms > most) break;
      long left = begin + ms * 1_000_000L - System.nanoTime();
      if (left > 0) Work.sleep(left);
      long used = usage.cpuOfOthers();
      if (ms == 0) cpu = used;
      line.add("rss_" + ms, Usage.resident());
      line.add("threads_" + ms, Usage.threads());
      line.add("idle_cpu_" + ms, used - cpu);
    }
    return line;
  }

  private void report(long base, Line settled) {
    final long peak = Usage.status("VmHWM") << 10;
    Line line = new Line();
    line.add("tasks", all.stream().mapToLong(one -> one.tasks).sum());
    line.add("wall_ns", took.wall);
    line.add("cpu_ns", took.cpu);
    line.addPercentiles("start", all.stream().flatMapToLong(one -> taken(one.starts)).toArray());
    line.addPercentiles("group", all.stream().flatMapToLong(one -> taken(one.groups)).toArray());
    line.add("switches", took.switches);
    line.add("threads", all.get(0).threads);
    line.add("rss_base", base);
    line.add("rss_peak", peak);
    line.add(settled);
    line.print();
  }

  private static LongStream taken(Sampler sampler) {
    return Arrays.stream(sampler.values, 0, sampler.used);
  }
}
