// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;

/** What the tasks do. */
interface Work {
  int TOUCHED_BYTES = 64 << 10;
  int READ_BYTES = 16 << 10;
  long HELD_NS = 200;

  /** The n-th task. */
  void run(long n);

  /** Null if there is no such work. */
  static Work of(String name, long ns) {
    switch (name) {
      case "empty":
        return n -> {};
      case "spin":
        return n -> spin(ns);
      case "touch":
        ConcurrentLinkedQueue<byte[]> buffers = new ConcurrentLinkedQueue<>();
        return n -> touch(buffers);
      case "stack":
        return n -> Stack.use();
      case "sleep":
        return n -> sleep(ns);
      case "file":
        return file();
      case "lock":
        ReentrantLock lock = new ReentrantLock();
        return n -> {
          lock.lock();
          try {
            spin(HELD_NS);
          } finally {
            lock.unlock();
          }
        };
      case "pareto":
        long[] lengths = pareto(ns);
        return n -> spin(lengths[(int) (n % lengths.length)]);
      default:
        return null;
    }
  }

  static void spin(long ns) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < ns) {}
  }

  /** Java 17 rounds a fraction of a millisecond up. */
  static void sleep(long ns) {
    try {
      Thread.sleep(ns / 1_000_000, (int) (ns % 1_000_000));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The buffers are kept, since malloc has the same ones again, too, while each new one of the collector's would be
   * zeroed, which is more than the task does; and not by thread, since a virtual one is new for each task.
   */
  private static void touch(ConcurrentLinkedQueue<byte[]> buffers) {
    byte[] buffer = buffers.poll();
    if (buffer == null) buffer = new byte[TOUCHED_BYTES];
    for (int i = 0; i < buffer.length; i += 64) buffer[i] = 1;
    buffers.add(buffer);
  }

  /**
   * Reads a file that has no name any more. The buffers are kept, as a program does that reads much: outside of the
   * heap, so that nothing is copied, and not by thread, since a virtual one is new for each task.
   */
  private static Work file() {
    try {
      Path path = Files.createTempFile("pool-study", "");
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      Files.delete(path);
      channel.write(ByteBuffer.allocate(READ_BYTES));
      ConcurrentLinkedQueue<ByteBuffer> buffers = new ConcurrentLinkedQueue<>();
      return n -> read(channel, buffers);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void read(FileChannel channel, ConcurrentLinkedQueue<ByteBuffer> buffers) {
    ByteBuffer buffer = buffers.poll();
    if (buffer == null) buffer = ByteBuffer.allocateDirect(READ_BYTES);
    try {
      if (channel.read(buffer.clear(), 0) != READ_BYTES) throw new IllegalStateException("read too little");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    buffers.add(buffer);
  }

  /** Numbers that look random and are the same in each run (SplitMix64). */
  final class Random {
    private long state;

    Random(long seed) {
      state = seed;
    }

    long next() {
      state += 0x9e3779b97f4a7c15L;
      long z = state;
      z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
      z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
      return z ^ z >>> 31;
    }

    /** From 0 to below 1. */
    double fraction() {
      return (next() >>> 11) * 0x1p-53;
    }
  }

  /**
   * Lengths with alpha 1.5: the midpoints of so many parts of the distribution that are as likely as one another,
   * scaled so that their mean is exactly what it is to be, in an order that looks random.
   */
  private static long[] pareto(long mean) {
    final int count = 4096;
    final double alpha = 1.5;
    double[] parts = new double[count];
    double sum = 0;
    for (int i = 0; i < count; i++) {
      parts[i] = Math.pow((i + 0.5) / count, -1 / alpha);
      sum += parts[i];
    }
    Random random = new Random(1);
    for (int i = count; i > 1; i--) {
      int other = (int) Long.remainderUnsigned(random.next(), i);
      double part = parts[other];
      parts[other] = parts[i - 1];
      parts[i - 1] = part;
    }
    long[] lengths = new long[count];
    for (int i = 0; i < count; i++) lengths[i] = (long) Math.min(parts[i] * mean * count / sum, 1000.0 * mean);
    return lengths;
  }
}
