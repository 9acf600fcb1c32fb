//! The console's API, as the commands use it.

mod datapoints;
mod users;

use std::time::Duration;

use picket_core::{ErrorCode, Secret};
use picket_ports::{NewDeviceRequest, SearchResult};
use picket_registry::{ExplainRequest, ExplainedRights};
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::bundle::Bundle;
use crate::cli::{Failure, ServerArgs};
use crate::credentials::Credentials;

/// Longer than the server lets a search take.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The header in which a change proves that it was meant.
const CSRF_HEADER: &str = "x-picket-csrf";

/// A session with a server.
#[derive(Debug)]
pub(crate) struct ConsoleClient {
    http: Client,
    url: String,
    csrf: Secret,
}

/// A security profile.
#[derive(Debug, Deserialize)]
pub(crate) struct Profile {
    /// Its name.
    pub(crate) name: String,
    /// 1 at creation, one more with each change.
    pub(crate) version: u64,
    /// The profile in AWS's shape.
    pub(crate) document: Value,
}

#[derive(Deserialize)]
struct SessionAnswer {
    csrf_token: Secret,
}

/// The API's one shape of an error.
#[derive(Deserialize)]
struct ErrorAnswer {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    message: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl ConsoleClient {
    /// Logs in with what `args` name.
    pub(crate) fn open(args: &ServerArgs) -> Result<Self, Failure> {
        let (url, username, password) = access(args)?;
        let http = Client::builder()
            .cookie_store(true)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| Failure::other("the HTTP client could not be made", &error))?;
        let mut client = Self { http, url, csrf: Secret::new("") };
        let answer: SessionAnswer =
            client.call(client.http.post(client.address("session")).json(&json!({
                "username": username,
                "password": password.expose(),
            })))?;
        client.csrf = answer.csrf_token;
        Ok(client)
    }

    /// Runs a search.
    pub(crate) fn search(
        &self,
        spl: &str,
        earliest: Option<&str>,
        latest: &str,
        rows_max: usize,
    ) -> Result<SearchResult, Failure> {
        let body = json!({
            "spl": spl,
            "earliest": earliest,
            "latest": latest,
            "rows_max": rows_max,
        });
        self.call(self.change("search").json(&body))
    }

    /// Creates a thing with its certificate.
    pub(crate) fn create_thing(&self, new: &NewDeviceRequest) -> Result<Bundle, Failure> {
        let NewDeviceRequest { name, group, type_name, attributes } = new;
        self.call(self.change("things").json(&json!({
            "name": name,
            "group": group,
            "type_name": type_name,
            "attributes": attributes,
        })))
    }

    /// Explains what a device may do.
    pub(crate) fn explain(&self, request: &ExplainRequest) -> Result<ExplainedRights, Failure> {
        self.call(self.change("rights-explanation").json(request))
    }

    /// All security profiles.
    pub(crate) fn profiles(&self) -> Result<Vec<Profile>, Failure> {
        #[derive(Deserialize)]
        struct Profiles {
            profiles: Vec<Profile>,
        }
        let answer: Profiles = self.call(self.http.get(self.address("profiles")))?;
        Ok(answer.profiles)
    }

    /// One security profile.
    pub(crate) fn profile(&self, name: &str) -> Result<Profile, Failure> {
        self.call(self.http.get(self.entry("profiles", name)?))
    }

    /// The address of one entry of a list, whatever characters its name has.
    fn entry(&self, list: &str, name: &str) -> Result<reqwest::Url, Failure> {
        let mut url = reqwest::Url::parse(&self.address(list))
            .map_err(|error| Failure::other("the server's address is no URL", &error))?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(name);
        }
        Ok(url)
    }

    fn address(&self, route: &str) -> String {
        format!("{}/api/v1/{route}", self.url)
    }

    fn change(&self, route: &str) -> RequestBuilder {
        self.http.post(self.address(route)).header(CSRF_HEADER, self.csrf.expose())
    }

    fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let answer = self.send(request)?.json();
        answer.map_err(|error| Failure::other("the server's answer could not be read", &error))
    }

    /// A call whose answer has no body.
    fn done(&self, request: RequestBuilder) -> Result<(), Failure> {
        self.send(request).map(drop)
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().map_err(|error| {
            let what = match error.is_connect() {
                true => format!("no server answers at {}; is `picket up` running?", self.url),
                false => format!("the server at {} did not answer", self.url),
            };
            Failure::other(what, &error)
        })?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(refusal(response)),
        }
    }
}

/// The server's address and log-in.
fn access(args: &ServerArgs) -> Result<(String, String, Secret), Failure> {
    if let Some(endpoint) = &args.endpoint {
        let (Some(username), Some(password)) = (&args.username, &args.password) else {
            return Err(Failure::usage(
                "--endpoint needs a log-in: set PICKET_USERNAME and PICKET_PASSWORD",
            ));
        };
        let url = endpoint.trim_end_matches('/').to_owned();
        return Ok((url, username.clone(), Secret::new(password)));
    }
    let path = Credentials::path(&args.data);
    let known = Credentials::read(&args.data).map_err(|error| {
        let what = format!(
            "{} could not be read; name the server's data directory with --data, or a server \
             elsewhere with --endpoint",
            path.display()
        );
        Failure::other(what, &error)
    })?;
    Ok((known.console.url, known.console.username, known.console.password))
}

fn refusal(response: Response) -> Failure {
    let status = response.status();
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::CONFLICT => ErrorCode::AlreadyExists,
        StatusCode::UNAUTHORIZED => ErrorCode::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorCode::Forbidden,
        _ => ErrorCode::Invalid,
    };
    match response.json::<ErrorAnswer>() {
        Ok(ErrorAnswer { error: ErrorBody { message, line, column } }) => {
            let place = match (line, column) {
                (Some(line), Some(column)) => format!(" (line {line}, column {column})"),
                _ => String::new(),
            };
            Failure::new(code, format!("{message}{place}"))
        }
        Err(_) => Failure::new(code, format!("the server answered {status}")),
    }
}
