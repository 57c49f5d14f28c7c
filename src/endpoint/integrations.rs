//! White-label integrations.

use super::operation::{endpoint, operations, record, Method, Operation, Safety};
use crate::model::{AltType, CreateWhitelabelBody, WhitelabelList, WhitelabelProvider};
use crate::shape::Shape;
use ghl_payments_derive::model;

operations! { CreateWhitelabel, ListWhitelabel }

/// `POST /payments/integrations/provider/whitelabel`
///
/// The blank in the id is HighLevel's.
pub static CREATE_WHITELABEL: Operation = Operation {
    id: "create-integration provider",
    name: "integrations.createWhitelabel",
    method: Method::Post,
    path: "/payments/integrations/provider/whitelabel",
    scope: Some("payments/integration.write"),
    safety: Safety::NonIdempotentWrite,
    query: None,
    body: record(CreateWhitelabelBody::KIND),
    answer: WhitelabelProvider::KIND,
};

endpoint! {
    /// Creates a white-label integration.
    CreateWhitelabel { body: CreateWhitelabelBody } CREATE_WHITELABEL -> WhitelabelProvider
}

/// `GET /payments/integrations/provider/whitelabel`
pub static LIST_WHITELABEL: Operation = Operation {
    id: "list-integration-providers",
    name: "integrations.listWhitelabel",
    method: Method::Get,
    path: "/payments/integrations/provider/whitelabel",
    scope: Some("payments/integration.readonly"),
    safety: Safety::Read,
    query: record(ListWhitelabelParams::KIND),
    body: None,
    answer: WhitelabelList::KIND,
};

/// The page of white-label integrations to read.
#[model(request, default)]
pub struct ListWhitelabelParams {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// How many integrations to deliver; HighLevel documents 0 as its default.
    pub limit: Option<u32>,
    /// How many integrations to skip.
    pub offset: Option<u32>,
}

endpoint! {
    /// Lists white-label integrations.
    ListWhitelabel { params: ListWhitelabelParams } LIST_WHITELABEL -> WhitelabelList
}
