// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Finds libpool by pkg-config and tells cargo how to link it.

fn main() {
    if let Err(error) = pkg_config::Config::new().atleast_version("1.0.0").probe("pool") {
        eprintln!("libpool was not found: install it, and name its folder with pool.pc in PKG_CONFIG_PATH.\n{error}");
        std::process::exit(1);
    }
}
