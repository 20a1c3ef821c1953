//! The integration tests: one binary, one file per area; each line says what belongs there.
