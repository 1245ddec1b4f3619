// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

import java.util.HashMap;
import java.util.Map;

/** The arguments KEY=VALUE of a run, and what a program of the study ends with when it measures nothing. */
final class Options {
  /** It does not understand its arguments. */
  static final int MISUSED = 2;

  /** The subject cannot do what they ask for. */
  static final int CANNOT = 3;

  private static final class Number {
    double value;
    double least;
    double most;
    boolean whole;
  }

  private final Map<String, Number> numbers = new HashMap<>();
  private final String wordKey;
  private String word;

  /** Of the keys one is a word. Each keeps the value that it has here unless there is an argument. */
  Options(String wordKey, String word) {
    this.wordKey = wordKey;
    this.word = word;
  }

  static void fail(int status, String text) {
    System.err.println(text);
    System.exit(status);
  }

  private Options add(String key, double value, double least, double most, boolean whole) {
    Number number = new Number();
    number.value = value;
    number.least = least;
    number.most = most;
    number.whole = whole;
    numbers.put(key, number);
    return this;
  }

  Options whole(String key, long value, long least, long most) {
    return add(key, value, least, most, true);
  }

  Options fraction(String key, double value, double least, double most) {
    return add(key, value, least, most, false);
  }

  Options parse(String[] arguments, int first) {
    for (int i = first; i < arguments.length; i++) {
      int at = arguments[i].indexOf('=');
      if (at < 0) fail(MISUSED, "not KEY=VALUE: " + arguments[i]);
      String key = arguments[i].substring(0, at);
      String value = arguments[i].substring(at + 1);
      if (key.equals(wordKey)) {
        word = value;
      } else if (numbers.containsKey(key)) {
        read(key, numbers.get(key), value);
      } else {
        fail(MISUSED, "no such key: " + key);
      }
    }
    return this;
  }

  private static void read(String key, Number number, String text) {
    double value = Double.NaN;
    try {
      value = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      // not in the range of any number
    }
    boolean inRange = value >= number.least && value <= number.most;
    if (!inRange || number.whole && value != Math.rint(value)) fail(MISUSED, "bad value of " + key + ": " + text);
    number.value = value;
  }

  String word() {
    return word;
  }

  double number(String key) {
    return numbers.get(key).value;
  }

  long count(String key) {
    return (long) number(key);
  }
}
