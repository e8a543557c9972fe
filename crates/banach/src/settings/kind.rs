//! Enums whose variants have parameters that are settings of their own.

use banach_nn::{Loss, Optimizer, Stopping};

/// A kind of loss, optimizer or stopping.
pub(crate) trait Kind: Copy {
    /// The same variant with the parameters that its name alone stands for.
    fn without_parameters(self) -> Self;
}

macro_rules! kind {
    ($($type:ty),+) => {
        $(impl Kind for $type {
            fn without_parameters(self) -> Self {
                self.name().parse().unwrap_or(self)
            }
        })+
    };
}

kind!(Loss, Optimizer, Stopping);
