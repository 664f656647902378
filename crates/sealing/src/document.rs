//! `public/access.json`: each role's access, sealed; or, if the owner said so, the viewer's in the clear.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use cruncher_study::access::{AccessKey, Role, StudyAccess};
use serde::{Deserialize, Serialize};

use crate::Passphrase;

/// The key of the document.
pub const ACCESS_KEY: &str = "public/access.json";

/// The version of the document.
const VERSION: u32 = 1;

const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20poly1305";

/// Memory that making a key takes, in KiB, and the number of passes over it: about half a second in a browser.
const MEMORY_KIB: u32 = 48 * 1024;
const PASSES: u32 = 3;

/// Limits of what a document may ask of its reader.
const MAX_MEMORY_KIB: u32 = 512 * 1024;
const MAX_PASSES: u32 = 16;

const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;

/// Document that says who may open the study, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessDocument {
    /// The version of the document.
    v: u32,
    /// Derivation of a key from a passphrase.
    kdf: KeyDerivation,
    /// The cipher that seals with that key.
    cipher: String,
    /// The access of each role that has a passphrase.
    sealed: Vec<SealedRole>,
    /// The viewer's key, if anyone may look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_viewer: Option<AccessKey>,
}

/// Derivation of a key from a passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeyDerivation {
    name: String,
    version: u32,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    /// In Base64.
    salt: String,
}

/// The access of a role, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SealedRole {
    /// The role.
    role: Role,
    /// Number that is used once, in Base64.
    nonce: String,
    /// The access as JSON, encrypted, with its authentication tag, in Base64.
    content: String,
}

/// Access that can't be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the access can't be sealed: {0}")]
pub struct SealError(String);

/// Sealed access that can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The passphrase is none of this study.
    #[error("this is no passphrase of this study")]
    WrongPassphrase,
    /// Nobody has a passphrase.
    #[error("this study has no passphrase: it is opened by a link")]
    NoPassphrase,
    /// The document isn't what this program reads.
    #[error("the study's sealed access can't be read: {0}")]
    Unreadable(String),
}

impl AccessDocument {
    /// Makes the document of a study that nobody can open yet. `random` fills bytes.
    #[must_use]
    pub fn new(random: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut salt = [0; SALT_BYTES];
        random(&mut salt);
        let kdf = KeyDerivation {
            name: KDF.to_owned(),
            version: Version::V0x13 as u32,
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: 1,
            salt: STANDARD.encode(salt),
        };
        Self { v: VERSION, kdf, cipher: CIPHER.to_owned(), sealed: Vec::new(), public_viewer: None }
    }

    /// Reads the document.
    ///
    /// # Errors
    /// If it isn't one, or is one of another version.
    pub fn parse(json: &[u8]) -> Result<Self, OpenError> {
        let document: Self = serde_json::from_slice(json).map_err(|error| OpenError::Unreadable(error.to_string()))?;
        if document.v == VERSION { Ok(document) } else { Err(OpenError::Unreadable(format!("version {}", document.v))) }
    }

    /// Writes the document.
    ///
    /// # Panics
    /// Never: it is plain JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("the document is plain JSON")
    }

    /// Leaves out the access of a role: nobody opens it with a passphrase any more.
    pub fn leave_out(&mut self, role: Role) {
        self.sealed.retain(|sealed| sealed.role != role);
    }

    /// The roles that have a passphrase.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.sealed.iter().map(|sealed| sealed.role)
    }

    /// Seals the access of its role to the study in `bucket`, in place of an earlier one. `random` fills bytes.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn seal(
        &mut self,
        bucket: &str,
        access: &StudyAccess,
        passphrase: &Passphrase,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), SealError> {
        let key = self.kdf.key(passphrase).map_err(|error| SealError(error.to_string()))?;
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce);
        let json = serde_json::to_vec(access).map_err(|error| SealError(error.to_string()))?;
        let bound = bound_to(bucket, access.role);
        let payload = Payload { msg: &json, aad: bound.as_bytes() };
        let content = XChaCha20Poly1305::new(&key.into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|error| SealError(error.to_string()))?;
        self.leave_out(access.role);
        self.sealed.push(SealedRole {
            role: access.role,
            nonce: STANDARD.encode(nonce),
            content: STANDARD.encode(content),
        });
        Ok(())
    }

    /// Opens the access of the role whose passphrase this is, to the study in `bucket`. That takes about half a second.
    ///
    /// # Errors
    /// If it is the passphrase of no role, or the document isn't what this program reads.
    pub fn open(&self, bucket: &str, passphrase: &Passphrase) -> Result<StudyAccess, OpenError> {
        if self.sealed.is_empty() {
            return Err(OpenError::NoPassphrase);
        }
        if self.cipher != CIPHER {
            return Err(OpenError::Unreadable(format!("its cipher is {}", self.cipher)));
        }
        let key = self.kdf.key(passphrase)?;
        let opened = self.sealed.iter().find_map(|sealed| sealed.open(bucket, &key));
        let (role, json) = opened.ok_or(OpenError::WrongPassphrase)?;
        let access: StudyAccess =
            serde_json::from_slice(&json).map_err(|error| OpenError::Unreadable(error.to_string()))?;
        if access.role == role { Ok(access) } else { Err(OpenError::Unreadable("it is of another role".to_owned())) }
    }
}

