//! A plan as bytes in a cursor: `corelog-batch 1 <first> <last> <milliseconds>`.

use corelog_types::{Sequence, Timestamp};

use crate::Plan;

const MARK: &str = "corelog-batch 1";

pub(crate) fn encode(plan: &Plan) -> Vec<u8> {
    let (first, last) = (plan.first.to_u64(), plan.last.to_u64());
    format!("{MARK} {first} {last} {}", plan.time.unix_ms()).into_bytes()
}

/// Reads a plan back; `None` where the bytes are none, or one that a newer version wrote.
pub(crate) fn decode(bytes: &[u8]) -> Option<Plan> {
    let text = str::from_utf8(bytes).ok()?;
    let mut numbers = text.strip_prefix(MARK)?.strip_prefix(' ')?.split(' ');
    let mut number = || numbers.next()?.parse::<u64>().ok();
    let plan = Plan {
        first: Sequence::from_u64(number()?),
        last: Sequence::from_u64(number()?),
        time: Timestamp::from_unix_ms(number()?),
    };
    (numbers.next().is_none() && plan.first <= plan.last).then_some(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_read_back_and_anything_else_is_none() {
        let plan = Plan {
            first: Sequence::from_u64(7),
            last: Sequence::from_u64(1_006),
            time: Timestamp::from_unix_ms(1_795_166_142_123),
        };
        assert_eq!(encode(&plan), b"corelog-batch 1 7 1006 1795166142123");
        assert_eq!(decode(&encode(&plan)), Some(plan));
        for wrong in [
            &b""[..],
            b"corelog-batch 2 7 1006 1795166142123",
            b"corelog-batch 1 7 1006",
            b"corelog-batch 1 7 1006 1795166142123 9",
            b"corelog-batch 1 8 7 1795166142123",
            b"\xff",
        ] {
            assert_eq!(decode(wrong), None);
        }
    }
}
