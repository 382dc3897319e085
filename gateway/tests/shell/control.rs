//! The control socket, reloads under load, the admin listener, evidence, limits and panics: the process around connections.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use yett_engine::Time;
use yett_gateway::state::Clock;
use yett_gateway::worker::{Inherited, NotStarted, run};

use crate::support::{Client, Gateway, Settings, Upstream, api, operation, plan};

fn simple(upstream: &Upstream) -> Value {
    plan(vec![api(
        &upstream.url(),
        &[
            operation("readItem", "GET", "/items/{id}"),
            operation("echo", "POST", "/echo"),
        ],
    )])
}

fn limited(upstream: &Upstream) -> Value {
    let mut plan = simple(upstream);
    plan["apis"][0]["limits"] =
        json!([{"id": "by-address", "by": "address", "count": 1, "period": 1000, "burst": 50, "mode": "enforce"}]);
    plan
}

#[test]
fn the_control_socket_answers_each_message_in_order() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(simple(&upstream));
    let status = gateway.order(&json!({"status": null, "id": "a"}));
    assert_eq!(
        (&status["id"], &status["status"]["draining"]),
        (&json!("a"), &json!(false))
    );
    for wrong in [
        json!([]),
        json!({}),
        json!({"plan": 1}),
        json!({"status": null, "drain": null}),
        json!({"sing": null}),
    ] {
        assert!(gateway.order(&wrong)["refused"].is_array(), "{wrong}");
    }
    gateway.tell(&json!("not an object"));
    assert!(gateway.hear()["refused"].is_array());
    let refused = gateway.order(&json!({"keys": [{"hmac": "00", "id": "k", "subject": "s"}]}));
    assert_eq!(refused["refused"][0]["pointer"], "/0/hmac");
    let row = json!({"hmac": "0".repeat(64), "id": "k", "subject": "s", "scopes": [], "roles": [], "expires": null});
    assert_eq!(gateway.order(&json!({"keys": [row]})), json!({"keys": 1}));
    assert_eq!(
        gateway.order(&json!({"plan": "/no/such/file"}))["refused"][0]["pointer"],
        ""
    );
    assert_eq!(gateway.client().get("/items/1").status, 200);
}

#[test]
fn a_plan_is_swapped_or_refused_whole() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(simple(&upstream));
    let mut client = gateway.client();
    assert_eq!(client.get("/other/1").status, 404);
    let mut other = simple(&upstream);
    other["apis"][0]["operations"][0]["path"] = "/other/{id}".into();
    let swapped = gateway.reload(&other);
    assert_eq!(swapped["plan"].as_str().map(str::len), Some(64));
    assert_eq!(
        (client.get("/other/1").status, client.get("/items/1").status),
        (200, 404)
    );
    other["apis"][0]["upstream"]["urls"] = json!(["ftp://x"]);
    let refused = gateway.reload(&other);
    assert_eq!(refused["refused"][0]["pointer"], "/apis/0/upstream/urls/0");
    assert_eq!(client.get("/other/1").status, 200);
    let lines = gateway.evidence(4);
    assert_ne!(lines[0]["plan"], lines[1]["plan"]);
    assert_eq!(lines[3]["plan"], swapped["plan"]);
}

#[test]
fn reloads_under_load_lose_no_request() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(simple(&upstream));
    let stop = Arc::new(AtomicBool::new(false));
    let address = gateway.address;
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let stop = stop.clone();
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                let mut served = 0;
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(client.get("/items/1").status, 200);
                    served += 1;
                }
                served
            })
        })
        .collect();
    let (good, mut bad) = (simple(&upstream), simple(&upstream));
    bad["apis"][0]["upstream"]["urls"] = json!([]);
    for turn in 0..200 {
        let reply = gateway.reload(if turn % 10 == 0 { &bad } else { &good });
        assert_eq!(reply.get("plan").is_some(), turn % 10 != 0, "{reply}");
    }
    stop.store(true, Ordering::Relaxed);
    let served: u32 = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(served > 0);
    let lines = gateway.evidence(served as usize);
    assert!(lines.iter().all(|line| line["decision"] == "permitted"));
}

#[test]
fn the_child_serves_on_when_the_parent_dies() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(simple(&upstream));
    gateway.hang_up();
    assert_eq!(gateway.client().get("/items/1").status, 200);
    gateway.forget();
}

