//! Finds the operations of a path: a tree of whole segments, and own patterns where a segment holds more than one thing.
//!
//! Every template that a path fits is found, because what one router takes for the first template another takes for the
//! second: one must be the most concrete of them in every segment, or the path has two meanings.

use std::collections::HashMap;
use std::ops::Range;

use smallvec::{SmallVec, smallvec};

/// Where each path parameter stands in the path, in the order of the template.
pub(crate) type Spans = SmallVec<[Range<usize>; 4]>;

/// One template.
struct Route {
    /// The segments that hold parameters, by number.
    patterns: Box<[(u32, Box<[Part]>)]>,
    names: Box<[Box<str>]>,
    /// Method to index of the operation.
    methods: Vec<(Box<str>, u32)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    Parameter,
}

/// What templates have read so far when they differ in the next segment, or end.
#[derive(Default)]
struct Node {
    /// By text, sorted.
    literals: Vec<(Box<str>, u32)>,
    /// Where the next segment holds parameters, whatever its pattern.
    parameter: Option<u32>,
    /// The templates that end here, most literal first.
    routes: Vec<Route>,
}

/// The paths of one API, while they are collected.
pub(crate) struct Routes {
    nodes: Vec<Node>,
    literals: HashMap<(u32, Box<str>), u32>,
}

/// The paths of one API.
#[derive(Default)]
pub(crate) struct Router {
    nodes: Box<[Node]>,
}

/// Every template that a path fits, the most concrete first.
pub(crate) struct Fits<'r>(SmallVec<[Path<'r>; 2]>);

/// A template that a path fits.
pub(crate) struct Path<'r> {
    route: &'r Route,
    /// Where the parameters' values stand, in the order of the template; in the first way, if there are several.
    pub(crate) spans: Spans,
    is_split_twice: bool,
}

impl Fits<'_> {
    /// Whether the first can be read in two ways, or another one is as concrete in some segment.
    pub(crate) fn are_ambiguous(&self) -> bool {
        let mut paths = self.0.iter();
        paths
            .next()
            .is_some_and(|first| first.is_split_twice || paths.any(|other| !first.route.hides(other.route)))
    }
}

impl<'r> IntoIterator for Fits<'r> {
    type Item = Path<'r>;
    type IntoIter = smallvec::IntoIter<[Path<'r>; 2]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
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

impl Default for Routes {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            literals: HashMap::new(),
        }
    }
}

impl Routes {
    /// Adds an operation; one that is closed may have parameters with nothing between them.
    ///
    /// # Errors
    /// What is wrong with the template, as text.
    pub(crate) fn add(&mut self, template: &str, method: &str, operation: u32, closed: bool) -> Result<(), String> {
        let (segments, names) = read(template)?;
        let is_adjacent = |pair: &[Part]| matches!(pair, [Part::Parameter, Part::Parameter]);
        if !closed && segments.iter().any(|segment| segment.windows(2).any(is_adjacent)) {
            return Err(format!("{template} has two parameters with nothing between them"));
        }
        let end = self.end(&segments);
        let Some(Node { routes, .. }) = self.nodes.get_mut(end as usize) else {
            return Err("its place in the tree is lost".into());
        };
        let patterns: Box<[_]> = (0..)
            .zip(segments)
            .filter(|(_, segment)| segment.contains(&Part::Parameter))
            .map(|(number, segment)| (number, segment.into_boxed_slice()))
            .collect();
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
        for ((node, text), below) in self.literals {
            if let Some(node) = self.nodes.get_mut(node as usize) {
                node.literals.push((text, below));
            }
        }
        for node in &mut self.nodes {
            node.literals.sort();
            node.literals.shrink_to_fit();
            node.routes.shrink_to_fit();
        }
        Router {
            nodes: self.nodes.into(),
        }
    }

