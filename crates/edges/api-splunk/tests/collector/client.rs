//! A client that writes the bytes it is given and reads one answer after the other.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(10);

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Status and body in one text.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.status, self.body)
    }
}

/// A connection.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    read: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(at: SocketAddr) -> Self {
        Self::over(TcpStream::connect(at).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) const fn over(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// Writes `head` (lines with their ends), a length and `body`; reads the answer.
    pub(crate) async fn request(&mut self, head: &str, body: &[u8]) -> Answer {
        let length = body.len();
        self.write(format!("{head}Content-Length: {length}\r\n\r\n").as_bytes()).await;
        self.write(body).await;
        self.answer().await
    }

    /// Writes bytes; that the server has hung up already is fine, its answer tells.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _hung_up = self.stream.write_all(bytes).await.is_err();
        let _hung_up = self.stream.flush().await.is_err();
    }

    /// Reads one answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.answer_to("POST").await
    }

    /// Reads the answer to a request with this method: one to HEAD has no body.
    pub(crate) async fn answer_to(&mut self, method: &str) -> Answer {
        let head = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break self.take(end + 4);
            }
            assert!(self.fill().await, "closed before an answer: {:?}", self.read);
        };
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
        if method == "HEAD" {
            length = 0;
        }
        while self.read.len() < length {
            assert!(self.fill().await, "closed inside an answer");
        }
        let body = String::from_utf8(self.take(length)).unwrap();
        Answer { status, headers, body }
    }

    /// Whether the server closes the connection without another byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.read.is_empty() && !self.fill().await
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        self.read.drain(..count).collect()
    }

    /// Reads more; false at the end.
    async fn fill(&mut self) -> bool {
        let mut chunk = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await;
        let count = read.expect("the server is silent").unwrap_or(0);
        self.read.extend_from_slice(&chunk[..count]);
        count > 0
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
