//! Says where the console's built files are, and makes a build that holds them notice new ones.

#![expect(clippy::disallowed_methods, reason = "this is how Cargo is talked to")]

use std::env;
use std::io;
use std::path::PathBuf;

fn main() -> io::Result<()> {
    let manifest = env::var("CARGO_MANIFEST_DIR").map(PathBuf::from).map_err(io::Error::other)?;
    // Without `..`, as the folder may not be there yet and is compared with resolved paths.
    let dist = manifest.join("../../..").canonicalize()?.join("console/dist");
    println!("cargo:rustc-env=PICKET_CONSOLE_DIST={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");
    // A debug build reads the files when it runs.
    if env::var("PROFILE").is_ok_and(|profile| profile != "debug") {
        println!("cargo:rerun-if-changed={}", dist.display());
    }
    Ok(())
}
