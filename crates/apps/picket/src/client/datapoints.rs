//! Stored datapoints, as the commands ask about them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::time::Duration;

use picket_core::ErrorCode;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};

use super::ConsoleClient;
use crate::cli::Failure;

/// Longer than the server lets a backtest take.
const TIMEOUT: Duration = Duration::from_secs(240);
/// Longer than any answer.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

impl ConsoleClient {
    /// Tries a profile on what is stored. `told` hears how far it has come, and of how much.
    pub(crate) fn backtest(
        &self,
        name: &str,
        document: &Value,
        last: &str,
        told: impl Fn(u64, u64),
    ) -> Result<Value, Failure> {
        let body = json!({ "name": name, "document": document, "last": last });
        let request = self.change("profile-preview").json(&body);
        let request = request.header(ACCEPT, "application/x-ndjson").timeout(TIMEOUT);
        let answer = BufReader::new(self.send(request)?.take(ANSWER_BYTES_MAX));
        for line in answer.lines() {
            let failed = |error| Failure::other("the server's answer broke off", &error);
            let line = line.map_err(failed)?;
            let mut line: Value = serde_json::from_str(&line)
                .map_err(|error| Failure::other("the server's answer could not be read", &error))?;
            if let Some(result) = line.get_mut("result") {
                return Ok(result.take());
            }
            if let Some(message) = line.pointer("/error/message").and_then(Value::as_str) {
                return Err(Failure::new(ErrorCode::Invalid, message));
            }
            let number = |name: &str| line.pointer(name).and_then(Value::as_u64);
            if let (Some(done), Some(all)) = (number("/progress/done"), number("/progress/all")) {
                told(done, all);
            }
        }
        Err(Failure::new(ErrorCode::Unavailable, "the server's answer broke off"))
    }

    /// Behaviors that what is stored complies with.
    pub(crate) fn suggestions(
        &self,
        group: Option<&str>,
        metrics: &[String],
        last: &str,
    ) -> Result<Vec<Value>, Failure> {
        #[derive(serde::Deserialize)]
        struct Suggestions {
            suggestions: Vec<Value>,
        }
        let body = json!({ "group": group, "metrics": metrics, "last": last });
        let request = self.change("profile-suggestion").json(&body).timeout(TIMEOUT);
        let answer: Suggestions = self.call(request)?;
        Ok(answer.suggestions)
    }
}
