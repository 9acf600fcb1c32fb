use futures::future::join_all;
use picket_ports::Directory as _;
use picket_ports::registry::{Certificate, Page};
use rcgen::DnType;

use crate::test_pki::request;
use crate::test_plane::{TestPlane, all_pages, refusal};
use crate::{AttachmentKind, ControlError};

const SHARED: AttachmentKind = AttachmentKind::NonExclusive;
const OWN: AttachmentKind = AttachmentKind::Exclusive;

async fn certificate(at: &TestPlane) -> (Certificate, String) {
    let request = request(&[(DnType::CommonName, "pump-17")]);
    let made = at.plane.create_certificate_from_csr(&request, true).await.unwrap();
    let arn = at.plane.certificate_arn(&made.id);
    (made, arn)
}

#[tokio::test]
async fn an_attachment_shows_in_both_directions_and_at_the_door() {
    let at = TestPlane::new().await;
    at.things(&["pump-17", "pump-18", "pump-19"]).await;
    let (one, one_arn) = certificate(&at).await;
    let (two, two_arn) = certificate(&at).await;
    for thing in ["pump-17", "pump-18", "pump-17"] {
        at.plane.attach_thing_principal(thing, &one_arn, SHARED).await.unwrap();
    }
    at.plane.attach_thing_principal("pump-17", &two_arn, SHARED).await.unwrap();
    let mut expected = vec![(one.id.clone(), SHARED), (two.id, SHARED)];
    expected.sort_by(|(a, _), (b, _)| a.cmp(b));
    let plane = &at.plane;
    let read = |page| async move { plane.list_thing_principals("pump-17", None, &page).await };
    assert_eq!(all_pages(1, read).await.concat(), expected);
    let read = |page| {
        let arn = &one_arn;
        async move { plane.list_principal_things(arn, None, &page).await }
    };
    let things = all_pages(1, read).await.concat();
    let things: Vec<_> = things.iter().map(|(thing, _)| thing.as_str()).collect();
    assert_eq!(things, ["pump-17", "pump-18"]);
    let seen = at.directory.principal(&one.id, "pump-17").thing.unwrap();
    assert_eq!(seen.name.as_str(), "pump-17");

    at.plane.detach_thing_principal("pump-17", &one_arn).await.unwrap();
    at.plane.detach_thing_principal("pump-17", &one_arn).await.unwrap();
    assert!(at.directory.principal(&one.id, "pump-17").thing.is_none());
    let left = at.plane.list_principal_things(&one_arn, None, &Page::first(9)).await.unwrap();
    assert_eq!(left.rows.len(), 1);
    at.end().await;
}

#[tokio::test]
async fn an_exclusive_certificate_is_one_things_alone() {
    let at = TestPlane::new().await;
    at.things(&["pump-17", "pump-18"]).await;
    let (made, arn) = certificate(&at).await;
    at.plane.attach_thing_principal("pump-17", &arn, OWN).await.unwrap();
    for kind in [OWN, SHARED] {
        let text = refusal(at.plane.attach_thing_principal("pump-18", &arn, kind).await);
        let expected = format!(
            "Invalid: certificate {} is attached to thing pump-17 exclusively; detach it there first",
            made.id
        );
        assert_eq!(text, expected);
    }
    assert!(at.directory.principal(&made.id, "any client id").is_exclusive);
    // The same thing may have it otherwise, and then others too.
    at.plane.attach_thing_principal("pump-17", &arn, SHARED).await.unwrap();
    at.plane.attach_thing_principal("pump-18", &arn, SHARED).await.unwrap();
    let text = refusal(at.plane.attach_thing_principal("pump-17", &arn, OWN).await);
    assert!(text.ends_with("exclusively: it is attached to thing pump-18"), "{text}");
    for (kind, count) in [(None, 2), (Some(SHARED), 2), (Some(OWN), 0)] {
        let page = Page::first(250);
        let listed = at.plane.list_principal_things(&arn, kind, &page).await.unwrap();
        assert_eq!(listed.rows.len(), count, "{kind:?}");
    }
    at.end().await;
}

#[tokio::test]
async fn of_many_things_that_want_a_certificate_for_themselves_one_gets_it() {
    let at = TestPlane::new().await;
    let names: Vec<String> = (0..16).map(|n| format!("pump-{n}")).collect();
    at.things(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (_, arn) = certificate(&at).await;
    let tries = names.iter().map(|name| at.plane.attach_thing_principal(name, &arn, OWN));
    let results = join_all(tries).await;
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, ControlError::Invalid(_)), "{error}");
    }
    at.end().await;
}

#[tokio::test]
async fn both_must_be_there_and_be_what_they_are_called() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    let (_, arn) = certificate(&at).await;
    let nobody = at.plane.account().iot_arn(&format!("cert/{}", "0".repeat(64)));
    let cases = [
        ("none", arn.as_str(), "NotFound: thing none not found"),
        ("a/b", &arn, "Invalid: value `a/b` at `thingName`"),
        ("pump-17", &nobody, "NotFound: certificate 000"),
        ("pump-17", "", "Invalid: value `` at `principal`"),
        ("pump-17", "arn:aws:iot:eu-west-1:1:cert/x", "Invalid: value `arn:aws:iot:eu-west-1"),
        ("pump-17", "arn:aws:iot:us-east-1:000000000000:cert/x", "Invalid: value `x`"),
        ("pump-17", "arn:aws:iot:us-east-1:000000000000:thing/x", "Invalid: value `arn"),
        (
            "pump-17",
            "us-east-1:6f8c2f0e-1d1a-4b6b-9d5e-0d7c6a1b2c3d",
            "Invalid: `us-east-1:6f8c2f0e-1d1a-4b6b-9d5e-0d7c6a1b2c3d` is a Cognito identity",
        ),
    ];
    for (thing, principal, problem) in cases {
        let attached = refusal(at.plane.attach_thing_principal(thing, principal, SHARED).await);
        let detached = refusal(at.plane.detach_thing_principal(thing, principal).await);
        for text in [attached, detached] {
            assert!(text.starts_with(problem), "{text}");
        }
    }
    let page = Page::first(1);
    let text = refusal(at.plane.list_thing_principals("none", None, &page).await);
    assert_eq!(text, "NotFound: thing none not found");
    let text = refusal(at.plane.list_principal_things(&nobody, None, &page).await);
    assert!(text.starts_with("NotFound: certificate"), "{text}");
    let text = refusal(AttachmentKind::parse("exclusive"));
    assert!(text.contains("EXCLUSIVE_THING or NON_EXCLUSIVE_THING"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn a_thing_with_a_principal_cannot_be_deleted() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    let (_, arn) = certificate(&at).await;
    at.plane.attach_thing_principal("pump-17", &arn, SHARED).await.unwrap();
    let text = refusal(at.plane.delete_thing("pump-17", None).await);
    assert!(text.contains("is still attached to one or more principals"), "{text}");
    at.end().await;
}
