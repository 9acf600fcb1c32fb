//! Notification topics: the query protocol, and links that nobody signs.

use crate::rig::{Ask, Rig};

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:alerts";
const FILTER: &str = "%7B%22site%22%3A%5B%22west%22%5D%7D";

async fn subscription(rig: &Rig) -> String {
    let made = rig.admin("sns", Ask::form("Action=CreateTopic&Name=alerts&Tags=")).await;
    assert!(made.text.contains(&format!("<TopicArn>{TOPIC}</TopicArn>")), "{}", made.text);
    let form = format!(
        "Action=Subscribe&Version=2010-03-31&TopicArn={TOPIC}&Protocol=mqtt&Endpoint=a/b\
         &Attributes.entry.7.key=FilterPolicy&Attributes.entry.7.value={FILTER}"
    );
    let made = rig.admin("sns", Ask::form(&form)).await;
    let (_, rest) = made.text.split_once("<SubscriptionArn>").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn maps_come_and_go_as_entries() {
    let rig = Rig::new().await;
    let arn = subscription(&rig).await;
    let ask = format!("Action=GetSubscriptionAttributes&SubscriptionArn={arn}");
    let answer = rig.viewer("sns", Ask::form(&ask)).await;
    assert!(answer.text.starts_with(
        "<GetSubscriptionAttributesResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
         <GetSubscriptionAttributesResult><Attributes><entry><key>"
    ));
    let entry = "<entry><key>FilterPolicy</key><value>{&quot;site&quot;:[&quot;west&quot;]}</value></entry>";
    assert!(answer.text.contains(entry), "{}", answer.text);
    let viewer = rig.viewer("sns", Ask::form("Action=CreateTopic&Name=x")).await;
    viewer.is_error(403, "AccessDenied", "role admin");
    let absent = rig.admin("sns", Ask::form("Action=AddPermission&TopicArn=x")).await;
    absent.is_error(400, "InvalidAction", "does not implement it");
    rig.end().await;
}

#[tokio::test]
async fn a_link_needs_no_signature_and_is_in_the_audit_trail() {
    let rig = Rig::new().await;
    let arn = subscription(&rig).await;
    let link = Ask::get(&format!("/?Action=Unsubscribe&SubscriptionArn={arn}"));
    let answer = rig.send(rig.plain(&link)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.starts_with("<UnsubscribeResponse"), "{}", answer.text);
    rig.send(rig.plain(&link)).await.is_error(404, "NotFound", "does not exist");
    let page = picket_ports::registry::Page::first(10);
    let trail = rig.registry.recorded_changes(&Default::default(), &page).await.unwrap();
    let outcomes: Vec<bool> = trail
        .rows
        .iter()
        .filter(|it| it.operation == "Unsubscribe" && it.resource == arn)
        .map(|it| it.error.is_none())
        .collect();
    assert_eq!(outcomes, [false, true]);
    let other = Ask::get(&format!("/?Action=DeleteTopic&TopicArn={TOPIC}"));
    assert!(rig.send(rig.plain(&other)).await.status.is_client_error());
    let certificate = rig.send(rig.plain(&Ask::get("/SimpleNotificationService-0.pem"))).await;
    certificate.is_error(404, "ResourceNotFound", "certificate");
    rig.end().await;
}
