//! `reverse`

use super::Command;
use super::tail::Backwards;

pub(crate) const COMMAND: Command = Command {
    name: "reverse",
    aliases: &[],
    syntax: "reverse",
    doc: "Turns the order of rows round.",
    example: "search index=iot | reverse",
    generates: false,
    parse: |_| Ok(Box::new(Backwards { rows_max: None })),
};
