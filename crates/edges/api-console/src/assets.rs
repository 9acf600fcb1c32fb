//! The console's files, built into the binary.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use picket_core::ErrorCode;
use rust_embed::RustEmbed;

use crate::error::ApiError;
use crate::headers;
use crate::sessions::random_token;

/// What `npm run build` makes. A debug build reads the folder at run time and does without it.
#[derive(RustEmbed)]
#[folder = "$PICKET_CONSOLE_DIST"]
#[allow_missing = true]
struct Files;

const PAGE: &str = "index.html";
/// Stands in the page where the nonce of its style sheets goes.
const NONCE_MARK: &str = "__CSP_NONCE__";
const HTML: &str = "text/html; charset=utf-8";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Picket</title>\
<h1>The console is not built</h1>\
<p>This binary was built without the console. Run <code>cargo xtask up</code>, or in the folder \
<code>console</code>: <code>npm ci &amp;&amp; npm run build</code>. A debug build then finds it at once; \
a release build has to be built again.</p><p>The API under <code>/api/v1</code> works.</p></html>";

/// Serves a file, or the page for any other path: the console's own routes are in the browser.
pub(crate) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return ApiError::new(ErrorCode::NotFound, "there is no such route").into_response();
    }
    if path.is_empty() || path == PAGE {
        return page();
    }
    match Files::get(path) {
        Some(file) => asset(path, file.data.into_owned()),
        // A path that looks like a file is no route of the console.
        None if path.rsplit('/').next().is_some_and(|last| is_file_name(path, last)) => {
            ApiError::new(ErrorCode::NotFound, "there is no such file").into_response()
        }
        None => page(),
    }
}

fn is_file_name(path: &str, last: &str) -> bool {
    path.starts_with("assets/") || content_type(last).is_some()
}

fn page() -> Response {
    let Some(file) = Files::get(PAGE) else {
        return ([(CONTENT_TYPE, HTML)], NOT_BUILT).into_response();
    };
    let nonce = random_token();
    let text = String::from_utf8_lossy(&file.data).replace(NONCE_MARK, &nonce);
    let mut response = ([(CONTENT_TYPE, HTML)], text).into_response();
    if let Ok(policy) = HeaderValue::from_str(&headers::page_policy(&nonce)) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn asset(path: &str, bytes: Vec<u8>) -> Response {
    let kind = content_type(path).unwrap_or("application/octet-stream");
    // Names under `assets/` hold a hash of the content.
    let keep = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep)], bytes).into_response()
}

fn content_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "html" => HTML,
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "webmanifest" => "application/json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