impl SealedRole {
    /// Opens the content with a key; `None` if it was sealed with another one, or of another study or role.
    fn open(&self, bucket: &str, key: &[u8; KEY_BYTES]) -> Option<(Role, Vec<u8>)> {
        let (nonce, content) = (STANDARD.decode(&self.nonce).ok()?, STANDARD.decode(&self.content).ok()?);
        if nonce.len() != NONCE_BYTES {
            return None;
        }
        let bound = bound_to(bucket, self.role);
        let payload = Payload { msg: &content, aad: bound.as_bytes() };
        let opened = XChaCha20Poly1305::new(key.into()).decrypt(XNonce::from_slice(&nonce), payload);
        Some((self.role, opened.ok()?))
    }
}

impl KeyDerivation {
    /// Makes a key of a passphrase.
    fn key(&self, passphrase: &Passphrase) -> Result<[u8; KEY_BYTES], OpenError> {
        let unreadable = |what: &dyn ToString| OpenError::Unreadable(what.to_string());
        if self.name != KDF || self.version != Version::V0x13 as u32 {
            return Err(unreadable(&format!("its key derivation is {} {}", self.name, self.version)));
        }
        if self.memory_kib > MAX_MEMORY_KIB || self.passes > MAX_PASSES || self.lanes != 1 {
            return Err(unreadable(&"its key derivation would take too long"));
        }
        let salt = STANDARD.decode(&self.salt).map_err(|error| unreadable(&error))?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_BYTES));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|error| unreadable(&error))?);
        let mut key = [0; KEY_BYTES];
        let made = argon2.hash_password_into(passphrase.as_str().as_bytes(), &salt, &mut key);
        made.map(|()| key).map_err(|error| unreadable(&error))
    }
}

