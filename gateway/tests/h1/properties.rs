//! Properties: the way in which bytes arrive changes nothing, what was written comes back, little is held, nothing panics.

use proptest::prelude::*;
use yett_engine::reason::Reason;
use yett_gateway::h1::{Event, Limits, Reader, Version, proof};

/// Small, so that random bytes reach them.
const SMALL: Limits = Limits {
    head_bytes: 200,
    headers: 6,
    target_bytes: 40,
    method_bytes: 8,
    chunk_line_bytes: 24,
    extension_bytes: 30,
};

/// Words of HTTP/1 and words of attacks: their random sentences come near to requests.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"GET ",
        b"POST / HTTP/1.1\r\n",
        b"GET /a HTTP/1.0\r\n",
        b"/",
        b" ",
        b"\t",
        b"\r\n",
        b"\r\n\r\n",
        b"\r",
        b"\n",
        b":",
        b"0",
        b"Content-Length: 5\r\n",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: ",
        b"chunked",
        b",",
        b"Connection: close\r\n",
        b"Host: a\r\n",
        b"Expect: 100-continue\r\n",
        b"hello",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"5;a=b\r\n",
        b"A",
        b"\x00",
        b"\xff",
        b"+",
        b"0x5",
        b"FFFFFFFFFFFFFFFF",
        b" HTTP/1.1\r\n",
        b"x: y\r\n",
        b" folded\r\n",
        b";",
        b"\"",
    ];
    prop_oneof![
        9 => proptest::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..60),
    ]
}

fn connection() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(word(), 0..24).prop_map(|words| words.concat())
}

fn check() -> impl Strategy<Value = Option<Reason>> {
    let reasons: Vec<_> = Reason::all()
        .filter(|reason| reason.level() == "bytes")
        .map(Some)
        .collect();
    prop_oneof![3 => Just(None), 1 => proptest::sample::select(reasons)]
}

fn pieces<'b>(bytes: &'b [u8], cuts: &[proptest::sample::Index]) -> Vec<&'b [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

#[derive(Clone, Debug)]
struct Valid {
    request: proof::Request,
    chunks: Option<Vec<usize>>,
}

fn token(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let octets = b"!#$%&'*+-.^_`|~0189abyz".to_vec();
    proptest::collection::vec(proptest::sample::select(octets), length)
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xffu8];
    proptest::collection::vec(octet, 0..30).prop_map(|octets| octets.trim_ascii().to_vec())
}

fn field() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    (token(1..12).prop_map(|name| [b"x-", &name[..]].concat()), value())
}

fn valid() -> impl Strategy<Value = Valid> {
    let target = proptest::collection::vec(b'!'..=0xff_u8, 1..60);
    let fields = proptest::collection::vec(field(), 0..8);
    let body = proptest::collection::vec(any::<u8>(), 0..200);
    let chunks = proptest::option::of(proptest::collection::vec(1..50usize, 1..6));
    (token(1..20), target, fields, body, chunks).prop_map(|(method, target, mut headers, body, chunks)| {
        match &chunks {
            Some(_) => headers.push((b"transfer-encoding".to_vec(), b"chunked".to_vec())),
            None => headers.push((b"content-length".to_vec(), body.len().to_string().into_bytes())),
        }
        let version = Version::Http11;
        let request = proof::Request {
            method,
            target,
            version,
            headers,
            body,
            keep_alive: true,
            expects_continue: false,
            whole: true,
        };
        Valid { request, chunks }
    })
}

fn write(Valid { request, chunks }: &Valid) -> Vec<u8> {
    let mut bytes = [&request.method[..], b" ", &request.target, b" HTTP/1.1\r\n"].concat();
    for (name, value) in &request.headers {
        bytes.extend([&name.to_ascii_uppercase()[..], b": \t", value, b" \r\n"].concat());
    }
    bytes.extend(b"\r\n");
    let Some(sizes) = chunks else {
        return [bytes, request.body.clone()].concat();
    };
    let mut body = &request.body[..];
    for size in sizes.iter().cycle() {
        let (chunk, rest) = body.split_at((*size).min(body.len()));
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        if chunk.is_empty() {
            break;
        }
        bytes.extend([chunk, b"\r\n"].concat());
        body = rest;
    }
    [&bytes[..], b"\r\n"].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_way_in_which_bytes_arrive_changes_nothing(
        bytes in connection(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6), without in check(),
    ) {
        for limits in [SMALL, Limits::default()] {
            let whole = proof::read_pieces([&bytes[..]], limits, without);
            prop_assert_eq!(&whole, &proof::read_pieces(bytes.chunks(1), limits, without));
            prop_assert_eq!(&whole, &proof::read_pieces(pieces(&bytes, &cuts), limits, without));
        }
    }

    #[test]
    fn what_was_written_comes_back(requests in proptest::collection::vec(valid(), 1..4)) {
        let bytes: Vec<u8> = requests.iter().flat_map(write).collect();
        let reading = proof::read(&bytes, None);
        prop_assert_eq!(reading.refusal, None);
        let written: Vec<_> = requests.into_iter().map(|valid| valid.request).collect();
        prop_assert_eq!(reading.requests, written);
    }

    #[test]
    fn little_is_held_and_the_end_is_reached(bytes in connection()) {
        let mut reader = Reader::new(SMALL);
        let (mut events, mut taken) = (0, 0);
        'connection: for piece in bytes.chunks(7).chain([&b""[..]]) {
            if piece.is_empty() {
                reader.eof();
            }
            reader.push(piece);
            loop {
                events += 1;
                match reader.next() {
                    Ok(Event::NeedMore) => break,
                    Ok(Event::Closed) | Err(_) => break 'connection,
                    Ok(Event::Head(head)) => taken += head.bytes().len(),
                    Ok(Event::Data(octets)) => {
                        prop_assert!(!octets.is_empty());
                        taken += octets.len();
                    }
                    Ok(Event::End) => {}
                }
            }
            prop_assert!(reader.buffered() < SMALL.head_bytes);
        }
        prop_assert!(taken <= bytes.len());
        prop_assert!(events <= 2 * bytes.len() + 3);
    }
}
