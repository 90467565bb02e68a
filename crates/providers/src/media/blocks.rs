//! Where in a Converse text one is: the walk through messages and content blocks that both passes share.

use crate::json::unescape;

/// Longer keys are none that matter here.
const KEY_BYTES_MAX: usize = 64;

/// What an open container is to a Converse text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Output,
    Messages,
    /// Something with `content`: a message, or a tool's result.
    Message,
    Content,
    Block,
    /// An image, document, video or audio.
    Media,
    Source,
    Other,
}

/// The open containers and the key before the next value.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Vec<Place>,
    key: Vec<u8>,
    key_is_partial: bool,
    /// Sources that have begun.
    pub(super) sources: usize,
}

impl Blocks {
    /// Whether the container just entered is a message of the conversation rather than a tool's result in one; or,
    /// after leaving one, whether that was.
    pub(super) fn is_message(&self, place: Place, is_open: bool) -> bool {
        place == Place::Message && self.open.len() == 2 + usize::from(is_open)
    }

    /// Whether the open containers are those of an answer.
    pub(super) fn is_answer(&self) -> bool {
        self.open.get(1) == Some(&Place::Output)
    }

    /// What kind of file the value that comes is in, by its key.
    pub(super) fn block(&self) -> &'static str {
        match &self.key[..] {
            b"document" => "document",
            b"video" => "video",
            b"audio" => "audio",
            _ => "image",
        }
    }

    /// Whether the value that comes is the role of a message of the conversation.
    pub(super) fn is_at_role(&self) -> bool {
        self.open.len() == 3 && self.is_at(Place::Message, b"role")
    }

    /// Enters a container and says what it is.
    pub(super) fn open(&mut self, object: bool) -> Place {
        let place = self.next(object);
        self.open.push(place);
        self.sources += usize::from(place == Place::Source);
        place
    }

    /// Leaves a container and says what it was.
    pub(super) fn close(&mut self) -> Place {
        self.open.pop().unwrap_or(Place::Other)
    }

    /// Takes a part of a key.
    pub(super) fn key(&mut self, part: &[u8], last: bool) {
        if !self.key_is_partial {
            self.key.clear();
        }
        let room = KEY_BYTES_MAX - self.key.len();
        self.key.extend_from_slice(&part[..part.len().min(room)]);
        self.key_is_partial = !last;
        if last && self.key.contains(&b'\\') {
            let key = unescape(&self.key).into_owned().into_bytes();
            self.key = key;
            self.key.truncate(KEY_BYTES_MAX);
        }
    }

    /// Whether the value that comes is the member of that name in a container of that kind.
    pub(super) fn is_at(&self, place: Place, key: &[u8]) -> bool {
        self.open.last() == Some(&place) && self.key == key
    }

    fn next(&self, object: bool) -> Place {
        let Some(parent) = self.open.last() else {
            return if object { Place::Root } else { Place::Other };
        };
        match (parent, &self.key[..], object) {
            (Place::Root, b"messages", false) => Place::Messages,
            (Place::Root, b"system" | b"content", false) | (Place::Message, b"content", false) => {
                Place::Content
            }
            (Place::Root, b"output", true) => Place::Output,
            (Place::Output, b"message", true)
            | (Place::Messages, _, true)
            | (Place::Block, b"toolResult", true) => Place::Message,
            (Place::Content, _, true) | (Place::Block, b"guardContent", true) => Place::Block,
            (Place::Block, b"image" | b"document" | b"video" | b"audio", true) => Place::Media,
            (Place::Media, b"source", true) => Place::Source,
            _ => Place::Other,
        }
    }
}
