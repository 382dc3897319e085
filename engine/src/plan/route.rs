//! Finds the operation of a path: a radix tree over whole segments, and own patterns where a segment holds more than one thing.

use std::collections::HashMap;
use std::ops::Range;

use smallvec::SmallVec;

/// Where each path parameter stands in the path, in the order of the template.
pub(crate) type Spans = SmallVec<[Range<usize>; 4]>;

/// One template.
struct Route {
    /// Patterns of the segments that hold parameters, in order.
    patterns: Box<[Box<[Part]>]>,
    names: Box<[Box<str>]>,
    /// Method to index of the operation.
    methods: Vec<(Box<str>, u32)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    Parameter,
}

/// The paths of one API, while they are collected.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router,
    keys: HashMap<String, usize>,
}

/// The paths of one API.
#[derive(Default)]
pub(crate) struct Router {
    tree: matchit::Router<usize>,
    /// Templates that share a key of the tree, most literal first.
    routes: Vec<Vec<Route>>,
}

/// What a path leads to.
pub(crate) enum Found<'r> {
    /// No template.
    Nothing,
    /// A template can be read in two ways; this is the first.
    Ambiguous(Path<'r>),
    /// One template.
    Path(Path<'r>),
}

/// A template that matched.
pub(crate) struct Path<'r> {
    route: &'r Route,
    /// Where the parameters' values stand, in the order of the template.
    pub(crate) spans: Spans,
}

impl<'r> Path<'r> {
    /// The operation of a method.
    pub(crate) fn operation(&self, method: &str) -> Option<u32> {
        self.route
            .methods
            .iter()
            .find(|(known, _)| **known == *method)
            .map(|(_, index)| *index)
    }

    /// The methods that the template has.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &'r str> {
        self.route.methods.iter().map(|(method, _)| &**method)
    }
}

impl Routes {
    /// Adds an operation and gives the names of its path parameters in order.
    ///
    /// # Errors
    /// What is wrong with the template, as text.
    pub(crate) fn add(&mut self, template: &str, method: &str, operation: u32) -> Result<(), String> {
        let (key, patterns, names) = read(template)?;
        let slot = self.slot(key)?;
        let Some(routes) = self.router.routes.get_mut(slot) else {
            return Err("its place in the tree is lost".into());
        };
        match routes.iter_mut().find(|route| route.patterns == patterns) {
            Some(route) if route.names != names => Err(format!(
                "{template} overlaps a template that names its parameters differently"
            )),
            Some(route) if route.methods.iter().any(|(known, _)| **known == *method) => {
                Err(format!("{method} {template} stands twice"))
            }
            Some(route) => {
                route.methods.push((method.into(), operation));
                Ok(())
            }
            None => {
                routes.push(Route {
                    patterns,
                    names,
                    methods: vec![(method.into(), operation)],
                });
                routes.sort_by_key(|route| std::cmp::Reverse(route.literals()));
                Ok(())
            }
        }
    }

    /// The paths, as they are searched.
    pub(crate) fn finish(mut self) -> Router {
        self.router.routes.iter_mut().for_each(Vec::shrink_to_fit);
        self.router
    }

    fn slot(&mut self, key: String) -> Result<usize, String> {
        if let Some(slot) = self.keys.get(&key) {
            return Ok(*slot);
        }
        let slot = self.router.routes.len();
        self.router
            .tree
            .insert(key.clone(), slot)
            .map_err(|error| error.to_string())?;
        self.keys.insert(key, slot);
        self.router.routes.push(Vec::new());
        Ok(slot)
    }
}

impl Router {
    /// The template of a decoded path below the API's base.
    pub(crate) fn find(&self, path: &str) -> Found<'_> {
        let Ok(matched) = self.tree.at(path) else {
            return Found::Nothing;
        };
        let Some(routes) = self.routes.get(*matched.value) else {
            return Found::Nothing;
        };
        let segments: SmallVec<[&str; 4]> = matched.params.iter().map(|(_, value)| value).collect();
        for route in routes {
            match route.split(path, &segments) {
                Split::None => {}
                Split::Many(spans) => return Found::Ambiguous(Path { route, spans }),
                Split::One(spans) => return Found::Path(Path { route, spans }),
            }
        }
        Found::Nothing
    }
}

