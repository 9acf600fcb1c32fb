//! Debian packages: installed as root, else named.

use std::process::Command;

use anyhow::{Result, bail};

use crate::log::Log;
use crate::setup::machine;

/// Something the commands need and the packages that bring it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    /// What for.
    pub(crate) purpose: &'static str,
    /// Whether it is there.
    pub(crate) is_met: fn() -> bool,
    /// What brings it.
    pub(crate) packages: &'static [&'static str],
}

/// For every build.
pub(crate) const BUILD: &[Need] = &[Need {
    purpose: "compiling the C parts of dependencies",
    is_met: || machine::find("cc").is_some(),
    packages: &["build-essential"],
}];

/// For tools from PyPI.
pub(crate) const PYTHON: &[Need] = &[Need {
    purpose: "tools from PyPI",
    is_met: has_venv,
    packages: &["python3", "python3-venv"],
}];

/// For the tests with real clients.
pub(crate) const CLIENTS: &[Need] = &[
    Need {
        purpose: "compiling the C parts of Python clients",
        is_met: has_python_headers,
        packages: &["python3-dev"],
    },
    Need {
        purpose: "HTTP requests as users make them",
        is_met: || machine::find("curl").is_some(),
        packages: &["curl"],
    },
    Need {
        purpose: "MQTT clients",
        is_met: || machine::find("mosquitto_pub").is_some(),
        packages: &["mosquitto-clients"],
    },
    Need {
        purpose: "a log sender",
        is_met: has_syslog_ng,
        packages: &["syslog-ng-core", "syslog-ng-mod-http"],
    },
];

/// For the browser tests.
pub(crate) const BROWSER: &[Need] = &[Need {
    purpose: "the browser tests",
    is_met: || machine::find("chromium").is_some(),
    packages: &["chromium"],
}];

/// For the benches.
pub(crate) const BENCH: &[Need] = &[Need {
    purpose: "the broker the gateway is compared with",
    is_met: || machine::find("mosquitto").is_some(),
    packages: &["mosquitto"],
}];

fn has_venv() -> bool {
    machine::ask("python3", &["-c", "import venv, ensurepip"]).is_some()
}

fn has_python_headers() -> bool {
    let ask = "import os, sysconfig, sys; \
        sys.exit(not os.path.exists(sysconfig.get_paths()['include'] + '/Python.h'))";
    machine::ask("python3", &["-c", ask]).is_some()
}

fn has_syslog_ng() -> bool {
    let module = "find /usr/lib -name libhttp.so -path '*syslog-ng*' | grep -q .";
    machine::find("syslog-ng").is_some() && machine::ask("sh", &["-c", module]).is_some()
}

/// Installs what is missing, or fails with the line that installs it.
pub(crate) fn ensure(needs: &[Need], log: &mut Log) -> Result<()> {
    let missing: Vec<_> = needs.iter().filter(|need| !(need.is_met)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().flat_map(|need| need.packages).copied().collect();
    let line = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !machine::is_root() || machine::find("apt-get").is_none() {
        let purposes: Vec<_> = missing.iter().map(|need| need.purpose).collect();
        bail!("needed for {}: as root, run `apt-get update && {line}`", purposes.join(", "));
    }
    log.run(apt().arg("update"))?.success()?;
    // Nothing of the machine's is removed to make room: then the line is for a person to decide on.
    let install = ["install", "--yes", "--no-install-recommends", "--no-remove"];
    log.run(apt().args(install).args(&packages))?.success()?;
    match needs.iter().find(|need| !(need.is_met)()) {
        Some(need) => bail!("`{line}` ran, but {} is still missing", need.purpose),
        None => Ok(()),
    }
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn met_needs_install_nothing() {
        let path = std::env::temp_dir().join(format!("xtask-debian-{}", std::process::id()));
        let mut log = Log::create(&path).unwrap();
        let met = Need { purpose: "a test", is_met: || true, packages: &["no-such-package"] };
        ensure(&[met], &mut log).unwrap();
        assert_eq!(log.read().unwrap(), "");
    }
}
