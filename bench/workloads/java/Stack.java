// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

/**
 * Recurs until 64 KiB of stack are in use. Java has no arrays on the stack: where others have 64 levels that fill 1 KiB
 * each, this has 512 that fill theirs with arguments, and compiled code of Java 17 and 25 takes 128 bytes for a level.
 * So there are eight times as many calls, and their return addresses and arguments are what is written.
 */
final class Stack {
  private static final int LEVELS = 512;
  private static volatile long zero;

  private Stack() {}

  static void use() {
    if (recur(LEVELS, zero, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) == zero) zero = 0;
  }

  private static long recur(
      int levels, long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l,
      long m, long n) {
    if (levels == 0) return a;
    long below = recur(levels - 1, b, c, d, e, f, g, h, i, j, k, l, m, n, a + levels);
    return below + (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ n);
  }
}
