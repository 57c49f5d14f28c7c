//! The custom payment provider of a marketplace app.

use super::operation::{endpoint, operations, record, LocationQuery, Method, Operation, Safety};
use crate::model::{
    ConnectProviderBody, CreateProviderBody, CustomProviderConfig, DisconnectProviderBody, ProviderResult,
    UpdateCapabilitiesBody,
};
use crate::shape::Shape;

operations! { CreateProvider, DeleteProvider, GetProviderConfig, ConnectProvider, DisconnectProvider, UpdateCapabilities }

/// `POST /payments/custom-provider/provider`
pub static CREATE_PROVIDER: Operation = Operation {
    id: "create-integration",
    name: "customProvider.create",
    method: Method::Post,
    path: "/payments/custom-provider/provider",
    scope: Some("payments/custom-provider.write"),
    safety: Safety::NonIdempotentWrite,
    query: record(LocationQuery::KIND),
    body: record(CreateProviderBody::KIND),
    answer: CustomProviderConfig::KIND,
};

endpoint! {
    /// Makes the app a payment provider of the location.
    CreateProvider { body: CreateProviderBody } CREATE_PROVIDER -> CustomProviderConfig
}

/// `DELETE /payments/custom-provider/provider`
pub static DELETE_PROVIDER: Operation = Operation {
    id: "delete-integration",
    name: "customProvider.delete",
    method: Method::Delete,
    path: "/payments/custom-provider/provider",
    scope: Some("payments/custom-provider.write"),
    safety: Safety::IdempotentWrite,
    query: record(LocationQuery::KIND),
    body: None,
    answer: ProviderResult::KIND,
};

endpoint! {
    /// Removes the app's payment provider from the location.
    DeleteProvider DELETE_PROVIDER -> ProviderResult
}

/// `GET /payments/custom-provider/connect`
pub static GET_PROVIDER_CONFIG: Operation = Operation {
    id: "fetch-config",
    name: "customProvider.getConfig",
    method: Method::Get,
    path: "/payments/custom-provider/connect",
    scope: Some("payments/custom-provider.readonly"),
    safety: Safety::Read,
    query: record(LocationQuery::KIND),
    body: None,
    answer: CustomProviderConfig::KIND,
};

endpoint! {
    /// Reads the app's payment provider in the location.
    GetProviderConfig GET_PROVIDER_CONFIG -> CustomProviderConfig
}

/// `POST /payments/custom-provider/connect`
///
/// Sent again it stores the same keys. The provider must exist, or HighLevel answers 422.
pub static CONNECT_PROVIDER: Operation = Operation {
    id: "create-config",
    name: "customProvider.connect",
    method: Method::Post,
    path: "/payments/custom-provider/connect",
    scope: Some("payments/custom-provider.write"),
    safety: Safety::IdempotentWrite,
    query: record(LocationQuery::KIND),
    body: record(ConnectProviderBody::KIND),
    answer: CustomProviderConfig::KIND,
};

endpoint! {
    /// Stores the keys of the live mode, of the test mode or of both.
    ConnectProvider { body: ConnectProviderBody } CONNECT_PROVIDER -> CustomProviderConfig
}

/// `POST /payments/custom-provider/disconnect`
pub static DISCONNECT_PROVIDER: Operation = Operation {
    id: "disconnect-config",
    name: "customProvider.disconnect",
    method: Method::Post,
    path: "/payments/custom-provider/disconnect",
    scope: Some("payments/custom-provider.write"),
    safety: Safety::IdempotentWrite,
    query: record(LocationQuery::KIND),
    body: record(DisconnectProviderBody::KIND),
    answer: ProviderResult::KIND,
};

endpoint! {
    /// Forgets the keys of one mode.
    DisconnectProvider { body: DisconnectProviderBody } DISCONNECT_PROVIDER -> ProviderResult
}

/// `PUT /payments/custom-provider/capabilities`
pub static UPDATE_CAPABILITIES: Operation = Operation {
    id: "custom-provider-marketplace-app-update-capabilities",
    name: "customProvider.updateCapabilities",
    method: Method::Put,
    path: "/payments/custom-provider/capabilities",
    scope: Some("payments/custom-provider.write"),
    safety: Safety::IdempotentWrite,
    query: None,
    body: record(UpdateCapabilitiesBody::KIND),
    answer: ProviderResult::KIND,
};

endpoint! {
    /// Says what the app's payment provider can do.
    UpdateCapabilities { body: UpdateCapabilitiesBody } UPDATE_CAPABILITIES -> ProviderResult
}
