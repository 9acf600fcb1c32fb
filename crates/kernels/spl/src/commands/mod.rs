//! The commands of a search (spec siem §3.7). One file each; [`ALL`] is the list.

mod axis;
mod bin;
mod calls;
mod chart;
mod convert;
mod dedup;
mod eval;
mod eventstats;
mod fields;
mod fillnull;
mod grouping;
mod head;
mod makeresults;
mod mvexpand;
mod pivot;
mod rare;
mod regex;
mod rename;
mod reverse;
mod rex;
mod search;
mod sed;
mod sort;
mod spath;
mod split;
mod stats;
mod table;
mod tail;
mod timechart;
mod top;
mod unsupported;
mod where_;

use std::fmt::Debug;

use async_trait::async_trait;

use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::nearest::hint;
use crate::parser::{Parser, Word};
use crate::run::{RunCx, RunError};

/// A command, as a person who writes searches sees it.
#[derive(Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub syntax: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// A search that uses it.
    pub example: &'static str,
    /// Whether it makes rows instead of taking them.
    pub generates: bool,
    /// Reads what follows the name.
    pub(crate) parse: fn(&mut Parser<'_>) -> Result<Box<dyn Stage>, SplError>,
}

/// Every command, by name.
pub const ALL: &[&Command] = &[
    &bin::COMMAND,
    &chart::COMMAND,
    &convert::COMMAND,
    &dedup::COMMAND,
    &eval::COMMAND,
    &eventstats::COMMAND,
    &fields::COMMAND,
    &fillnull::COMMAND,
    &head::COMMAND,
    &makeresults::COMMAND,
    &mvexpand::COMMAND,
    &rare::COMMAND,
    &regex::COMMAND,
    &rename::COMMAND,
    &reverse::COMMAND,
    &rex::COMMAND,
    &search::COMMAND,
    &sort::COMMAND,
    &spath::COMMAND,
    &stats::COMMAND,
    &table::COMMAND,
    &tail::COMMAND,
    &timechart::COMMAND,
    &top::COMMAND,
    &where_::COMMAND,
];

/// One step of a search, ready to run.
#[async_trait]
pub(crate) trait Stage: Debug + Send + Sync {
    /// The fields it needs of its input when `wanted` are needed of its output.
    fn reads(&self, wanted: Fields) -> Fields;

    /// Whether it turns events into a table.
    fn is_transforming(&self) -> bool {
        false
    }

    /// Puts the step on top of `flow`.
    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError>;
}

/// The command called `name`, in any case; an alias does as well.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    let is_named = |own: &&'static str| own.eq_ignore_ascii_case(name);
    let mut commands = ALL.iter();
    commands
        .find(|command| is_named(&command.name) || command.aliases.iter().any(is_named))
        .copied()
}

/// The command called `name`, or the error that says what it could be.
pub(crate) fn find_or_error(name: &Word) -> Result<&'static Command, SplError> {
    if let Some(command) = find(&name.text) {
        return Ok(command);
    }
    let lower = name.text.to_ascii_lowercase();
    let message = if unsupported::NAMES.contains(&lower.as_str()) {
        format!("the command `{lower}` is not supported")
    } else {
        let known = ALL
            .iter()
            .flat_map(|command| [command.name].into_iter().chain(command.aliases.iter().copied()));
        format!("there is no command `{}`{}", name.text, hint(&name.text, known))
    };
    Err(SplError::new(name.at, message))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::Query;

    #[test]
    fn every_command_has_an_example_that_uses_it() {
        for command in ALL {
            let query = Query::parse(command.example);
            let query = query.unwrap_or_else(|error| panic!("{}: {error:?}", command.example));
            assert!(query.commands().iter().any(|name| name == command.name), "{}", command.name);
            assert!(!command.doc.is_empty() && command.syntax.starts_with(command.name));
            assert!(!unsupported::NAMES.contains(&command.name), "{}", command.name);
            assert!(command.aliases.iter().all(|alias| !unsupported::NAMES.contains(alias)));
        }
        assert!(ALL.is_sorted_by_key(|command| command.name));
        assert!(unsupported::NAMES.is_sorted());
    }

    #[test]
    fn every_file_with_a_command_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let has_command = |path: &std::path::PathBuf| {
            std::fs::read_to_string(path).unwrap().contains(concat!("const COMMAND", ": Command"))
        };
        let name = |path: std::path::PathBuf| {
            path.file_stem().unwrap().to_str().unwrap().trim_end_matches('_').to_owned()
        };
        let files: BTreeSet<String> = files.filter(has_command).map(name).collect();
        let listed: BTreeSet<String> = ALL.iter().map(|command| command.name.to_owned()).collect();
        assert_eq!(files, listed);
    }
}
