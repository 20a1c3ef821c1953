//! Secret providers: where secrets are, one file each, and how a server's references become values.
