//! Signature Version 4, by AWS's own crate.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;

use crate::credentials::Credentials;
use crate::error::Error;

/// Scope for which a signature is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningScope<'a> {
    /// The service's signing name, `s3`.
    pub service: &'a str,
    /// The region, `eu-central-1`.
    pub region: &'a str,
}

/// Signs `request` with `credentials` as of `now`, the time since 1970, by adding headers.
///
/// # Errors
/// If the request has a header that isn't plain text.
pub fn sign(
    request: &mut http::Request<Bytes>,
    credentials: &Credentials,
    scope: SigningScope<'_>,
    now: Duration,
) -> Result<(), Error> {
    sign_with(settings(scope.service), request, credentials, scope, now)
}

/// Returns the settings for a service. S3 takes a path as it was sent and wants the body's digest as a header; for all others
/// the path is normalised and encoded once more.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    } else {
        settings.percent_encoding_mode = PercentEncodingMode::Double;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    }
    settings
}

fn sign_with(
    settings: SigningSettings,
    request: &mut http::Request<Bytes>,
    credentials: &Credentials,
    scope: SigningScope<'_>,
    now: Duration,
) -> Result<(), Error> {
    let identity = Identity::from(aws_credential_types::Credentials::new(
        credentials.key_id(),
        credentials.secret(),
        credentials.session_token().map(str::to_owned),
        None,
        "cruncher",
    ));
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(SystemTime::UNIX_EPOCH + now)
        .settings(settings)
        .build()
        .map_err(|error| Error::invalid(error.to_string()))?
        .into();
    let mut headers = Vec::with_capacity(request.headers().len());
    for (name, value) in request.headers() {
        let value = value.to_str().map_err(|error| Error::invalid(format!("header {name}: {error}")))?;
        headers.push((name.as_str(), value));
    }
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.uri().to_string(),
        headers.into_iter(),
        SignableBody::Bytes(request.body()),
    )
    .map_err(|error| Error::invalid(error.to_string()))?;
    let (instructions, _) = aws_sigv4::http_request::sign(signable, &params)
        .map_err(|error| Error::invalid(error.to_string()))?
        .into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

#[cfg(test)]
mod vectors;
