//! The fenced blocks of a Markdown document.

/// A fenced block.
pub(super) struct Block<'t> {
    /// The first word behind the fence.
    pub(super) kind: &'t str,
    /// The rest of that line.
    pub(super) argument: &'t str,
    /// The heading it stands below.
    pub(super) heading: &'t str,
    /// The number of its first line.
    pub(super) line: usize,
    pub(super) text: String,
}

pub(super) fn of(text: &str) -> Vec<Block<'_>> {
    let mut all = Vec::new();
    let mut open: Option<Block<'_>> = None;
    let mut heading = "";
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let (kind, argument) = info.split_once(' ').unwrap_or((info, ""));
                open = Some(Block {
                    kind,
                    argument: argument.trim(),
                    heading,
                    line: at + 1,
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => all.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if line.starts_with('#') => heading = line.trim_start_matches(['#', ' ']),
            (None, None) => {}
        }
    }
    all
}
