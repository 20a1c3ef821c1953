//! hushpipe starts pinned MCP servers with secrets from your stores and keeps those secrets out of what comes back.

pub mod cli;
pub mod error;
pub mod launch;
pub mod manifest;
pub mod mcp;
pub mod plan;
pub mod provider;
pub mod redact;
pub mod relay;
pub mod runner;
pub mod secret;
pub mod store;
pub mod sys;
