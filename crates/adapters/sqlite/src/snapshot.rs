//! The whole registry as facts, read by several connections that see the same moment.
//!
//! What a fact names comes before it: first groups and policies, then things and certificates, then
//! what ties them. Within such a step the tables are read side by side.

use std::sync::Arc;

use picket_core::{PolicyName, Timestamp};
use picket_ports::RegistryError;
use picket_ports::registry::RegistryChange;
use rusqlite::{Connection, Row};
use tokio::sync::mpsc;

use crate::failure::{Failure, Outcome};
use crate::feed::{Changes, Publisher};
use crate::{Result, certificates, policies, rows, things};

// Large, because a chunk costs its reader and its visitor a switch each.
const CHUNK: usize = 4096;
const CHUNKS_WAITING_MAX: usize = 4;

type Chunks = mpsc::Sender<Changes>;
type Table = fn(&Connection, &mut Sink) -> Outcome<()>;

/// The tables of each step.
const STEPS: [&[Table]; 3] = [
    &[|database, sink| all_groups(database, sink).and_then(|()| all_policies(database, sink))],
    &[all_things, all_certificates],
    &[all_memberships, all_attachments, all_policy_attachments],
];
const CONNECTIONS: usize = 3;

/// Calls `visit` with every fact; returns the revision they make up.
pub(crate) async fn take(
    open: impl Fn() -> Outcome<Connection> + Send + 'static,
    publisher: Arc<Publisher>,
    visit: &mut (dyn FnMut(RegistryChange) + Send),
) -> Result<u64> {
    let opened = tokio::task::spawn_blocking(move || open_all(open, &publisher)).await;
    let (mut connections, revision) = opened.map_err(failed)??;
    for tables in STEPS {
        let (chunks, mut arriving) = mpsc::channel::<Changes>(CHUNKS_WAITING_MAX);
        let mut reading = Vec::new();
        for table in tables {
            let Some(database) = connections.pop() else {
                return Err(failed("a snapshot has too few connections"));
            };
            let chunks = chunks.clone();
            reading.push(tokio::task::spawn_blocking(move || read(database, *table, chunks)));
        }
        drop(chunks);
        while let Some(chunk) = arriving.recv().await {
            chunk.into_iter().for_each(&mut *visit);
        }
        for table in reading {
            connections.push(table.await.map_err(failed)??);
        }
    }
    Ok(revision)
}

fn failed(error: impl ToString) -> RegistryError {
    RegistryError::Storage(error.to_string())
}

/// Opens the connections and has each begin to see the same moment: between two commits.
fn open_all(
    open: impl Fn() -> Outcome<Connection>,
    publisher: &Publisher,
) -> Result<(Vec<Connection>, u64)> {
    let connections = (0..CONNECTIONS).map(|_| open()).collect::<Outcome<Vec<_>>>()?;
    let gate = publisher.hold();
    for database in &connections {
        // A transaction begins to see with its first read.
        let begun = database.execute_batch("BEGIN; SELECT 1 FROM things LIMIT 1;");
        begun.map_err(Failure::from)?;
    }
    let revision = publisher.revision();
    drop(gate);
    Ok((connections, revision))
}

fn read(database: Connection, table: Table, chunks: Chunks) -> Result<Connection> {
    let mut sink = Sink { chunk: Vec::with_capacity(CHUNK), chunks };
    table(&database, &mut sink)?;
    sink.flush()?;
    Ok(database)
}

/// Collects facts and hands them on in chunks.
struct Sink {
    chunk: Changes,
    chunks: Chunks,
}

impl Sink {
    fn add(&mut self, fact: RegistryChange) -> Outcome<()> {
        self.chunk.push(fact);
        if self.chunk.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Outcome<()> {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        let sent = self.chunks.blocking_send(chunk);
        sent.map_err(|_| failed("whoever wanted the snapshot has gone").into())
    }
}

fn each(
    database: &Connection,
    text: &str,
    mut visit: impl FnMut(&Row<'_>) -> Outcome<()>,
) -> Outcome<()> {
    let mut statement = database.prepare(text)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        visit(row)?;
    }
    Ok(())
}

/// Parents before their children.
fn all_groups(database: &Connection, sink: &mut Sink) -> Outcome<()> {
    let text = "WITH RECURSIVE below (name, parent) AS (
                    SELECT name, parent FROM thing_groups WHERE parent IS NULL
                    UNION ALL
                    SELECT child.name, child.parent
                    FROM thing_groups AS child JOIN below ON child.parent = below.name
                ) SELECT name, parent FROM below";
    each(database, text, |row| {
        let (name, parent) = (rows::text(row, 0)?, rows::maybe_text(row, 1)?);
        sink.add(RegistryChange::Group { name, parent })
    })
}

fn all_policies(database: &Connection, sink: &mut Sink) -> Outcome<()> {
    each(database, policies::SELECT_ALL, |row| sink.add(policies::fact(&policies::read(row)?)))
}

fn all_things(database: &Connection, sink: &mut Sink) -> Outcome<()> {
    each(database, things::SELECT_ALL, |row| {
        sink.add(RegistryChange::Thing(Arc::new(things::read(row)?)))
    })
}

fn all_certificates(database: &Connection, sink: &mut Sink) -> Outcome<()> {
    each(database, "SELECT id, status, not_after FROM certificates", |row| {
        sink.add(RegistryChange::Certificate {
            id: rows::certificate_id(row, 0)?,
            status: certificates::status(row, 1)?,
            not_after: Timestamp::from_millis(row.get(2)?),
        })
    })
}

fn all_memberships(database: &Connection, sink: &mut Sink) -> Outcome<()> {
    each(database, "SELECT thing, thing_group FROM memberships", |row| {
        sink.add(RegistryChange::Joined(rows::thing_name(row, 0)?, rows::text(row, 1)?))
    })
}

fn all_attachments(database: &Connection, sink: &mut Sink) -> Outcome<()> {
    each(database, "SELECT thing, certificate, is_exclusive FROM thing_attachments", |row| {
        sink.add(RegistryChange::Attached {
            thing: rows::thing_name(row, 0)?,
            certificate: rows::certificate_id(row, 1)?,
            is_exclusive: row.get(2)?,
        })
    })
}

fn all_policy_attachments(database: &Connection, sink: &mut Sink) -> Outcome<()> {
    let text = "SELECT policy, target_kind, target FROM policy_attachments ORDER BY policy";
    let mut last: Option<PolicyName> = None;
    each(database, text, |row| {
        // Most fleets have few policies: their names are shared.
        let name = rows::text_ref(row, 0)?;
        let policy = match last.take().filter(|last| last.as_str() == name) {
            Some(last) => last,
            None => rows::policy_name(row, 0)?,
        };
        last = Some(policy.clone());
        sink.add(RegistryChange::PolicyAttached(policy, policies::read_target(row, 1)?))
    })
}
