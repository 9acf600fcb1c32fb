//! `rare`

use super::{Command, top};

pub(crate) const COMMAND: Command = Command {
    name: "rare",
    aliases: &[],
    syntax: "rare [limit=<n>] [showcount=<bool>] [showperc=<bool>] [countfield=<name>] [percentfield=<name>] [useother=<bool>] [otherstr=<text>] <field>… [BY <field>…]",
    doc: "The least frequent values, or combinations of values, with their number and share.",
    example: "search index=iot | rare limit=5 port",
    generates: false,
    parse: |parser| top::parse(parser, "rare"),
};
