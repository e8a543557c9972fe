//! Defaults as help shows them: computed from the presets' recipes, so that they cannot be wrong.

use std::collections::BTreeSet;

use banach_data::Task;

use super::value::Raw;
use super::{Preset, Setting, Settings};
use crate::recipe::Recipe;

/// Every task, with its name in a sentence.
const TASKS: [(Task, &str); 4] = [
    (Task::Binary, "two classes"),
    (Task::Multiclass, "more classes"),
    (Task::Regression, "a number"),
    (Task::Multilabel, "several labels"),
];

/// Numbers of rows that are tried.
const ROWS: [usize; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Settings under which a setting has a meaning that has none without them.
const CONDITIONS: [&[(&str, &str)]; 7] = [
    &[],
    &[("optimizer", "sgd")],
    &[("optimizer", "adamw")],
    &[("loss", "huber")],
    &[("stopping", "best")],
    &[("stopping", "smoothed")],
    &[("network", "resnet")],
];

/// A kind of network that stands for all that are not self-normalizing.
const OTHER_NETWORK: &[(&str, &str)] = &[("network", "msra")];

impl Setting {
    /// The default in words, by task and preset where they differ: `3; paper: 8`.
    #[must_use]
    pub fn default_text(&self) -> String {
        if let Some(stated) = self.stated_default {
            return stated.to_owned();
        }
        let [default, paper] = Preset::ALL.map(|preset| self.default_of(preset));
        match (default, paper) {
            (default, paper) if default == paper => default,
            (default, paper) => format!("{default}; paper: {paper}"),
        }
    }

    /// The default under a preset.
    fn default_of(&self, preset: Preset) -> String {
        let under = |condition| self.by_task(preset, condition);
        let all = CONDITIONS.iter().map(|condition| under(condition));
        let own = all.into_iter().find(|text| !text.is_empty());
        let mut text = own.unwrap_or_default();
        let others = under(OTHER_NETWORK);
        let says_itself = OTHER_NETWORK.iter().any(|(name, _)| *name == self.name);
        let is_known = !others.is_empty() && !under(&[]).is_empty();
        if is_known && !says_itself && others != text {
            text.push_str(&format!(", {others} with other networks than snn"));
        }
        text
    }

    /// The default of each task, those with the same one together; empty if no task has one.
    fn by_task(&self, preset: Preset, condition: &[(&str, &str)]) -> String {
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for (task, task_name) in TASKS {
            let Some(text) = self.by_rows(preset, condition, task) else {
                continue;
            };
            match groups.iter_mut().find(|(other, _)| *other == text) {
                Some((_, tasks)) => tasks.push(task_name),
                None => groups.push((text, vec![task_name])),
            }
        }
        if let [(text, _)] = &groups[..] {
            return text.clone();
        }
        let groups = groups.into_iter().map(|(text, mut tasks)| {
            if tasks.starts_with(&[TASKS[0].1, TASKS[1].1]) {
                tasks.splice(..2, ["classes"]);
            }
            format!("{text} for {}", tasks.join(" or "))
        });
        groups.collect::<Vec<_>>().join(", ")
    }

    /// The default for a task: a value, or a range if it depends on the number of rows.
    fn by_rows(&self, preset: Preset, condition: &[(&str, &str)], task: Task) -> Option<String> {
        let mut settings = Settings::default().preset(preset);
        for (name, value) in condition {
            Self::find(name)?.parse(&mut settings, [value]).ok()?;
        }
        let value = |n_rows| {
            let recipe = Recipe::new(&settings, task, n_rows).ok()?;
            (self.of_recipe)(&recipe)
        };
        let values = ROWS.map(value);
        let numbers = values.iter().flatten().filter_map(|value| match value {
            Raw::Integer(integer) => Some(*integer),
            _ => None,
        });
        let numbers: BTreeSet<i128> = numbers.collect();
        match (numbers.first(), numbers.last()) {
            (Some(low), Some(high)) if low != high => {
                Some(format!("by number of rows, {low} to {high}"))
            }
            _ => values
                .into_iter()
                .flatten()
                .next()
                .map(|value| shown(&value)),
        }
    }
}

/// A value as a person writes it on a command line.
fn shown(value: &Raw) -> String {
    match value {
        Raw::Float(number) if *number != 0.0 && number.abs() < 1e-4 => format!("{number:e}"),
        Raw::Text(text) => text.clone(),
        Raw::List(items) if items.is_empty() => "none".to_owned(),
        Raw::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
