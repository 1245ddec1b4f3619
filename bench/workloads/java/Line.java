// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.Arrays;
import java.util.StringJoiner;

/** The JSON object that a run prints. */
final class Line {
  private final StringJoiner fields = new StringJoiner(", ");

  void add(String name, long value) {
    fields.add("\"" + name + "\": " + value);
  }

  void add(String name, double value) {
    fields.add("\"" + name + "\": " + value);
  }

  void add(Line other) {
    if (other.fields.length() != 0) fields.merge(other.fields);
  }

  /** Adds nothing without any values. */
  void addPercentiles(String name, long[] values) {
    if (values.length == 0) return;
    Arrays.sort(values);
    add(name + "_p50", values[(int) (values.length * 500L / 1000)]);
    add(name + "_p99", values[(int) (values.length * 990L / 1000)]);
    add(name + "_p999", values[(int) (values.length * 999L / 1000)]);
  }

  void print() {
    System.out.println("{" + fields + "}");
  }
}
