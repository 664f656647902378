//! The user's own access to a cloud: credentials and region as the AWS CLI finds them.

#[expect(deprecated, reason = "as in `profile_files`")]
use aws_config::profile::profile_file::ProfileFiles;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use cruncher_aws::transport::native;
use cruncher_aws::{Client, Credentials, Endpoints, Ports, TransportError};
use cruncher_backend::administer::launch::find_config;
use cruncher_backend::study::Study;

use crate::arguments::CloudAccount;
use crate::failure::{CommandFailure, of_launch, sentence};
use crate::profile_files::{check_profile, places, profile_files};
use crate::release::VERSION;
use crate::text::printable;

/// Returns the ports of this process.
pub(crate) fn ports() -> Result<Ports, CommandFailure> {
    native::ports().map_err(|error| unsendable(&error))
}

fn unsendable(error: &TransportError) -> CommandFailure {
    CommandFailure::new(format!("Requests can't be sent from here: {}", sentence(error)))
}

/// Returns a client that signs with the user's own credentials.
pub(crate) async fn client(account: &CloudAccount) -> Result<Client, CommandFailure> {
    signing(account, ports()?).await
}

/// Returns such a client that delivers objects as they are stored.
pub(crate) async fn client_as_stored(account: &CloudAccount) -> Result<Client, CommandFailure> {
    signing(account, native::ports_as_stored().map_err(|error| unsendable(&error))?).await
}

/// Finds a study by its name.
pub(crate) async fn study(client: Client, name: &str) -> Result<Study, CommandFailure> {
    let region = client.endpoints().region.clone();
    let config = find_config(&client, name, VERSION).await.map_err(|error| of_launch(error, name, &region))?;
    Ok(Study { client, config })
}

async fn signing(account: &CloudAccount, ports: Ports) -> Result<Client, CommandFailure> {
    check_profile(account.profile.as_deref())?;
    // The future that looks for credentials is large, and every command waits for it.
    let config = Box::pin(load(account, profile_files()?)).await;
    let region = config.region().map(ToString::to_string).ok_or_else(|| no_region(account.profile.as_deref()))?;
    let credentials = Box::pin(credentials(&config, account.profile.as_deref())).await?;
    let endpoint_url = account.endpoint_url.clone().or_else(|| config.endpoint_url().map(str::to_owned));
    Ok(Client::new(ports, Endpoints::new(region, endpoint_url), Some(credentials)))
}

#[expect(deprecated, reason = "as in `profile_files`")]
async fn load(account: &CloudAccount, files: Option<ProfileFiles>) -> SdkConfig {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
    if let Some(region) = &account.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &account.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(files) = files {
        loader = loader.profile_files(files);
    }
    loader.load().await
}

fn no_region(profile: Option<&str>) -> CommandFailure {
    let (place, option) = match profile {
        None => (String::new(), String::new()),
        Some(profile) => (format!(" for profile {profile}"), format!(" --profile {profile}")),
    };
    CommandFailure::new(format!(
        "No region is set{place}. Name one, such as --region eu-central-1, or set one for good with `aws configure set region \
         eu-central-1{option}`."
    ))
}

async fn credentials(config: &SdkConfig, profile: Option<&str>) -> Result<Credentials, CommandFailure> {
    let provider = config.credentials_provider().ok_or_else(|| no_credentials(profile))?;
    let found = provider.provide_credentials().await.map_err(|error| unusable(&error, profile))?;
    let credentials = Credentials::new(found.access_key_id(), found.secret_access_key());
    Ok(match found.session_token() {
        Some(token) => credentials.with_session_token(token),
        None => credentials,
    })
}

fn no_credentials(profile: Option<&str>) -> CommandFailure {
    let place = profile.map(|profile| format!(" for profile {profile}")).unwrap_or_default();
    CommandFailure::new(format!(
        "No AWS credentials were found{place}. Sign in with `aws configure` or `aws sso login`, or set AWS_ACCESS_KEY_ID \
         and AWS_SECRET_ACCESS_KEY; --profile names a profile."
    ))
}

fn unusable(error: &CredentialsError, profile: Option<&str>) -> CommandFailure {
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return no_credentials(profile);
    }
    let profile = profile.map(|profile| format!(" of profile {profile}")).unwrap_or_default();
    // The cause may be a list of every place that was asked.
    let cause = printable(&sentence(error), 400);
    let places = Some(places()).filter(|places| !places.is_empty());
    let places = places.map(|places| format!(" They were looked for in {places}.")).unwrap_or_default();
    CommandFailure::new(format!(
        "The AWS credentials{profile} can't be used: {cause}{places} Sign in again, with `aws sso login` for instance, and try \
         `aws sts get-caller-identity`."
    ))
}