/// How often a text fits a template.
enum Split {
    None,
    One(Spans),
    /// In two ways or more; where the parameters stand in the first.
    Many(Spans),
}

impl Route {
    fn literals(&self) -> usize {
        let length = |part: &Part| if let Part::Literal(text) = part { text.len() } else { 0 };
        self.patterns.iter().flatten().map(length).sum()
    }

    fn split(&self, path: &str, segments: &[&str]) -> Split {
        let (mut spans, mut is_ambiguous) = (Spans::new(), false);
        for (pattern, segment) in self.patterns.iter().zip(segments) {
            let at = segment.as_ptr().addr().saturating_sub(path.as_ptr().addr());
            if matches!(**pattern, [Part::Parameter]) && !segment.is_empty() {
                spans.push(at..at + segment.len());
                continue;
            }
            let ways = Ways::of(pattern, segment);
            if ways.count() == 0 {
                return Split::None;
            }
            is_ambiguous |= ways.count() > 1;
            spans.extend(ways.first().into_iter().map(|span| at + span.start..at + span.end));
        }
        if is_ambiguous {
            Split::Many(spans)
        } else {
            Split::One(spans)
        }
    }
}

/// The ways to read one segment, counted from its end: parts times octets, where trying each way would cost their power.
struct Ways<'s> {
    pattern: &'s [Part],
    /// By part, the pattern's end last, and by place: whether the rest can be read in no way, in 1, or in 2 and more.
    counts: Vec<Vec<u8>>,
}

impl<'s> Ways<'s> {
    fn of(pattern: &'s [Part], segment: &str) -> Self {
        let mut row = vec![0; segment.len()];
        row.push(1);
        let mut counts = Vec::with_capacity(pattern.len() + 1);
        for part in pattern.iter().rev() {
            let before = part.ways(segment.as_bytes(), &row);
            counts.push(std::mem::replace(&mut row, before));
        }
        counts.push(row);
        counts.reverse();
        Self { pattern, counts }
    }

    fn count(&self) -> u8 {
        self.counts.first().and_then(|row| row.first()).copied().unwrap_or(0)
    }

    /// Where the parameters stand in the first way, in which each is as short as can be.
    fn first(&self) -> Spans {
        let (mut spans, mut at) = (Spans::new(), 0);
        for (part, after) in self.pattern.iter().zip(self.counts.iter().skip(1)) {
            let start = at;
            at += match part {
                Part::Literal(text) => text.len(),
                Part::Parameter => 1 + after.iter().skip(at + 1).take_while(|ways| **ways == 0).count(),
            };
            if *part == Part::Parameter {
                spans.push(start..at);
            }
        }
        spans
    }
}

impl Part {
    /// From each place: in how many ways this part and what follows it, `after`, can be read.
    fn ways(&self, segment: &[u8], after: &[u8]) -> Vec<u8> {
        let of = |at: usize| after.get(at).copied().unwrap_or(0);
        match self {
            Self::Literal(text) => (0..after.len())
                .map(|at| match segment.get(at..) {
                    Some(rest) if rest.starts_with(text.as_bytes()) => of(at + text.len()),
                    _ => 0,
                })
                .collect(),
            Self::Parameter => {
                let mut further = 0;
                let mut ways = vec![0; after.len()];
                for (way, here) in ways.iter_mut().zip(after).rev() {
                    *way = further;
                    further = 2.min(further + here);
                }
                ways
            }
        }
    }
}

/// A template as a key of the tree, the patterns of its segments with parameters, and the parameters' names.
type Template = (String, Box<[Box<[Part]>]>, Box<[Box<str>]>);

