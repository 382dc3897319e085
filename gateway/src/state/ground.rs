//! What requests stand on: a plan, and what the shell has made of it once, so that no request has to. Swapped whole.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use yett_engine::Plan;
use yett_engine::jose::KeySet;
use yett_engine::plan::{Fault, KeySource, KeyUrl, MethodPlan};

use super::key_sets::{Fetched, KeySets};
use crate::upstream::{Servers, Target, Targets};

/// A plan and what belongs to it.
pub struct Ground {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Tells plans of this process apart; never used again.
    pub number: u64,
    /// Where each credential's keys come from, by its index.
    pub(crate) sources: Vec<Source>,
    /// What names each limit across reloads, by its index.
    pub(crate) salts: Vec<u64>,
    /// Where each API's requests go, by its index.
    pub(crate) targets: Vec<Targets>,
}

/// Where a credential's keys come from.
pub(crate) enum Source {
    /// It has none.
    Nowhere,
    /// The plan holds them.
    Inline(Arc<KeySet>),
    /// Given by name.
    Given(Box<str>),
    /// Fetched.
    Url(Arc<Fetched>, KeyUrl),
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

impl Ground {
    /// Makes a plan ready to judge by.
    ///
    /// # Errors
    /// What of it this shell cannot do.
    pub(crate) fn new(plan: Plan, sets: &KeySets, servers: &Servers) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let targets = (0u32..)
            .zip(&plan.apis)
            .map(|(index, api)| targets(index, api, servers, &mut faults))
            .collect();
        let sources = plan
            .credentials
            .iter()
            .map(|credential| source(&credential.method, sets, &mut faults))
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            sources,
            salts: salts(&plan),
            targets,
            plan: Arc::new(plan),
        })
    }

    pub(crate) fn salt(&self, limit: u32) -> u64 {
        self.salts.get(limit as usize).copied().unwrap_or_default()
    }

    /// The key sets that come from URLs.
    pub(crate) fn fetched(&self) -> impl Iterator<Item = (&Arc<Fetched>, &KeyUrl)> {
        self.sources.iter().filter_map(|source| match source {
            Source::Url(fetched, url) => Some((fetched, url)),
            Source::Nowhere | Source::Inline(_) | Source::Given(_) => None,
        })
    }
}

fn targets(index: u32, api: &yett_engine::plan::Api, servers: &Servers, faults: &mut Vec<Fault>) -> Targets {
    let at = format!("/apis/{index}/upstream/urls");
    if api.upstream.urls.is_empty() {
        faults.push(Fault {
            pointer: at.clone(),
            found: "no URL".to_owned(),
        });
    }
    if let Some(health) = &api.upstream.health
        && !(health.path.starts_with('/')
            && health
                .path
                .bytes()
                .all(|octet| octet.is_ascii_graphic() && octet != b'#'))
    {
        faults.push(Fault {
            pointer: format!("/apis/{index}/upstream/health/path"),
            found: format!("{:?}, expected a path of visible ASCII characters", health.path),
        });
    }
    let mut targets = Vec::new();
    for (number, url) in api.upstream.urls.iter().enumerate() {
        match Target::parse(&api.name, url, servers) {
            Ok(mut target) => {
                target.checked = api.upstream.health.is_some();
                if let Some(other) = targets.iter().find(|other: &&Arc<Target>| other.is(&target)) {
                    faults.push(Fault {
                        pointer: format!("{at}/{number}"),
                        found: format!("{}, the same as {}, expected each URL once", target.url, other.url),
                    });
                }
                targets.push(Arc::new(target));
            }
            Err(found) => faults.push(Fault {
                pointer: format!("{at}/{number}"),
                found,
            }),
        }
    }
    Targets::new(targets, api.upstream.ejection)
}

fn source(method: &MethodPlan, sets: &KeySets, faults: &mut Vec<Fault>) -> Source {
    let MethodPlan::Jwt(jwt) = method else {
        return Source::Nowhere;
    };
    match (&jwt.keys, &jwt.inline) {
        (_, Some(keys)) => Source::Inline(keys.clone()),
        (KeySource::Given(name), None) => Source::Given(name.as_str().into()),
        (KeySource::Url(url), None) => {
            if let Err(found) = crate::fetch::judge(&url.url) {
                faults.push(Fault {
                    pointer: format!("credential with keys at {}", url.url),
                    found,
                });
            }
            Source::Url(sets.at(&url.url), url.clone())
        }
        (KeySource::Inline(_), None) => Source::Nowhere,
    }
}

/// A limit keeps its counters over a reload when its name and its numbers stay; of limits with one name, each keeps its place.
/// With other numbers it is another limit, whose buckets are full: a debt is never paid back at a rate that is gone.
fn salts(plan: &Plan) -> Vec<u64> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let hash = BuildHasherDefault::<DefaultHasher>::default();
    plan.limits
        .iter()
        .map(|limit| {
            let place = seen.entry(&limit.id).or_default();
            *place += 1;
            hash.hash_one((&limit.id, *place, limit.burst, limit.refill))
        })
        .collect()
}
