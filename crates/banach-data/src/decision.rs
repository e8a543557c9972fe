//! Decides what the texts of a column are: numbers, times, booleans or categories.
//!
//! A column has the type that most of its cells have, if at most [`MAX_ODD_SHARE`] of them have another. Words for
//! missing values do not count. Each different text is looked at once, whatever the order and number of its
//! cells.

use crate::cell_format::CellFormat;
use crate::column::ColumnType;
use crate::date_format::{DateOrder, WrittenDate, parse_clock};
use crate::dictionary::Dictionary;
use crate::missing_words::MissingWords;
use crate::number_format::{DecimalMark, NumberFormat, WrittenNumber};
use crate::reading::{Doubt, MAX_ODD_SHARE, OddCell};
use crate::scalar::{parse_boolean, parse_date_time, parse_infinity, parse_number};

/// What is known about a column before its cells are looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct ColumnRules {
    /// The type that it must have; found when `None`.
    pub(crate) column_type: Option<ColumnType>,
    /// The format, where it is known from training.
    pub(crate) format: Option<CellFormat>,
    /// The format of numbers, where somebody gave it.
    pub(crate) numbers: Option<NumberFormat>,
    /// The order of dates, where somebody gave it.
    pub(crate) dates: Option<DateOrder>,
    /// What means a missing value.
    pub(crate) words: MissingWords,
    /// Whether the writer of the table says that it is an index of rows.
    pub(crate) is_index: bool,
    /// The name of the cells' type, when it is not read.
    pub(crate) unreadable: Option<String>,
}

/// What other columns of the table say about this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    /// Numbers elsewhere have a decimal comma for certain.
    pub(crate) decimal_comma: bool,
    /// Dates elsewhere have this order for certain.
    pub(crate) date_order: Option<DateOrder>,
}

/// What a column is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    pub(crate) column_type: ColumnType,
    pub(crate) format: CellFormat,
    pub(crate) doubt: Option<Doubt>,
    /// What this column says about others.
    pub(crate) hints: Hints,
}

/// A way to read cells: a type and a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way(ColumnType, CellFormat);

/// Positions in [`ways`].
const BOOLEANS: usize = 0;
const PLAIN_NUMBERS: usize = 1;
const FORMATTED_NUMBERS: std::ops::Range<usize> = 2..8;
const ISO_TIMES: usize = 8;
const DATES: std::ops::Range<usize> = 9..13;
const DAY_FIRST: usize = 10;
const MONTH_FIRST: usize = 11;
const N_WAYS: usize = 14;

/// All ways, the likelier before the others.
fn ways() -> [Way; N_WAYS] {
    let number = |at: usize| {
        Way(
            ColumnType::Number,
            CellFormat::Number(NumberFormat::ALL[at]),
        )
    };
    let date = |at: usize| Way(ColumnType::DateTime, CellFormat::Date(DateOrder::ALL[at]));
    [
        Way(ColumnType::Boolean, CellFormat::Plain),
        Way(ColumnType::Number, CellFormat::Plain),
        number(0),
        number(1),
        number(2),
        number(3),
        number(4),
        number(5),
        Way(ColumnType::DateTime, CellFormat::Plain),
        date(0),
        date(1),
        date(2),
        date(3),
        Way(ColumnType::Number, CellFormat::Clock),
    ]
}

/// The number that is stored for a text of this type and format; `None` when it is not of them.
pub(crate) fn value_of(text: &str, column_type: ColumnType, format: CellFormat) -> Option<f64> {
    let bytes = text.as_bytes();
    match (column_type, format) {
        (ColumnType::Number, CellFormat::Plain) => {
            parse_number(bytes).or_else(|| parse_infinity(bytes))
        }
        (ColumnType::Number, CellFormat::Number(format)) => {
            format.value(text).or_else(|| parse_infinity(bytes))
        }
        (ColumnType::Number, CellFormat::Clock) => parse_clock(text),
        (ColumnType::Boolean, _) => {
            let value = parse_boolean(bytes).map(|(value, _)| f64::from(u8::from(value)));
            value.or_else(|| parse_number(bytes).filter(|&value| value == 0.0 || value == 1.0))
        }
        (ColumnType::DateTime, CellFormat::Date(order)) => parse_date_time(bytes)
            .map(|(seconds, _)| seconds)
            .or_else(|| WrittenDate::parse(text)?.seconds(order)),
        (ColumnType::DateTime, CellFormat::Epoch(unit)) => {
            let count = parse_number(bytes).filter(|count| count.is_finite())?;
            Some(count / unit.per_second())
        }
        (ColumnType::DateTime, _) => parse_date_time(bytes).map(|(seconds, _)| seconds),
        _ => None,
    }
}

