//! Lengths of texts: what fits into one message.
