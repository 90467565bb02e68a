//! A configuration that changes under a running gateway.

use super::*;

#[test]
fn a_reload_names_what_needs_a_restart_and_keeps_it() {
    let start = load_with(SAMPLE, &[], &[("listen", "127.0.0.1:1"), ("data", "/d")]).unwrap();
    let same = load_with(SAMPLE, &[], &[("listen", "127.0.0.1:1"), ("data", "/d")]);
    assert_eq!(
        same.unwrap().keep_what_runs(&start).unwrap(),
        Vec::<String>::new()
    );
    let changed = "[spool]\nbytes_max = \"20GiB\"\non_full = \"relay\"\n[log]\nfilter = \"debug\"\n\
                   [limits]\nexchanges_max = 7\nshutdown_timeout = \"1s\"\n";
    let mut again = load_with(changed, &[], &[("listen", "127.0.0.1:2"), ("data", "/e")]).unwrap();
    let mut keys = again.keep_what_runs(&start).unwrap();
    keys.sort();
    assert_eq!(
        keys,
        [
            "data",
            "limits.shutdown_timeout",
            "listen",
            "log.filter",
            "spool.bytes_max"
        ]
    );
    let (now, then) = (again.settings, start.settings);
    assert_eq!((now.listen, &now.data), (then.listen, &then.data));
    assert_eq!(now.spool.bytes_max, then.spool.bytes_max);
    assert_eq!(now.log, then.log);
    assert_eq!(now.spool.on_full, OnFull::Relay);
    assert_eq!(now.limits.exchanges_max, 7);
    assert_eq!(now.destinations[0].place(), "file:///d/bucket");
}

#[test]
fn a_reload_does_not_open_the_gateway_to_anyone() {
    let keyed = "[[key]]\nname = \"k\"\nsecret = \"s\"\n";
    let start = load_with(keyed, &[], &[("listen", "0.0.0.0:1")]).unwrap();
    let mut again = load_with("", &[], &[("listen", "127.0.0.1:1")]).unwrap();
    let refused = again.keep_what_runs(&start).unwrap_err();
    assert!(refused.0[0].reason.contains("0.0.0.0:1"), "{refused}");
}
