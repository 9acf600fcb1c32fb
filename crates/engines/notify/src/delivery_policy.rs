//! `DeliveryPolicy`: how a topic or a subscription wants HTTP receivers to be treated (spec delivery §3.4).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::retry::{Growth, RetryPlan};

/// Longest policy: all its pauses together.
const SECONDS_MAX: u64 = 3_600;
const RETRIES_MAX: u32 = 100;
const CONTENT_TYPES: &[&str] = &[
    "text/plain; charset=UTF-8",
    "text/plain",
    "application/json",
    "application/json; charset=UTF-8",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/octet-stream",
    "text/xml",
    "text/html",
    "text/csv",
];

/// A policy that is in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeliveryPolicy {
    pub(crate) plan: Option<RetryPlan>,
    /// Most messages a second.
    pub(crate) per_second_max: Option<u32>,
    pub(crate) content_type: Option<String>,
    /// Of a topic: the policies of its subscriptions do not count.
    pub(crate) overrides_subscriptions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawTopic {
    http: RawTopicHttp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawTopicHttp {
    default_healthy_retry_policy: Option<RawRetry>,
    #[serde(default)]
    disable_subscription_overrides: bool,
    default_throttle_policy: Option<RawThrottle>,
    default_request_policy: Option<RawRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSubscription {
    healthy_retry_policy: Option<RawRetry>,
    throttle_policy: Option<RawThrottle>,
    request_policy: Option<RawRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct RawRetry {
    min_delay_target: u32,
    max_delay_target: u32,
    num_retries: u32,
    num_no_delay_retries: u32,
    num_min_delay_retries: u32,
    num_max_delay_retries: u32,
    backoff_function: String,
}

impl Default for RawRetry {
    fn default() -> Self {
        Self {
            min_delay_target: 20,
            max_delay_target: 20,
            num_retries: 3,
            num_no_delay_retries: 0,
            num_min_delay_retries: 0,
            num_max_delay_retries: 0,
            backoff_function: "linear".to_owned(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawThrottle {
    max_receives_per_second: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawRequest {
    header_content_type: Option<String>,
}

impl DeliveryPolicy {
    /// Reads a topic's policy.
    pub(crate) fn of_topic(text: &str) -> Result<Self, String> {
        let RawTopic { http } = read(text)?;
        let RawTopicHttp {
            default_healthy_retry_policy,
            disable_subscription_overrides,
            default_throttle_policy,
            default_request_policy,
        } = http;
        let mut policy = assemble(
            default_healthy_retry_policy,
            default_throttle_policy,
            default_request_policy,
        )?;
        policy.overrides_subscriptions = disable_subscription_overrides;
        Ok(policy)
    }

    /// Reads a subscription's policy.
    pub(crate) fn of_subscription(text: &str) -> Result<Self, String> {
        let RawSubscription { healthy_retry_policy, throttle_policy, request_policy } = read(text)?;
        assemble(healthy_retry_policy, throttle_policy, request_policy)
    }

    /// What is in force for a subscription of this policy on a topic of policy `topic`.
    pub(crate) fn over(&self, topic: &Self) -> Self {
        if topic.overrides_subscriptions {
            return topic.clone();
        }
        Self {
            plan: self.plan.clone().or_else(|| topic.plan.clone()),
            per_second_max: self.per_second_max.or(topic.per_second_max),
            content_type: self.content_type.clone().or_else(|| topic.content_type.clone()),
            overrides_subscriptions: false,
        }
    }

    fn retry_json(&self) -> Value {
        let plan = self.plan.as_ref().unwrap_or(&RetryPlan::HTTP);
        let RetryPlan { immediate, at_shortest, growing, at_longest, .. } = *plan;
        json!({
            "minDelayTarget": plan.shortest.as_secs(),
            "maxDelayTarget": plan.longest.as_secs(),
            "numRetries": immediate + at_shortest + growing + at_longest,
            "numNoDelayRetries": immediate,
            "numMinDelayRetries": at_shortest,
            "numMaxDelayRetries": at_longest,
            "backoffFunction": plan.growth.as_str(),
        })
    }

    fn content_type_json(&self) -> &str {
        self.content_type.as_deref().unwrap_or(CONTENT_TYPES[0])
    }

    /// `EffectiveDeliveryPolicy` of a topic.
    pub(crate) fn topic_json(&self) -> Value {
        let throttle = self.per_second_max.map(|max| json!({ "maxReceivesPerSecond": max }));
        let mut http = json!({
            "defaultHealthyRetryPolicy": self.retry_json(),
            "disableSubscriptionOverrides": self.overrides_subscriptions,
            "defaultRequestPolicy": { "headerContentType": self.content_type_json() },
        });
        if let Some(throttle) = throttle {
            http["defaultThrottlePolicy"] = throttle;
        }
        json!({ "http": http })
    }

    /// `EffectiveDeliveryPolicy` of a subscription.
    pub(crate) fn subscription_json(&self) -> Value {
        let throttle = self.per_second_max.map(|max| json!({ "maxReceivesPerSecond": max }));
        let mut policy = json!({
            "healthyRetryPolicy": self.retry_json(),
            "requestPolicy": { "headerContentType": self.content_type_json() },
        });
        if let Some(throttle) = throttle {
            policy["throttlePolicy"] = throttle;
        }
        policy
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("DeliveryPolicy: {error}"))
}

fn assemble(
    retry: Option<RawRetry>,
    throttle: Option<RawThrottle>,
    request: Option<RawRequest>,
) -> Result<DeliveryPolicy, String> {
    let per_second_max = throttle.and_then(|throttle| throttle.max_receives_per_second);
    if per_second_max == Some(0) {
        return Err("DeliveryPolicy: maxReceivesPerSecond must be at least 1".to_owned());
    }
    let content_type = request.and_then(|request| request.header_content_type);
    if let Some(given) = &content_type
        && !CONTENT_TYPES.iter().any(|known| known.eq_ignore_ascii_case(given))
    {
        return Err(format!(
            "DeliveryPolicy: headerContentType must be one of {}",
            CONTENT_TYPES.join(", ")
        ));
    }
    let plan = retry.map(plan_of).transpose()?;
    Ok(DeliveryPolicy { plan, per_second_max, content_type, overrides_subscriptions: false })
}

fn plan_of(raw: RawRetry) -> Result<RetryPlan, String> {
    let problem = |text: String| Err(format!("DeliveryPolicy: {text}"));
    let Some(growth) = Growth::parse(&raw.backoff_function) else {
        return problem(
            "backoffFunction must be linear, arithmetic, geometric or exponential".to_owned(),
        );
    };
    if raw.min_delay_target < 1 || raw.min_delay_target > raw.max_delay_target {
        return problem("minDelayTarget must be from 1 to maxDelayTarget".to_owned());
    }
    if raw.num_retries > RETRIES_MAX {
        return problem(format!("numRetries must be from 0 to {RETRIES_MAX}"));
    }
    let others = [raw.num_no_delay_retries, raw.num_min_delay_retries, raw.num_max_delay_retries];
    let others = others.iter().try_fold(0_u32, |sum, count| sum.checked_add(*count));
    let Some(growing) = others.and_then(|others| raw.num_retries.checked_sub(others)) else {
        return problem(
            "numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries are more than numRetries"
                .to_owned(),
        );
    };
    let shortest = Duration::from_secs(u64::from(raw.min_delay_target));
    let plan = RetryPlan {
        immediate: raw.num_no_delay_retries,
        at_shortest: raw.num_min_delay_retries,
        growing,
        at_longest: raw.num_max_delay_retries,
        first_pause: shortest,
        shortest,
        longest: Duration::from_secs(u64::from(raw.max_delay_target)),
        growth,
    };
    let total: Duration = (1..).map_while(|failures| plan.pause(failures)).sum();
    if raw.max_delay_target > 3_600 || total > Duration::from_secs(SECONDS_MAX) {
        return problem(format!(
            "all pauses together must not be longer than {SECONDS_MAX} seconds"
        ));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOM: &str = r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":4,"numRetries":7,
        "numNoDelayRetries":1,"numMinDelayRetries":1,"numMaxDelayRetries":2,"backoffFunction":"linear"},
        "throttlePolicy":{"maxReceivesPerSecond":10},"requestPolicy":{"headerContentType":"application/json"}}"#;

    #[test]
    fn a_policy_becomes_the_phases_it_describes() {
        let policy = DeliveryPolicy::of_subscription(CUSTOM).unwrap();
        let plan = policy.plan.clone().unwrap();
        let pauses: Vec<u64> =
            (1..).map_while(|n| plan.pause(n)).map(|pause| pause.as_millis() as u64).collect();
        assert_eq!(pauses, [0, 1000, 1000, 2500, 4000, 4000, 4000]);
        assert_eq!(policy.per_second_max, Some(10));
        assert_eq!(policy.content_type.as_deref(), Some("application/json"));
        let again = policy.subscription_json().to_string();
        assert_eq!(DeliveryPolicy::of_subscription(&again).unwrap(), policy);
    }

    #[test]
    fn the_topic_wins_only_where_it_says_so() {
        let own = DeliveryPolicy::of_subscription(CUSTOM).unwrap();
        let topic = |disable: bool| {
            DeliveryPolicy::of_topic(&format!(
                r#"{{"http":{{"defaultHealthyRetryPolicy":{{"numRetries":9}},"disableSubscriptionOverrides":{disable}}}}}"#
            ))
            .unwrap()
        };
        assert_eq!(own.over(&topic(false)).plan, own.plan);
        assert_eq!(own.over(&topic(true)).plan.unwrap().growing, 9);
        let effective = DeliveryPolicy::default().over(&topic(false)).subscription_json();
        assert_eq!(effective["healthyRetryPolicy"]["numRetries"], 9);
    }

    #[test]
    fn bad_policies_are_refused_with_the_reason() {
        for (retry, words) in [
            (r#"{"numRetries":101}"#, "numRetries"),
            (r#"{"minDelayTarget":30}"#, "minDelayTarget"),
            (r#"{"numNoDelayRetries":4}"#, "more than numRetries"),
            (r#"{"numNoDelayRetries":4294967295,"numMinDelayRetries":2}"#, "more than numRetries"),
            (r#"{"numRetries":100,"minDelayTarget":60,"maxDelayTarget":600}"#, "3600 seconds"),
            (r#"{"backoffFunction":"cubic"}"#, "backoffFunction"),
            (r#"{"numRetrys":3}"#, "numRetrys"),
        ] {
            let text = format!(r#"{{"healthyRetryPolicy":{retry}}}"#);
            let error = DeliveryPolicy::of_subscription(&text).unwrap_err();
            assert!(error.contains(words), "{retry}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_accepted_ends_within_the_hour(
            shortest in 0_u32..70, more in 0_u32..4_000, retries in 0_u32..130,
            parts in proptest::array::uniform3(0_u32..60), growth in 0_usize..4,
        ) {
            let growth = ["linear", "arithmetic", "geometric", "exponential"][growth];
            let [none, least, most] = parts;
            let text = json!({"healthyRetryPolicy": {
                "minDelayTarget": shortest, "maxDelayTarget": shortest + more, "numRetries": retries,
                "numNoDelayRetries": none, "numMinDelayRetries": least, "numMaxDelayRetries": most,
                "backoffFunction": growth,
            }});
            if let Ok(policy) = DeliveryPolicy::of_subscription(&text.to_string()) {
                let plan = policy.plan.unwrap();
                let pauses: Vec<Duration> = (1..).map_while(|n| plan.pause(n)).collect();
                proptest::prop_assert_eq!(pauses.len(), retries as usize);
                proptest::prop_assert!(pauses.iter().sum::<Duration>().as_secs() <= SECONDS_MAX);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            drop(DeliveryPolicy::of_topic(&text));
            drop(DeliveryPolicy::of_subscription(&text));
        }
    }
}
