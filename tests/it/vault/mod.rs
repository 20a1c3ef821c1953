//! Secrets in HashiCorp Vault and OpenBao.

mod checked;
pub(crate) mod stand_in;
