//! What happens to one batch: backups, delivery, and the account of it.

use std::ops::Range;
use std::path::PathBuf;

use bytes::Bytes;
use uuid::Uuid;

use crate::backup::key::ObjectName;
use crate::backup::lines;
use crate::batch::Batch;
use crate::books::{LEFT_OUT, PROCESSING_FAILED, SPLUNK_FAILED, STREAM_DELETED};
use crate::document::Compression;
use crate::hec::deliver::{Delivering, Refused, Spent, Stopped};
use crate::route::Route;
use crate::stream::Stream;

/// A batch that has been delivered or backed up.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The records that need not be looked at again.
    pub(crate) sequences: Range<u64>,
}

/// An object for the backup.
struct Object<'a> {
    /// What it holds: `data`, or the name of a folder of failed records.
    kind: &'a str,
    sequences: Range<u64>,
    oldest: picket_core::Timestamp,
    bytes: Bytes,
}

const DATA: &str = "data";
const PROCESSING_FOLDER: &str = "processing-failed";
const SPLUNK_FOLDER: &str = "splunk-failed";

/// Brings a batch to its end. Only an engine that stops leaves it unfinished.
pub(crate) async fn run(stream: &Stream, mut batch: Batch) -> Result<Finished, Stopped> {
    let route = stream.route();
    let (sequences, oldest) = (batch.sequences.clone(), batch.oldest);
    let object = |kind, bytes: Vec<u8>| Object {
        kind,
        sequences: sequences.clone(),
        oldest,
        bytes: bytes.into(),
    };
    if !batch.source.is_empty() {
        let source = std::mem::take(&mut batch.source);
        store(stream, &route, object(DATA, source)).await?;
    }
    if !batch.unprocessed.is_empty() {
        let mut bytes = Vec::new();
        let arn = route.transform.arn();
        for record in &batch.unprocessed {
            lines::write_processing(&record.data, record.arrived, arn, &record.cause, &mut bytes);
        }
        store(stream, &route, object(PROCESSING_FOLDER, bytes)).await?;
    }
    let body = Bytes::from(std::mem::take(&mut batch.body));
    let ends: Vec<usize> = (0..batch.entries.len()).map(|place| batch.span(place).end).collect();
    let delivering = Delivering {
        routes: stream.routes.subscribe(),
        clock: &*stream.common.clock,
        books: &stream.books,
        soft: &stream.common.tasks.token(),
        hard: &stream.hard,
        backoff: stream.common.config.backoff(),
        spent: Spent::default(),
    };
    let refused = delivering.deliver(&body, &ends).await?;
    let (bytes, failed) = failed_lines(stream, &batch, &body, &refused);
    if !bytes.is_empty() {
        store(stream, &route, object(SPLUNK_FOLDER, bytes)).await?;
    }
    book(stream, &batch, &body, &refused, failed);
    Ok(Finished { sequences })
}

/// The lines of the records, or parts of records, that were given up, and how many records these are.
fn failed_lines(
    stream: &Stream,
    batch: &Batch,
    body: &Bytes,
    refused: &[Refused],
) -> (Vec<u8>, u64) {
    let mut bytes = Vec::new();
    let mut failed = 0;
    let mut open = refused;
    for (place, entry) in batch.entries.iter().enumerate() {
        let span = batch.span(place);
        let mut hit = false;
        while let Some(part) = open.first().filter(|part| part.range.start < span.end) {
            let inside = part.range.start.max(span.start)..part.range.end.min(span.end);
            if let Some(data) = body.get(inside.clone()).filter(|data| !data.is_empty()) {
                hit = true;
                let id = stream.names.event_id(entry.sequence);
                lines::write_splunk(data, entry.arrived, id, &part.cause, &mut bytes);
            }
            if part.range.end > span.end {
                break;
            }
            open = open.get(1..).unwrap_or_default();
        }
        failed += u64::from(hit);
    }
    (bytes, failed)
}

fn book(stream: &Stream, batch: &Batch, body: &Bytes, refused: &[Refused], failed: u64) {
    let books = &stream.books;
    let gone = refused.iter().any(|part| part.cause.code == "Picket.StreamDeleted");
    let entries = batch.entries.len() as u64;
    let lost: usize = refused.iter().map(|part| part.range.len()).sum();
    books.delivered_bytes(body.len().saturating_sub(lost) as u64);
    books.ledger.delivered(entries - failed);
    for (reason, records) in [
        (if gone { STREAM_DELETED } else { SPLUNK_FAILED }, failed),
        (PROCESSING_FAILED, batch.unprocessed.len() as u64),
        (LEFT_OUT, batch.left_out),
    ] {
        if records > 0 {
            books.ledger.dropped(reason, records);
        }
    }
    books.release(batch.source_bytes);
}

/// Writes an object, trying until it works: without its backup a record must not be let go.
async fn store(stream: &Stream, route: &Route, object: Object<'_>) -> Result<PathBuf, Stopped> {
    let settings = route.backup();
    let Object { kind, sequences: Range { start, end }, oldest, bytes } = object;
    // The same for the same records, so that a repetition after a crash replaces what it repeats.
    let seed = format!("{}/{start}-{end}/{kind}", stream.names.record_id(start));
    let name = ObjectName {
        stream: &stream.name,
        version: route.version,
        oldest,
        id: Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes()),
        extension: if settings.compression == Compression::Gzip { ".gz" } else { "" },
    };
    let template = if kind == DATA { &settings.data } else { &settings.errors };
    let key = template.key(kind, name);
    let mut pause = stream.common.config.backoff();
    loop {
        let backup = &stream.common.backup;
        match backup.put(&settings.bucket, &key, bytes.clone(), settings.compression).await {
            Ok(path) => return Ok(path),
            Err(error) => {
                let message = format!("delivery waits: object {key} cannot be written: {error}");
                stream.books.note("Picket.BackupFailed", &message);
            }
        }
        tokio::select! {
            () = stream.common.tasks.stopping() => return Err(Stopped),
            () = tokio::time::sleep(crate::hec::jittered(pause)) => {}
        }
        pause = pause.saturating_mul(2);
    }
}
