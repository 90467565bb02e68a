//! Which span is which recorded call.

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const BEGAN: Timestamp = Timestamp::from_unix_ms(1_795_000_000_000);

/// A call as the gateway records it.
fn call(number: u8, corelog: &str) -> (RecordId, Document) {
    let id = RecordId::from_parts(BEGAN.unix_ms(), [number; 10]);
    let text = format!(
        r#"{{"timestamp":"t","accountId":"a","region":"r","requestId":"request-{number}",
            "operation":"ChatCompletions","modelId":"gpt","identity":{{"arn":"a"}},
            "schemaType":"s","schemaVersion":"1.0",
            "corelog":{{"recordId":"{id}","provider":"p","dialect":"openai"{corelog}}}}}"#
    );
    (id, serde_json::from_str(&text).unwrap())
}

fn note(seen: &mut Seen, id: RecordId, document: &Document) {
    seen.note(Noted::record(id, BEGAN, document).unwrap());
}

fn in_trace(parent: &str) -> String {
    format!(r#","trace":{{"traceId":"{TRACE}","spanId":"{parent}"}}"#)
}

fn key(number: u8) -> SpanKey {
    let trace = bytes_of_hex(TRACE).try_into().unwrap();
    SpanKey {
        trace,
        span: [number; 8],
    }
}

fn sought(number: u8) -> Sought<'static> {
    Sought {
        key: key(number),
        below: &[],
        response_id: None,
        request_id: None,
        model: Some("gpt"),
        start_ms: BEGAN.unix_ms() - 10,
        end_ms: BEGAN.unix_ms() + 500,
    }
}

/// What a span is, after these calls.
fn check(calls: &[&str], sought: Sought<'_>, expected: Option<usize>) {
    let mut seen = Seen::default();
    let mut ids = Vec::new();
    for (number, corelog) in (1..).zip(calls) {
        let (id, document) = call(number, corelog);
        note(&mut seen, id, &document);
        ids.push(id);
    }
    let found = seen.find(sought);
    assert_eq!(found, expected.map(|at| ids[at]), "{calls:?}");
    if found.is_some() {
        assert_eq!(seen.find(sought), found, "the span is sent again");
    }
}

