//! Tags that an entry gets when it is created.

use crate::checked::TextRule;
use crate::{ControlError, ControlPlane};

const TAG_KEY: TextRule = TextRule {
    chars_min: 1,
    chars_max: 128,
    pattern: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*",
    is_allowed: |c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c),
};

const TAG_VALUE: TextRule =
    TextRule { chars_min: 0, chars_max: 256, pattern: "any text", is_allowed: |c| !c.is_control() };

impl ControlPlane {
    pub(crate) fn check_first_tags(&self, tags: &[(String, String)]) -> Result<(), ControlError> {
        let count_max = self.parts.limits.tags_max;
        if tags.len() > count_max {
            return Err(ControlError::Invalid(format!(
                "there are {} tags; at most {count_max} are allowed",
                tags.len()
            )));
        }
        for (at, (key, value)) in tags.iter().enumerate() {
            TAG_KEY.check("tags", key)?;
            TAG_VALUE.check("tags", value)?;
            if tags.iter().take(at).any(|(earlier, _)| earlier == key) {
                return Err(ControlError::Invalid(format!("tag `{key}` is given twice")));
            }
        }
        Ok(())
    }

    /// Gives the entry `arn`, which is about to be created, exactly these tags. Done before the entry
    /// is stored, so that one that is there has its tags.
    pub(crate) async fn set_first_tags(
        &self,
        arn: &str,
        tags: &[(String, String)],
    ) -> Result<(), ControlError> {
        let registry = &self.parts.registry;
        // A look costs nothing beside a write, and there are none but after a cut-off creation.
        if !registry.tags(arn).await?.is_empty() {
            registry.untag_all(arn).await?;
        }
        if !tags.is_empty() {
            registry.tag(arn, tags).await?;
        }
        Ok(())
    }
}
