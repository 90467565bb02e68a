//! Percentiles of many times.

/// Some percentiles, in nanoseconds; zero where nothing was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Percentiles {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

impl Percentiles {
    /// Nearest-rank percentiles: the smallest value that is no smaller than so many of a hundred.
    pub(crate) fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied().unwrap_or(0)
        };
        Self {
            p50: at(50),
            p99: at(99),
            max: at(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        let thousand = Percentiles::of((1..=1_000).rev().collect());
        assert_eq!(
            thousand,
            Percentiles {
                p50: 500,
                p99: 990,
                max: 1_000
            }
        );
        assert_eq!(
            Percentiles::of(vec![7]),
            Percentiles {
                p50: 7,
                p99: 7,
                max: 7
            }
        );
        assert_eq!(Percentiles::of(Vec::new()), Percentiles::default());
    }
}
