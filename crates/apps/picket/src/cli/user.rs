//! `picket user`: who may log in to the console and call the APIs.

use std::io::{self, Read as _};

use clap::{Args, Subcommand, ValueEnum};
use picket_core::{Role, Secret};
use uuid::Uuid;

use super::output::{self, Format};
use super::{Failure, ServerArgs};
use crate::client::ConsoleClient;

/// More than any password may have.
const STDIN_BYTES_MAX: u64 = 4096;

/// Who may log in to the console.
#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// List the users
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make a user; prints the password that was made for them, once
    Create {
        /// Their name: letters, digits and ._@+-
        name: String,
        /// What they may do: look, work on alarms, change everything
        #[arg(long, value_enum)]
        role: RoleName,
        /// Take the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a user another role or password, which ends their sessions
    Set {
        /// Their name
        name: String,
        /// Their new role
        #[arg(long, value_enum)]
        role: Option<RoleName>,
        /// Take a new password from standard input
        #[arg(long, conflicts_with = "new_password")]
        password_stdin: bool,
        /// Make a new password, and print it once
        #[arg(long)]
        new_password: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Remove a user with their sessions and access keys
    Delete {
        /// Their name
        name: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    Viewer,
    Analyst,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Analyst => Self::Analyst,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &UserArgs) -> Result<(), Failure> {
    match &args.command {
        UserCommand::List { json, server } => {
            let users = ConsoleClient::open(server)?.users()?;
            let fields = ["name", "role", "created_ms", "modified_ms"].map(str::to_owned);
            output::print(if *json { Format::Json } else { Format::Table }, &fields, &users)
        }
        UserCommand::Create { name, role, password_stdin, server } => {
            let (password, is_made) = password(*password_stdin)?;
            ConsoleClient::open(server)?.create_user(name, &password, (*role).into())?;
            tell(&password, is_made)
        }
        UserCommand::Set { name, role, password_stdin, new_password, server } => {
            let chosen = match *password_stdin || *new_password {
                true => Some(password(*password_stdin)?),
                false if role.is_none() => {
                    return Err(Failure::usage(
                        "nothing to change; give --role, --new-password or --password-stdin",
                    ));
                }
                false => None,
            };
            let secret = chosen.as_ref().map(|(secret, _)| secret);
            ConsoleClient::open(server)?.change_user(name, role.map(Role::from), secret)?;
            chosen.map_or(Ok(()), |(secret, is_made)| tell(&secret, is_made))
        }
        UserCommand::Delete { name, server } => ConsoleClient::open(server)?.delete_user(name),
    }
}

/// A password, and whether it was made here.
fn password(from_stdin: bool) -> Result<(Secret, bool), Failure> {
    if !from_stdin {
        // 122 random bits.
        return Ok((Secret::new(Uuid::new_v4().simple().to_string()), true));
    }
    let mut text = String::new();
    io::stdin()
        .take(STDIN_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::other("the password could not be read", &error))?;
    Ok((Secret::new(text.trim_end_matches(['\r', '\n'])), false))
}

fn tell(password: &Secret, is_made: bool) -> Result<(), Failure> {
    match is_made {
        true => output::print_line(password.expose()),
        false => Ok(()),
    }
}