fn read(template: &str) -> Result<Template, String> {
    let Some(rest) = template.strip_prefix('/') else {
        return Err(format!("{template} does not start with /"));
    };
    let (mut key, mut patterns, mut names) = (String::new(), Vec::new(), Vec::new());
    for segment in rest.split('/') {
        let pattern = parts(segment, &mut names).ok_or_else(|| format!("{template}: {segment} is not a segment"))?;
        key.push('/');
        if pattern.contains(&Part::Parameter) {
            key.push_str(&format!("{{p{}}}", patterns.len()));
            patterns.push(pattern.into_boxed_slice());
        } else {
            key.push_str(&segment.replace('{', "{{").replace('}', "}}"));
        }
    }
    Ok((key, patterns.into(), names.into()))
}

fn parts(segment: &str, names: &mut Vec<Box<str>>) -> Option<Vec<Part>> {
    let (mut pattern, mut rest) = (Vec::new(), segment);
    while !rest.is_empty() {
        let open = rest.find('{').unwrap_or(rest.len());
        let (literal, after) = rest.split_at(open);
        if !literal.is_empty() {
            pattern.push(Part::Literal(literal.into()));
        }
        rest = after;
        if let Some(inside) = after.strip_prefix('{') {
            let (name, after) = inside.split_once('}')?;
            if name.is_empty() || pattern.last() == Some(&Part::Parameter) {
                return None;
            }
            names.push(name.into());
            pattern.push(Part::Parameter);
            rest = after;
        }
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    fn found(templates: &[&str], path: &str) -> Option<(u32, Vec<String>)> {
        let mut routes = Routes::default();
        for (index, template) in (0..).zip(templates) {
            routes.add(template, "GET", index).unwrap();
        }
        match routes.finish().find(path) {
            Found::Nothing => None,
            Found::Ambiguous(_) => panic!("ambiguous"),
            Found::Path(found) => {
                let values = found
                    .spans
                    .iter()
                    .map(|span| path.get(span.clone()).unwrap().to_owned())
                    .collect();
                Some((found.operation("GET").unwrap(), values))
            }
        }
    }

    #[test]
    fn literal_comes_before_parameter() {
        let templates = ["/users/{id}", "/users/me", "/users/{id}.json", "/"];
        assert_eq!(found(&templates, "/users/me"), Some((1, vec![])));
        assert_eq!(found(&templates, "/users/7"), Some((0, vec!["7".into()])));
        assert_eq!(found(&templates, "/users/7.json"), Some((2, vec!["7".into()])));
        assert_eq!(found(&templates, "/"), Some((3, vec![])));
        assert_eq!(found(&templates, "/users/"), None);
        assert_eq!(found(&templates, "/users/7/"), None);
    }

    #[test]
    fn two_parameters_in_one_segment_have_one_answer_or_none() {
        let templates = ["/range/{from}-{to}"];
        assert_eq!(found(&templates, "/range/1-2"), Some((0, vec!["1".into(), "2".into()])));
        assert_eq!(found(&templates, "/range/-2"), None);
        let mut routes = Routes::default();
        routes.add("/range/{from}-{to}", "GET", 0).unwrap();
        assert!(routes.add("/x/{a}{b}", "GET", 1).is_err());
        assert!(matches!(routes.finish().find("/range/1-2-3"), Found::Ambiguous(_)));
    }

    #[test]
    fn many_parameters_in_one_segment_cost_no_power() {
        let templates = ["/{a}-{b}-{c}-{d}.{e}"];
        assert_eq!(found(&templates, &format!("/{}", "-".repeat(8000))), None);
        let values = ["1", "2", "3", "ü", "5"].map(str::to_owned).to_vec();
        assert_eq!(found(&templates, "/1-2-3-ü.5"), Some((0, values)));
    }

    #[test]
    fn templates_that_overlap_are_refused() {
        let mut routes = Routes::default();
        routes.add("/a/{x}", "GET", 0).unwrap();
        assert!(routes.add("/a/{y}", "POST", 1).is_err());
        assert!(routes.add("/a/{x}", "GET", 1).is_err());
        assert!(routes.add("/a/{x}", "POST", 1).is_ok());
    }
}
