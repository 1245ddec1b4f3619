// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Messages come in, each with several parts of work. A group for each message runs its parts on the one pool, and a
//! message is acknowledged when all of its parts are done, or refused with the reason of the first that failed.
//!
//!     cargo run --example fanout

use libpool::{Pool, PoolOptions, Result};

struct Message {
    id: u32,
    body: String,
}

/// What is known of a message after its three parts, which run side by side and write to the stack of this call.
#[derive(Debug, Default)]
struct Summary {
    bytes: usize,
    words: usize,
    sum: u64,
}

fn summarize(pool: &Pool, message: &Message) -> Result<Summary> {
    let mut summary = Summary::default();
    let Summary { bytes, words, sum } = &mut summary;
    pool.scope(|s| -> Result<()> {
        s.spawn(|| *bytes = message.body.len())?;
        s.spawn(|| *words = message.body.split_whitespace().count())?;
        s.spawn(|| -> std::result::Result<(), String> {
            for word in message.body.split_whitespace() {
                *sum += word.parse::<u64>().map_err(|error| format!("{word:?}: {error}"))?;
            }
            Ok(())
        })?;
        Ok(())
    })??;
    Ok(summary)
}

fn main() -> Result<()> {
    let pool = PoolOptions::new().max_workers(4).name("fanout").create()?;
    let bodies = ["1 2 3", "40 two", "500 60 7"];
    let messages: Vec<_> = (1..).zip(bodies).map(|(id, body)| Message { id, body: body.into() }).collect();

    // The messages themselves are tasks, too: their waits run parts of their own scope meanwhile, so that no worker
    // stands still.
    let summaries: Vec<_> = pool.scope(|s| -> Result<Vec<_>> {
        let jobs: Result<Vec<_>> =
            messages.iter().map(|message| Ok(s.spawn_job(|| summarize(&pool, message))?)).collect();
        Ok(jobs?.into_iter().map(|job| job.join()).collect())
    })??;
    for (message, summary) in messages.iter().zip(summaries) {
        match summary.expect("a job that is neither cancelled nor panics has a result") {
            Ok(Summary { bytes, words, sum }) => {
                println!("message {}: {bytes} bytes, {words} words, sum {sum}", message.id);
            }
            Err(error) => println!("message {}: {error}", message.id),
        }
    }
    Ok(())
}
