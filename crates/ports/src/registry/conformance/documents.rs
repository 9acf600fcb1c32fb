//! Named documents.

use super::{Fresh, at, must_be_missing, must_conflict, must_exist_already};
use crate::registry::{Document, DocumentKind, Page, Rows};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    documents_count_their_versions(open().await).await;
    kinds_do_not_mix(open().await).await;
    documents_are_listed_by_name(open().await).await;
    pages_hold_each_document_of_a_kind_once(open().await).await;
}

async fn documents_count_their_versions(registry: Fresh) {
    let kind = DocumentKind::TopicRule;
    let first = registry.create_document(kind, "n", "1", at(5)).await.unwrap();
    let wanted = Document {
        kind,
        name: "n".into(),
        body: "1".into(),
        version: 1,
        created: at(5),
        modified: at(5),
    };
    assert_eq!(first, wanted);
    must_exist_already(registry.create_document(kind, "n", "x", at(6)).await, "topic-rule");
    let second = registry.replace_document(kind, "n", "2 'ü'", Some(1), at(7)).await.unwrap();
    let wanted = Document { body: "2 'ü'".into(), version: 2, modified: at(7), ..wanted };
    assert_eq!(second, wanted);
    assert_eq!(registry.document(kind, "n").await.unwrap(), wanted);
    must_conflict(registry.replace_document(kind, "n", "3", Some(1), at(8)).await, (1, 2));
    assert_eq!(registry.document(kind, "n").await.unwrap(), wanted);
    let third = registry.replace_document(kind, "n", "3", None, at(9)).await.unwrap();
    assert_eq!((third.version, third.created), (3, at(5)));
    registry.delete_document(kind, "n").await.unwrap();
    must_be_missing(registry.delete_document(kind, "n").await, "topic-rule");
    must_be_missing(registry.replace_document(kind, "n", "4", None, at(9)).await, "topic-rule");
    must_be_missing(registry.replace_document(kind, "n", "4", Some(3), at(9)).await, "topic-rule");
    assert_eq!(registry.create_document(kind, "n", "1", at(9)).await.unwrap().version, 1);
}

async fn kinds_do_not_mix(registry: Fresh) {
    for kind in DocumentKind::ALL {
        assert_eq!(DocumentKind::parse(kind.as_str()), Some(*kind));
        registry.create_document(*kind, "same", kind.as_str(), at(1)).await.unwrap();
    }
    registry.delete_document(DocumentKind::Index, "same").await.unwrap();
    for kind in DocumentKind::ALL {
        let all = registry.documents(*kind).await.unwrap();
        match kind {
            DocumentKind::Index => assert!(all.is_empty()),
            _ => assert_eq!((all.len(), all[0].body.as_str()), (1, kind.as_str())),
        }
    }
}

async fn documents_are_listed_by_name(registry: Fresh) {
    let kind = DocumentKind::User;
    for name in ["b", "' OR 1=1 --", "a", "B", "ü"] {
        registry.create_document(kind, name, "{}", at(1)).await.unwrap();
    }
    let all = registry.documents(kind).await.unwrap();
    let names: Vec<_> = all.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["' OR 1=1 --", "B", "a", "b", "ü"]);
}

async fn pages_hold_each_document_of_a_kind_once(registry: Fresh) {
    let kind = DocumentKind::CustomMetric;
    for name in ["c", "a", "B", "ü", "b"] {
        registry.create_document(kind, name, "{}", at(1)).await.unwrap();
    }
    registry.create_document(DocumentKind::Dimension, "d", "{}", at(1)).await.unwrap();
    assert_eq!(registry.document_count(kind).await.unwrap(), 5);
    assert_eq!(registry.document_count(DocumentKind::User).await.unwrap(), 0);
    let mut page = Page::first(2);
    let mut read = Vec::new();
    loop {
        let Rows { rows, next } = registry.documents_page(kind, &page).await.unwrap();
        assert!(rows.len() <= 2);
        read.extend(rows);
        let Some(after) = next else { break };
        page.after = Some(after);
    }
    assert_eq!(read, registry.documents(kind).await.unwrap());
    page.after = Some("ü".to_owned());
    let end = registry.documents_page(kind, &page).await.unwrap();
    assert_eq!(end, Rows { rows: Vec::new(), next: None });
}
