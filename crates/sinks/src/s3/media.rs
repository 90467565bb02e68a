//! Files in Converse content: each becomes an object of its own, and the body keeps its address.
//!
//! A body at hand is cut in memory. One in a blob is read three times and never held: to find the files,
//! to see how large what stays is, and, when everything is put, to hand the files out one after the other.

use std::io::{self, Read};

use bytes::Bytes;
use corelog_providers::json;
use corelog_providers::media::{Cutter, Finder, Media, alone, find};

use super::data::{BlobBody, DataBody, DataObject, GZIP_TYPE, Gzipping};
use super::place::{Apart, Body, delivers_medium, file_type_of};

const READ_BYTES: usize = 64 << 10;

/// A file that is cut out of a body.
#[derive(Debug, Clone)]
pub(crate) struct File {
    media: Media,
    /// What takes its place in the body.
    replacement: String,
    /// Its object's key; none where the destination does not deliver that kind.
    key: Option<String>,
    content_type: &'static str,
}

/// A body in a blob whose files are handed out while it is read.
#[derive(Debug, Clone)]
pub(crate) struct CutBlob {
    pub(crate) blob: BlobBody,
    files: Vec<File>,
    /// The key for what stays of the body, where that is too large for the line.
    rest_key: Option<String>,
}

/// Cuts a body that is at hand. `None` where there is nothing to cut.
pub(crate) fn cut_at_hand(
    body: Body<'_>,
    bytes: &[u8],
    data: &mut Vec<DataObject>,
) -> Option<Vec<u8>> {
    memchr::memmem::find(bytes, b"\"bytes\"")?;
    let files = name_files(body, find(bytes));
    if files.is_empty() {
        return None;
    }
    cut(files, bytes, data)
}

/// Cuts the delivered files out of a body at hand, and gives what that body is without anything else. `None` where
/// there is none.
pub(crate) fn alone_at_hand(
    body: Body<'_>,
    bytes: &[u8],
    data: &mut Vec<DataObject>,
) -> Option<Vec<u8>> {
    let files = name_files(body, find(bytes));
    let alone = delivered_alone(&files)?;
    cut(files, bytes, data).map(|_| alone)
}

/// The same of a body in a blob, whose files are handed out later.
pub(crate) fn alone_in_blob(
    body: Body<'_>,
    blob: BlobBody,
    key: String,
    data: &mut Vec<DataObject>,
) -> io::Result<Option<Vec<u8>>> {
    let files = find_in_blob(body, &blob)?;
    let alone = delivered_alone(&files);
    if alone.is_some() {
        data.push(DataObject {
            key,
            content_type: GZIP_TYPE,
            body: DataBody::Cut(CutBlob {
                blob,
                files,
                rest_key: None,
            }),
        });
    }
    Ok(alone)
}

fn delivered_alone(files: &[File]) -> Option<Vec<u8>> {
    let delivered = files.iter().filter(|file| file.key.is_some());
    let delivered: Vec<_> = delivered
        .map(|file| (file.media.clone(), file.replacement.clone()))
        .collect();
    (!delivered.is_empty()).then(|| alone(&delivered))
}

fn cut(files: Vec<File>, bytes: &[u8], data: &mut Vec<DataObject>) -> Option<Vec<u8>> {
    let mut rest = Vec::new();
    let mut cut: Vec<Vec<u8>> = vec![Vec::new(); files.len()];
    let mut cutter = Cutter::new(replacements(&files));
    cutter.push(bytes, &mut rest, &mut |at, part| {
        cut[at].extend_from_slice(part);
    });
    if !cutter.finish(&mut rest) {
        return None;
    }
    for (file, bytes) in files.into_iter().zip(cut) {
        if let Some(key) = file.key {
            data.push(DataObject {
                key,
                content_type: file.content_type,
                body: DataBody::Ready(bytes.into()),
            });
        }
    }
    Some(rest)
}

/// What of a blob stays in the body.
#[derive(Debug)]
pub(crate) enum Rest {
    /// There is nothing to cut.
    Uncut,
    /// It fits into the line.
    Small(Vec<u8>),
    /// It becomes an object of that key.
    Large(String),
}

/// Finds the files of a body in a blob and plans their objects.
pub(crate) fn cut_blob(
    body: Body<'_>,
    blob: BlobBody,
    rest_key: String,
    data: &mut Vec<DataObject>,
) -> io::Result<Rest> {
    let files = find_in_blob(body, &blob)?;
    if files.is_empty() {
        return Ok(Rest::Uncut);
    }
    let limit = usize::try_from(body.context.form.inline_bytes_max).unwrap_or(usize::MAX);
    let mut rest = Vec::new();
    let mut cutter = Cutter::new(replacements(&files));
    each_chunk(body.batch.blobs.open(blob.id, blob.name)?, |chunk| {
        cutter.push(chunk, &mut rest, &mut |_, _| {});
        rest.len() <= limit
    })?;
    let large = rest.len() > limit;
    data.push(DataObject {
        key: rest_key.clone(),
        content_type: GZIP_TYPE,
        body: DataBody::Cut(CutBlob {
            blob,
            files,
            rest_key: large.then(|| rest_key.clone()),
        }),
    });
    Ok(if large {
        Rest::Large(rest_key)
    } else {
        Rest::Small(rest)
    })
}

