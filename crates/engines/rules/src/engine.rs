//! The engine: keeps the rules compiled and runs those a message matches.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use picket_core::{Account, Clock, Ledger, LedgerSnapshot, Tasks};
use picket_iot_sql::{Input, MqttProperties};
use picket_ports::messages::Origin;
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{Delivery, Message, MessageTap, Publish, Registry, RegistryError, TapError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::document::{Problem, RuleDocument};
use crate::matcher::FilterTrie;
use crate::metrics::{Counter, RuleCounters, RulesMetrics};
use crate::rule::{Ended, Occasion, Outlets, Rule};

/// Topics that address one rule directly, `$aws/rules/NAME[/rest]`.
const BASIC_INGEST: &str = "$aws/rules/";

/// How rules behave; the table `[rules]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulesConfig {
    /// How often an action is tried while its target is unavailable. Default 3.
    pub tries_max: u32,
    /// Pause before the second try, in milliseconds; it doubles with each further one. Default 200.
    pub backoff_ms: u64,
}

impl Default for RulesConfig {
    fn default() -> Self {
        Self { tries_max: 3, backoff_ms: 200 }
    }
}

/// What the engine works with.
#[derive(Debug, Clone)]
pub struct RulesParts {
    /// Where the rules are.
    pub registry: Arc<dyn Registry>,
    /// Where `firehose` actions put records.
    pub delivery: Arc<dyn Delivery>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What `accountid()` gives.
    pub account: Account,
}

/// Runs topic rules. See the crate's description.
#[derive(Debug)]
pub struct RulesEngine {
    parts: RulesParts,
    config: RulesConfig,
    publisher: OnceLock<Arc<dyn Publish>>,
    table: ArcSwap<RuleTable>,
    /// One reload at a time, so that an older view never replaces a newer one.
    reloading: tokio::sync::Mutex<()>,
    rule_not_found: Counter,
    ledger: Ledger,
}

/// All rules at one moment.
#[derive(Debug, Default)]
struct RuleTable {
    by_name: BTreeMap<String, Loaded>,
    by_filter: FilterTrie<Arc<Rule>>,
}

/// A stored rule and what became of it.
#[derive(Debug, Clone)]
struct Loaded {
    document: Document,
    counters: Arc<RuleCounters>,
    state: Result<Arc<Rule>, Arc<[Problem]>>,
}

impl RulesEngine {
    /// An engine with the rules that are in the registry now. A rule with a bad document is logged,
    /// counted and left out.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn open(parts: RulesParts, config: RulesConfig) -> Result<Arc<Self>, RegistryError> {
        let engine = Self {
            parts,
            config,
            publisher: OnceLock::new(),
            table: ArcSwap::default(),
            reloading: tokio::sync::Mutex::default(),
            rule_not_found: Counter::default(),
            ledger: Ledger::new("rules"),
        };
        engine.reload().await?;
        Ok(Arc::new(engine))
    }

    /// Gives `republish` actions the broker, which itself needs this engine first. Only the first call
    /// counts.
    pub fn attach_publisher(&self, publisher: Arc<dyn Publish>) {
        if self.publisher.set(publisher).is_err() {
            tracing::warn!("a second publisher for the rules was ignored");
        }
    }

    /// Follows the registry's changes until `tasks` stop.
    pub fn follow_registry(self: &Arc<Self>, tasks: &Tasks) {
        let engine = Arc::clone(self);
        let token = tasks.token();
        let mut revision = engine.parts.registry.documents_revision();
        // What changed between opening and now counts as news.
        revision.mark_changed();
        tasks.spawn("rules-reload", async move {
            loop {
                tokio::select! {
                    () = token.cancelled() => return,
                    changed = revision.changed() => if changed.is_err() { return },
                }
                if let Err(error) = engine.reload().await {
                    tracing::warn!(%error, "the rules could not be reloaded; the old ones stay");
                }
            }
        });
    }

    /// Reads the rules from the registry again. Rules that have not changed stay as they are.
    ///
    /// # Errors
    /// When the registry cannot be read; the rules stay as they were.
    pub async fn reload(&self) -> Result<(), RegistryError> {
        let _one_at_a_time = self.reloading.lock().await;
        let documents = self.parts.registry.documents(DocumentKind::TopicRule).await?;
        let old = self.table.load();
        let mut table = RuleTable::default();
        for document in documents {
            let known = old.by_name.get(&document.name);
            let loaded = match known.filter(|known| known.document == document) {
                Some(known) => known.clone(),
                None => load(document, known.map(|known| Arc::clone(&known.counters))),
            };
            if let Ok(rule) = &loaded.state
                && !rule.document.disabled
                && let Some(filter) = rule.document.statement.topic_filter()
            {
                table.by_filter.insert(filter, Arc::clone(rule));
            }
            table.by_name.insert(loaded.document.name.clone(), loaded);
        }
        self.table.store(Arc::new(table));
        Ok(())
    }

    /// The counters now.
    pub fn metrics(&self) -> RulesMetrics {
        let table = self.table.load();
        let broken = table.by_name.values().filter(|loaded| loaded.state.is_err()).count();
        RulesMetrics {
            rule_not_found: self.rule_not_found.get(),
            broken_rules: u64::try_from(broken).unwrap_or(u64::MAX),
            rules: table.by_name.iter().map(|(name, l)| l.counters.snapshot(name)).collect(),
        }
    }

    /// The account book. An item is one rule and one message that matched it.
    pub fn ledger(&self) -> LedgerSnapshot {
        self.ledger.snapshot()
    }

    /// Stored rules that cannot run, with what is wrong.
    pub fn broken_rules(&self) -> Vec<(String, Vec<Problem>)> {
        let table = self.table.load();
        let broken = table.by_name.iter().filter_map(|(name, loaded)| {
            Some((name.clone(), loaded.state.as_ref().err()?.to_vec()))
        });
        broken.collect()
    }

    /// The rules `topic` matches, and what `topic()` sees.
    fn rules_for<'t>(&self, topic: &'t str) -> (Vec<Arc<Rule>>, &'t str) {
        let table = self.table.load();
        let mut rules = Vec::new();
        let Some(address) = topic.strip_prefix(BASIC_INGEST) else {
            table.by_filter.matching(topic, |rule| {
                rules.push(Arc::clone(rule));
                false
            });
            return (rules, topic);
        };
        let (name, rest) = address.split_once('/').unwrap_or((address, ""));
        let state = table.by_name.get(name).map(|loaded| &loaded.state);
        match state {
            Some(Ok(rule)) if !rule.document.disabled => rules.push(Arc::clone(rule)),
            _ => {
                self.ledger.received(1);
                self.ledger.dropped("rule_not_found", 1);
                if self.rule_not_found.count_and_is_noteworthy() {
                    let shown: String = name.chars().take(128).collect();
                    let messages = self.rule_not_found.get();
                    tracing::info!(rule = ?shown, messages, "no such rule, or disabled, or broken");
                }
            }
        }
        (rules, rest)
    }

    async fn run(&self, rule: &Rule, occasion: Occasion<'_>) -> Result<(), TapError> {
        self.ledger.received(1);
        rule.counters.topic_match.count();
        match rule.run(occasion).await {
            Ended::Done => self.ledger.delivered(1),
            Ended::Filtered => self.ledger.dropped("filtered", 1),
            Ended::Failed(error) => {
                self.ledger.dropped("action_failed", 1);
                return error.map_or(Ok(()), Err);
            }
        }
        Ok(())
    }
}

