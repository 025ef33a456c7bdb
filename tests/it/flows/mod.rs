//! Stories through the real binaries.
