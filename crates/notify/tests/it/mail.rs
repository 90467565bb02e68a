//! Letters to a mail server.

use std::time::Duration;

use corelog_alarms::StateValue;
use corelog_notify::{ChannelConfig, EmailConfig, Encryption};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::scene::{Scene, config, topic};

/// A mail server that says `answers` to letters, one each, and `250` afterwards; what it was told comes out.
async fn server(answers: Vec<&'static str>) -> (u16, mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, letters) = mpsc::channel(9);
    corelog_runtime::Tasks::new().spawn("mail server", async move {
        let mut answers = answers.into_iter();
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answers.next().unwrap_or("250 queued");
            if let Some(told) = talk(BufReader::new(stream), answer).await {
                sender.send(told).await.unwrap();
            }
        }
    });
    (port, letters)
}

async fn talk(mut stream: BufReader<tokio::net::TcpStream>, answer: &str) -> Option<Vec<String>> {
    stream.write_all(b"220 here\r\n").await.ok()?;
    let (mut told, mut in_letter) = (Vec::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return Some(told);
        }
        let line = line.trim_end().to_owned();
        told.push(line.clone());
        let reply = match (in_letter, line.split(' ').next().unwrap_or_default()) {
            (true, ".") => {
                in_letter = false;
                answer
            }
            (true, _) => continue,
            (false, "EHLO") => "250-here\r\n250 AUTH PLAIN",
            (false, "AUTH") => "235 welcome",
            (false, "DATA") => {
                in_letter = true;
                "354 go on"
            }
            (false, "QUIT") => {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return Some(told);
            }
            (false, _) => "250 fine",
        };
        stream
            .write_all(format!("{reply}\r\n").as_bytes())
            .await
            .ok()?;
    }
}

fn email(port: u16) -> ChannelConfig {
    ChannelConfig::Email(EmailConfig {
        host: "127.0.0.1".to_owned(),
        port,
        encryption: Encryption::None,
        ca_pem: None,
        login: Some(("user".to_owned(), "hunter2".to_owned())),
        from: "Corelog <corelog@example.org>".to_owned(),
        to: vec!["ops@example.org".to_owned(), "me@example.org".to_owned()],
        timeout: Duration::from_mins(1),
    })
}

#[tokio::test]
async fn a_letter_says_what_happened_to_all_recipients() {
    let (port, mut letters) = server(vec!["451 later"]).await;
    let scene = Scene::start(&[config("mail", email(port))]);
    scene.add(&["n1"], "slow", &topic("mail"), StateValue::Alarm);
    let first = letters.recv().await.unwrap();
    scene.until(|memory| memory.waiting()[0].1 == 1).await;
    scene.wait(10);
    let letter = letters.recv().await.unwrap();
    scene.settled().await;
    let has = |line: &str| letter.iter().any(|it| it == line);
    // base64 of "\0user\0hunter2".
    assert!(has("AUTH PLAIN AHVzZXIAaHVudGVyMg=="), "{letter:#?}");
    for line in [
        "MAIL FROM:<corelog@example.org>",
        "RCPT TO:<ops@example.org>",
        "RCPT TO:<me@example.org>",
        "From: Corelog <corelog@example.org>",
        "To: ops@example.org, me@example.org",
        "Subject: ALARM: \"slow\" in US East (N. Virginia)",
        "Date: Sun, 22 Nov 2026 12:00:10 +0000",
        "Auto-Submitted: auto-generated",
        "The alarm \"slow\" went from OK into ALARM at 2026-11-22T12:00:00Z.",
        "Threshold Crossed: ALARM",
        "Slow answers",
    ] {
        assert!(has(line), "{line} in {letter:#?}");
    }
    let id = |letter: &[String]| {
        letter
            .iter()
            .find(|it| it.starts_with("Message-ID: "))
            .cloned()
    };
    assert!(id(&letter).is_some());
    assert_eq!(id(&first), id(&letter), "a repeat can be told");
    scene.stop().await;
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_given_up() {
    let (port, mut letters) = server(vec!["554 no"]).await;
    let scene = Scene::start(&[config("mail", email(port))]);
    scene.add(&["n1"], "slow", &topic("mail"), StateValue::Alarm);
    letters.recv().await.unwrap();
    scene.settled().await;
    let history = scene.outbox.memory.history();
    assert!(
        history[0]
            .data
            .contains("the mail server did not take the message"),
        "{history:?}"
    );
    assert!(!format!("{history:?}{:?}", scene.handle.reports()).contains("hunter2"));
    scene.stop().await;
}