#[test]
fn by_the_ids_of_the_provider() {
    let calls = [r#","responseId":"r-1""#, r#","upstreamRequestId":"req-2""#];
    let of_response = |id| Sought {
        response_id: Some(id),
        ..sought(9)
    };
    let of_request = |id| Sought {
        request_id: Some(id),
        ..sought(9)
    };
    check(&calls, of_response("r-1"), Some(0));
    check(&calls, of_response("r-2"), None);
    check(&calls, of_request("req-2"), Some(1));
    check(&calls, of_request("request-1"), Some(0));
    check(&calls, sought(9), None);
    // A mock's answers have one id, whenever they are asked for.
    let at = |start_ms| Sought {
        start_ms,
        end_ms: start_ms,
        ..of_response("r-1")
    };
    let began = BEGAN.unix_ms();
    check(&calls, at(began + ID_APART_MS), Some(0));
    check(&calls, at(began + ID_APART_MS + 1), None);
}

#[test]
fn by_the_span_that_the_call_was_made_in() {
    let calls = [in_trace("0909090909090909"), in_trace("0808080808080808")];
    let calls = [calls[0].as_str(), calls[1].as_str()];
    check(&calls, sought(9), Some(0));
    check(&calls, sought(8), Some(1));
    // Another model, another time: the span's id says enough.
    let late = Sought {
        start_ms: 5,
        end_ms: 6,
        model: Some("other"),
        ..sought(9)
    };
    check(&calls, late, Some(0));
    let below = Sought {
        below: &[[8; 8]],
        ..sought(7)
    };
    check(&calls, below, Some(1));
}

#[test]
fn an_sdk_that_tries_again_makes_two_calls_in_one_span() {
    let first = format!(r#"{},"responseId":"r-1""#, in_trace("0909090909090909"));
    let of = |response_id| Sought {
        response_id,
        ..sought(9)
    };
    check(&[&first], of(Some("r-2")), None);
    check(&[&first], of(Some("r-1")), Some(0));
    check(&[&first], of(None), Some(0));
}

#[test]
fn by_trace_and_time_where_only_one_call_fits() {
    let one = in_trace("0101010101010101");
    let other = in_trace("0202020202020202");
    check(&[&one], sought(9), Some(0));
    check(&[&one, &other], sought(9), None);
    let outside = Sought {
        start_ms: BEGAN.unix_ms() + SKEW_MS + 1,
        end_ms: BEGAN.unix_ms() + SKEW_MS + 2,
        ..sought(9)
    };
    check(&[&one], outside, None);
    let other_model = Sought {
        model: Some("claude"),
        ..sought(9)
    };
    check(&[&one], other_model, None);
    let mut elsewhere = sought(9);
    elsewhere.key.trace = [1; 16];
    check(&[&one], elsewhere, None);
}

#[test]
fn one_call_stands_for_one_span() {
    let (id, document) = call(1, &in_trace("0101010101010101"));
    let mut seen = Seen::default();
    note(&mut seen, id, &document);
    assert_eq!(seen.find(sought(8)), Some(id));
    assert_eq!(seen.find(sought(9)), None);
}

#[test]
fn spans_of_one_call_are_remembered_up_to_a_number() {
    let (id, document) = call(1, r#","responseId":"r-1""#);
    let mut seen = Seen::default();
    note(&mut seen, id, &document);
    for number in 1..=100 {
        let sought = Sought {
            response_id: Some("r-1"),
            ..sought(number)
        };
        assert_eq!(seen.find(sought), Some(id));
    }
    assert_eq!(seen.by_key.len(), KEYS_MAX);
}

#[test]
fn a_call_that_is_read_again_is_one() {
    let (id, document) = call(1, &in_trace("0101010101010101"));
    let mut seen = Seen::default();
    note(&mut seen, id, &document);
    note(&mut seen, id, &document);
    assert_eq!(seen.find(sought(9)), Some(id));
}

/// A call with nothing to find it by but its trace, made at a time.
fn known(number: u64, made_ms: u64) -> Noted {
    let trace = key(9).trace;
    Noted(What::Call(Known {
        id: RecordId::from_parts(BEGAN.unix_ms(), [0; 10]),
        began_ms: BEGAN.unix_ms(),
        made_ms,
        model: None,
        response: None,
        trace: (number == 0).then(|| digest("trace", &[&trace])),
        keys: vec![number.to_be_bytes()],
        is_claimed: false,
    }))
}

#[test]
fn the_oldest_calls_are_forgotten_whole() {
    let mut seen = Seen::default();
    let made = BEGAN.unix_ms();
    let calls_min = CALLS_MIN as u64;
    for number in 0..calls_min {
        // One id, so each needs a key of its own not to be taken for the one before.
        seen.note(known(number, made));
    }
    assert_eq!(seen.calls.len(), CALLS_MIN);
    // More than there need be, and still young.
    seen.note(known(calls_min, made + YOUNG_MS));
    assert_eq!(seen.calls.len(), CALLS_MIN + 1);
    assert!(seen.find(sought(9)).is_some());
    // All but the last are old now.
    seen.note(known(calls_min + 1, made + YOUNG_MS + 1));
    assert_eq!(seen.calls.len(), CALLS_MIN);
    assert_eq!(seen.find(sought(9)), None);
    assert_eq!((seen.by_key.len(), seen.by_trace.len()), (CALLS_MIN, 0));
    for number in 0..CALLS_MAX as u64 {
        seen.note(known(calls_min + 2 + number, made + YOUNG_MS + 1));
    }
    assert_eq!(seen.calls.len(), CALLS_MAX);
}

#[test]
fn the_oldest_steps_are_forgotten() {
    let mut seen = Seen::default();
    let step = |number: usize| SpanKey {
        trace: [1; 16],
        span: (number as u64).to_be_bytes(),
    };
    for number in 1..=STEPS_MAX + 1 {
        seen.note(Noted(What::Step(step(number))));
    }
    assert!(!seen.has_step(step(1)) && seen.has_step(step(2)));
    assert_eq!(seen.known_steps.len(), STEPS_MAX);
}
