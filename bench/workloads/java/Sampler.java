// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.Arrays;

/** Keeps the latencies of one in so many, chosen by number: the others pay for a comparison. */
final class Sampler {
  /** The most latencies of tasks, and of groups, that a run keeps. */
  static final int KEPT = 20_000;

  /** Those up to {@link #used}. */
  final long[] values;

  int used;
  private long next;
  private long stride;

  Sampler(int size) {
    values = new long[size];
    Arrays.fill(values, 1); // so that the memory is resident before the pool is there
  }

  /**
   * Begins anew. About half of the room is used if so many come, and the looks at the clock, some 60 ns for each, make
   * no more than 2 % if each takes so many ns. The numbers of those that are looked at must not have a factor in common
   * with a round or a group: it would always be the same place in them.
   */
  void begin(double expected, double each, long round, long group) {
    stride = (long) Math.max(expected * 2 / values.length, 3000 / each) + 1;
    while (common(stride, round) != 1 || common(stride, group) != 1) stride++;
    next = 0;
    used = 0;
  }

  private static long common(long a, long b) {
    return b == 0 ? a : common(b, a % b);
  }

  /** Where in the values the latency of the n-th belongs; -1: it is not looked at. */
  int look(long n) {
    return n == next ? take() : -1;
  }

  private int take() {
    if (used == values.length) {
      next = Long.MAX_VALUE;
      return -1;
    }
    next += stride;
    return used++;
  }
}
