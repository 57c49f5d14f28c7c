//! White-label integrations: NMI or Authorize.net under an agency's own name.

use super::AltType;
use ghl_payments_derive::{choices, model};

/// A payment provider under an agency's own name.
///
/// HighLevel's schema names: `IntegrationProviderSchema` in lists, `CreateWhitelabelIntegrationResponseDto` when
/// created.
#[model]
pub struct WhitelabelProvider {
    /// Id of the integration: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location that the integration belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// Name under which it is shown.
    pub title: Option<String>,
    /// Its short name in URLs; `uniqueName` when created.
    pub route: Option<String>,
    /// The payment provider behind it.
    #[shape(known("authorize-net", "nmi"))]
    pub provider: Option<String>,
    /// Description that is shown.
    pub description: Option<String>,
    /// URL of its logo.
    pub image_url: Option<String>,
    /// When the integration was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the integration was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
}

/// The white-label integrations of a location.
///
/// HighLevel's schema name: `ListWhitelabelIntegrationProviderResponseDto`, which draws one object where a list is meant.
#[model]
pub struct WhitelabelList {
    /// The integrations.
    #[shape(one_or_list)]
    pub providers: Vec<WhitelabelProvider>,
}

/// The payment providers that can be offered under another name.
#[choices]
pub enum WhitelabelGateway {
    /// Authorize.net.
    #[serde(rename = "authorize-net")]
    AuthorizeNet,
    /// NMI.
    Nmi,
}

/// A white-label integration to create.
///
/// HighLevel's schema name: `CreateWhiteLabelIntegrationProviderDto`.
#[model(request)]
pub struct CreateWhitelabelBody {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// Its short name: lower-case letters and hyphens, a letter at both ends.
    #[shape(slug)]
    pub unique_name: String,
    /// Name under which it is shown.
    #[shape(id)]
    pub title: String,
    /// The payment provider behind it.
    pub provider: WhitelabelGateway,
    /// Description that is shown.
    pub description: String,
    /// Logo: an https URL that anyone can open.
    #[shape(https)]
    pub image_url: String,
}
