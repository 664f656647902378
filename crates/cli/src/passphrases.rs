//! Passphrases of a study's roles, and the randomness that they are made of.

use cruncher_backend::administer::sealed_access::RolePassphrases;
use cruncher_sealing::Passphrase;

/// Makes a passphrase for the operator, and one for the viewer unless anyone may look.
pub(crate) fn generate(is_public_view: bool) -> RolePassphrases {
    let viewer = (!is_public_view).then(|| Passphrase::generate(&mut random));
    RolePassphrases { viewer, operator: Passphrase::generate(&mut random) }
}

/// Fills bytes with random ones of the operating system.
///
/// # Panics
/// If the operating system has none: nothing may be sealed then.
pub(crate) fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}
