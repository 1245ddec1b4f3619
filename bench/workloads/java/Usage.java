// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What this process has used. OperatingSystemMXBean counts CPU time in units of 10 ms, and nothing in Java 17 tells
 * context switches; so both are summed up over the threads, as the scheduler has them in schedstat: ns on a CPU, and how
 * often it got there. Of a thread that has ended it is what it had when it was seen last.
 */
final class Usage {
  private record Counts(long cpu, long switches) {}

  /** Sums of what parts of a run took. */
  static final class Spent {
    long wall;
    long cpu;
    long switches;
  }

  interface Part {
    void run() throws InterruptedException;
  }

  private static final String THREADS = "/proc/self/task";
  private static final ThreadMXBean THREAD = ManagementFactory.getThreadMXBean();

  private final Map<String, Counts> seen = new HashMap<>();
  private final byte[] bytes = new byte[128];

  /** A number of /proc/self/status, in the unit that it has there. */
  static long status(String field) {
    try {
      String after = "\n" + field + ":";
      String text = Files.readString(Path.of("/proc/self/status"));
      return Long.parseLong(text.substring(text.indexOf(after) + after.length()).strip().split("\\s", 2)[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static long resident() {
    return status("VmRSS") << 10;
  }

  static long threads() {
    return status("Threads");
  }

  private void look(String thread) {
    try (FileInputStream file = new FileInputStream(THREADS + "/" + thread + "/schedstat")) {
      int length = Math.max(file.read(bytes), 0);
      String[] words = new String(bytes, 0, length, StandardCharsets.US_ASCII).strip().split(" ");
      if (words.length == 3) seen.put(thread, new Counts(Long.parseLong(words[0]), Long.parseLong(words[2])));
    } catch (IOException e) {
      // it has ended
    }
  }

  private static String currentThread() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Counts sum() {
    long cpu = 0;
    long switches = 0;
    for (Counts counts : seen.values()) {
      cpu += counts.cpu;
      switches += counts.switches;
    }
    return new Counts(cpu, switches);
  }

  private void lookAtOthers(String current) {
    for (String name : new File(THREADS).list()) {
      if (!name.equals(current)) look(name);
    }
  }

  /** CPU time of all threads but the calling one, in ns. */
  long cpuOfOthers() {
    String current = currentThread();
    lookAtOthers(current);
    seen.remove(current);
    return sum().cpu;
  }

  /** Has the looks loaded and compiled, so that a short part does not pay for it. */
  void prepare() throws InterruptedException {
    for (int i = 0; i < 5; i++) add(new Spent(), () -> {});
    Work.sleep(50_000_000);
  }

  /** Runs a part and adds what it takes. The calling thread is looked at next to it, so that the looks do not count. */
  void add(Spent spent, Part part) throws InterruptedException {
    String current = currentThread();
    lookAtOthers(current);
    look(current);
    Counts before = sum();
    long cpu = THREAD.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    part.run();
    spent.wall += System.nanoTime() - start;
    cpu = THREAD.getCurrentThreadCpuTime() - cpu;
    Counts old = seen.get(current);
    look(current);
    seen.put(current, new Counts(old.cpu + cpu, seen.get(current).switches));
    lookAtOthers(current);
    Counts after = sum();
    spent.cpu += after.cpu - before.cpu;
    spent.switches += after.switches - before.switches;
  }
}
