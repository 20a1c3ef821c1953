//! Redaction: what leaves for the client, its logs and the terminal holds no known value and nothing shaped like a credential.
