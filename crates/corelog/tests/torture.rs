//! The short form of `corelog torture`, with the binary of this build.

use std::process::Command;

#[test]
fn torture_finds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_corelog"))
        .args(["torture", "--rounds", "50", "--rate", "20"])
        .args(["--seconds", "2", "--dir"])
        .arg(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        // What it left behind is what tells why.
        let kept = dir.keep();
        let error = String::from_utf8_lossy(&output.stderr);
        panic!("kept {}\n{error}\n{said}", kept.display());
    }
    for scenario in ["kill ", "hang-up ", "stop ", "outage ", "disk ", "query "] {
        assert!(
            said.lines().any(|line| line.starts_with(scenario)),
            "{scenario} is not in\n{said}"
        );
    }
}

#[test]
fn a_scenario_that_does_not_exist_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_corelog"))
        .args(["torture", "--scenario", "flood"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("'flood'") && said.contains("hang-up"),
        "{said}"
    );
}
