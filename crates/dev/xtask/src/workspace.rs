//! What cargo knows about the workspace.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// One dependency line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package it names.
    pub(crate) name: String,
    /// `normal`, `dev` or `build`.
    pub(crate) kind: String,
}

/// One crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// The package name.
    pub(crate) name: String,
    /// Its folder below `crates/`, such as `kernels/policy`.
    pub(crate) folder: String,
    /// What its manifest names, ours and others.
    pub(crate) dependencies: Vec<Dependency>,
}

/// The checkout and its crates.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Our crates.
    pub(crate) packages: Vec<Package>,
}

impl Workspace {
    /// Asks cargo; needs no network.
    pub(crate) fn load() -> Result<Self> {
        let metadata = metadata(&["--no-deps"])?;
        Self::read(&metadata)
    }

    /// Reads the answer of `cargo metadata --no-deps`.
    pub(crate) fn read(metadata: &Value) -> Result<Self> {
        let root = PathBuf::from(text(metadata, "workspace_root")?);
        let target = PathBuf::from(text(metadata, "target_directory")?);
        let mut packages = Vec::new();
        for package in metadata["packages"].as_array().into_iter().flatten() {
            packages.push(read_package(&root, package)?);
        }
        packages.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(Self { root, target, packages })
    }

    /// Where tools, stamps and logs of these commands live: beside the build, never in git.
    pub(crate) fn cache(&self) -> PathBuf {
        self.target.join("xtask")
    }
}

/// Runs `cargo metadata`.
pub(crate) fn metadata(args: &[&str]) -> Result<Value> {
    let output = std::process::Command::new("cargo")
        .args(["metadata", "--format-version", "1"])
        .args(args)
        .output()
        .context("failed to run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("failed to read the answer of cargo metadata")
}

fn read_package(root: &Path, package: &Value) -> Result<Package> {
    let manifest = PathBuf::from(text(package, "manifest_path")?);
    let folder = manifest
        .parent()
        .and_then(|folder| folder.strip_prefix(root.join("crates")).ok())
        .with_context(|| format!("{} is outside crates/", manifest.display()))?;
    let mut dependencies = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let kind = dependency["kind"].as_str().unwrap_or("normal").to_owned();
        dependencies.push(Dependency { name: text(dependency, "name")?, kind });
    }
    let folder = folder.to_string_lossy().replace('\\', "/");
    Ok(Package { name: text(package, "name")?, folder, dependencies })
}

fn text(value: &Value, key: &str) -> Result<String> {
    let found = value[key].as_str().with_context(|| format!("cargo metadata has no `{key}`"))?;
    Ok(found.to_owned())
}
