// error: [E0277]: the trait bound `Mine: libpool::task::sealed::Sealed` is not satisfied
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

struct Mine;

impl libpool::Outcome for Mine {
    fn code(self) -> i32 {
        7
    }
}

fn main() {}