/// Compiles a stored rule; the counters of its predecessor go on.
fn load(document: Document, counters: Option<Arc<RuleCounters>>) -> Loaded {
    let counters = counters.unwrap_or_default();
    let state = compile(&document).map(|compiled| {
        Arc::new(Rule {
            name: document.name.clone(),
            document: compiled,
            counters: Arc::clone(&counters),
        })
    });
    let state = state.map_err(|problems| {
        for problem in &problems {
            tracing::warn!(rule = %document.name, %problem, "this rule cannot run");
        }
        Arc::from(problems)
    });
    Loaded { document, counters, state }
}

fn compile(document: &Document) -> Result<RuleDocument, Vec<Problem>> {
    let name = &document.name;
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.len() > 128 || !name.chars().all(good) {
        let problem = "a rule's name has 1 to 128 letters, digits and underscores".to_owned();
        return Err(vec![Problem { at: "the name".to_owned(), problem }]);
    }
    RuleDocument::parse(&document.body)
}

#[async_trait]
impl MessageTap for RulesEngine {
    fn wants(&self, topic: &str) -> bool {
        topic.starts_with(BASIC_INGEST) || self.table.load().by_filter.matching(topic, |_| true)
    }

    async fn accept(&self, message: Arc<Message>) -> Result<(), TapError> {
        let (rules, topic) = self.rules_for(&message.topic);
        if rules.is_empty() {
            return Ok(());
        }
        let (client_id, principal) = match &message.origin {
            Origin::Client { client_id, principal } => (Some(&**client_id), Some(&**principal)),
            Origin::Http { principal } => (None, Some(&**principal)),
            Origin::Service(_) => (None, None),
        };
        let trace_id = client_id.map(|_| Uuid::new_v4().to_string());
        let properties = &message.properties;
        let input = Input {
            topic,
            payload: &message.payload,
            client_id,
            principal,
            account_id: &self.parts.account.id,
            now: self.parts.clock.now(),
            trace_id: trace_id.as_deref(),
            properties: MqttProperties {
                payload_format: properties.payload_format,
                content_type: properties.content_type.as_deref(),
                response_topic: properties.response_topic.as_deref(),
                correlation_data: properties.correlation_data.as_deref(),
                user: &properties.user,
            },
            random: &|| Uuid::new_v4().as_u128(),
        };
        let outlets = Outlets { delivery: &self.parts.delivery, publisher: self.publisher.get() };
        let occasion = Occasion { message: &message, input: &input, outlets, config: &self.config };
        let runs = rules.iter().map(|rule| self.run(rule, occasion));
        let results = futures::future::join_all(runs).await;
        results.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
