//! Mitigation: actions, and the tasks that apply them (spec device-defender §8).