/// The ways in which a text can be read, a bit each; 0 for what can only be a category.
fn ways_of(text: &str) -> u16 {
    let bytes = text.as_bytes();
    if parse_boolean(bytes).is_some() {
        return 1 << BOOLEANS;
    }
    if parse_infinity(bytes).is_some() {
        return (1 << PLAIN_NUMBERS) | bits(FORMATTED_NUMBERS);
    }
    if !bytes.iter().any(u8::is_ascii_digit) {
        return 0;
    }
    let mut found = 0;
    if let Some(value) = parse_number(bytes) {
        found |= 1 << PLAIN_NUMBERS;
        if value == 0.0 || value == 1.0 {
            found |= 1 << BOOLEANS;
        }
    }
    if let Some(number) = WrittenNumber::parse(text) {
        for (at, format) in FORMATTED_NUMBERS.zip(NumberFormat::ALL) {
            if number.value(format).is_some() {
                found |= 1 << at;
            }
        }
    }
    if parse_date_time(bytes).is_some() {
        return found | (1 << ISO_TIMES) | bits(DATES);
    }
    if let Some(date) = WrittenDate::parse(text) {
        for (at, order) in DATES.zip(DateOrder::ALL) {
            if date.seconds(order).is_some() {
                found |= 1 << at;
            }
        }
    }
    if parse_clock(text).is_some() {
        found |= 1 << (N_WAYS - 1);
    }
    found
}

fn bits(range: std::ops::Range<usize>) -> u16 {
    range.map(|at| 1 << at).sum()
}

/// Whether a text that is no plain number could be one in another format, or a time or boolean.
pub(crate) fn has_other_meaning(text: &str) -> bool {
    ways_of(text) != 0
}

/// Whether so many odd cells are few enough among the present ones.
pub(crate) fn is_small_share(odd: u64, present: u64) -> bool {
    odd as f64 <= MAX_ODD_SHARE * present as f64
}

/// Decides from the different texts of a column and how many cells have each.
pub(crate) fn decide(
    texts: &Dictionary,
    counts: &[u64],
    rules: &ColumnRules,
    hints: Hints,
) -> Decision {
    let tally = Tally::of(texts, counts, rules);
    tally.decide(texts, counts, rules, hints)
}

/// How many cells can be read in which way.
struct Tally {
    /// Cells of each way.
    cells: [u64; N_WAYS],
    /// Cells that are no word for a missing value.
    present: u64,
    distinct: u64,
    /// `true` and `false` themselves.
    boolean_words: u64,
    /// The first integer with zeros before it.
    leading_zeros: Option<u32>,
    /// The first integer that a f64 does not hold.
    long_integer: Option<u32>,
    /// Whether some numbers are no integers.
    fractions: bool,
    /// The first text with a currency, and one with another currency.
    currencies: (Option<u32>, Option<u32>),
    /// Codes of texts that are looked at, with their ways.
    ways: Vec<(u32, u16)>,
}

impl Tally {
    fn of(texts: &Dictionary, counts: &[u64], rules: &ColumnRules) -> Self {
        let mut tally = Self {
            cells: [0; N_WAYS],
            present: 0,
            distinct: 0,
            boolean_words: 0,
            leading_zeros: None,
            long_integer: None,
            fractions: false,
            currencies: (None, None),
            ways: Vec::new(),
        };
        for (code, &count) in (0_u32..).zip(counts) {
            let text = texts.get(code);
            if count == 0 || rules.words.contains_among_numbers(text.as_bytes()) {
                continue;
            }
            tally.present += count;
            tally.distinct += 1;
            let ways = ways_of(text);
            if ways == 0 {
                continue;
            }
            for (at, cells) in tally.cells.iter_mut().enumerate() {
                *cells += if ways & (1 << at) != 0 { count } else { 0 };
            }
            if ways == 1 << BOOLEANS {
                tally.boolean_words += count;
            }
            tally.note_number(code, text, texts);
            tally.ways.push((code, ways));
        }
        tally
    }

