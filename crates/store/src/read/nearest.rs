//! The first few of many, whatever order they come in.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use crate::place::{Order, Place};

/// Keeps the first things in an order, and never more than a number of them.
#[derive(Debug)]
pub struct Nearest<T> {
    order: Order,
    most: usize,
    /// The one that is let go of first is on top.
    kept: BinaryHeap<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    place: Place,
    order: Order,
    thing: T,
}

impl<T> Nearest<T> {
    /// Keeps `most` things.
    pub fn new(order: Order, most: usize) -> Self {
        Self {
            order,
            most,
            kept: BinaryHeap::new(),
        }
    }

    /// Takes a thing, if it is among the first so far.
    pub fn push(&mut self, place: Place, thing: impl FnOnce() -> T) {
        if self.is_full() {
            let is_behind = self.kept.peek().is_none_or(|last| match self.order {
                Order::OldestFirst => place >= last.place,
                Order::NewestFirst => place <= last.place,
            });
            if is_behind {
                return;
            }
            self.kept.pop();
        }
        self.kept.push(Kept {
            place,
            order: self.order,
            thing: thing(),
        });
    }

    /// Whether more can only come at the cost of what is kept.
    pub fn is_full(&self) -> bool {
        self.kept.len() >= self.most
    }

    /// The places that are still of interest, of a range.
    pub fn left(&self, places: &Range<Place>) -> Range<Place> {
        let Range { mut start, mut end } = *places;
        if self.is_full()
            && let Some(last) = self.kept.peek()
        {
            match self.order {
                Order::OldestFirst => end = end.min(last.place),
                Order::NewestFirst => start = start.max(last.place),
            }
        }
        start..end
    }

    /// What was kept, in order.
    pub fn into_sorted(self) -> impl Iterator<Item = (Place, T)> {
        let kept = self.kept.into_sorted_vec();
        kept.into_iter().map(|kept| (kept.place, kept.thing))
    }
}

impl<T> PartialEq for Kept<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Kept<T> {}

impl<T> PartialOrd for Kept<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Kept<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let oldest_first = self.place.cmp(&other.place);
        match self.order {
            Order::OldestFirst => oldest_first,
            Order::NewestFirst => oldest_first.reverse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use corelog_types::Timestamp;

    use super::*;

    fn at(ms: u64) -> Place {
        Place::first_at(Timestamp::from_unix_ms(ms))
    }

    fn check(order: Order, most: usize, expected: &[u64]) {
        let mut nearest = Nearest::new(order, most);
        for ms in [5, 1, 4, 2, 3] {
            nearest.push(at(ms), || ms);
        }
        let kept: Vec<u64> = nearest.into_sorted().map(|(_, ms)| ms).collect();
        assert_eq!(kept, expected, "{order:?} {most}");
    }

    #[test]
    fn the_first_are_kept_in_either_order() {
        check(Order::OldestFirst, 3, &[1, 2, 3]);
        check(Order::NewestFirst, 3, &[5, 4, 3]);
        check(Order::OldestFirst, 9, &[1, 2, 3, 4, 5]);
        check(Order::NewestFirst, 0, &[]);
    }

    #[test]
    fn what_is_left_shrinks_once_it_is_full() {
        let mut nearest = Nearest::new(Order::OldestFirst, 2);
        nearest.push(at(3), || ());
        assert_eq!(nearest.left(&(at(0)..at(9))), at(0)..at(9));
        nearest.push(at(5), || ());
        assert_eq!(nearest.left(&(at(0)..at(9))), at(0)..at(5));
        let mut nearest = Nearest::new(Order::NewestFirst, 1);
        nearest.push(at(3), || ());
        assert_eq!(nearest.left(&(at(0)..at(9))), at(3)..at(9));
    }
}
