//! Security profiles of a template, read by the kernel that will evaluate them, with the custom metrics
//! and dimensions that are there or that the template makes.

use picket_ports::registry::DocumentKind;
use picket_ports::{Registry, RegistryError};
use picket_profile::{CustomMetric, Dimension, Vocabulary, parse_custom_metric, parse_dimension};

use crate::error::Problems;
use crate::resources::{Item, Property};
use crate::shape::Shape;

/// What profiles may name.
#[derive(Debug, Default)]
pub(crate) struct Words {
    custom: Vec<CustomMetric>,
    dimensions: Vec<Dimension>,
}

impl Words {
    /// What the registry holds.
    pub(crate) async fn stored(registry: &dyn Registry) -> Result<Self, RegistryError> {
        let mut words = Self::default();
        for kind in [DocumentKind::CustomMetric, DocumentKind::Dimension] {
            for document in registry.documents(kind).await? {
                words.learn(kind, &document.name, &document.body);
            }
        }
        Ok(words)
    }

    /// What a resource of the template adds.
    pub(crate) fn learn_planned(&mut self, item: &Item) {
        if let Item::Document { kind, name, body } = item {
            self.learn(*kind, name, &body.to_string());
        }
    }

    fn learn(&mut self, kind: DocumentKind, name: &str, body: &str) {
        match kind {
            DocumentKind::CustomMetric if self.custom.iter().all(|it| it.name != name) => {
                self.custom.extend(parse_custom_metric(name, body));
            }
            DocumentKind::Dimension if self.dimensions.iter().all(|it| it.name != name) => {
                self.dimensions.extend(parse_dimension(name, body));
            }
            _ => {}
        }
    }

    /// Notes what is wrong with `item`, if it is a profile whose `properties` are at `place`.
    pub(crate) fn check(
        &self,
        item: &Item,
        properties: &[Property],
        place: &str,
        problems: &mut Problems,
    ) {
        let Item::Document { kind: DocumentKind::SecurityProfile, name, body } = item else {
            return;
        };
        let vocabulary = Vocabulary {
            custom: &self.custom,
            dimensions: &self.dimensions,
            ..Vocabulary::default()
        };
        let read = picket_profile::parse(name, &body.to_string(), &vocabulary);
        for found in read.err().into_iter().flatten() {
            let place = format!("{place}.Properties{}", in_template(&found.path, properties));
            problems.push(place, found.problem);
        }
    }
}

/// A place in the document as the place in the template: `behaviors[0].criteria` is
/// `.Behaviors[0].Criteria`.
fn in_template(path: &str, properties: &[Property]) -> String {
    let mut place = String::new();
    let mut known = Some(properties);
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let (name, index) = segment.find('[').map_or((segment, ""), |at| segment.split_at(at));
        let property = known.and_then(|known| known.iter().find(|property| property.api == name));
        place.push('.');
        place.push_str(property.map_or(name, |property| property.name));
        place.push_str(index);
        known = property.and_then(|property| members(&property.shape));
    }
    place
}

fn members(shape: &Shape) -> Option<&'static [Property]> {
    match shape {
        Shape::Object(properties) => Some(properties),
        Shape::List(shape) => members(shape),
        _ => None,
    }
}
