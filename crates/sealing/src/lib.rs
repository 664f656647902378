//! Access to a study, sealed with a passphrase: `public/access.json`.
//!
//! Argon2id makes a key of a passphrase, slowly, so that guessing is slow, too; XChaCha20-Poly1305 seals a role's access with that
//! key. Anyone may read the sealed access, and whoever has the passphrase can open it, without a server.

mod document;
mod passphrase;

pub use document::{ACCESS_KEY, AccessDocument, OpenError, SealError};
pub use passphrase::Passphrase;
