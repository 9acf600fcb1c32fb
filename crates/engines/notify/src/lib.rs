//! Notification topics.
