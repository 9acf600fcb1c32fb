//! Reading a profile from a file.

use std::fs;
use std::path::Path;

use picket_core::ErrorCode;
use serde_json::Value;

use crate::cli::Failure;

/// A profile of 100 behaviors and 1000 elements is much shorter.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// What describe-security-profile says beside what create-security-profile takes.
const DESCRIBED: &[&str] = &["securityProfileArn", "version", "creationDate", "lastModifiedDate"];

/// The profile's name, which is the file's where it has none, and its document.
pub(super) fn read(file: &Path) -> Result<(String, Value), Failure> {
    let shown = file.display();
    let failed = |error| Failure::other(format!("{shown} could not be read"), &error);
    let bytes = fs::metadata(file).map_err(failed)?.len();
    if bytes > FILE_BYTES_MAX {
        let text = format!("{shown} is {bytes} bytes long, so it is no security profile");
        return Err(Failure::new(ErrorCode::Invalid, text));
    }
    let text = fs::read_to_string(file).map_err(failed)?;
    let document = serde_json::from_str(&text)
        .map_err(|error| Failure::other(format!("{shown} is not JSON"), &error))?;
    named(file, document)
        .map_err(|text| Failure::new(ErrorCode::Invalid, format!("{shown} {text}")))
}

fn named(file: &Path, mut document: Value) -> Result<(String, Value), String> {
    let members = document.as_object_mut().ok_or("holds no JSON object")?;
    for name in DESCRIBED {
        members.remove(*name);
    }
    let name = members.get("securityProfileName").and_then(Value::as_str);
    let stem = || file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.map_or_else(stem, str::to_owned);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name = match members.contains_key("securityProfileName") {
        true => name,
        false => name.chars().map(plain).collect(),
    };
    Ok((name, document))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_aws_describes_is_taken_as_what_it_creates() {
        let described = json!({
            "securityProfileName": "cams", "securityProfileArn": "arn:x", "version": 3,
            "creationDate": "2024-05-01T00:00:00Z", "lastModifiedDate": 1.5, "behaviors": []});
        let (name, document) = named(Path::new("x.json"), described).unwrap();
        assert_eq!(name, "cams");
        assert_eq!(document, json!({"securityProfileName": "cams", "behaviors": []}));
        let (name, _) = named(Path::new("a/my profile.json"), json!({})).unwrap();
        assert_eq!(name, "my-profile");
        assert!(named(Path::new("x.json"), json!([])).is_err());
    }
}
