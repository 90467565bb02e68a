//! Space pauses what is printed, and lets it go on; `q` ends it. On a terminal only.
//!
//! While it runs, the terminal gives keys at once and without showing them, and Ctrl-C comes as a key too: so whatever
//! ends it, the terminal is as it was before.

use std::io::{self, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::printer::note;

/// What Ctrl-C is as a key, and what a program that it ends says.
const CTRL_C: u8 = 3;
const INTERRUPTED: i32 = 130;

/// A terminal whose keys are read. Dropping it gives the terminal back.
pub(super) struct Pause {
    paused: Arc<AtomicBool>,
    before: Termios,
}

impl Pause {
    /// Begins to read keys; `None` where input or output is no terminal.
    pub(super) fn of_terminal() -> Option<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let before = tcgetattr(io::stdin()).ok()?;
        let mut keys = before.clone();
        keys.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Now, &keys).ok()?;
        let paused = Arc::new(AtomicBool::new(false));
        let (switch, printing, restored) = (Arc::clone(&paused), thread::current(), before.clone());
        thread::spawn(move || read_keys(&switch, &printing, &restored));
        Some(Self { paused, before })
    }

    /// Returns once it is not paused.
    pub(super) fn wait(&self) {
        while self.paused.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

fn read_keys(paused: &AtomicBool, printing: &Thread, before: &Termios) {
    let mut key = [0];
    // A key at a time: there is never more than one to be read, and none may wait.
    while io::stdin().read_exact(&mut key).is_ok() {
        match key[0] {
            b' ' => {
                let was_paused = paused.fetch_xor(true, Ordering::AcqRel);
                if !was_paused {
                    note("paused: space goes on, q ends");
                }
                printing.unpark();
            }
            key @ (b'q' | CTRL_C) => {
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
                std::process::exit(if key == CTRL_C { INTERRUPTED } else { 0 });
            }
            _ => {}
        }
    }
}