    /// The node at which a template ends, made where it is not there yet.
    fn end(&mut self, segments: &[Vec<Part>]) -> u32 {
        let mut at = 0;
        for segment in segments {
            let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            at = match (segment.as_slice(), self.nodes.get_mut(at as usize)) {
                ([], _) => *self.literals.entry((at, "".into())).or_insert(next),
                ([Part::Literal(text)], _) => *self.literals.entry((at, text.clone())).or_insert(next),
                (_, Some(node)) => *node.parameter.get_or_insert(next),
                (_, None) => next,
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        at
    }
}

impl Router {
    /// The templates of a decoded path below the API's base.
    pub(crate) fn fits(&self, path: &str) -> Fits<'_> {
        let segments: SmallVec<[&str; 8]> = path.split('/').skip(1).collect();
        let mut fits = Fits(SmallVec::new());
        let mut ahead: SmallVec<[(u32, usize); 8]> = smallvec![(0, 0)];
        while let Some((node, depth)) = ahead.pop() {
            let Some(node) = self.nodes.get(node as usize) else {
                continue;
            };
            match segments.get(depth) {
                Some(segment) => {
                    ahead.extend(node.parameter.map(|below| (below, depth + 1)));
                    ahead.extend(node.literal(segment).map(|below| (below, depth + 1)));
                }
                None => fits
                    .0
                    .extend(node.routes.iter().filter_map(|route| route.fit(path, &segments))),
            }
        }
        fits
    }
}

impl Node {
    fn literal(&self, segment: &str) -> Option<u32> {
        let found = self.literals.binary_search_by(|(text, _)| (**text).cmp(segment)).ok()?;
        self.literals.get(found).map(|(_, below)| *below)
    }
}

impl Route {
    fn literals(&self) -> usize {
        self.patterns.iter().map(|(_, pattern)| literals(pattern)).sum()
    }

    /// Whether this one is the same as the other, or more concrete, in every segment.
    fn hides(&self, other: &Self) -> bool {
        self.patterns.iter().all(|(number, pattern)| {
            let beside = other.patterns.iter().find(|(known, _)| known == number);
            beside.is_some_and(|(_, beside)| pattern == beside || literals(pattern) > literals(beside))
        })
    }

    fn fit<'r>(&'r self, path: &str, segments: &[&str]) -> Option<Path<'r>> {
        let (mut spans, mut is_split_twice) = (Spans::new(), false);
        for (number, pattern) in &self.patterns {
            let segment = segments.get(*number as usize)?;
            let at = segment.as_ptr().addr().saturating_sub(path.as_ptr().addr());
            if matches!(**pattern, [Part::Parameter]) && !segment.is_empty() {
                spans.push(at..at + segment.len());
                continue;
            }
            let ways = Ways::of(pattern, segment);
            if ways.count() == 0 {
                return None;
            }
            is_split_twice |= ways.count() > 1;
            spans.extend(ways.first().into_iter().map(|span| at + span.start..at + span.end));
        }
        Some(Path {
            route: self,
            spans,
            is_split_twice,
        })
    }
}

