//! A receiver of requests on a socket of its own, which answers as it is told and keeps what it got.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The status line's rest and headers, such as `200 OK\r\n`.
    Head(&'static str),
    /// The connection is closed once the request is there.
    Nothing,
    /// It is held open, and nothing comes.
    Silence,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    got: watch::Receiver<Vec<Got>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Receiver {
    /// One that answers 200 until it is told otherwise.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, got) = watch::channel(Vec::new());
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let serving = serve(listener, Arc::new(sender), Arc::clone(&answers));
        corelog_runtime::Tasks::new().spawn("receiver", serving);
        Self { url, got, answers }
    }

    /// The next requests are answered like this, one each.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().extend(answers);
    }

    /// What came, once it is so many.
    pub(crate) async fn got(&self, count: usize) -> Vec<Got> {
        let mut got = self.got.clone();
        let got = got.wait_for(|got| got.len() >= count).await.unwrap();
        got.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.got.borrow().len()
    }
}

async fn serve(
    listener: TcpListener,
    sender: Arc<watch::Sender<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
) {
    let tasks = corelog_runtime::Tasks::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (sender, answers) = (Arc::clone(&sender), Arc::clone(&answers));
        tasks.spawn("request", async move {
            // A client that goes away half way is no failure of ours.
            let _ = answer(stream, &sender, &answers).await;
        });
    }
}

async fn answer(
    stream: TcpStream,
    sender: &watch::Sender<Vec<Got>>,
    answers: &Mutex<VecDeque<Answer>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let got = Got {
        target,
        headers,
        body: String::from_utf8(body).unwrap(),
    };
    let answer = answers
        .lock()
        .pop_front()
        .unwrap_or(Answer::Head("200 OK\r\n"));
    sender.send_modify(|all| all.push(got));
    match answer {
        Answer::Head(head) => {
            let text = format!("HTTP/1.1 {head}content-length: 4\r\nconnection: close\r\n\r\nsaid");
            stream.write_all(text.as_bytes()).await
        }
        Answer::Nothing => Ok(()),
        Answer::Silence => std::future::pending().await,
    }
}
