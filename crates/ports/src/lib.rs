//! The contracts engines meet through.
//!
//! An engine never names another engine: it takes the traits of this crate, and the server wires
//! them. Each storage trait comes with a conformance suite that every adapter passes.

pub mod access_keys;
pub mod alarms;
pub mod cloud_metrics;
pub mod connection_log;
pub mod connections;
pub mod delivery;
pub mod directory;
pub mod enrollment;
pub mod event_index;
pub mod event_log;
pub mod findings;
pub mod http_peer;
pub mod iot_log;
pub mod just_in_time;
pub mod messages;
pub mod metric_history;
pub mod notify;
pub mod pipeline;
pub mod registry;
pub mod remedies;
pub mod reports;
pub mod retained;
pub mod role_sessions;
pub mod search;
pub mod state_store;

pub use access_keys::{AccessKeys, KeyOwner, KeyRights};
pub use alarms::{AlarmListener, AlarmListenerError, AlarmNews, Alarms, AlarmsError};
pub use cloud_metrics::{CloudMetrics, DeviceCounters};
pub use connection_log::{ConnectionEvent, ConnectionLog, ConnectionLogFilter};
pub use connections::{
    Connection, ConnectionFacts, Connections, ConnectionsError, DirectMessageError,
};
pub use delivery::{Delivery, DeliveryError, Receipt, Record};
pub use directory::Directory;
pub use enrollment::{EnrollError, Enrollment, NewDeviceRequest, ThingBundle};
pub use event_index::{EventIndex, IndexError, IndexedEvent};
pub use event_log::{EventLog, EventLogs, LogError, LogRecord, Position};
pub use findings::{Finding, Findings, FindingsError};
pub use http_peer::HttpPeer;
pub use iot_log::{IotEvent, IotLog, IotRecord};
pub use just_in_time::{JustInTime, JustInTimeError};
pub use messages::{Listen, Message, MessageTap, Publish, PublishError, TapError};
pub use metric_history::{HistoryError, MetricHistory};
pub use notify::{MailText, Notification, Notify, NotifyError};
pub use pipeline::{Pipeline, StageStatus};
pub use registry::{Registry, RegistryError};
pub use remedies::{PlannedChange, Remedies, Remedy, RemedyError, RemedySubject};
pub use reports::{ReportIntake, ReportPublish, ReportReply};
pub use retained::{RetainedMessages, RetainedPage};
pub use role_sessions::{
    AssumeError, AssumeRole, Assumer, NewRoleSession, RoleRights, RoleSession, SessionRequest,
    SignerError,
};
pub use search::{Search, SearchError, SearchRequest, SearchResult};
pub use state_store::{StateBatch, StateStore, StateStores};
