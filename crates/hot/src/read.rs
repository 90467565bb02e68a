//! Reading entries of the spool and making chunks of them. Blocks, and computes.

use corelog_spool::{Reader, Stored};
use corelog_types::Sequence;

use crate::becomes::Becoming;
use crate::{Chunk, Error};

/// A chunk ends once its events take this much memory, or its entries are this many. Events rather than entries are
/// measured: an entry of a kilobyte may have bodies of megabytes beside the spool.
const CHUNK_BYTES: usize = 1 << 20;
const ENTRIES_MAX: usize = 512;

/// Reads the next chunk, which begins at `first`; `None` where no entry follows yet, up to `last` if that is given.
///
/// After an error the reader is of no use any more: it is past entries that nobody has events of.
pub(crate) fn chunk(
    reader: &mut Reader,
    becoming: &Becoming,
    first: Sequence,
    last: Option<Sequence>,
) -> Result<Option<Chunk>, Error> {
    let mut chunk = Chunk::begin(first);
    let mut entries = 0;
    while entries < ENTRIES_MAX && chunk.bytes < CHUNK_BYTES {
        let wanted = |it: &Stored| last.is_none_or(|last| it.sequence <= last);
        let Some(stored) = reader.next().map_err(Error::Read)?.filter(wanted) else {
            break;
        };
        let sequence = stored.sequence;
        let became = becoming
            .events_of((&stored).into())
            .map_err(|source| Error::Convert { sequence, source })?;
        chunk.push(sequence, became);
        entries += 1;
    }
    Ok((entries > 0).then_some(chunk))
}
