//! Custom payment providers: a marketplace app that takes payments itself.

use super::Json;
use ghl_payments_derive::model;

/// A custom payment provider in one location.
///
/// HighLevel's schema names: `CreateCustomProvidersResponseSchema`, `GetCustomProvidersResponseSchema` and
/// `ConnectCustomProvidersResponseSchema`.
#[model]
pub struct CustomProviderConfig {
    /// Name of the provider.
    pub name: Option<String>,
    /// Description that is shown on the integrations page.
    pub description: Option<String>,
    /// The page that is loaded in an iframe to take a payment.
    pub payments_url: Option<String>,
    /// The URL that HighLevel asks about payments.
    pub query_url: Option<String>,
    /// URL of its logo.
    pub image_url: Option<String>,
    /// Id of the provider in this location: 24 hexadecimal characters. Absent where `providerConfig` holds the fields.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// The location.
    pub location_id: Option<String>,
    /// The marketplace app that is the provider; only its tokens may change it.
    pub marketplace_app_id: Option<String>,
    /// What is connected for `live` and for `test`, keys included. Published without a schema.
    #[shape(secret)]
    pub payment_provider: Option<Json>,
    /// `true` when the provider was removed.
    pub deleted: Option<bool>,
    /// When the provider was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the provider was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// HighLevel's trace id, for questions to its support.
    pub trace_id: Option<String>,
    /// The fields above, in one object. Not in HighLevel's schema, reported from real answers.
    #[shape(secret)]
    pub provider_config: Option<Json>,
}

/// A custom payment provider to create.
///
/// HighLevel's schema name: `CreateCustomProvidersDto`.
#[model(request)]
pub struct CreateProviderBody {
    /// Name of the provider.
    #[shape(id)]
    pub name: String,
    /// Description that is shown on the integrations page.
    pub description: String,
    /// The page that is loaded in an iframe to take a payment: an https URL.
    #[shape(https)]
    pub payments_url: String,
    /// The URL that HighLevel asks about payments: an https URL.
    #[shape(https)]
    pub query_url: String,
    /// Logo: an https URL that anyone can open.
    #[shape(https)]
    pub image_url: String,
    /// Whether the provider can charge on a schedule; the capabilities write it with an `s` at the end.
    pub supports_subscription_schedule: bool,
}

/// The keys by which HighLevel and the provider know each other in one mode.
///
/// HighLevel's schema name: `CustomProviderKeys`.
#[model(request)]
pub struct ProviderKeys {
    /// Secret that HighLevel sends to `queryUrl`; no page may see it.
    #[shape(id, secret)]
    pub api_key: String,
    /// Key that HighLevel hands to the page in the iframe.
    #[shape(id)]
    pub publishable_key: String,
}

/// The keys to connect: of the live mode, of the test mode, or of both.
///
/// HighLevel's schema name: `ConnectCustomProvidersConfigDto`. It requires both modes, although one can be connected
/// at a time.
#[model(request, default)]
#[shape(one_of("live", "test"))]
pub struct ConnectProviderBody {
    /// The keys for live money.
    pub live: Option<ProviderKeys>,
    /// The keys for the test mode.
    pub test: Option<ProviderKeys>,
}

/// The mode to disconnect.
///
/// HighLevel's schema name: `DeleteCustomProvidersConfigDto`.
#[model(request)]
pub struct DisconnectProviderBody {
    /// `true` for live money, `false` for the test mode.
    pub live_mode: bool,
}

/// What the provider of a marketplace app can do.
///
/// HighLevel's schema name: `UpdateCustomProviderCapabilitiesDto`.
#[model(request)]
#[shape(one_of("companyId", "locationId"))]
pub struct UpdateCapabilitiesBody {
    /// Whether the provider can charge on a schedule.
    pub supports_subscription_schedules: bool,
    /// The company (agency), for all its locations.
    #[shape(id)]
    pub company_id: Option<String>,
    /// The location; the client's `locationId` when this and `companyId` are left out.
    #[shape(id)]
    pub location_id: Option<String>,
}

/// Whether the provider was changed.
///
/// HighLevel's schema names: `DeleteCustomProvidersResponseSchema`, `DisconnectCustomProvidersResponseSchema` and
/// `UpdateCustomProviderCapabilitiesResponseSchema`.
#[model]
pub struct ProviderResult {
    /// `true` when it was done.
    pub success: Option<bool>,
}