fn find_in_blob(body: Body<'_>, blob: &BlobBody) -> io::Result<Vec<File>> {
    let mut finder = Finder::new();
    each_chunk(body.batch.blobs.open(blob.id, blob.name)?, |chunk| {
        finder.push(chunk);
        true
    })?;
    Ok(name_files(body, finder.finish()))
}

fn name_files(body: Body<'_>, found: Vec<Media>) -> Vec<File> {
    let name = |(at, media): (usize, Media)| {
        let form = &body.context.form;
        let delivered =
            form.apart != Apart::Nowhere && delivers_medium(form.modalities, &media.extension);
        let key = delivered.then(|| {
            let part = body.header.name.as_str();
            format!("{}{part}_media_{at:02}.{}", body.data_key, media.extension)
        });
        let replacement = key.as_ref().map_or_else(
            || "{}".to_owned(),
            |key| {
                let mut text = b"{\"s3Uri\":".to_vec();
                json::write_string(&format!("{}/{key}", body.context.base), &mut text);
                text.push(b'}');
                String::from_utf8_lossy(&text).into_owned()
            },
        );
        File {
            content_type: file_type_of(&media.extension),
            media,
            replacement,
            key,
        }
    };
    found.into_iter().enumerate().map(name).collect()
}

fn replacements(files: &[File]) -> Vec<(Media, String)> {
    files
        .iter()
        .map(|file| (file.media.clone(), file.replacement.clone()))
        .collect()
}

/// Hands a source to `visit` until it answers `false` or the source ends.
fn each_chunk(
    mut source: Box<dyn Read + Send>,
    mut visit: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) if visit(&buffer[..read]) => {}
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes for the object of that key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyedPiece {
    pub(crate) key: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Bytes,
}

/// Reads a blob and hands out its files, one after the other, and beside them what stays. Blocks on the blob.
pub(crate) struct CutPieces {
    source: Box<dyn Read + Send>,
    cutter: Option<Cutter>,
    files: Vec<File>,
    /// Files of which at least a piece was handed out, even an empty one.
    begun: usize,
    rest_key: Option<String>,
    rest: Gzipping,
    buffer: Vec<u8>,
}

impl CutPieces {
    pub(crate) fn new(source: Box<dyn Read + Send>, cut: CutBlob) -> Self {
        Self {
            source,
            cutter: Some(Cutter::new(replacements(&cut.files))),
            files: cut.files,
            begun: 0,
            rest_key: cut.rest_key,
            rest: Gzipping::new(cut.blob.gzip.unwrap_or(1)),
            buffer: vec![0; READ_BYTES],
        }
    }

    /// The next pieces, at most one for each object; `None` at the end. The pieces of a file come in one run.
    pub(crate) fn next_pieces(&mut self) -> io::Result<Option<Vec<KeyedPiece>>> {
        let Some(mut cutter) = self.cutter.take() else {
            return Ok(None);
        };
        let read = loop {
            match self.source.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        let mut cut: Vec<(usize, Vec<u8>)> = Vec::new();
        let mut stays = Vec::new();
        if read > 0 {
            let chunk = &self.buffer[..read];
            cutter.push(chunk, &mut stays, &mut |at, part| match cut.last_mut() {
                Some((last, bytes)) if *last == at => bytes.extend_from_slice(part),
                _ => cut.push((at, part.to_vec())),
            });
            self.cutter = Some(cutter);
        } else if !cutter.finish(&mut stays) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut pieces = Vec::new();
        for (at, bytes) in cut {
            self.begin_before(at, &mut pieces);
            self.begun = self.begun.max(at + 1);
            self.add(at, bytes, &mut pieces);
        }
        if read == 0 {
            self.begin_before(self.files.len(), &mut pieces);
        }
        if let Some(key) = &self.rest_key {
            self.rest.write(&stays)?;
            if read == 0 {
                self.rest.finish()?;
            }
            pieces.push(KeyedPiece {
                key: key.clone(),
                content_type: GZIP_TYPE,
                bytes: self.rest.take(),
            });
        }
        Ok(Some(pieces))
    }

    /// A file without a byte is an object too: the body has its address.
    fn begin_before(&mut self, at: usize, pieces: &mut Vec<KeyedPiece>) {
        while self.begun < at {
            self.add(self.begun, Vec::new(), pieces);
            self.begun += 1;
        }
    }

    fn add(&self, at: usize, bytes: Vec<u8>, pieces: &mut Vec<KeyedPiece>) {
        if let Some(file) = self.files.get(at)
            && let Some(key) = &file.key
        {
            pieces.push(KeyedPiece {
                key: key.clone(),
                content_type: file.content_type,
                bytes: bytes.into(),
            });
        }
    }
}
