//! A runtime for work that nobody waits for, on threads that let others go first.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// How much nicer its threads are: with it the scheduler lets a thread that serves a caller interrupt them at once,
/// and they still get a share of a busy processor.
const NICENESS: i32 = 10;

/// The stack of its threads. What they run may be nested as deep as a caller's text; memory is taken as it is used.
const STACK_BYTES: usize = 32 << 20;

/// Makes this thread give way to those that serve callers. There is no way back.
pub fn give_way() {
    // Elsewhere niceness is the whole process's. Where the system refuses, the thread works on as it was.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICENESS);
}

/// Starts a runtime with one worker and up to `blocking_threads` for what blocks, all of which [give way](give_way).
///
/// # Errors
/// Whatever the system says to a new thread.
pub fn background(blocking_threads: usize) -> io::Result<Runtime> {
    background_of(1, blocking_threads)
}

/// The same with as many workers as that, for work that can be spread over them.
///
/// # Errors
/// Whatever the system says to a new thread.
pub fn background_of(workers: usize, blocking_threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers.max(1))
        .max_blocking_threads(blocking_threads)
        .thread_name("background")
        .thread_stack_size(STACK_BYTES)
        .on_thread_start(give_way)
        .enable_all()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn its_threads_are_nicer_and_others_are_not() {
        let niceness = || rustix::process::getpriority_process(None).expect("is known");
        let before = niceness();
        let runtime = background(1).expect("starts");
        let blocking = runtime.spawn_blocking(niceness);
        let inside = runtime.block_on(blocking).expect("runs");
        assert_eq!(inside, (before + NICENESS).min(19));
        assert_eq!(niceness(), before);
    }
}