/// Associated data of a sealed access: it opens in no other study, and as no other role.
fn bound_to(bucket: &str, role: Role) -> String {
    format!("cruncher-access/{VERSION}/{role}/{bucket}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "cruncher-prandtl-bucket";

    fn access(role: Role) -> StudyAccess {
        let key = |id: &str| AccessKey { key_id: id.into(), secret: format!("{id}-s3cr/t+==") };
        let of_operator = |id| (role == Role::Operator).then(|| key(id));
        StudyAccess { role, key: key(&role.to_string()), worker: of_operator("w"), viewer: of_operator("v") }
    }

    /// Fills bytes with numbers that differ from call to call.
    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes| {
            bytes.fill(next);
            next += 1;
        }
    }

    /// A document that takes less memory, for tests without optimisation.
    fn document() -> AccessDocument {
        let mut document = AccessDocument::new(&mut counting());
        document.kdf.memory_kib = 64;
        document
    }

    fn sealed() -> AccessDocument {
        let (mut document, mut random) = (document(), counting());
        for (role, words) in [(Role::Viewer, "one two"), (Role::Operator, "three four")] {
            document.seal(BUCKET, &access(role), &Passphrase::typed(words), &mut random).unwrap();
        }
        AccessDocument::parse(&document.to_json()).unwrap()
    }

    #[test]
    fn each_role_is_opened_by_its_passphrase_and_by_no_other() {
        let document = sealed();
        let open = |words: &str| document.open(BUCKET, &Passphrase::typed(words));
        assert_eq!(open("One-Two"), Ok(access(Role::Viewer)));
        assert_eq!(open("three four"), Ok(access(Role::Operator)));
        for wrong in ["", "one", "two one", "onetwo"] {
            assert_eq!(open(wrong), Err(OpenError::WrongPassphrase), "{wrong}");
        }
        assert_eq!(super::tests::document().open(BUCKET, &Passphrase::typed("x")), Err(OpenError::NoPassphrase));
        let json = String::from_utf8(document.to_json()).unwrap();
        assert!(!json.contains("s3cr") && !json.contains("one"), "{json}");
    }

    #[test]
    fn a_role_that_is_sealed_again_forgets_its_old_passphrase_and_no_other() {
        let mut document = sealed();
        let words = Passphrase::typed("five six");
        document.seal(BUCKET, &access(Role::Viewer), &words, &mut counting()).unwrap();
        let open = |words: &str| document.open(BUCKET, &Passphrase::typed(words)).map(|access| access.role);
        assert_eq!(open("five six"), Ok(Role::Viewer));
        assert_eq!(open("three four"), Ok(Role::Operator));
        assert_eq!(open("one two"), Err(OpenError::WrongPassphrase));
        assert_eq!(document.roles().count(), 2);
        document.leave_out(Role::Viewer);
        assert_eq!(document.roles().collect::<Vec<_>>(), [Role::Operator]);
    }

    #[test]
    fn what_was_sealed_opens_in_no_other_study_and_as_no_other_role() {
        let document = sealed();
        let words = Passphrase::typed("one two");
        assert_eq!(document.open("another-bucket", &words), Err(OpenError::WrongPassphrase));
        let mut swapped = document.clone();
        for sealed in &mut swapped.sealed {
            sealed.role = if sealed.role == Role::Viewer { Role::Operator } else { Role::Viewer };
        }
        assert_eq!(swapped.open(BUCKET, &words), Err(OpenError::WrongPassphrase));
        let mut changed = document;
        let mut content = STANDARD.decode(&changed.sealed[0].content).unwrap();
        content[3] ^= 1;
        changed.sealed[0].content = STANDARD.encode(content);
        assert_eq!(changed.open(BUCKET, &words), Err(OpenError::WrongPassphrase));
    }

    #[test]
    fn a_document_that_is_none_or_asks_too_much_is_refused_before_anything_is_computed() {
        assert!(matches!(AccessDocument::parse(b"<html>"), Err(OpenError::Unreadable(_))));
        let words = Passphrase::typed("one two");
        let refused = |change: &dyn Fn(&mut AccessDocument)| {
            let mut document = sealed();
            change(&mut document);
            let read = AccessDocument::parse(&document.to_json()).and_then(|read| read.open(BUCKET, &words));
            assert!(matches!(read, Err(OpenError::Unreadable(_))), "{read:?}");
        };
        refused(&|document| document.v = 2);
        refused(&|document| document.cipher = "rot13".into());
        refused(&|document| document.kdf.name = "md5".into());
        refused(&|document| document.kdf.version = 16);
        refused(&|document| document.kdf.memory_kib = u32::MAX);
        refused(&|document| document.kdf.passes = 1_000);
        refused(&|document| document.kdf.lanes = 4);
        refused(&|document| document.kdf.memory_kib = 0);
        refused(&|document| document.kdf.salt = "short".into());
        refused(&|document| document.kdf.salt = "*".into());
    }

    #[test]
    fn the_key_is_that_of_the_reference_implementation() {
        // From the published Python binding of the reference implementation, argon2-cffi 25.1:
        // base64.b64encode(low_level.hash_secret_raw(b"one two", bytes(16), 3, 64, 1, 32, Type.ID))
        let key = document().kdf.key(&Passphrase::typed("one two")).unwrap();
        assert_eq!(STANDARD.encode(key), "ugZn/pxBpa+gIxT/8V9mrrNw+vZ7AzflEWJe4DwWH1Y=");
    }
}
