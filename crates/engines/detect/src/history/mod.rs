//! Stored datapoints (spec device-defender §2.9): what evaluation keeps of each record, and what can be
//! found out from it later.
//!
//! Evaluation puts the datapoints of every record into a [`Kept`], which [encodes](codec) them at once
//! into one buffer. The worker hands it to the [`Recorder`] before it commits its own state: the same
//! record always writes the same keys, so a replay after a crash writes over what is there. Each UTC day
//! is a [store](days) of its own, in which a device's records lie together in time order.

mod backtest;
mod bands;
mod book;
mod codec;
mod days;
mod fleet;
mod kept;
mod measure;
mod port;
mod recorder;
mod replay;
mod series;
mod suggest;

pub(crate) use book::{SeriesBook, SeriesId};
pub(crate) use kept::{Kept, Origin};
pub(crate) use recorder::Recorder;

use std::sync::Arc;

use picket_ports::{LogError, StateStores};

/// The stored datapoints: who reads or writes them begins here.
#[derive(Debug)]
pub(crate) struct History {
    states: Arc<dyn StateStores>,
    book: Arc<SeriesBook>,
}

impl History {
    /// Opens what is stored.
    pub(crate) async fn open(states: Arc<dyn StateStores>) -> Result<Self, LogError> {
        let numbers = states.open_state(book::STORE).await?;
        let book = Arc::new(SeriesBook::open(numbers).await?);
        Ok(Self { states, book })
    }

    /// The numbers of series, under which evaluation keeps their values. Loading a profile asks for
    /// those of its metrics once.
    pub(crate) fn book(&self) -> &SeriesBook {
        &self.book
    }

    /// Writes datapoints. The worker has one.
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder::new(self.states.clone(), self.book.clone())
    }
}
