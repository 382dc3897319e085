//! Fetches what requests wait for, and refreshes it before they have to.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::{MissedTickBehavior, interval};
use yett_engine::jose::KeySet;
use yett_engine::plan::KeyUrl;

use crate::evidence::Watch;
use crate::fetch::Fetcher;
use crate::log;
use crate::state::{Fetched, State, Wishes};

/// Between two looks at what is due.
const ROUND: Duration = Duration::from_secs(1);

/// Starts a thread that fetches, and watches evidence, for a shell without sockets of its own; it ends with the process.
///
/// # Errors
/// Where the thread cannot begin.
pub(crate) fn start(state: &Arc<State>, wishes: Wishes, watch: Watch) -> io::Result<JoinHandle<()>> {
    let state = state.clone();
    std::thread::Builder::new()
        .name("yett-control".to_owned())
        .spawn(move || {
            match Builder::new_current_thread()
                .enable_all()
                .build_local(LocalOptions::default())
            {
                Ok(runtime) => runtime.block_on(async {
                    spawn_local(watch.keep());
                    serve(state, wishes).await;
                }),
                Err(error) => log::error("no key set can be fetched", &[("error", &error)]),
            }
        })
}

/// Fetches what is wished for and what is due.
pub(super) async fn serve(state: Arc<State>, mut wishes: Wishes) {
    let fetcher = Rc::new(Fetcher::new());
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            wish = wishes.recv() => match wish {
                Some(wish) => begin(&state, &fetcher, &wish.fetched, &wish.url, wish.done),
                None => return,
            },
            _ = rounds.tick() => {
                let ground = state.ground();
                let now = state.clock.now();
                for (fetched, url) in ground.fetched().filter(|(fetched, url)| fetched.is_due(url, now)) {
                    begin(&state, &fetcher, fetched, url, oneshot::channel().0);
                }
            }
        }
    }
}

/// Begins a fetch, unless one is under way; then its end is waited for.
fn begin(state: &Arc<State>, fetcher: &Rc<Fetcher>, fetched: &Arc<Fetched>, url: &KeyUrl, done: oneshot::Sender<()>) {
    if !fetched.wait(done, url, state.clock.now()) {
        return;
    }
    let (fetcher, url) = (fetcher.clone(), url.clone());
    let ending = Ending {
        state: state.clone(),
        fetched: fetched.clone(),
        answer: None,
    };
    spawn_local(async move {
        let answer = fetcher.fetch(&url).await;
        match &answer {
            Ok((keys, _)) => log::info(
                "a key set was fetched",
                &[("url", &url.url), ("keys", &keys.keys().len())],
            ),
            Err(why) => log::warning("a key set could not be fetched", &[("url", &url.url), ("error", why)]),
        }
        ending.with(answer.ok());
    });
}

/// Ends a fetch whatever becomes of its task: as long as it seems under way, nobody begins another.
struct Ending {
    state: Arc<State>,
    fetched: Arc<Fetched>,
    answer: Option<(Arc<KeySet>, Box<[u8]>)>,
}

impl Ending {
    fn with(mut self, answer: Option<(Arc<KeySet>, Box<[u8]>)>) {
        self.answer = answer;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.state.fetched(&self.fetched, self.answer.take());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use serde_json::json;
    use yett_engine::{Plan, Time};

    use super::*;
    use crate::state::Clock;

    #[test]
    fn a_fetch_whose_task_panics_has_ended() {
        let plan = super::super::tests::plan("none", 1).to_string();
        let plan = Plan::load(plan.as_bytes()).unwrap();
        let (state, _wishes) = State::new(plan, None, Clock::fixed(7), Duration::ZERO).unwrap();
        let url = json!({"url": "https://a", "refresh": 1, "floor": 0, "stale": 1, "timeout": 1, "bytes": 1});
        let url: KeyUrl = serde_json::from_value(url).unwrap();
        let fetched = Arc::new(Fetched::default());
        let (done, mut ended) = oneshot::channel();
        assert!(fetched.wait(done, &url, Time(1)));
        let ending = Ending {
            state,
            fetched: fetched.clone(),
            answer: None,
        };
        let panicked = std::thread::spawn(move || {
            let _ending = ending;
            panic!("in the middle of a fetch");
        });
        assert!(panicked.join().is_err());
        assert_eq!(ended.try_recv(), Ok(()));
        assert!(fetched.wait(oneshot::channel().0, &url, Time(9)), "another begins");
    }
}
