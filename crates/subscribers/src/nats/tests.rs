//! A server played by the test, word by word as the protocol's documentation has it.

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const INFO: &str =
    "INFO {\"server_id\":\"S\",\"version\":\"2.9.10\",\"headers\":true,\"max_payload\":64}\r\n";

struct Server(BufReader<TcpStream>);

impl Server {
    /// Greets, and reads who comes.
    async fn accept(listener: &TcpListener, info: &str) -> (Self, Vec<String>) {
        let (stream, _) = listener.accept().await.unwrap();
        let mut server = Self(BufReader::new(stream));
        server.say(info).await;
        let mut lines = Vec::new();
        while lines.last().map(String::as_str) != Some("PING") {
            lines.push(server.line().await);
        }
        (server, lines)
    }

    async fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }

    async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).await.unwrap();
        bytes
    }
}

fn nats(listener: &TcpListener, jetstream: bool) -> Nats {
    let config = NatsConfig {
        address: listener.local_addr().unwrap().to_string(),
        tls: false,
        ca_pem: None,
        login: NatsLogin::User("me".to_owned(), "secret".to_owned()),
        subject: "calls.all".to_owned(),
        jetstream,
        timeout: Duration::from_secs(20),
    };
    Nats::open(config, None).unwrap()
}

fn parcel(body: &'static str, key: &str) -> Parcel {
    Parcel {
        body: Bytes::from_static(body.as_bytes()),
        payload: Payload::Gzip,
        events: 1,
        key: key.to_owned(),
    }
}

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_166_142_123);

/// Reads a message with headers; gives what answers are sent to, and its bytes.
async fn published(server: &mut Server) -> (String, String) {
    let head = server.line().await;
    let words: Vec<&str> = head.split(' ').collect();
    let ["HPUB", "calls.all", reply, _, whole] = words[..] else {
        panic!("{head}")
    };
    let bytes = server.bytes(whole.parse::<usize>().unwrap() + 2).await;
    (reply.to_owned(), String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn a_stream_acknowledges_each_message() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nats = nats(&listener, true);
    let playing = async {
        let (mut server, hello) = Server::accept(&listener, INFO).await;
        let connect: serde_json::Value =
            serde_json::from_str(hello[0].strip_prefix("CONNECT ").unwrap()).unwrap();
        assert_eq!(
            (&connect["user"], &connect["pass"]),
            (&"me".into(), &"secret".into())
        );
        assert_eq!(connect["no_responders"], true);
        assert!(hello[1].starts_with("SUB _INBOX."), "{}", hello[1]);
        server.say("PONG\r\nPING\r\n").await;
        let (reply, bytes) = published(&mut server).await;
        assert_eq!(bytes, "NATS/1.0\r\nNats-Msg-Id: a_b/1\r\n\r\none\r\n");
        let late = reply.replace(".1", ".999");
        let answer = r#"{"stream":"S","seq":7}"#;
        let text = format!(
            "MSG {late} 1 2\r\n{{}}\r\nMSG {reply} 1 {}\r\n{answer}\r\n",
            answer.len()
        );
        server.say(&text).await;
        assert_eq!(server.line().await, "PONG");
        // The same connection takes the next, which nobody listens to.
        let (reply, _) = published(&mut server).await;
        server
            .say(&format!("HMSG {reply} 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"))
            .await;
        server
    };
    let sending = async {
        assert_eq!(
            nats.send(&parcel("one", "a\nb/1"), NOW).await.unwrap(),
            Sent::default()
        );
        nats.send(&parcel("two", "b"), NOW).await
    };
    // What is not acknowledged on a kept connection is tried on a new one, which here is closed at once.
    let ((), outcome) = tokio::join!(
        async {
            drop(playing.await);
            drop(listener.accept().await.unwrap());
        },
        sending
    );
    assert!(
        matches!(outcome, Err(Error::Unexpected(_) | Error::Io { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn what_a_stream_refuses_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nats = nats(&listener, true);
    let playing = async {
        let (mut server, _) = Server::accept(&listener, INFO).await;
        server.say("PONG\r\n").await;
        for answer in [
            r#"{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"},"stream":"S","seq":0}"#,
            r#"{"error":{"code":400,"err_code":10002,"description":"resource limits exceeded for account"}}"#,
        ] {
            let (reply, _) = published(&mut server).await;
            server
                .say(&format!("MSG {reply} 1 {}\r\n{answer}\r\n", answer.len()))
                .await;
        }
        server
    };
    let sending = async {
        let refused = nats.send(&parcel("one", "a"), NOW).await.unwrap_err();
        assert!(refused.is_too_large() && refused.is_final());
        let large = "x".repeat(64).leak();
        let refused = nats.send(&parcel(large, "a"), NOW).await.unwrap_err();
        assert!(refused.is_too_large() && refused.is_final());
        nats.send(&parcel("two", "b"), NOW).await
    };
    let ((), outcome) = tokio::join!(
        async {
            drop(playing.await);
            drop(listener.accept().await.unwrap());
        },
        sending
    );
    assert!(!outcome.unwrap_err().is_final());
}

#[tokio::test]
async fn without_streams_the_server_has_read_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nats = nats(&listener, false);
    let playing = async {
        let (mut server, _) = Server::accept(&listener, INFO).await;
        server.say("PONG\r\n").await;
        assert_eq!(server.line().await, "PUB calls.all 3");
        assert_eq!(server.bytes(5).await, b"one\r\n");
        assert_eq!(server.line().await, "PING");
        server.say("PONG\r\n").await;
    };
    let one = parcel("one", "a");
    let ((), sent) = tokio::join!(playing, nats.send(&one, NOW));
    assert_eq!(sent.unwrap(), Sent::default());
}

#[tokio::test]
async fn a_server_that_is_none_or_turns_us_away_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nats = nats(&listener, true);
    for (info, told) in [
        (
            "HTTP/1.1 400 Bad Request\r\n",
            "it greets like no NATS server",
        ),
        (
            "INFO {\"max_payload\":1,\"tls_required\":true}\r\n",
            "it wants TLS",
        ),
        ("INFO {\"max_payload\":1}\r\n", "it takes no headers"),
        ("INFO {", "it hung up"),
        (
            "INFO {\"max_payload\":9,\"headers\":true}\r\n-ERR 'Authorization Violation'\r\n",
            "Authorization",
        ),
    ] {
        let playing = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(info.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            // Reads to the end, so that nothing unread resets the connection.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let one = parcel("one", "a");
        let ((), sent) = tokio::join!(playing, nats.send(&one, NOW));
        let error = sent.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
