//! Which operation a request is for.

use ahash::AHashMap;
use bytes::Bytes;
use http::Method;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use picket_core::ErrorCode;
use picket_wire_aws::{AwsCode, AwsError, Protocol, query};

use super::choose::Wanted;
use crate::call::shortened;
use crate::fault;
use crate::operation::{Operation, Service};

/// A request's operation with what the path and the query say.
#[derive(Debug)]
pub(super) struct Routed {
    pub(super) service: &'static Service,
    pub(super) operation: &'static Operation,
    pub(super) labels: AHashMap<&'static str, String>,
    pub(super) parameters: Vec<(String, String)>,
    /// Query: the form, where it came in the query and not in the body.
    pub(super) form: Option<Bytes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Goes before a label when both fit.
    Text(&'static str),
    Label(&'static str),
    Greedy(&'static str),
}

/// What is behind a method and a path.
#[derive(Debug, Clone, Copy)]
enum Behind {
    Here(&'static Operation),
    /// AWS has it, we do not.
    Absent(&'static str),
}

#[derive(Debug)]
struct Route {
    method: Method,
    parts: Vec<Part>,
    behind: Behind,
}

/// The operations of all services.
#[derive(Debug)]
pub(super) struct Router {
    /// By service and first segment of the path.
    paths: AHashMap<(&'static str, &'static str), Vec<Route>>,
    /// By service and name.
    names: AHashMap<(&'static str, &'static str), &'static Operation>,
}

impl Router {
    pub(super) fn new(services: &[&'static Service]) -> Self {
        let mut router = Self { paths: AHashMap::new(), names: AHashMap::new() };
        for service in services {
            for operation in service.all() {
                router.names.insert((service.name, operation.name), operation);
            }
            if service.protocol == Protocol::RestJson {
                router.add_paths(service);
            }
        }
        for routes in router.paths.values_mut() {
            routes.sort_by(|a, b| a.parts.cmp(&b.parts));
        }
        router
    }

    fn add_paths(&mut self, service: &'static Service) {
        let here = service
            .all()
            .map(|operation| (operation.method.clone(), operation.path, Behind::Here(operation)));
        let absent = service.modelled().filter_map(|(name, method, path)| {
            let is_here = service.all().any(|operation| operation.name == name);
            let method = Method::from_bytes(method.as_bytes()).ok().filter(|_| !is_here)?;
            Some((method, path, Behind::Absent(name)))
        });
        for (method, path, behind) in here.chain(absent) {
            let parts = parts_of(path);
            if let Some(Part::Text(first)) = parts.first().copied() {
                let route = Route { method, parts, behind };
                self.paths.entry((service.name, first)).or_default().push(route);
            }
        }
    }

    pub(super) fn find(
        &self,
        wanted: &Wanted,
        head: &Parts,
        body: &Bytes,
    ) -> Result<Routed, AwsError> {
        let Some(first) = wanted.services.first() else { return Err(no_service(wanted)) };
        match first.protocol {
            Protocol::RestJson => self.by_path(&wanted.services, head),
            Protocol::Json11 => self.by_target(first, wanted.target.as_deref()),
            Protocol::Query => self.by_action(&wanted.services, head, body),
        }
    }

    fn by_path(&self, services: &[&'static Service], head: &Parts) -> Result<Routed, AwsError> {
        let path = head.uri.path();
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let first = segments.first().copied().unwrap_or_default();
        let mut absent = None;
        let mut other_methods = Vec::new();
        let mut others_of = None;
        for service in services {
            for route in self.paths.get(&(service.name, first)).into_iter().flatten() {
                let Some(raw) = route.labels(&segments) else { continue };
                match route.behind {
                    _ if route.method != head.method => {
                        other_methods.push(route.method.as_str());
                        others_of = Some(service.name);
                    }
                    Behind::Absent(name) => absent = absent.or(Some((service, name))),
                    Behind::Here(operation) => {
                        return Ok(Routed {
                            service,
                            operation,
                            labels: decoded_labels(raw)?,
                            parameters: parameters(head)?,
                            form: None,
                        });
                    }
                }
            }
        }
        let text = match absent {
            Some((service, name)) => not_here(service.name, name),
            None => self.unknown_path(services, head, first, &other_methods),
        };
        // Only iot-data has a word for a path that is there for another method.
        let is_other_method = absent.is_none() && others_of == Some(crate::iot_data::SERVICE.name);
        let code =
            if is_other_method { AwsCode::MethodNotAllowed } else { AwsCode::UnknownOperation };
        Err(AwsError::new(code, text))
    }

    fn unknown_path(
        &self,
        services: &[&'static Service],
        head: &Parts,
        first: &str,
        other_methods: &[&str],
    ) -> String {
        let asked = format!("{} {}", head.method, shortened(head.uri.path()));
        if !other_methods.is_empty() {
            let methods = other_methods.join(", ");
            return format!("no operation is at {asked}; that path is there for {methods}");
        }
        let firsts = self
            .paths
            .keys()
            .filter(|(service, _)| services.iter().any(|wanted| wanted.name == *service));
        match nearest(first, firsts.map(|(_, first)| *first)) {
            Some(near) => {
                format!("no operation is at {asked}; the nearest path begins with /{near}")
            }
            None => format!("no operation is at {asked}"),
        }
    }

    fn by_target(
        &self,
        service: &'static Service,
        target: Option<&str>,
    ) -> Result<Routed, AwsError> {
        let unknown = |text: String| AwsError::new(AwsCode::UnknownOperation, text);
        let target =
            target.ok_or_else(|| unknown("the header X-Amz-Target is missing".to_owned()))?;
        let prefix = service.target_prefix.unwrap_or_default();
        match target.split_once('.') {
            Some((before, name)) if before == prefix => self.by_name(&[service], name),
            _ => Err(unknown(format!(
                "X-Amz-Target is `{}`; for {} it must be `{prefix}.OPERATION`",
                shortened(target),
                service.name
            ))),
        }
    }

    fn by_action(
        &self,
        services: &[&'static Service],
        head: &Parts,
        body: &Bytes,
    ) -> Result<Routed, AwsError> {
        let form = body
            .is_empty()
            .then(|| Bytes::copy_from_slice(head.uri.query().unwrap_or_default().as_bytes()));
        let malformed = |text: String| AwsError::new(AwsCode::MalformedQueryString, text);
        let pairs = query::pairs(form.as_ref().unwrap_or(body));
        let pairs = pairs.map_err(|error| malformed(error.to_string()))?;
        let action = pairs.iter().find(|(name, _)| name == "Action").map(|(_, value)| value);
        let action = action.ok_or_else(|| {
            AwsError::new(AwsCode::InvalidAction, "the form has no parameter `Action`")
        })?;
        Ok(Routed { form, ..self.by_name(services, action)? })
    }

    fn by_name(&self, services: &[&'static Service], name: &str) -> Result<Routed, AwsError> {
        for service in services {
            if let Some(operation) = self.names.get(&(service.name, name)) {
                return Ok(Routed {
                    service,
                    operation,
                    labels: AHashMap::new(),
                    parameters: Vec::new(),
                    form: None,
                });
            }
        }
        let protocol = services.first().map_or(Protocol::Query, |service| service.protocol);
        let code = fault::own(protocol, ErrorCode::NotFound);
        for service in services {
            if let Some((known, ..)) = service.modelled().find(|(known, ..)| *known == name) {
                return Err(AwsError::new(code, not_here(service.name, known)));
            }
        }
        let here =
            services.iter().flat_map(|service| service.all().map(|operation| operation.name));
        let text = match nearest(name, here) {
            Some(near) => {
                format!("there is no operation `{}`; did you mean {near}?", shortened(name))
            }
            None => format!("there is no operation `{}`", shortened(name)),
        };
        Err(AwsError::new(code, text))
    }
}

fn not_here(service: &str, name: &str) -> String {
    format!("AWS's {service} has {name}, but Picket does not implement it")
}

fn no_service(wanted: &Wanted) -> AwsError {
    let served: Vec<&str> = crate::services::SERVICES
        .iter()
        .flat_map(|service| service.signing_names.iter().copied())
        .collect();
    let asked = match (&wanted.claim, &wanted.target) {
        (Ok(claim), _) => shortened(&claim.scope.service),
        (Err(_), Some(target)) => shortened(target),
        (Err(_), None) => String::new(),
    };
    let text =
        format!("the service `{asked}` is not served here; served are {}", served.join(", "));
    AwsError::new(fault::own(wanted.protocol(), ErrorCode::NotFound), text)
}

fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name: String = name.chars().take(128).collect();
    known
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

fn parts_of(template: &'static str) -> Vec<Part> {
    let template = template.strip_prefix('/').unwrap_or(template);
    let part = |segment: &'static str| match segment
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'))
    {
        None => Part::Text(segment),
        Some(label) => label.strip_suffix('+').map_or(Part::Label(label), Part::Greedy),
    };
    template.split('/').map(part).collect()
}

impl Route {
    /// The raw labels, when the path fits. A greedy label is the last part and takes the rest.
    fn labels<'p>(&self, segments: &[&'p str]) -> Option<Vec<(&'static str, RawLabel<'p>)>> {
        let mut labels = Vec::new();
        let mut rest = segments;
        for part in &self.parts {
            let (segment, after) = rest.split_first()?;
            match part {
                Part::Text(text) if text == segment => {}
                Part::Text(_) => return None,
                Part::Label(_) if segment.is_empty() => return None,
                Part::Label(name) => labels.push((*name, RawLabel::One(segment))),
                Part::Greedy(name) => {
                    labels.push((*name, RawLabel::Rest(rest.to_vec())));
                    return Some(labels);
                }
            }
            rest = after;
        }
        rest.is_empty().then_some(labels)
    }
}

enum RawLabel<'p> {
    One(&'p str),
    Rest(Vec<&'p str>),
}

fn decoded_labels(
    raw: Vec<(&'static str, RawLabel<'_>)>,
) -> Result<AHashMap<&'static str, String>, AwsError> {
    let decode = |name: &str, text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| AwsError::invalid(format!("the label `{name}` of the path is not UTF-8")))
    };
    raw.into_iter()
        .map(|(name, label)| {
            let text = match label {
                RawLabel::One(segment) => decode(name, segment)?,
                RawLabel::Rest(segments) => decode(name, &segments.join("/"))?,
            };
            Ok((name, text))
        })
        .collect()
}

/// The query's pairs. Unlike a form's, a `+` in them is a plus.
fn parameters(head: &Parts) -> Result<Vec<(String, String)>, AwsError> {
    let query = head.uri.query().unwrap_or_default();
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(std::borrow::Cow::into_owned)
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Ok(name), Ok(value)) => Ok((name, value)),
                _ => Err(AwsError::invalid("the query is not UTF-8")),
            }
        })
        .collect()
}
