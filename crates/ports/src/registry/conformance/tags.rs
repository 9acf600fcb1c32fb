//! Tags.

use super::Fresh;

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    tags_are_set_changed_and_removed(open().await).await;
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

async fn tags_are_set_changed_and_removed(registry: Fresh) {
    let (one, other) = ("arn:aws:iot:r:1:policy/p", "arn:aws:iot:r:1:policy/p'");
    assert!(registry.tags(one).await.unwrap().is_empty());
    registry.tag(one, &pairs(&[("b", "1"), ("a", ""), ("B", "ü'\"")])).await.unwrap();
    registry.tag(other, &pairs(&[("b", "other")])).await.unwrap();
    assert_eq!(registry.tags(one).await.unwrap(), pairs(&[("B", "ü'\""), ("a", ""), ("b", "1")]));
    registry.tag(one, &pairs(&[("b", "2"), ("c", "3")])).await.unwrap();
    registry.untag(one, &["a".to_owned(), "nothing".to_owned(), "B".to_owned()]).await.unwrap();
    assert_eq!(registry.tags(one).await.unwrap(), pairs(&[("b", "2"), ("c", "3")]));
    registry.tag(one, &[]).await.unwrap();
    registry.untag(one, &[]).await.unwrap();
    registry.untag_all(one).await.unwrap();
    registry.untag_all(one).await.unwrap();
    assert!(registry.tags(one).await.unwrap().is_empty());
    assert_eq!(registry.tags(other).await.unwrap(), pairs(&[("b", "other")]));
}
