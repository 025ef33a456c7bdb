//! Secrets of the server itself: `SECRET_KEY`, `ADMIN_TOKEN`, `ADMIN_READ_TOKEN`
//! and `METRICS_TOKEN`.

use secrecy::{ExposeSecret, SecretString};

use crate::contracts::settings::{ConfigErrors, ENVIRONMENT, Environment, Purpose};

/// Shortest secret, in bytes. A shorter key lets hashed addresses be recovered by brute force, and a
/// shorter token can be guessed.
const SHORTEST: usize = 16;

/// Fewest guesses, as a power of ten, that a cracker who knows words, repetitions, sequences and
/// keyboard rows may need. Sixteen random hexadecimal digits take 10^16.
const FEWEST_GUESSES_LOG10: f64 = 10.0;

/// Fix of a token that is weak.
const FIX: &str = "set it to what `openssl rand -hex 32` prints, or unset it";

/// Reads the key with which addresses are hashed. [`Purpose::Dev`] generates one instead.
pub(super) fn secret_key(
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> Option<SecretString> {
    let fix = "set it, once and for every process, to what `openssl rand -hex 32` prints";
    let key = strong_secret(environment, "SECRET_KEY", fix, errors);
    if key.is_none() && purpose != Purpose::Dev {
        errors.add(ENVIRONMENT, "SECRET_KEY", "is not set", fix);
    }
    key
}

/// Reads the token that opens the pages which are not public.
pub(super) fn admin_token(
    environment: &Environment,
    errors: &ConfigErrors,
) -> Option<SecretString> {
    strong_secret(environment, "ADMIN_TOKEN", FIX, errors)
}

/// Reads the token that opens the operator's pages for reading. It is another one than `ADMIN_TOKEN`.
pub(super) fn admin_read_token(
    environment: &Environment,
    errors: &ConfigErrors,
) -> Option<SecretString> {
    let token = strong_secret(environment, "ADMIN_READ_TOKEN", FIX, errors)?;
    let other = environment.secret("ADMIN_TOKEN");
    if other.is_some_and(|other| other.expose_secret() == token.expose_secret()) {
        errors.add(ENVIRONMENT, "ADMIN_READ_TOKEN", "is the ADMIN_TOKEN", FIX);
    }
    Some(token)
}

/// Reads the token that opens the metrics alone.
pub(super) fn metrics_token(
    environment: &Environment,
    errors: &ConfigErrors,
) -> Option<SecretString> {
    strong_secret(environment, "METRICS_TOKEN", FIX, errors)
}

fn strong_secret(
    environment: &Environment,
    name: &str,
    fix: &str,
    errors: &ConfigErrors,
) -> Option<SecretString> {
    let secret = environment.secret(name)?;
    check_strength(&secret, name, SHORTEST, fix, errors);
    Some(secret)
}

/// Records an error for a secret that is short or can be guessed.
pub(super) fn check_strength(
    secret: &SecretString,
    name: &str,
    shortest: usize,
    fix: &str,
    errors: &ConfigErrors,
) {
    if secret.expose_secret().len() < shortest {
        errors.add(ENVIRONMENT, name, format!("is shorter than {shortest} bytes"), fix);
    } else if zxcvbn::zxcvbn(secret.expose_secret(), &["crosswire"]).guesses_log10()
        < FEWEST_GUESSES_LOG10
    {
        errors.add(ENVIRONMENT, name, "can be guessed", fix);
    }
}
