//! A mail server on a real socket: as much of SMTP as a client needs, with STARTTLS and log-in.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use picket_core::Tasks;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a server treats mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Temper {
    Takes,
    /// `550` to the recipient.
    Refuses,
    /// `451` to the recipient.
    RefusesForNow,
    /// Bytes that are no SMTP.
    Garbage,
}

#[derive(Debug)]
pub(super) struct MailServer {
    pub(super) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    temper: Mutex<Temper>,
    mails: Mutex<Vec<String>>,
    log_ins: Mutex<Vec<String>>,
}

impl MailServer {
    pub(super) async fn start(tls: Option<TlsAcceptor>, tasks: &Tasks) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            temper: Mutex::new(Temper::Takes),
            mails: Mutex::default(),
            log_ins: Mutex::default(),
        });
        let (shared, scope) = (state.clone(), tasks.clone());
        tasks.spawn("mail-server", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, tls) = (shared.clone(), tls.clone());
                scope.spawn("mail-connection", async move { shared.serve(stream, tls).await });
            }
        });
        Self { address, state }
    }

    pub(super) fn is(&self, temper: Temper) {
        *self.state.temper.lock() = temper;
    }

    pub(super) fn log_ins(&self) -> Vec<String> {
        self.state.log_ins.lock().clone()
    }

    /// Waits until `count` mails have come.
    pub(super) async fn wait_for(&self, count: usize) -> Vec<String> {
        super::rig::until("mails", || self.state.mails.lock().len() >= count).await;
        self.state.mails.lock().clone()
    }
}

impl State {
    async fn serve(&self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let mut stream = BufReader::new(stream);
        if self.talk(&mut stream, tls.is_some(), true).await != Some(true) {
            return;
        }
        let Some(tls) = tls else { return };
        if let Ok(stream) = tls.accept(stream.into_inner()).await {
            self.talk(&mut BufReader::new(stream), false, false).await;
        }
    }

    /// Talks until the end of the connection; true when the client asks for TLS.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        offers_tls: bool,
        greets: bool,
    ) -> Option<bool> {
        let temper = *self.temper.lock();
        if temper == Temper::Garbage {
            stream.write_all(b"\xff\x00SSH-2.0-nothing\r\n").await.ok()?;
            return None;
        }
        if greets {
            stream.write_all(b"220 mail.example ESMTP\r\n").await.ok()?;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let verb = line.split_whitespace().next().unwrap_or_default().to_uppercase();
            let answer = match (verb.as_str(), temper) {
                ("EHLO", _) if offers_tls => "250-mail.example\r\n250 STARTTLS\r\n",
                ("EHLO", _) => "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
                ("STARTTLS", _) => {
                    stream.write_all(b"220 go ahead\r\n").await.ok()?;
                    return Some(true);
                }
                ("AUTH", _) => {
                    self.log_ins.lock().push(line.trim().to_owned());
                    "235 welcome\r\n"
                }
                ("RCPT", Temper::Refuses) => "550 no such user\r\n",
                ("RCPT", Temper::RefusesForNow) => "451 come back later\r\n",
                ("DATA", _) => {
                    stream.write_all(b"354 go on\r\n").await.ok()?;
                    self.take(stream).await?;
                    "250 taken\r\n"
                }
                ("QUIT", _) => "221 bye\r\n",
                _ => "250 fine\r\n",
            };
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
    }

    async fn take<S: AsyncRead + Unpin>(&self, stream: &mut BufReader<S>) -> Option<()> {
        let mut mail = String::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
            if line == ".\r\n" {
                break;
            }
            mail.push_str(&line);
        }
        // Long lines are folded in quoted-printable; tests look for whole words.
        self.mails.lock().push(mail.replace("=\r\n", "").replace("=3D", "="));
        Some(())
    }
}
