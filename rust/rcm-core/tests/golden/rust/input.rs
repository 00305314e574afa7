//! Clocks and what they strike.

use std::fmt::{self, Display};

/// Hours on the dial.
pub const HOURS: u8 = 12;
static STRIKES: AtomicUsize = AtomicUsize::new(0);

/// A clock on a tower.
#[derive(Debug, Clone)]
pub struct Clock<'a, T> {
    /// Which tower.
    pub tower: &'a str,
    hands: T,
}

/// What a clock can do.
#[non_exhaustive]
pub enum Strike {
    Quarter,
    /// The full hour.
    Hour(u8),
    Alarm { minutes: u32 },
}

pub struct Hand(f32);

pub union Bits {
    int: u32,
    float: f32,
}

pub type Result<T> = std::result::Result<T, Error>;

/// Something that ticks.
pub trait Tick: Display {
    const RATE: u32;
    type Output;

    /// One tick.
    fn tick(&mut self) -> Self::Output;

    fn tock(&mut self) -> Self::Output {
        self.tick()
    }
}

impl<'a, T> Clock<'a, T>
where
    T: Default,
{
    pub fn new(tower: &'a str) -> Self {
        Self { tower, hands: T::default() }
    }

    #[inline]
    async fn wind(&self) -> u8 {
        fn inner() -> u8 {
            HOURS
        }
        inner()
    }
}

impl<T> Display for Clock<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tower)
    }
}

/// Builds a strike.
#[macro_export]
macro_rules! strike {
    ($n:expr) => {
        Strike::Hour($n)
    };
}

pub mod gear {
    pub(crate) fn größe(zähne: u32) -> u32 {
        zähne * super::HOURS as u32
    }

    extern "C" {
        fn spring(force: i32) -> i32;
    }
}

mod pendulum;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes() {
        let clock: Clock<Hand> = Clock::new("Old");
        assert_eq!(clock.tower.len(), 3);
    }
}
