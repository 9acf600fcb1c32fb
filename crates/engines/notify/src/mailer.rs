//! Mails by SMTP.

use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};

use crate::config::{NotifyConfig, SmtpConfig, SmtpSecurity};
use crate::ways::Failure;

/// Longest subject.
const SUBJECT_CHARS_MAX: usize = 150;

/// Why mails cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("the mail server of notify.smtp cannot be used: {0}")]
pub struct MailerError(String);

/// Sends mails.
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

/// A mail.
pub(crate) struct Letter<'a> {
    pub(crate) to: &'a str,
    /// The name beside the sender's address, where the topic has one.
    pub(crate) from_name: Option<&'a str>,
    pub(crate) subject: &'a str,
    pub(crate) text: String,
    /// The message's id: a mail that is sent twice has the same.
    pub(crate) id: &'a str,
}

impl Mailer {
    pub(crate) fn open(
        smtp: &SmtpConfig,
        config: &NotifyConfig,
        extra_roots: &[String],
    ) -> Result<Self, MailerError> {
        let failed = |error: &dyn std::fmt::Display| MailerError(error.to_string());
        let tls = match smtp.security {
            SmtpSecurity::None => Tls::None,
            SmtpSecurity::StartTls => Tls::Required(parameters(smtp, config, extra_roots)?),
            SmtpSecurity::Tls => Tls::Wrapper(parameters(smtp, config, extra_roots)?),
        };
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.as_str())
                .port(smtp.port())
                .tls(tls)
                .timeout(Some(config.attempt_timeout()));
        if let (Some(user), Some(password)) = (&smtp.username, &smtp.password) {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        let from = smtp.from.parse().map_err(|error| failed(&error))?;
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends one mail to the server.
    pub(crate) async fn send(&self, letter: Letter<'_>) -> Result<(), Failure> {
        let lasting = |error: &dyn std::fmt::Display| Failure::lasting("no_mail", error);
        let to: Address = letter.to.parse().map_err(|error| lasting(&error))?;
        let name = letter.from_name.map(str::to_owned).or_else(|| self.from.name.clone());
        let subject: String = letter
            .subject
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(SUBJECT_CHARS_MAX)
            .collect();
        let host = self.from.email.domain();
        let mail = Mail::builder()
            .from(Mailbox::new(name, self.from.email.clone()))
            .to(Mailbox::new(None, to))
            .message_id(Some(format!("<{}@{host}>", letter.id)))
            .subject(subject)
            .header(header::ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(|error| lasting(&error))?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                Err(Failure::lasting("mail_refused", chain(&error)))
            }
            Err(error) if error.is_timeout() => Err(Failure::passing("timeout", chain(&error))),
            Err(error) => Err(Failure::passing("mail_server", chain(&error))),
        }
    }
}

fn chain(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error as _;
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text.push_str(": ");
        text.push_str(&source.to_string());
    }
    text
}

/// Whether `text` is an address that mails can be sent to.
pub(crate) fn check_address(text: &str) -> Result<(), String> {
    let parsed: Result<Address, _> = text.parse();
    parsed.map(|_| ()).map_err(|error| format!("the endpoint is no mail address: {error}"))
}

fn parameters(
    smtp: &SmtpConfig,
    config: &NotifyConfig,
    extra_roots: &[String],
) -> Result<TlsParameters, MailerError> {
    let failed = |error: &dyn std::fmt::Display| MailerError(error.to_string());
    let mut builder = TlsParameters::builder(smtp.host.clone());
    for pem in extra_roots {
        let root = Certificate::from_pem(pem.as_bytes()).map_err(|error| failed(&error))?;
        builder = builder.add_root_certificate(root);
    }
    for path in &config.extra_roots {
        let pem = std::fs::read(path)
            .map_err(|error| MailerError(format!("{}: {error}", path.display())))?;
        let root = Certificate::from_pem(&pem).map_err(|error| failed(&error))?;
        builder = builder.add_root_certificate(root);
    }
    builder.build_rustls().map_err(|error| failed(&error))
}
