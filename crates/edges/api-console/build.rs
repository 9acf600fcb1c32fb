//! Makes a release build, which holds the console's files, notice that they were built again.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "this is how Cargo is talked to")]

fn main() {
    let debug = std::env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    println!("cargo:rerun-if-changed=build.rs");
    if !debug {
        println!("cargo:rerun-if-changed=../../../console/dist");
    }
}
