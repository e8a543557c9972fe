//! Defaults as help shows them: computed from the presets' recipes, so that they cannot be wrong.

use std::collections::BTreeSet;
use std::sync::LazyLock;

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

/// A recipe for each number of rows; `None` where the settings do not go together.
type ByRows = [Option<Recipe>; ROWS.len()];

/// Settings under which a setting has a meaning that has none without them.
const CONDITIONS: [&[(&str, &str)]; 8] = [
    &[],
    &[("optimizer", "sgd")],
    &[("optimizer", "adamw")],
    &[("loss", "huber")],
    &[("stopping", "best")],
    &[("stopping", "smoothed")],
    &[("network", "resnet")],
    OTHER_NETWORK,
];

/// The first of [`CONDITIONS`].
const NO_CONDITION: usize = 0;

/// The last of [`CONDITIONS`]: a kind of network that stands for all that are not self-normalizing.
const OTHER: usize = CONDITIONS.len() - 1;

const OTHER_NETWORK: &[(&str, &str)] = &[("network", "msra")];

/// Recipes by preset, condition and task, one for each number of rows. They are made once, because every
/// setting asks for all of them.
static RECIPES: LazyLock<Vec<Vec<Vec<ByRows>>>> = LazyLock::new(|| {
    let recipes = |preset: Preset, condition: &[(&str, &str)], task: Task| {
        let mut settings = Settings::default().preset(preset);
        let set = condition.iter().all(|(name, value)| {
            let setting = Setting::find(name);
            setting.is_some_and(|setting| setting.parse(&mut settings, [value]).is_ok())
        });
        ROWS.map(|n_rows| Recipe::new(&settings, task, n_rows).ok().filter(|_| set))
    };
    let tasks = |preset, condition| {
        let tasks = TASKS
            .iter()
            .map(|&(task, _)| recipes(preset, condition, task));
        tasks.collect()
    };
    let conditions = |&preset: &Preset| CONDITIONS.map(|condition| tasks(preset, condition)).into();
    Preset::ALL.iter().map(conditions).collect()
});

impl Setting {
    /// The default in words, by task and preset where they differ: `3; paper: 8`.
    #[must_use]
    pub fn default_text(&self) -> String {
        if let Some(stated) = self.stated_default {
            return stated.to_owned();
        }
        let presets = RECIPES.iter().map(|recipes| self.default_of(recipes));
        let mut presets = Preset::ALL.iter().map(Preset::name).zip(presets);
        let (_, mut text) = presets.next().unwrap_or_default();
        let first = text.clone();
        for (name, other) in presets.filter(|(_, other)| *other != first) {
            text.push_str(&format!("; {name}: {other}"));
        }
        text
    }

    /// The default under a preset, whose recipes these are, by condition and task.
    fn default_of(&self, recipes: &[Vec<ByRows>]) -> String {
        let under = |condition: usize| self.by_task(&recipes[condition]);
        let own = (0..OTHER).map(under).find(|text| !text.is_empty());
        let mut text = own.unwrap_or_default();
        let others = under(OTHER);
        let says_itself = OTHER_NETWORK.iter().any(|(name, _)| *name == self.name);
        let is_known = !others.is_empty() && !under(NO_CONDITION).is_empty();
        if is_known && !says_itself && others != text {
            text.push_str(&format!(", {others} with other networks than snn"));
        }
        text
    }

    /// The default of each task, those with the same one together; empty if no task has one.
    fn by_task(&self, tasks: &[ByRows]) -> String {
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for (recipes, (_, task_name)) in tasks.iter().zip(TASKS) {
            let Some(text) = self.by_rows(recipes) else {
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
    fn by_rows(&self, recipes: &ByRows) -> Option<String> {
        let values = recipes
            .each_ref()
            .map(|recipe| recipe.as_ref().and_then(self.of_recipe));
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
