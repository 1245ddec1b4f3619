// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Programs that must not compile. Each names in its first line what the compiler has to say, the same in all versions;
//! the rest of the message is the compiler's, so that trybuild is left to write it down and not to compare it.

use std::path::{Path, PathBuf};

#[test]
fn unsound_programs_do_not_compile() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let mut programs: Vec<PathBuf> = std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()).collect();
    programs.sort();
    assert!(!programs.is_empty());

    std::env::set_var("TRYBUILD", "overwrite");
    let cases = trybuild::TestCases::new();
    for program in &programs {
        let copy = scratch.join(program.file_name().unwrap());
        std::fs::copy(program, &copy).unwrap();
        match expected(program) {
            Some(_) => cases.compile_fail(copy),
            None => cases.pass(copy),
        }
    }
    drop(cases); // runs them

    for program in &programs {
        if let Some(expected) = expected(program) {
            let said = scratch.join(program.file_name().unwrap()).with_extension("stderr");
            let said = std::fs::read_to_string(said).unwrap();
            assert!(said.contains(&expected), "{}: not {expected}, but\n{said}", program.display());
            let errors = said.lines().filter(|line| line.starts_with("error")).count();
            assert_eq!(errors, 1, "{}\n{said}", program.display());
        }
    }
}

/// What follows "// error: " in the first line; `None`: the program compiles and runs.
fn expected(program: &Path) -> Option<String> {
    let text = std::fs::read_to_string(program).unwrap();
    text.lines().next().unwrap().strip_prefix("// error: ").map(str::to_owned)
}
