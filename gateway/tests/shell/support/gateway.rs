//! A gateway on a thread of this process, with its control socket in the test's hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yett_gateway::state::Clock;
use yett_gateway::worker::{Inherited, NotStarted, run};

use super::{Answer, Client};

/// What a test changes about a gateway.
pub(crate) struct Settings {
    pub(crate) plan: Value,
    pub(crate) config: Value,
    pub(crate) clock: Clock,
}

impl Settings {
    pub(crate) fn new(plan: Value) -> Self {
        Self {
            plan,
            config: json!({}),
            clock: Clock::system(),
        }
    }
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) folder: PathBuf,
    control: BufReader<UnixStream>,
    thread: Option<JoinHandle<Result<(), NotStarted>>>,
}

impl Gateway {
    pub(crate) fn start(plan: Value) -> Self {
        Self::with(Settings::new(plan))
    }

    /// Starts; evidence goes to `evidence.jsonl` in the gateway's folder.
    pub(crate) fn with(settings: Settings) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("yett-shell-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let plan = settings.plan;
        let mut config = settings.config;
        config["plan"] = write_plan(&folder, &plan).to_str().unwrap().into();
        config["log"] = json!({"level": "error"});
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = TcpListener::bind("127.0.0.1:0").unwrap();
        let (control, child) = UnixStream::pair().unwrap();
        let (address, admin_address) = (listener.local_addr().unwrap(), admin.local_addr().unwrap());
        let inherited = Inherited {
            listeners: vec![listener],
            admin: Some(admin),
            control: Some(child),
        };
        let clock = settings.clock;
        let thread = std::thread::spawn(move || run(&config.to_string(), inherited, clock));
        let mut gateway = Self {
            address,
            admin: admin_address,
            folder,
            control: BufReader::new(control),
            thread: Some(thread),
        };
        let first = gateway.hear();
        assert!(first.get("ready").is_some(), "{first}");
        gateway
    }

    /// What a gateway says that does not start with this plan.
    pub(crate) fn refused(plan: Value, mut config: Value) -> Value {
        let folder = std::env::temp_dir().join(format!("yett-shell-refused-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        config["plan"] = write_plan(&folder, &plan).to_str().unwrap().into();
        let (control, child) = UnixStream::pair().unwrap();
        let inherited = Inherited {
            listeners: Vec::new(),
            admin: None,
            control: Some(child),
        };
        assert!(matches!(
            run(&config.to_string(), inherited, Clock::system()),
            Err(NotStarted::Refused(_))
        ));
        let mut line = String::new();
        BufReader::new(control).read_line(&mut line).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Ends the control socket, as the death of the parent does.
    pub(crate) fn hang_up(&self) {
        self.control.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    }

    /// Leaves the gateway to the end of the process.
    pub(crate) fn forget(mut self) {
        drop(self.thread.take());
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Says something to the control thread and hears its reply.
    pub(crate) fn order(&mut self, message: &Value) -> Value {
        self.tell(message);
        self.hear()
    }

    pub(crate) fn tell(&mut self, message: &Value) {
        self.control
            .get_mut()
            .write_all(format!("{message}\n").as_bytes())
            .unwrap();
    }

    pub(crate) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Has another plan judge.
    pub(crate) fn reload(&mut self, plan: &Value) -> Value {
        let path = write_plan(&self.folder, plan);
        self.order(&json!({"plan": path}))
    }

    pub(crate) fn admin(&self, path: &str) -> Answer {
        self.admin_of("127.0.0.1", path)
    }

    /// Asks the admin listener by a host.
    pub(crate) fn admin_of(&self, host: &str, path: &str) -> Answer {
        Client::connect(self.admin)
            .send(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n"))
            .answer()
    }

    /// All lines of evidence, once there are so many.
    pub(crate) fn evidence(&self, count: usize) -> Vec<Value> {
        let path = self.folder.join("evidence.jsonl");
        eventually(|| {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            // The writer may be in the middle of the last line.
            let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
            let lines: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            (lines.len() >= count).then_some(lines)
        })
    }

    /// Drains, and waits for the end.
    pub(crate) fn drain(mut self) -> Value {
        let drained = self.order(&json!({"drain": null}));
        self.end();
        drained
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.thread.is_some() && !std::thread::panicking() {
            let _ = self.control.get_mut().write_all(b"{\"drain\": 0}\n");
            let _ = self.control.read_to_string(&mut String::new());
            self.end();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A plan that names no sink writes evidence into the folder.
fn write_plan(folder: &Path, plan: &Value) -> PathBuf {
    let mut plan = plan.clone();
    if plan["gateway"]["evidence"] == json!([]) {
        plan["gateway"]["evidence"] = json!([{"file": folder.join("evidence.jsonl")}]);
    }
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let path = folder.join(format!("plan-{}.json", NUMBER.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(&path, plan.to_string()).unwrap();
    path
}

/// What a question brings as soon as it brings something, within ten seconds.
pub(crate) fn eventually<T>(mut question: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(Instant::now() < end, "it did not come to be within ten seconds");
        std::thread::yield_now();
    }
}
