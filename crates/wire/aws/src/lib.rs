//! What AWS's clients put on the wire: signatures, errors, pagination tokens and the query protocol.
