//! How many of these samples lost their secret, by class, source and place, and which did not.

use std::collections::BTreeMap;

use hushpipe::redact::Redactor;

use super::floor::Table;
use super::sample::{Place, Sample};

/// What section 9 of the design asks of the text blocks of results, in percent.
const MUST: &[(&str, usize)] = &[
    ("prefixed", 95),
    ("jwt", 99),
    ("pem", 98),
    ("field", 78),
    ("auth-header", 85),
    ("url-cred", 82),
    ("conn-string", 70),
];

/// A class with fewer samples has few.
const FEW: usize = 100;

/// What was measured.
#[derive(Default)]
pub(super) struct Recall {
    /// By class and source.
    tallies: BTreeMap<(String, String), Tally>,
    /// What was missed in any place and the places, by class, source and rule.
    missed: BTreeMap<(String, String, String), Vec<String>>,
}

#[derive(Default, Clone, Copy)]
struct Tally {
    samples: usize,
    /// In the order of [`Place::ALL`].
    caught: [usize; 3],
}

impl Recall {
    /// Measures these samples.
    pub(super) fn of<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> Self {
        let redactor = Redactor::armed([]);
        let mut recall = Self::default();
        for sample in samples {
            let key = (sample.class.clone(), sample.source.clone());
            let tally = recall.tallies.entry(key).or_default();
            tally.samples += 1;
            let mut missed = String::new();
            for (place, caught) in Place::ALL.into_iter().zip(&mut tally.caught) {
                let outcome = place.redact(&redactor, &sample.text);
                if sample.is_caught(&outcome) {
                    *caught += 1;
                } else {
                    missed += &format!("{place} ");
                }
            }
            if !missed.is_empty() {
                let (class, source) = (sample.class.clone(), sample.source.clone());
                let key = (class, source, sample.rule.clone());
                recall.missed.entry(key).or_default().push(format!("{missed}{:?}", sample.text));
            }
        }
        recall
    }

    /// Whole percents by class and place, rounded down.
    pub(super) fn percents(&self) -> Table {
        let row = |(class, tally): (String, Tally)| {
            let places = Place::ALL.iter().zip(tally.caught);
            let percent = |caught: usize| (caught * 100 / tally.samples) as u64;
            (class, places.map(|(place, n)| (place.to_string(), percent(n))).collect())
        };
        self.classes().into_iter().map(row).collect()
    }

    /// The classes of which there are so few samples that one miss decides the figure.
    pub(super) fn classes_with_few(&self) -> Vec<String> {
        let few = |(_, tally): &(String, Tally)| tally.samples < FEW;
        self.classes().into_iter().filter(few).map(|(class, _)| class).collect()
    }

    /// Of these classes only.
    pub(super) fn of_classes(&self, classes: &[String]) -> Self {
        let tallies = self.tallies.iter().filter(|((class, _), _)| classes.contains(class));
        let missed = self.missed.iter().filter(|((class, ..), _)| classes.contains(class));
        Self {
            tallies: tallies.map(|(key, tally)| (key.clone(), *tally)).collect(),
            missed: missed.map(|(key, samples)| (key.clone(), samples.clone())).collect(),
        }
    }

    /// Whether there are samples of this class.
    pub(super) fn has_class(&self, class: &str) -> bool {
        self.tallies.keys().any(|(of, _)| of == class)
    }

    /// Both together; no source may be in both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.tallies.extend(other.tallies);
        self.missed.extend(other.missed);
        self
    }

    /// The classes of which the design asks for more.
    pub(super) fn below_must(&self) -> Vec<String> {
        let below = |(class, tally): &(String, Tally)| {
            let [text, ..] = tally.caught;
            MUST.iter().any(|(of, must)| of == class && text * 100 < must * tally.samples)
        };
        self.classes().into_iter().filter(below).map(|(class, _)| class).collect()
    }

    /// The figures and the misses as people read them.
    pub(super) fn report(&self, title: &str) -> String {
        let mut text = format!(
            "\n{title}\n  {:<13}{:<16}{:>8}{:>10}{:>12}{:>10}{:>8}\n",
            "class", "source", "samples", "text", "structured", "stderr", "must"
        );
        for (class, whole) in self.classes() {
            let rows = self
                .tallies
                .iter()
                .filter(|((of, _), of_source)| *of == class && of_source.samples < whole.samples);
            rows.for_each(|((_, source), tally)| text += &row(&class, source, *tally, ""));
            let must = MUST.iter().find(|(of, _)| *of == class);
            let must = must.map_or(String::new(), |(_, percent)| format!("{percent} %"));
            text += &row(&class, "all", whole, &must);
        }
        text += "\n  missed in some place, by class, source and rule\n";
        for (class, source) in self.tallies.keys() {
            let of = |((c, s, _), _): &(&(String, String, String), &Vec<String>)| {
                c == class && s == source
            };
            let rules = self.missed.iter().filter(of);
            let rules: Vec<_> =
                rules.map(|((.., rule), samples)| format!("{rule} {}", samples.len())).collect();
            if !rules.is_empty() {
                text += &format!("  {class} / {source}: {}\n", rules.join(", "));
            }
        }
        text
    }

    /// Every miss, with the places in which it was missed.
    pub(super) fn misses(&self) -> String {
        let lines = self.missed.iter().flat_map(|((class, source, rule), samples)| {
            samples.iter().map(move |missed| format!("  {class} / {source} / {rule}: {missed}\n"))
        });
        lines.collect()
    }

    fn classes(&self) -> BTreeMap<String, Tally> {
        let mut classes: BTreeMap<String, Tally> = BTreeMap::new();
        for ((class, _), tally) in &self.tallies {
            let whole = classes.entry(class.clone()).or_default();
            whole.samples += tally.samples;
            whole.caught.iter_mut().zip(tally.caught).for_each(|(all, caught)| *all += caught);
        }
        classes
    }
}

fn row(class: &str, source: &str, tally: Tally, must: &str) -> String {
    let [text, structured, stderr] = tally.caught.map(|caught| {
        let tenths = caught * 1000 / tally.samples;
        format!("{}.{} %", tenths / 10, tenths % 10)
    });
    let samples = tally.samples;
    format!(
        "  {class:<13}{source:<16}{samples:>8}{text:>10}{structured:>12}{stderr:>10}{must:>8}\n"
    )
}
