// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! The arguments KEY=VALUE of a run of the study.

/// What a program of the study ends with when it does not understand its arguments.
pub const MISUSED: i32 = 2;
/// The same if rayon cannot do what they ask for.
pub const CANNOT: i32 = 3;

pub fn fail(status: i32, text: &str) -> ! {
    eprintln!("{}", text);
    std::process::exit(status)
}

/// Keys with the values that they have unless there is an argument: one that is a word, the others numbers.
pub struct Options {
    word: (&'static str, String),
    numbers: Vec<Number>,
}

struct Number {
    key: &'static str,
    value: f64,
    least: f64,
    most: f64,
    whole: bool,
}

impl Options {
    pub fn new(key: &'static str, word: &str) -> Options {
        Options {
            word: (key, word.to_string()),
            numbers: Vec::new(),
        }
    }

    pub fn whole(mut self, key: &'static str, value: usize, least: usize, most: usize) -> Options {
        let (value, least, most) = (value as f64, least as f64, most as f64);
        self.numbers.push(Number {
            key,
            value,
            least,
            most,
            whole: true,
        });
        self
    }

    pub fn fraction(mut self, key: &'static str, value: f64, least: f64, most: f64) -> Options {
        self.numbers.push(Number {
            key,
            value,
            least,
            most,
            whole: false,
        });
        self
    }

    pub fn parse(mut self, arguments: &[String]) -> Options {
        for argument in arguments {
            match argument.split_once('=') {
                None => fail(MISUSED, &format!("not KEY=VALUE: {}", argument)),
                Some((key, value)) if key == self.word.0 => self.word.1 = value.to_string(),
                Some((key, value)) => match self.numbers.iter_mut().find(|number| number.key == key) {
                    None => fail(MISUSED, &format!("no such key: {}", key)),
                    Some(number) => number.read(value),
                },
            }
        }
        self
    }

    pub fn word(&self) -> &str {
        &self.word.1
    }

    pub fn number(&self, key: &str) -> f64 {
        self.numbers
            .iter()
            .find(|number| number.key == key)
            .expect("a key")
            .value
    }

    pub fn count(&self, key: &str) -> usize {
        self.number(key) as usize
    }
}

impl Number {
    fn read(&mut self, text: &str) {
        match text.parse::<f64>() {
            Ok(value) if value >= self.least && value <= self.most && (!self.whole || value.fract() == 0.0) => {
                self.value = value
            }
            _ => fail(MISUSED, &format!("bad value of {}: {}", self.key, text)),
        }
    }
}
