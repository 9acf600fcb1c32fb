//! Runs one target under libFuzzer: `cargo xtask fuzz TARGET` builds and starts this.

#![cfg_attr(feature = "libfuzzer", no_main)]

#[cfg(feature = "libfuzzer")]
mod under_libfuzzer {
    use std::sync::OnceLock;

    use picket_fuzz::Target;

    /// Names the target, since libFuzzer's own arguments cannot.
    const VARIABLE: &str = "PICKET_FUZZ_TARGET";

    fn target() -> Target {
        static TARGET: OnceLock<Target> = OnceLock::new();
        *TARGET.get_or_init(|| {
            #[expect(
                clippy::disallowed_methods,
                reason = "the only way past libFuzzer's arguments"
            )]
            let name = std::env::var(VARIABLE).unwrap_or_default();
            picket_fuzz::find(&name)
                .unwrap_or_else(|| panic!("{VARIABLE} names no target: `{name}`"))
        })
    }

    libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
        let (_, run) = target();
        run(bytes);
    });
}

#[cfg(not(feature = "libfuzzer"))]
fn main() -> std::process::ExitCode {
    eprintln!("this is built for fuzzing by `cargo xtask fuzz TARGET`; the targets are:");
    for (name, _) in picket_fuzz::TARGETS {
        eprintln!("  {name}");
    }
    std::process::ExitCode::from(2)
}