    fn note_number(&mut self, code: u32, text: &str, texts: &Dictionary) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            if digits.len() > 1 && digits.starts_with('0') {
                self.leading_zeros.get_or_insert(code);
            }
            let holds = |text: &str| {
                let integer = text.parse::<i64>().ok()?;
                (integer.unsigned_abs() <= 1 << 53).then_some(())
            };
            if digits.len() > 15 && holds(digits).is_none() {
                self.long_integer.get_or_insert(code);
            }
        } else if parse_number(text.as_bytes()).is_some() {
            self.fractions = true;
        } else if let Some(currency) = WrittenNumber::parse(text).and_then(|n| n.currency) {
            match self.currencies {
                (None, _) => self.currencies.0 = Some(code),
                (Some(first), None) => {
                    let known = WrittenNumber::parse(texts.get(first)).and_then(|n| n.currency);
                    if known != Some(currency) {
                        self.currencies.1 = Some(code);
                    }
                }
                _ => {}
            }
        }
    }

    fn decide(
        &self,
        texts: &Dictionary,
        counts: &[u64],
        rules: &ColumnRules,
        hints: Hints,
    ) -> Decision {
        let category = |doubt| Decision {
            column_type: ColumnType::Category,
            format: CellFormat::Plain,
            doubt,
            hints: Hints::default(),
        };
        let ways = ways();
        let allowed = |at: &usize| self.is_allowed(ways[*at], *at, rules);
        let candidates: Vec<usize> = (0..N_WAYS).filter(allowed).collect();
        let most = candidates
            .iter()
            .map(|&at| self.cells[at])
            .max()
            .unwrap_or(0);
        let Some(&first) = candidates
            .iter()
            .find(|&&at| self.cells[at] == most && most > 0)
        else {
            return Decision {
                column_type: rules.column_type.unwrap_or(ColumnType::Category),
                ..category(None)
            };
        };
        let odd = self.present - most;
        let forced = rules.column_type.is_some();
        if !forced && !is_small_share(odd, self.present) {
            // Few cells that look like numbers are no sign of a column of numbers.
            let doubt =
                (most * 2 > self.present).then(|| self.mixed(first, odd, texts, counts, rules));
            return category(doubt.flatten());
        }
        let is_best = |at: usize| candidates.contains(&at) && self.cells[at] == most;
        let (mut best, mut doubt, mut says) = (first, None, Hints::default());
        if first == PLAIN_NUMBERS || FORMATTED_NUMBERS.contains(&first) {
            if !forced && let Some(doubt) = self.as_codes(texts) {
                return category(Some(doubt));
            }
            (best, doubt) = self.number_format(first, &is_best, texts, hints);
            says.decimal_comma =
                doubt.is_none() && self.has_decimal_comma(best, texts) && rules.numbers.is_none();
        } else if DATES.contains(&first) {
            (best, doubt) = self.date_order(first, &is_best, texts, counts, hints);
            if doubt.is_none()
                && let CellFormat::Date(order) = ways[best].1
                && order != DateOrder::Unambiguous
                && self.cells[DAY_FIRST] != self.cells[MONTH_FIRST]
            {
                says.date_order = Some(order);
            }
        }
        let Way(column_type, format) = ways[best];
        Decision {
            column_type,
            format,
            doubt,
            hints: says,
        }
    }

    /// Whether the rules allow a way.
    fn is_allowed(&self, Way(column_type, format): Way, at: usize, rules: &ColumnRules) -> bool {
        if rules
            .column_type
            .is_some_and(|wanted| wanted != column_type)
        {
            return false;
        }
        match format {
            // 0 and 1 are booleans where a word says so.
            CellFormat::Plain if at == BOOLEANS => {
                self.boolean_words > 0 || rules.column_type.is_some()
            }
            CellFormat::Plain if at == PLAIN_NUMBERS => rules.numbers.is_none(),
            CellFormat::Number(format) => rules.numbers.is_none_or(|given| given == format),
            CellFormat::Date(order) => rules.dates.is_none_or(|given| given == order),
            _ => true,
        }
    }

    /// Says that most cells have the type of a way, with the first text that has not. Its row is found later.
    fn mixed(
        &self,
        way: usize,
        odd: u64,
        texts: &Dictionary,
        counts: &[u64],
        rules: &ColumnRules,
    ) -> Option<Doubt> {
        let fits = |code: u32| {
            let known = self.ways.binary_search_by_key(&code, |&(code, _)| code);
            known.is_ok_and(|at| self.ways[at].1 & (1 << way) != 0)
        };
        let other = |&code: &u32| {
            let is_word = rules
                .words
                .contains_among_numbers(texts.get(code).as_bytes());
            counts[code as usize] > 0 && !is_word && !fits(code)
        };
        let code = (0..counts.len() as u32).find(other)?;
        Some(Doubt::Mixed {
            most: ways()[way].0,
            count: self.present - odd,
            others: odd,
            example: OddCell {
                text: texts.get(code).to_owned(),
                ..OddCell::default()
            },
        })
    }

    /// Why numbers are codes, if they look like that.
    fn as_codes(&self, texts: &Dictionary) -> Option<Doubt> {
        let example = |code: u32| Doubt::Codes {
            example: texts.get(code).to_owned(),
        };
        if let (Some(a), Some(b)) = self.currencies {
            return Some(Doubt::Currencies {
                examples: (texts.get(a).to_owned(), texts.get(b).to_owned()),
            });
        }
        // Measurements and times in nanoseconds may be long, or padded with zeros; but they hardly repeat.
        let repeat = self.present >= 2 * self.distinct;
        let code = self.long_integer.or(self.leading_zeros);
        code.filter(|_| repeat && !self.fractions).map(example)
    }

    /// The format of numbers among those that fit equally, and whether it is in doubt.
    fn number_format(
        &self,
        first: usize,
        is_best: &impl Fn(usize) -> bool,
        texts: &Dictionary,
        hints: Hints,
    ) -> (usize, Option<Doubt>) {
        let formats = NumberFormat::ALL;
        let comma = |at: usize| {
            let at = at.checked_sub(FORMATTED_NUMBERS.start);
            at.is_some_and(|at| formats[at].decimal == DecimalMark::Comma)
        };
        if comma(first) {
            return (first, None);
        }
        let Some(other) = FORMATTED_NUMBERS
            .into_iter()
            .find(|&at| comma(at) && is_best(at))
        else {
            return (first, None);
        };
        let ways = ways();
        let value = |code: u32, at: usize| value_of(texts.get(code), ways[at].0, ways[at].1);
        let differs = |&&(code, _): &&(u32, u16)| value(code, first) != value(code, other);
        let Some(&(code, _)) = self.ways.iter().find(differs) else {
            return (first, None);
        };
        // Plain numbers are what they seem, unless the table writes decimal commas.
        if first == PLAIN_NUMBERS && !hints.decimal_comma {
            return (first, None);
        }
        let (taken, left) = if hints.decimal_comma {
            (other, first)
        } else {
            (first, other)
        };
        let left = match ways[left].1 {
            CellFormat::Number(format) => format,
            _ => formats[0],
        };
        let doubt = Doubt::NumberFormat {
            example: texts.get(code).to_owned(),
            other: left,
        };
        (taken, Some(doubt))
    }

    /// Whether some text has a decimal comma for certain.
    fn has_decimal_comma(&self, best: usize, texts: &Dictionary) -> bool {
        let Some(at) = best.checked_sub(FORMATTED_NUMBERS.start) else {
            return false;
        };
        NumberFormat::ALL
            .get(at)
            .is_some_and(|format| format.decimal == DecimalMark::Comma)
            && self
                .ways
                .iter()
                .any(|&(code, _)| texts.get(code).contains(','))
    }

    /// The order of dates among those that fit equally, and whether it is in doubt.
    fn date_order(
        &self,
        first: usize,
        is_best: &impl Fn(usize) -> bool,
        texts: &Dictionary,
        counts: &[u64],
        hints: Hints,
    ) -> (usize, Option<Doubt>) {
        let (day_first, month_first) = (DAY_FIRST, MONTH_FIRST);
        if !(is_best(day_first) && is_best(month_first)) || is_best(DATES.start) {
            return (first, None);
        }
        let dates = self.ways.iter().filter_map(|&(code, _)| {
            let date = WrittenDate::parse(texts.get(code))?;
            let values = [DateOrder::DayFirst, DateOrder::MonthFirst].map(|o| date.seconds(o));
            (values[0] != values[1]).then_some((code, date))
        });
        let (mut slashes, mut others, mut example) = (0, 0, None);
        for (code, date) in dates {
            example.get_or_insert(code);
            let american = date.separator == b'/' || date.half_day;
            *(if american { &mut slashes } else { &mut others }) += counts[code as usize];
        }
        let Some(code) = example else {
            return (first, None);
        };
        let taken = match hints.date_order {
            Some(DateOrder::DayFirst) => day_first,
            Some(DateOrder::MonthFirst) => month_first,
            _ if slashes > others => month_first,
            _ => day_first,
        };
        let other = if taken == day_first {
            DateOrder::MonthFirst
        } else {
            DateOrder::DayFirst
        };
        let doubt = Doubt::DateOrder {
            example: texts.get(code).to_owned(),
            other,
        };
        (taken, Some(doubt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Interner;

    fn decide_with(cells: &[&str], rules: &ColumnRules, hints: Hints) -> Decision {
        let mut interner = Interner::default();
        let mut counts = Vec::new();
        for cell in cells {
            let code = interner.intern(cell) as usize;
            counts.resize(counts.len().max(code + 1), 0);
            counts[code] += 1;
        }
        decide(&interner.into_dictionary(), &counts, rules, hints)
    }

    fn found(cells: &[&str]) -> Decision {
        decide_with(cells, &ColumnRules::default(), Hints::default())
    }

    /// Times in nanoseconds, all different.
    const LONG: [&str; 30] = [
        "1577836800000000001",
        "1577836800000000002",
        "1577836800000000003",
        "1577836800000000004",
        "1577836800000000005",
        "1577836800000000006",
        "1577836800000000007",
        "1577836800000000008",
        "1577836800000000009",
        "1577836800000000010",
        "1577836800000000011",
        "1577836800000000012",
        "1577836800000000013",
        "1577836800000000014",
        "1577836800000000015",
        "1577836800000000016",
        "1577836800000000017",
        "1577836800000000018",
        "1577836800000000019",
        "1577836800000000020",
        "1577836800000000021",
        "1577836800000000022",
        "1577836800000000023",
        "1577836800000000024",
        "1577836800000000025",
        "1577836800000000026",
        "1577836800000000027",
        "1577836800000000028",
        "1577836800000000029",
        "1577836800000000030",
    ];

    fn number(at: usize) -> CellFormat {
        CellFormat::Number(NumberFormat::ALL[at])
    }

    #[test]
    fn a_column_is_what_nearly_all_its_cells_are() {
        use ColumnType::{Boolean, Category, DateTime, Number};
        let many = |cell: &'static str, n: usize, odd: &'static str| {
            let mut cells = vec![cell; n];
            cells.push(odd);
            cells
        };
        let cases: Vec<(Vec<&str>, ColumnType)> = vec![
            (vec!["1", "2.5"], Number),
            (vec!["1", "-", "2"], Number),
            (vec!["-", "a"], Category),
            (vec!["true", "0", "1", "False"], Boolean),
            (vec!["0", "1"], Number),
            (vec!["2020-01-01", "2020-01-01 10:00"], DateTime),
            (vec!["1", "2020-01-01"], Category),
            (vec!["7:30", "18:45:00"], Number),
            (many("5", 19, "x"), Number),
            (many("5", 18, "x"), Category),
            (many("a", 99, "5"), Category),
            (many("2020-01-01", 30, "soon"), DateTime),
            (many("true", 30, "perhaps"), Boolean),
            (vec!["B12", "71", "0071", "71"], Category),
            (vec!["01", "02", "01", "02"], Category),
            (vec!["01", "02", "03", "10"], Number),
            (
                vec!["1234567890123456789", "77", "77", "1234567890123456789"],
                Category,
            ),
            (vec!["1577836800000000000", "1577836800000000123"], Number),
            (
                (0..30)
                    .map(|i| if i == 7 { "oops" } else { LONG[i] })
                    .collect(),
                Number,
            ),
            (vec!["007.5", "08", "08", "08"], Number),
        ];
        for (cells, expected) in cases {
            assert_eq!(found(&cells).column_type, expected, "{cells:?}");
        }
    }

    #[test]
    fn a_column_of_categories_that_nearly_is_another_is_said() {
        let doubt = |cells: &[&str]| found(cells).doubt.map(|doubt| doubt.to_string());
        assert_eq!(
            doubt(&["1", "2", "x", "3", "y"]).unwrap(),
            "it is one of categories: 3 cells are numbers, but 2 are not, such as \"x\" (row 0)"
        );
        assert_eq!(doubt(&["1", "x", "y", "z"]), None);
        assert_eq!(doubt(&["x", "y"]), None);
    }

    #[test]
    fn formats_of_numbers_are_decided_from_all_cells() {
        for (cells, format) in [
            (&["48,000.50", "7"][..], number(0)),
            (&["48.000,50", "7"], number(1)),
            (&["48000,5", "1.234"], number(1)),
            (&["48 000", "7,5"], number(3)),
            (&["48 000", "7"], number(2)),
            (&["48'000.50", "7"], number(4)),
            (&["12%", "7.5%"], number(0)),
            (&["€ 12", "€ 7,50"], number(1)),
            (&["1.263", "4.512"], CellFormat::Plain),
            (&["1,263", "0,512"], number(1)),
        ] {
            let decision = found(cells);
            assert_eq!(
                (decision.column_type, decision.format),
                (ColumnType::Number, format),
                "{cells:?}"
            );
            assert_eq!(decision.doubt, None, "{cells:?}");
        }
    }

    #[test]
    fn what_is_ambiguous_is_said_and_other_columns_help() {
        let cells = ["1,263", "4,512"];
        let alone = found(&cells);
        assert_eq!(alone.format, number(0));
        assert!(matches!(alone.doubt, Some(Doubt::NumberFormat { .. })));
        let hints = Hints {
            decimal_comma: true,
            date_order: Some(DateOrder::DayFirst),
        };
        let rules = ColumnRules::default();
        assert_eq!(decide_with(&cells, &rules, hints).format, number(1));
        let grouped = decide_with(&["1.263", "4.512"], &rules, hints);
        assert_eq!(grouped.format, number(1));
        assert!(grouped.doubt.is_some());
        let dates = ["01/02/2020", "03/04/2020"];
        let alone = found(&dates);
        assert_eq!(alone.format, CellFormat::Date(DateOrder::MonthFirst));
        assert!(matches!(alone.doubt, Some(Doubt::DateOrder { .. })));
        let helped = decide_with(&dates, &rules, hints);
        assert_eq!(helped.format, CellFormat::Date(DateOrder::DayFirst));
        assert_eq!(
            found(&["01.02.2020"]).format,
            CellFormat::Date(DateOrder::DayFirst)
        );
        let certain = found(&["13/02/2020", "01/02/2020"]);
        assert_eq!(certain.format, CellFormat::Date(DateOrder::DayFirst));
        assert_eq!(
            (certain.doubt, certain.hints.date_order),
            (None, Some(DateOrder::DayFirst))
        );
        assert!(found(&["0,5", "1,25"]).hints.decimal_comma);
        assert!(matches!(
            found(&["€ 5", "$ 5"]).doubt,
            Some(Doubt::Currencies { .. })
        ));
    }

    #[test]
    fn what_somebody_gave_is_not_decided() {
        let comma = ColumnRules {
            numbers: Some(NumberFormat::ALL[1]),
            dates: Some(DateOrder::MonthFirst),
            ..ColumnRules::default()
        };
        assert_eq!(
            decide_with(&["1.263"], &comma, Hints::default()).format,
            number(1)
        );
        let decision = decide_with(&["1.2.2020"], &comma, Hints::default());
        assert_eq!(decision.format, CellFormat::Date(DateOrder::MonthFirst));
        assert_eq!(decision.doubt, None);
        let numeric = ColumnRules {
            column_type: Some(ColumnType::Number),
            ..ColumnRules::default()
        };
        let codes = decide_with(&["01", "02", "01", "02", "x"], &numeric, Hints::default());
        assert_eq!(codes.column_type, ColumnType::Number);
    }
}
