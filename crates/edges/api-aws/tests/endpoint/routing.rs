//! Which operation a request is for, and what is said when there is none.

use http::Method;

use crate::rig::{Ask, Rig};

#[tokio::test]
async fn operations_that_only_aws_has_are_named() {
    let rig = Rig::new().await;
    let reply = rig.admin("iot", Ask::post("/indices/search", "{}")).await;
    reply.is_error(404, "UnknownOperationException", "has SearchIndex, but Picket does not");
    let form = Ask::form("Action=CreateGroup&Version=2010-05-08");
    rig.admin("iam", form).await.is_error(400, "InvalidAction", "has CreateGroup, but Picket");
    let target = Ask::post("/", "{}").with("x-amz-target", "AWSCognitoIdentityService.GetId");
    let reply = rig.admin("cognito-identity", target).await;
    reply.is_error(404, "UnknownOperationException", "has GetId, but Picket");
    rig.end().await;
}

#[tokio::test]
async fn operations_that_nobody_has_get_a_hint() {
    let rig = Rig::new().await;
    let reply = rig.admin("iot", Ask::get("/endpiont")).await;
    reply.is_error(404, "UnknownOperationException", "begins with /endpoint");
    let reply = rig.admin("iot", Ask::new(Method::PUT, "/endpoint")).await;
    reply.is_error(404, "UnknownOperationException", "that path is there for GET");
    let form = Ask::form("Action=CreateRol&Version=2010-05-08");
    rig.admin("iam", form).await.is_error(400, "InvalidAction", "did you mean CreateRole?");
    rig.admin("iam", Ask::form("a=b")).await.is_error(
        400,
        "InvalidAction",
        "no parameter `Action`",
    );
    let reply = rig.admin("dynamodb", Ask::post("/", "{}")).await;
    reply.is_error(
        404,
        "UnknownOperationException",
        "`dynamodb` is not served here; served are iot",
    );
    for path in ["/", "//", "/things/", "/%00", "/role-aliases/a/b"] {
        let reply = rig.admin("iot", Ask::get(path)).await;
        reply.is_error(404, "UnknownOperationException", "no operation is at GET");
    }
    rig.end().await;
}

#[tokio::test]
async fn what_else_is_at_a_path_is_said_and_for_messages_with_the_status_for_it() {
    let rig = Rig::new().await;
    for (method, path) in [(Method::GET, "/topics/a"), (Method::PUT, "/retainedMessage/a")] {
        let reply = rig.admin("iotdata", Ask::new(method, path)).await;
        reply.is_error(405, "MethodNotAllowedException", "that path is there for");
    }
    let reply = rig.admin("iotdata", Ask::get("/things")).await;
    reply.is_error(404, "UnknownOperationException", "no operation is at GET /things");
    rig.end().await;
}

#[tokio::test]
async fn a_target_has_to_be_one_of_the_service_that_was_signed_for() {
    let rig = Rig::new().await;
    let ask = |target: &str| {
        let body = r#"{"MaxResults":1}"#;
        Ask::post("/", body).with("x-amz-target", target)
    };
    let good = ask("AWSCognitoIdentityService.ListIdentityPools");
    assert_eq!(rig.admin("cognito-identity", good).await.status, 200);
    for target in ["Firehose_20150804.ListIdentityPools", "ListIdentityPools", ".", ""] {
        let reply = rig.admin("cognito-identity", ask(target)).await;
        let words = "must be `AWSCognitoIdentityService.OPERATION`";
        reply.is_error(404, "UnknownOperationException", words);
    }
    let reply = rig.admin("cognito-identity", Ask::post("/", "{}")).await;
    reply.is_error(404, "UnknownOperationException", "X-Amz-Target is missing");
    rig.end().await;
}

#[tokio::test]
async fn labels_are_decoded_after_the_path_is_matched() {
    let rig = Rig::new().await;
    let reply = rig.admin("iot", Ask::get("/role-aliases/a%2Fb")).await;
    reply.is_error(400, "InvalidRequestException", "`a/b` at `roleAlias` holds '/'");
    let reply = rig.admin("iot", Ask::get("/role-aliases/%FF")).await;
    reply.is_error(400, "InvalidRequestException", "`roleAlias` of the path is not UTF-8");
    let reply = rig.admin("iot", Ask::get("/role-aliases/a%40b")).await;
    reply.is_error(404, "ResourceNotFoundException", "role alias a@b not found");
    rig.end().await;
}

#[tokio::test]
async fn a_data_operation_is_found_under_each_name_it_is_signed_with() {
    let rig = Rig::new().await;
    for service in ["iotdata", "iotdevicegateway", "iot"] {
        let reply = rig.admin(service, Ask::post("/topics/a%2Fb?qos=1", "hello")).await;
        assert_eq!(reply.status, 200, "{service}: {reply:?}");
    }
    rig.end().await;
}

#[tokio::test]
async fn the_figures_of_each_operation_are_counted() {
    let rig = Rig::new().await;
    for _ in 0..3 {
        rig.admin("iot", Ask::get("/endpoint")).await;
    }
    rig.admin("iot", Ask::get("/endpoint?endpointType=x")).await;
    let figures = rig.server.endpoint().snapshot();
    let [only] = &figures[..] else { panic!("{figures:?}") };
    assert_eq!((only.service, only.operation), ("iot", "DescribeEndpoint"));
    assert_eq!((only.calls, only.errors), (4, 1));
    assert!(only.took >= only.took_max && !only.took_max.is_zero(), "{only:?}");
    assert_eq!(rig.server.endpoint().refused_requests(), 0);
    rig.send(rig.plain(&Ask::get("/endpoint"))).await;
    rig.admin("iot", Ask::get("/nowhere")).await;
    assert_eq!(rig.server.endpoint().refused_requests(), 2);
    rig.end().await;
}
