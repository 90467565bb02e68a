//! The recorder that keeps records in the spool.

use std::io;
use std::sync::Arc;

use corelog_capture::{Appended, Entry, Recorder, RecorderError, SealedSpill, Spill, Waiting};
use corelog_runtime::Clock;
use corelog_spool::{BlobWriter, SealedBlob, Spool};
use corelog_telemetry::Chain;
use corelog_types::RecordId;

/// Adapts a spool to the recorder port.
pub(crate) struct SpoolRecorder {
    pub(crate) spool: Spool,
    pub(crate) clock: Clock,
}

impl Recorder for SpoolRecorder {
    fn admit(&self) -> Result<(), RecorderError> {
        self.spool.admit().map_err(|error| error_of(&error))
    }

    fn intent(&self, id: RecordId, record: &[u8]) -> Result<(), RecorderError> {
        self.spool
            .intent(id, self.clock.now(), record)
            .map_err(|error| error_of(&error))
    }

    fn abandon(&self, id: RecordId) {
        if let Err(error) = self.spool.abandon(id, self.clock.now()) {
            tracing::warn!(error = %Chain(&error), %id, "an intent could not be withdrawn");
        }
    }

    fn gap(&self, _: RecordId) {
        self.spool.note_gap();
    }

    fn spill(&self, id: RecordId, part: &'static str) -> io::Result<Box<dyn Spill>> {
        let writer = self.spool.blob(id, part).map_err(io::Error::other)?;
        Ok(Box::new(Blob { writer, part }))
    }

    fn append(&self, entry: Entry<'_>) -> Result<Appended, RecorderError> {
        let mut blobs = Vec::with_capacity(entry.spills.len());
        for spill in entry.spills {
            let blob = spill.handle.downcast::<SealedBlob>().map_err(|_| {
                RecorderError::Failing("a body was sealed by another recorder".to_owned())
            })?;
            blobs.push(*blob);
        }
        let entry = corelog_spool::Entry {
            id: entry.id,
            time: self.clock.now(),
            payload: entry.pieces,
            blobs,
        };
        let appended = self.spool.append(entry).map_err(|error| error_of(&error))?;
        Ok(Appended(Box::new(appended)))
    }

    fn durable(&self, appended: Appended) -> Waiting {
        let spool = self.spool.clone();
        Box::pin(async move {
            let Ok(appended) = appended.0.downcast::<corelog_spool::Appended>() else {
                return Err(RecorderError::Failing(
                    "not this recorder's record".to_owned(),
                ));
            };
            spool
                .durable(*appended)
                .await
                .map_err(|error| error_of(&error))
        })
    }
}

struct Blob {
    writer: BlobWriter,
    part: &'static str,
}

impl io::Write for Blob {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Spill for Blob {
    fn reader(&mut self) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(Box::new(self.writer.reader()?))
    }

    fn seal(self: Box<Self>) -> io::Result<SealedSpill> {
        let sealed = self.writer.seal().map_err(io::Error::other)?;
        let bytes = sealed.blob().bytes;
        Ok(SealedSpill {
            part: self.part,
            bytes,
            handle: Box::new(sealed),
        })
    }
}

fn error_of(error: &corelog_spool::Error) -> RecorderError {
    let text = Chain(error).to_string();
    match error {
        corelog_spool::Error::Full { .. } => RecorderError::Full(text),
        _ => RecorderError::Failing(text),
    }
}

/// Stores the records of exchanges of whose end an earlier process kept none: it ended first, or its disk took no
/// more.
pub(crate) fn settle_interrupted(
    spool: &Spool,
    clock: &Clock,
    interrupted: &[corelog_spool::Intent],
) -> Result<(), corelog_spool::Error> {
    for intent in interrupted {
        spool.append(corelog_spool::Entry {
            id: intent.id,
            time: clock.now(),
            payload: &[&intent.payload],
            blobs: Vec::new(),
        })?;
    }
    spool.sync()
}

/// A recorder for the gateway.
pub(crate) fn of_spool(spool: &Spool, clock: &Clock) -> Arc<dyn Recorder> {
    Arc::new(SpoolRecorder {
        spool: spool.clone(),
        clock: clock.clone(),
    })
}
