//! Mails through a real server.

use picket_core::{Secret, Tasks};
use picket_ports::MailText;

use super::receiver;
use super::rig::{Rig, quick};
use super::smtp::{MailServer, Temper};
use crate::{NotifyConfig, Publication, SmtpConfig, SmtpSecurity};

fn config(server: &MailServer, security: SmtpSecurity) -> NotifyConfig {
    let login = (security != SmtpSecurity::None).then(|| "picket".to_owned());
    let smtp = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: Some(server.address.port()),
        security,
        password: login.as_ref().map(|_| Secret::new("hunter2")),
        username: login,
        from: "Picket <picket@fleet.example>".to_owned(),
    };
    NotifyConfig { smtp: Some(smtp), ..quick() }
}

/// The token in the link of a mail.
fn token(mail: &str) -> String {
    let (_, rest) = mail.split_once("Token=").unwrap_or_else(|| panic!("{mail}"));
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

fn alarm() -> Publication {
    Publication {
        message: r#"{"violationEventType":"in-alarm"}"#.to_owned(),
        mail: Some(MailText {
            subject: "ALARM: cam-9 SentRate".to_owned(),
            text: "cam-9 sent 913 messages in 5 minutes, expected at most 400".to_owned(),
        }),
        ..Publication::default()
    }
}

#[tokio::test]
async fn a_reader_confirms_by_a_link_and_then_gets_alarms_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = Tasks::new();
    let server = MailServer::start(None, &tasks).await;
    let rig = Rig::with(folder.path(), config(&server, SmtpSecurity::None), &[]).await;
    rig.engine.set_topic_attribute(&rig.topic, "DisplayName", "Fleet alerts").await.unwrap();
    let arn = rig.subscribe("email", "ana@fleet.example", &[]).await;
    let question = server.wait_for(1).await.remove(0);
    assert!(question.contains("To: ana@fleet.example"), "{question}");
    assert!(question.contains("Subject: Confirm your subscription"), "{question}");
    let token = token(&question);
    rig.engine.confirm_subscription(&rig.topic, &token, false, false).await.unwrap();
    let id = rig.engine.publish(&rig.topic, alarm()).await.unwrap();
    let mail = server.wait_for(2).await.remove(1);
    for words in [
        "Subject: ALARM: cam-9 SentRate",
        "From: \"Fleet alerts\" <picket@fleet.example>",
        "cam-9 sent 913 messages",
        &format!("Action=Unsubscribe&SubscriptionArn={arn}"),
        &format!("<{id}@fleet.example>"),
    ] {
        assert!(mail.contains(words), "no {words} in {mail}");
    }
    assert!(!mail.contains("violationEventType"), "{mail}");
    rig.settled().await;
    rig.stop().await;
}

#[tokio::test]
async fn programs_get_the_signed_form_by_mail() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = Tasks::new();
    let server = MailServer::start(None, &tasks).await;
    let rig = Rig::with(folder.path(), config(&server, SmtpSecurity::None), &[]).await;
    rig.subscribe("email-json", "bot@fleet.example", &[]).await;
    let question = server.wait_for(1).await.remove(0);
    assert!(question.contains("\"SubscriptionConfirmation\""), "{question}");
    let (_, body) = question.split_once("\"Token\" : \"").unwrap();
    let token: String = body.chars().take_while(char::is_ascii_hexdigit).collect();
    rig.engine.confirm_subscription(&rig.topic, &token, false, false).await.unwrap();
    rig.engine.publish(&rig.topic, alarm()).await.unwrap();
    let mail = server.wait_for(2).await.remove(1);
    assert!(mail.contains("violationEventType") && mail.contains("\"Signature\""), "{mail}");
    rig.stop().await;
}

#[tokio::test]
async fn nobody_logs_in_before_tls_and_a_server_without_it_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = Tasks::new();
    let (acceptor, root) = receiver::tls();
    let server = MailServer::start(Some(acceptor), &tasks).await;
    let roots = [root];
    let rig = Rig::with(folder.path(), config(&server, SmtpSecurity::StartTls), &roots).await;
    rig.subscribe("email", "ana@fleet.example", &[]).await;
    server.wait_for(1).await;
    // AGkA… is "\0picket\0hunter2" in base64.
    assert_eq!(server.log_ins(), ["AUTH PLAIN AHBpY2tldABodW50ZXIy"]);
    rig.stop().await;
    let plain = MailServer::start(None, &tasks).await;
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::with(folder.path(), config(&plain, SmtpSecurity::StartTls), &roots).await;
    let arn = rig.subscribe("email", "ana@fleet.example", &[]).await;
    super::rig::until("a failure", || rig.view(&arn).tally.last_error.is_some()).await;
    assert_eq!(plain.log_ins(), Vec::<String>::new());
    rig.stop().await;
}

#[tokio::test]
async fn a_server_that_has_trouble_gets_the_mail_later_and_one_that_refuses_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = Tasks::new();
    let server = MailServer::start(None, &tasks).await;
    let rig = Rig::with(folder.path(), config(&server, SmtpSecurity::None), &[]).await;
    let arn = rig.subscribe("email", "ana@fleet.example", &[]).await;
    let token = token(&server.wait_for(1).await[0]);
    rig.engine.confirm_subscription(&rig.topic, &token, false, false).await.unwrap();
    for temper in [Temper::RefusesForNow, Temper::Garbage] {
        server.is(temper);
        let count = server.wait_for(0).await.len();
        rig.engine.publish(&rig.topic, alarm()).await.unwrap();
        super::rig::until("a failure", || rig.view(&arn).tally.last_error.is_some()).await;
        server.is(Temper::Takes);
        server.wait_for(count + 1).await;
        rig.settled().await;
    }
    server.is(Temper::Refuses);
    rig.engine.publish(&rig.topic, alarm()).await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!(ledger.dropped.get("mail_refused"), Some(&1), "{ledger:?}");
    let kept = rig.engine.undelivered(&arn).await.unwrap();
    assert!(kept[0].error.contains("no such user"), "{kept:?}");
    rig.stop().await;
}