fn literals(pattern: &[Part]) -> usize {
    let length = |part: &Part| if let Part::Literal(text) = part { text.len() } else { 0 };
    pattern.iter().map(length).sum()
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

/// The parts of each segment, and the parameters' names.
type Template = (Vec<Vec<Part>>, Box<[Box<str>]>);

fn read(template: &str) -> Result<Template, String> {
    let Some(rest) = template.strip_prefix('/') else {
        return Err(format!("{template} does not start with /"));
    };
    let mut names = Vec::new();
    let segments = rest
        .split('/')
        .map(|segment| parts(segment, &mut names).ok_or_else(|| format!("{template}: {segment} is not a segment")));
    let segments = segments.collect::<Result<_, _>>()?;
    Ok((segments, names.into()))
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
            if name.is_empty() {
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
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn router(templates: &[&str]) -> Router {
        let mut routes = Routes::default();
        for (index, template) in (0..).zip(templates) {
            routes.add(template, "GET", index, false).unwrap();
        }
        routes.finish()
    }

    /// The operations of all templates that fit, with the first one's values; whether they are ambiguous.
    fn fits(templates: &[&str], path: &str) -> (Vec<u32>, Vec<String>, bool) {
        let router = router(templates);
        let fits = router.fits(path);
        let is_ambiguous = fits.are_ambiguous();
        let found: Vec<Path<'_>> = fits.into_iter().collect();
        let values = found.first().into_iter().flat_map(|first| first.spans.iter());
        (
            found.iter().map(|path| path.operation("GET").unwrap()).collect(),
            values.map(|span| path.get(span.clone()).unwrap().to_owned()).collect(),
            is_ambiguous,
        )
    }

    fn found(templates: &[&str], path: &str) -> Option<(u32, Vec<String>)> {
        let (found, values, is_ambiguous) = fits(templates, path);
        assert!(!is_ambiguous, "{path}");
        Some((*found.first()?, values))
    }

    #[test]
    fn literal_comes_before_parameter() {
        let templates = ["/users/{id}", "/users/me", "/users/{id}.json", "/"];
        assert_eq!(found(&templates, "/users/me"), Some((1, vec![])));
        assert_eq!(found(&templates, "/users/7"), Some((0, vec!["7".into()])));
        assert_eq!(found(&templates, "/users/7.json"), Some((2, vec!["7".into()])));
        assert_eq!(found(&templates, "/"), Some((3, vec![])));
        for nothing in ["/users/", "/users/7/", "/users", "/users/7/8", "//"] {
            assert_eq!(found(&templates, nothing), None, "{nothing}");
        }
    }

    #[test]
    fn every_template_that_fits_is_found() {
        let templates = ["/users/{id}", "/users/me", "/{any}/{thing}", "/users/{id}.json"];
        assert_eq!(fits(&templates, "/users/me").0, [1, 0, 2]);
        assert_eq!(fits(&templates, "/users/7.json").0, [3, 0, 2]);
        assert_eq!(fits(&templates, "/others/me").0, [2]);
    }

    #[test]
    fn a_pattern_that_does_not_fit_hides_nothing() {
        let templates = ["/r/{y}-{m}/summary", "/r/{id}/{part}"];
        assert_eq!(found(&templates, "/r/2026-01/summary").unwrap().0, 0);
        let abc = ["abc", "summary"].map(str::to_owned).to_vec();
        assert_eq!(found(&templates, "/r/abc/summary"), Some((1, abc)));
    }

    #[test]
    fn one_template_is_the_most_concrete_or_there_is_no_answer() {
        for (templates, path) in [
            (&["/x/{a}-{b}", "/x/{a}.{b}"][..], "/x/1-2.3"),
            (&["/x/{a}-{b}", "/x/v{a}"], "/x/v1-2"),
            (&["/{entity}/me", "/books/{id}"], "/books/me"),
            (&["/{a}--{b}/{c}", "/{a}/{b}-{c}"], "/1--2/3-4"),
            (&["/x/{a}-{b}", "/x/{a}"], "/x/1-2-3"),
        ] {
            assert!(fits(templates, path).2, "{path}");
        }
        for (templates, path) in [
            (&["/x/{a}-{b}", "/x/{a}.{b}"][..], "/x/1-2"),
            (&["/x/{a}-{b}", "/x/{a}", "/x/1-2", "/{a}/{b}"], "/x/1-2"),
            (&["/{entity}/me", "/books/{id}", "/books/me"], "/books/me"),
            (&["/{a}/{b}-{c}", "/{a}/{b}", "/{a}-{b}/{c}-{d}"], "/1-2/3-4"),
        ] {
            assert!(!fits(templates, path).2, "{path}");
        }
    }

    #[test]
    fn two_parameters_in_one_segment_have_one_answer_or_none() {
        let templates = ["/range/{from}-{to}"];
        assert_eq!(found(&templates, "/range/1-2"), Some((0, vec!["1".into(), "2".into()])));
        assert_eq!(found(&templates, "/range/-2"), None);
        assert!(fits(&templates, "/range/1-2-3").2);
    }

    #[test]
    fn parameters_with_nothing_between_them_are_closed() {
        let mut routes = Routes::default();
        assert!(routes.add("/x/{a}{b}", "GET", 0, false).is_err());
        assert!(routes.add("/x/{a}{b}", "GET", 0, true).is_ok());
        let router = routes.finish();
        let found = |path| {
            router
                .fits(path)
                .into_iter()
                .next()
                .and_then(|path| path.operation("GET"))
        };
        assert_eq!(found("/x/12"), Some(0));
        assert_eq!(found("/x/1"), None);
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
        routes.add("/a/{x}", "GET", 0, false).unwrap();
        assert!(routes.add("/a/{y}", "POST", 1, false).is_err());
        assert!(routes.add("/a/{x}", "GET", 1, false).is_err());
        assert!(routes.add("/a/{x}", "POST", 1, false).is_ok());
    }
}
