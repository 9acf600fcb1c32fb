//! Picket under measurement: started on free ports in a directory of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::blocking::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Process, wait_for};

/// The member `aws` of `credentials.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AwsAccess {
    pub(crate) endpoint_url: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) directory: TempDir,
    pub(crate) process: Process,
    pub(crate) mqtt_port: u16,
    pub(crate) aws: AwsAccess,
    admin_url: String,
    console_url: String,
    csrf: String,
    http: Client,
}

const CONFIG: &str = r#"
[gateway]
mqtt = "127.0.0.1:0"
alpn = "off"
connections_per_address_max = 100000
[gateway.tls_rules]
publishes_per_second = 0
bytes_per_second = 0
connects_per_second = 0
[aws]
listen = "127.0.0.1:0"
[hec]
listen = "127.0.0.1:0"
[console]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[detect]
window = "10s"
[log]
level = "warn"
"#;

impl Server {
    /// Starts `binary` in a new directory and waits until it is ready.
    pub(crate) fn start(binary: &Path) -> Result<Self> {
        let directory = TempDir::with_prefix("picket-bench-")?;
        std::fs::write(directory.path().join("picket.toml"), CONFIG)?;
        Self::start_in(directory, binary)
    }

    /// Ends it at once, as a crash would, and starts it again over the same data.
    pub(crate) fn restart(&mut self, binary: &Path) -> Result<()> {
        self.process.kill();
        let directory = std::mem::replace(&mut self.directory, TempDir::new()?);
        *self = Self::start_in(directory, binary)?;
        Ok(())
    }

    fn start_in(directory: TempDir, binary: &Path) -> Result<Self> {
        let data = directory.path().join("data");
        let stale = data.join("credentials.json");
        if stale.exists() {
            // It is written when every part listens; an old one would name old ports.
            std::fs::remove_file(&stale)?;
        }
        let log = File::create(directory.path().join("log"))?;
        let child = Command::new(binary)
            .args(["up", "--data"])
            .arg(&data)
            .arg("--config")
            .arg(directory.path().join("picket.toml"))
            .stdout(Stdio::null())
            .stderr(log)
            .env_remove("PICKET_BIN")
            .env_remove("PICKET_BENCH_PYTHON")
            .spawn()
            .with_context(|| format!("{} could not be started", binary.display()))?;
        let mut process = Process::new(child);
        let http = Client::builder().cookie_store(true).timeout(Duration::from_secs(60)).build()?;
        let found = wait_for("the server", Duration::from_secs(60), || {
            process.check()?;
            let Ok(text) = std::fs::read_to_string(&stale) else {
                return Ok(None);
            };
            let known: Value = serde_json::from_str(&text)?;
            let url = text_of(&known, "/admin/url")?;
            let ready = http.get(format!("{url}/readyz")).send();
            Ok(ready.is_ok_and(|answer| answer.status().is_success()).then_some(known))
        });
        let known = found.with_context(|| {
            std::fs::read_to_string(directory.path().join("log")).unwrap_or_default()
        })?;
        let port = known.pointer("/mqtt/port").and_then(Value::as_u64).context("no MQTT port")?;
        let aws = known.pointer("/aws").cloned().context("no AWS endpoint")?;
        let mut server = Self {
            directory,
            process,
            mqtt_port: u16::try_from(port)?,
            aws: serde_json::from_value(aws)?,
            admin_url: text_of(&known, "/admin/url")?,
            console_url: text_of(&known, "/console/url")?,
            csrf: String::new(),
            http,
        };
        let log_in = json!({
            "username": text_of(&known, "/console/username")?,
            "password": text_of(&known, "/console/password")?,
        });
        server.csrf = text_of(&server.post("session", &log_in)?, "/csrf_token")?;
        Ok(server)
    }

    /// Posts to a route of the console's API.
    pub(crate) fn post(&self, route: &str, body: &Value) -> Result<Value> {
        self.call(self.http.post(self.address(route)).json(body), route)
    }

    /// The same by PUT, which answers nothing.
    pub(crate) fn put(&self, route: &str) -> Result<()> {
        self.call(self.http.put(self.address(route)), route).map(drop)
    }

    fn address(&self, route: &str) -> String {
        format!("{}/api/v1/{route}", self.console_url)
    }

    fn call(&self, request: RequestBuilder, route: &str) -> Result<Value> {
        let answer = request.header("x-picket-csrf", &self.csrf).send()?;
        let (status, text) = (answer.status(), answer.text()?);
        if !status.is_success() {
            bail!("{route}: {status} {text}");
        }
        if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
    }

    /// The rows of a search.
    pub(crate) fn search(&self, spl: &str) -> Result<Vec<Value>> {
        let answer = self.post("search", &json!({"spl": spl, "rows_max": 1000}))?;
        let rows = answer.get("rows").and_then(Value::as_array);
        Ok(rows.context("a search without rows")?.clone())
    }

    /// A number that a search gives in its only row.
    pub(crate) fn number(&self, spl: &str, field: &str) -> Result<u64> {
        let rows = self.search(spl)?;
        let cell = rows.first().and_then(|row| row.get(field)).and_then(Value::as_str);
        Ok(cell.map(str::parse).transpose()?.unwrap_or(0))
    }

    /// The server's own metrics, by name and labels.
    pub(crate) fn metrics(&self) -> Result<BTreeMap<String, f64>> {
        let text = self.http.get(format!("{}/metrics", self.admin_url)).send()?.text()?;
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| -> Option<(String, f64)> {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(samples.filter_map(sample).collect())
    }
}

fn text_of(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("{pointer} is missing"))?.to_owned())
}
