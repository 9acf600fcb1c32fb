//! Tags on resources that are there: `TagResource`, `UntagResource`, `ListTagsForResource`.

mod resources;

use crate::checked::shown;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `TagResource`: sets tags; a key that is there gets the new value.
    pub async fn tag_resource(
        &self,
        arn: &str,
        tags: &[(String, String)],
    ) -> Result<(), ControlError> {
        self.check_first_tags(tags)?;
        let _held = self.locks.hold(&[&lock_name(arn)]).await;
        self.must_be_there(arn).await?;
        let there = self.parts.registry.tags(arn).await?;
        let is_new = |(key, _): &&(String, String)| !there.iter().any(|(old, _)| old == key);
        let (count, count_max) =
            (there.len() + tags.iter().filter(is_new).count(), self.parts.limits.tags_max);
        if count > count_max {
            return Err(ControlError::LimitExceeded(format!(
                "{} would have {count} tags; at most {count_max} are allowed",
                shown(arn)
            )));
        }
        Ok(self.parts.registry.tag(arn, tags).await?)
    }

    /// `UntagResource`: removes tags; keys that are not there are fine.
    pub async fn untag_resource(&self, arn: &str, keys: &[String]) -> Result<(), ControlError> {
        let _held = self.locks.hold(&[&lock_name(arn)]).await;
        self.must_be_there(arn).await?;
        Ok(self.parts.registry.untag(arn, keys).await?)
    }

    /// `ListTagsForResource`, in key order.
    pub async fn resource_tags(&self, arn: &str) -> Result<Vec<(String, String)>, ControlError> {
        self.must_be_there(arn).await?;
        Ok(self.parts.registry.tags(arn).await?)
    }
}

fn lock_name(arn: &str) -> String {
    format!("tags/{arn}")
}

#[cfg(test)]
mod tests {
    use crate::ControlPlane;
    use crate::test_plane::{TestPlane, pairs, refusal};

    const ALIAS: &str = "arn:aws:iot:us-east-1:000000000000:rolealias/a";

    async fn with_alias() -> TestPlane {
        let test = TestPlane::new().await;
        let role = "arn:aws:iam::000000000000:role/r";
        test.plane.create_role_alias("a", role, None, &pairs::<Vec<_>>("k=1")).await.unwrap();
        test
    }

    async fn tags(plane: &ControlPlane) -> Vec<(String, String)> {
        plane.resource_tags(ALIAS).await.unwrap()
    }

    #[tokio::test]
    async fn tags_are_set_changed_and_removed() {
        let test = with_alias().await;
        let plane = &test.plane;
        assert_eq!(tags(plane).await, pairs::<Vec<_>>("k=1"));
        plane.tag_resource(ALIAS, &pairs::<Vec<_>>("l=2 k=3")).await.unwrap();
        assert_eq!(tags(plane).await, pairs::<Vec<_>>("k=3 l=2"));
        plane.untag_resource(ALIAS, &["k".to_owned(), "absent".to_owned()]).await.unwrap();
        assert_eq!(tags(plane).await, pairs::<Vec<_>>("l=2"));
        test.end().await;
    }

    #[tokio::test]
    async fn there_is_no_fifty_first_tag() {
        let test = with_alias().await;
        let many: Vec<(String, String)> =
            (0..49).map(|n| (format!("n{n}"), String::new())).collect();
        test.plane.tag_resource(ALIAS, &many).await.unwrap();
        test.plane.tag_resource(ALIAS, &pairs::<Vec<_>>("k=again")).await.unwrap();
        let refused = refusal(test.plane.tag_resource(ALIAS, &pairs::<Vec<_>>("one-more=1")).await);
        assert!(refused.starts_with("LimitExceeded: "), "{refused}");
        assert!(refused.contains("51 tags; at most 50"), "{refused}");
        test.end().await;
    }

    #[tokio::test]
    async fn what_is_not_there_or_takes_no_tags_is_refused() {
        let test = TestPlane::new().await;
        let check = async |arn: &str, expected: &str| {
            let refused = refusal(test.plane.resource_tags(arn).await);
            assert!(refused.contains(expected), "{arn}: {refused}");
        };
        check(ALIAS, "NotFound: role alias a not found").await;
        let ours = "arn:aws:iot:us-east-1:000000000000";
        let of_detection = ["securityprofile", "dimension", "custommetric", "mitigationaction"];
        let of_the_registry = ["thinggroup", "thingtype", "billinggroup", "policy", "rule"];
        for kind in of_the_registry.into_iter().chain(of_detection) {
            check(&format!("{ours}:{kind}/none"), "NotFound").await;
        }
        check(&format!("{ours}:thing/pump"), "Invalid: things take no tags").await;
        check(&format!("{ours}:cert/00"), "take no tags").await;
        check("arn:aws:iot:eu-west-1:1:policy/p", "NotFound").await;
        check("policy/p", "Invalid").await;
        check(&format!("{ours}:polcy/p"), "did you mean `policy/`").await;
        test.end().await;
    }
}