#[test]
fn a_limit_holds_across_threads_connections_and_reloads() {
    let upstream = Upstream::start();
    let clock = Clock::fixed(1_700_000_000_000_000_000);
    let mut gateway = Gateway::with(Settings {
        clock: clock.clone(),
        ..Settings::new(limited(&upstream))
    });
    let passed = Arc::new(AtomicU32::new(0));
    let address = gateway.address;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let passed = passed.clone();
            scope.spawn(move || {
                for _ in 0..5 {
                    let mut client = Client::connect(address);
                    for _ in 0..5 {
                        let answer = client.get("/items/1");
                        assert!(matches!(answer.status, 200 | 429));
                        passed.fetch_add(u32::from(answer.status == 200), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(passed.load(Ordering::Relaxed), 50);
    let mut other = limited(&upstream);
    other["gateway"]["connections"] = 499.into();
    assert!(gateway.reload(&other).get("plan").is_some());
    let answer = gateway.client().get("/items/1");
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
    clock.set(1_700_000_001_000_000_000);
    let mut client = gateway.client();
    assert_eq!(
        (client.get("/items/1").status, client.get("/items/1").status),
        (200, 429)
    );
}

#[test]
fn a_limit_with_other_numbers_begins_anew() {
    let upstream = Upstream::start();
    let clock = Clock::fixed(1_700_000_000_000_000_000);
    let mut plan = limited(&upstream);
    plan["apis"][0]["limits"][0]["burst"] = 1.into();
    let mut gateway = Gateway::with(Settings {
        clock,
        ..Settings::new(plan.clone())
    });
    let mut client = gateway.client();
    assert_eq!(
        (client.get("/items/1").status, client.get("/items/1").status),
        (200, 429)
    );
    plan["apis"][0]["limits"][0]["count"] = 100.into();
    assert!(gateway.reload(&plan).get("plan").is_some());
    assert_eq!(
        gateway.client().get("/items/1").status,
        200,
        "what was owed at the old rate is not"
    );
}

#[test]
fn a_panic_is_one_request_s_500() {
    let upstream = Upstream::start();
    let panics = Arc::new(AtomicBool::new(false));
    let asked = panics.clone();
    let clock = Clock::asked(move || {
        // Others ask too; what panics shall be a decision.
        let decides = std::thread::current()
            .name()
            .is_some_and(|name| name.starts_with("yett-reactor"));
        assert!(
            !(decides && asked.swap(false, Ordering::Relaxed)),
            "the clock fell off the wall"
        );
        Time(1_700_000_000_000_000_000)
    });
    let gateway = Gateway::with(Settings {
        clock,
        ..Settings::new(simple(&upstream))
    });
    let (mut one, mut other) = (gateway.client(), gateway.client());
    assert_eq!((one.get("/items/1").status, other.get("/items/1").status), (200, 200));
    panics.store(true, Ordering::Relaxed);
    assert_eq!(one.get("/items/1").status, 500);
    assert_eq!((one.get("/items/1").status, other.get("/items/1").status), (200, 200));
    let faulted: Vec<Value> = gateway
        .evidence(5)
        .into_iter()
        .filter(|line| line["decision"] == "faulted")
        .collect();
    assert_eq!(faulted.len(), 1);
    assert_eq!(faulted[0]["reason"], "engine.decision.faulted");
}

#[test]
fn evidence_tells_what_happened_and_no_secret() {
    let upstream = Upstream::start();
    let mut plan = simple(&upstream);
    plan["apis"][0]["credentials"] = json!({"key": {"api_key": {"header": "x-api-key"}}});
    plan["apis"][0]["operations"][0]["security"] = json!([[{"credential": "key", "scopes": []}]]);
    // HMAC-SHA256 of "yk_open_sesame" with a pepper of 32 octets 0x61.
    let key = aws_hmac(&[0x61; 32], b"yk_open_sesame");
    let config = json!({
        "pepper": "61".repeat(32),
        "keys": [{"hmac": key, "id": "k_1", "subject": "anna", "scopes": [], "roles": [], "expires": null}],
    });
    let gateway = Gateway::with(Settings {
        config,
        ..Settings::new(plan)
    });
    let mut client = gateway.client();
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let ask = |client: &mut Client, key: &str| {
        let head = format!(
            "GET /items/hidden HTTP/1.1\r\nHost: a\r\nCookie: c=hidden\r\nX-Api-Key: {key}\r\ntraceparent: {traceparent}\r\n\r\n"
        );
        client.send(head).answer().status
    };
    assert_eq!(ask(&mut client, "yk_open_sesame"), 200);
    assert_eq!(ask(&mut client, "yk_wrong_secret"), 401);
    assert_eq!(client.get("/items/1").status, 401);
    let lines = gateway.evidence(3);
    let first = &lines[0];
    assert_eq!(first["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(first["subject"], "anna");
    assert_eq!(
        (&first["api"], &first["operation"], &first["method"]),
        (&json!("shop"), &json!("readItem"), &json!("GET"))
    );
    assert_eq!(
        (&first["decision"], &first["status"], &first["upstream_status"]),
        (&json!("permitted"), &json!(200), &json!(200))
    );
    assert_eq!(first["credential"]["scheme"], "key");
    assert!(first["latency_us"].is_u64() && first["bytes_in"].is_u64() && first["bytes_out"].is_u64());
    assert_eq!(lines[1]["reason"], "authenticate.key.unknown");
    assert_eq!(lines[2]["reason"], "authenticate.credential.missing");
    let text = std::fs::read_to_string(gateway.folder.join("evidence.jsonl")).unwrap();
    for secret in ["sesame", "wrong_secret", "hidden", key.as_str(), &"61".repeat(32)] {
        assert!(!text.contains(secret), "{secret} is in evidence");
    }
}

fn aws_hmac(key: &[u8], text: &[u8]) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    aws_lc_rs::hmac::sign(&key, text)
        .as_ref()
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

#[test]
fn evidence_files_rotate() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(simple(&upstream));
    let mut client = gateway.client();
    assert_eq!(client.get("/items/1").status, 200);
    gateway.evidence(1);
    let file = gateway.folder.join("evidence.jsonl");
    std::fs::rename(&file, gateway.folder.join("evidence.1")).unwrap();
    assert_eq!(gateway.order(&json!({"reopen": null})), json!({"reopened": 1}));
    assert_eq!(client.get("/items/2").status, 200);
    assert_eq!(gateway.evidence(1).len(), 1);
}

#[test]
fn a_full_disk_stops_nobody_and_is_told() {
    let upstream = Upstream::start();
    let mut plan = simple(&upstream);
    plan["gateway"]["evidence"] = json!([{"file": "/dev/full"}]);
    let gateway = Gateway::start(plan);
    assert_eq!(gateway.client().get("/items/1").status, 200);
    crate::support::eventually(|| {
        gateway
            .admin("/metrics")
            .text()
            .contains("yett_evidence_dropped_total 1\n")
            .then_some(())
    });
}

#[test]
fn the_admin_listener_tells_health_and_numbers() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(simple(&upstream));
    let mut client = gateway.client();
    assert_eq!(
        (client.get("/items/1").status, client.get("/unknown").status),
        (200, 404)
    );
    gateway.evidence(2);
    assert_eq!(
        (gateway.admin("/healthz").status, gateway.admin("/readyz").status),
        (200, 200)
    );
    assert_eq!(gateway.admin("/").status, 404);
    for (host, status) in [
        ("localhost:9901", 200),
        ("[::1]:9901", 200),
        ("127.0.0.1", 200),
        ("rebound.example", 421),
    ] {
        assert_eq!(gateway.admin_of(host, "/metrics").status, status, "{host}");
    }
    let text = gateway.admin("/metrics").text();
    for line in [
        "yett_requests_total{api=\"shop\",operation=\"readItem\",decision=\"permitted\",reason=\"\"} 1",
        "yett_requests_total{api=\"shop\",operation=\"\",decision=\"refused\",reason=\"resolve.operation.unknown\"} 1",
        "yett_request_seconds_count 2",
        "yett_upstream_answers_total{class=\"2xx\"} 1",
        "yett_connections 1",
        "yett_held_bytes 0",
        "yett_evidence_dropped_total 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("yett_plan_info{hash=\""));
}

#[test]
fn the_admin_listener_answers_32_at_a_time() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(simple(&upstream));
    let silent: Vec<Client> = (0..32).map(|_| Client::connect(gateway.admin)).collect();
    let mut late = Client::connect(gateway.admin);
    late.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    late.stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let waits = late.stream.peek(&mut [0]);
    assert!(
        waits.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
        "the others wait"
    );
    drop(silent);
    late.stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(late.answer().status, 200);
}

#[test]
fn a_configuration_that_is_none_does_not_start() {
    let upstream = Upstream::start();
    let path = std::env::temp_dir().join(format!("yett-shell-config-{}.json", std::process::id()));
    std::fs::write(&path, simple(&upstream).to_string()).unwrap();
    let row = json!({"hmac": "00", "id": "k", "subject": "s", "scopes": [], "roles": [], "expires": null});
    let material = json!({"certificates": []});
    for (config, found) in [
        (json!({}), "the worker's configuration: missing field `plan`"),
        (
            json!({"plan": path, "colour": 1}),
            "the worker's configuration: unknown field `colour`",
        ),
        (
            json!({"plan": path, "pepper": "00"}),
            "pepper: expected at least 64 hex digits",
        ),
        (
            json!({"plan": path, "keys": [row]}),
            "/keys/0/hmac: expected 64 hex digits",
        ),
        (
            json!({"plan": path, "tls": [material]}),
            "/tls/0: found certificates, expected none",
        ),
    ] {
        let inherited = Inherited {
            listeners: Vec::new(),
            admin: None,
            control: None,
        };
        match run(&config.to_string(), inherited, Clock::system()) {
            Err(NotStarted::Config(why)) => assert!(why.starts_with(found), "{why}"),
            other => panic!("{config}: {other:?}"),
        }
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_plan_that_is_none_does_not_start() {
    let refusal = Gateway::refused(json!({"yett": 1}), json!({}));
    assert!(refusal["refused"].is_array(), "{refusal}");
    let upstream = Upstream::start();
    let mut plan = simple(&upstream);
    plan["apis"][0]["credentials"] = json!({"bearer": {"jwt": {
        "issuer": "https://idp.example", "audience": ["shop"], "leeway": 0, "types": [], "scope_claim": "scope", "role_claim": "/roles",
        "keys": {"url": {"url": "http://idp.example/jwks", "refresh": 1, "floor": 1, "stale": 1, "timeout": 1, "bytes": 1}}}}});
    let refusal = Gateway::refused(plan, json!({}));
    assert!(
        refusal["refused"][0]["found"].as_str().unwrap().contains("loopback"),
        "{refusal}"
    );
}

#[test]
fn a_hang_up_opens_evidence_files_anew() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(simple(&upstream));
    let mut client = gateway.client();
    assert_eq!(client.get("/items/1").status, 200);
    gateway.evidence(1);
    let file = gateway.folder.join("evidence.jsonl");
    std::fs::rename(&file, gateway.folder.join("evidence.1")).unwrap();
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &std::process::id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    crate::support::eventually(|| {
        assert_eq!(client.get("/items/2").status, 200);
        file.exists().then_some(())
    });
}

#[test]
fn a_sink_that_heals_tells_what_is_missing() {
    let upstream = Upstream::start();
    let folder = std::env::temp_dir().join(format!("yett-shell-heals-{}", std::process::id()));
    let mut plan = simple(&upstream);
    plan["gateway"]["evidence"] = json!([{"file": folder.join("evidence.jsonl")}]);
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    assert_eq!(client.get("/items/1").status, 200);
    crate::support::eventually(|| {
        gateway
            .admin("/metrics")
            .text()
            .contains("yett_evidence_dropped_total 1\n")
            .then_some(())
    });
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(client.get("/items/1").status, 200);
    let lines: Vec<Value> = crate::support::eventually(|| {
        let text = std::fs::read_to_string(folder.join("evidence.jsonl")).unwrap_or_default();
        (text.lines().count() >= 2).then(|| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    });
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        (&lines[0]["evidence_dropped"], &lines[1]["status"]),
        (&json!(1), &json!(200))
    );
}

#[test]
fn a_writer_that_hangs_stops_nobody() {
    let upstream = Upstream::start();
    let folder = std::env::temp_dir().join(format!("yett-shell-hangs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut plan = simple(&upstream);
    plan["gateway"]["evidence"] = json!([{"file": pipe}]);
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    for _ in 0..3 {
        assert_eq!(client.get("/items/1").status, 200);
    }
    assert_eq!(
        gateway.drain(),
        json!({"drained": {"requests": 0}}),
        "nobody reads the pipe, and the child still ends"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_plan_stays_refused_where_the_parent_is_gone() {
    let path = std::env::temp_dir().join(format!("yett-shell-gone-{}.json", std::process::id()));
    std::fs::write(&path, "{}").unwrap();
    let (parent, child) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(parent);
    let inherited = Inherited {
        listeners: Vec::new(),
        admin: None,
        control: Some(child),
    };
    let ended = run(&json!({"plan": path}).to_string(), inherited, Clock::system());
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(ended, Err(NotStarted::Refused(_))), "{ended:?}");
}
