//! Changes under way.

use picket_ports::registry::{ChangeFilter, DocumentKind, Page};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::rig::{Ask, Rig};

#[tokio::test]
async fn a_change_comes_to_its_end_and_into_the_trail_when_its_caller_hangs_up() {
    let rig = Rig::new().await;
    for n in 0..20 {
        let ask = Ask::post(
            &format!("/role-aliases/a{n}"),
            r#"{"roleArn":"arn:aws:iam::000000000000:role/r"}"#,
        );
        let request = rig.signed(&ask, &rig.signer(&rig.admin, "iot"));
        let mut bytes = format!("POST {} HTTP/1.1\r\n", ask.target);
        for (name, value) in request.headers() {
            bytes.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        bytes.push_str(&format!("content-length: {}\r\n\r\n", ask.body.len()));
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(&ask.body);
        let mut stream = TcpStream::connect(rig.server.local_addr()).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        drop(stream);
    }
    // Whichever of them were taken up, each is there with its record or not at all.
    rig.stop().await;
    let filter = ChangeFilter::default();
    let page = Page::first(100);
    let records = rig.registry.recorded_changes(&filter, &page).await.unwrap().rows;
    let aliases = rig.registry.documents(DocumentKind::RoleAlias).await.unwrap();
    assert_eq!(aliases.len(), records.len());
    assert!(records.iter().all(|record| record.error.is_none()), "{records:?}");
}

#[tokio::test]
async fn many_create_one_name_and_one_of_them_does() {
    let rig = Rig::new().await;
    let ask = Ask::post("/role-aliases/a", r#"{"roleArn":"arn:aws:iam::000000000000:role/r"}"#);
    let replies = futures::future::join_all((0..16).map(|_| rig.admin("iot", ask.clone()))).await;
    let made = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!((made, refused), (1, 15), "{replies:?}");
    rig.end().await;
}
