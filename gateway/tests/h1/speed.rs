//! Measures what an ordinary head costs: `cargo test --release -p yett-gateway --test h1 -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use yett_gateway::h1::{Event, Limits, Reader};

const HEAD: &[u8] = b"GET /v1/orders/4711?expand=items HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate\r\nAccept-Language: en-GB,en;q=0.5\r\nAuthorization: Bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\r\nX-Request-Id: 7d4b7e6a-3b1f-4a51-9d52-1f2f3c4d5e6f\r\nConnection: keep-alive\r\n\r\n";

#[test]
#[ignore = "a measurement"]
fn an_ordinary_head() {
    let mut reader = Reader::new(Limits::default());
    let mut best = f64::MAX;
    for _ in 0..1_000 {
        let rounds = 1_000u32; // short, so that the best one was not interrupted
        let start = Instant::now();
        for _ in 0..rounds {
            reader.buffer_mut().extend_from_slice(black_box(HEAD));
            while match reader.next() {
                Ok(Event::Head(head)) => black_box(&head).keep_alive(),
                Ok(Event::Data(_) | Event::End) => true,
                Ok(Event::NeedMore | Event::Closed) | Err(_) => false,
            } {}
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds));
    }
    println!("{best:.0} ns for a head of {} octets and 8 fields", HEAD.len());
}
