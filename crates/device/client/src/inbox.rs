//! Messages that arrived while the caller waited for something else.

use std::collections::VecDeque;

use crate::session::Message;

/// A bounded queue that forgets its oldest message when it is full.
#[derive(Debug)]
pub(crate) struct Inbox {
    messages: VecDeque<Message>,
    messages_max: usize,
    forgotten: u64,
}

impl Inbox {
    pub(crate) fn new(messages_max: usize) -> Self {
        Self { messages: VecDeque::new(), messages_max: messages_max.max(1), forgotten: 0 }
    }

    pub(crate) fn push(&mut self, message: Message) {
        if self.messages.len() >= self.messages_max {
            self.messages.pop_front();
            self.forgotten += 1;
        }
        self.messages.push_back(message);
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many messages were forgotten because nobody fetched them.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_inbox_forgets_the_oldest_and_counts_it() {
        let mut inbox = Inbox::new(1);
        for topic in ["a", "b"] {
            inbox.push(Message { topic: topic.to_owned(), payload: Vec::new(), retain: false });
        }
        assert_eq!(inbox.pop().unwrap().topic, "b");
        assert_eq!((inbox.pop(), inbox.forgotten()), (None, 1));
    }
}
