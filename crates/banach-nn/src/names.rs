//! Choices by their names in settings.

/// Reads a choice by its name among `ALL`.
macro_rules! from_name {
    ($type:ident) => {
        impl std::str::FromStr for $type {
            type Err = banach_data::NameError;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                banach_data::by_name(&Self::ALL, |choice| choice.name(), name)
            }
        }
    };
}

pub(crate) use from_name;

#[cfg(test)]
mod tests {
    use crate::{Loss, NetworkKind, Optimizer, Precision, Schedule, Shape, Stopping};

    fn check<T>(all: &[T], name: impl Fn(&T) -> &'static str)
    where
        T: std::str::FromStr + PartialEq + std::fmt::Debug,
        T::Err: std::fmt::Debug,
    {
        for choice in all {
            assert_eq!(&name(choice).parse::<T>().unwrap(), choice);
        }
    }

    #[test]
    fn every_choice_is_found_by_its_name() {
        check(&NetworkKind::ALL, NetworkKind::name);
        check(&Optimizer::ALL, Optimizer::name);
        check(&Loss::ALL, Loss::name);
        check(&Stopping::ALL, Stopping::name);
        check(&Schedule::ALL, Schedule::name);
        check(&Shape::ALL, Shape::name);
        check(&Precision::ALL, Precision::name);
    }

    #[test]
    fn another_name_is_refused_with_those_that_there_are() {
        assert_eq!(
            "Adam".parse::<Optimizer>().unwrap_err().to_string(),
            "expected sgd, adam or adamw, got \"Adam\""
        );
    }

    #[test]
    fn names_are_those_of_serde() {
        for kind in NetworkKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        for schedule in Schedule::ALL {
            assert_eq!(serde_json::to_value(schedule).unwrap(), schedule.name());
        }
        for shape in Shape::ALL {
            assert_eq!(serde_json::to_value(shape).unwrap(), shape.name());
        }
        for precision in Precision::ALL {
            assert_eq!(serde_json::to_value(precision).unwrap(), precision.name());
        }
    }
}
