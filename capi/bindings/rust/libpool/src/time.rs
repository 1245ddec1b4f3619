// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Durations as the nanoseconds of `pool.h`. `Duration::MAX`, and all beyond 292 years, is for ever.

use std::time::Duration;

/// Of a time-out or a delay.
pub(crate) fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Of an option, in which 0 would be its default and a negative time is none at all.
pub(crate) fn option_nanoseconds(duration: Duration) -> i64 {
    match nanoseconds(duration) {
        0 => -1,
        some => some,
    }
}
