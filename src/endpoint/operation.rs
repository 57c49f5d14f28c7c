//! What an operation and an endpoint are, and the queries that several operations share.

use crate::model::AltType;
use crate::shape::{Kind, Record};
use ghl_payments_derive::model;
use serde::de::DeserializeOwned;
use serde::Serialize;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

impl Method {
    /// The method as it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What sending a request a second time would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Changes nothing.
    Read,
    /// Changes something, and a second time changes nothing more.
    IdempotentWrite,
    /// A second time would charge, create or fulfil again.
    NonIdempotentWrite,
}

/// Everything that is fixed about one operation.
#[derive(Debug)]
pub struct Operation {
    /// HighLevel's operationId.
    pub id: &'static str,
    /// The JavaScript method, such as `orders.get`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL; at most one `{placeholder}`.
    pub path: &'static str,
    /// The OAuth scope, if HighLevel names one.
    pub scope: Option<&'static str>,
    /// Whether it may be sent again.
    pub safety: Safety,
    /// The query parameters. Where there is a body too, the caller's parameters are the body and the query is filled
    /// from the client's `locationId`.
    pub query: Option<&'static Record>,
    /// The body's fields.
    pub body: Option<&'static Record>,
    /// The shape of the answer.
    pub answer: Kind,
}

impl Operation {
    /// Whether it is a list that is read page by page.
    pub fn is_list(&self) -> bool {
        self.query.is_some_and(Record::is_list)
    }

    /// HighLevel's page about it.
    pub fn docs(&self) -> String {
        ["https://marketplace.gohighlevel.com/docs/ghl/payments/", &self.id.replace(' ', "-")].concat()
    }
}

/// What a caller gives to an operation.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a, P> {
    /// The id for the placeholder of the path.
    pub id: Option<&'a str>,
    /// The body of an operation that takes one, the query parameters of any other.
    pub params: Option<&'a P>,
}

/// One operation with its parameters: what [`Client::send`](crate::Client::send) takes.
pub trait Endpoint {
    /// Its entry of the ledger.
    const OPERATION: &'static Operation;
    /// The query parameters or the body.
    type Params: Serialize;
    /// What HighLevel answers.
    type Answer: DeserializeOwned;

    /// The path id and the parameters of this call.
    fn input(&self) -> Input<'_, Self::Params>;
}

/// Is shown the endpoints one after the other; see [`visit`](super::visit).
pub trait Visitor {
    /// Is called once for each endpoint.
    fn visit<E: Endpoint>(&mut self)
    where
        E::Answer: Serialize;
}

/// Declares an endpoint: the struct that a Rust caller fills and its binding to the ledger.
macro_rules! endpoint {
    ($(#[$doc:meta])* $name:ident { $params:ident: $type:ty } $operation:ident -> $answer:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            /// Parameters of the call.
            pub $params: $type,
        }
        impl crate::endpoint::operation::Endpoint for $name {
            const OPERATION: &'static crate::endpoint::operation::Operation = &$operation;
            type Params = $type;
            type Answer = $answer;
            fn input(&self) -> crate::endpoint::operation::Input<'_, $type> {
                crate::endpoint::operation::Input { id: None, params: Some(&self.$params) }
            }
        }
    };
    ($(#[$doc:meta])* $name:ident { $id:ident, $params:ident: $type:ty } $operation:ident -> $answer:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            /// Id of the record in the path.
            pub $id: String,
            /// Parameters of the call.
            pub $params: $type,
        }
        impl crate::endpoint::operation::Endpoint for $name {
            const OPERATION: &'static crate::endpoint::operation::Operation = &$operation;
            type Params = $type;
            type Answer = $answer;
            fn input(&self) -> crate::endpoint::operation::Input<'_, $type> {
                crate::endpoint::operation::Input { id: Some(&self.$id), params: Some(&self.$params) }
            }
        }
    };
    ($(#[$doc:meta])* $name:ident { $id:ident } $operation:ident -> $answer:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            /// Id of the record in the path.
            pub $id: String,
        }
        impl crate::endpoint::operation::Endpoint for $name {
            const OPERATION: &'static crate::endpoint::operation::Operation = &$operation;
            type Params = ();
            type Answer = $answer;
            fn input(&self) -> crate::endpoint::operation::Input<'_, ()> {
                crate::endpoint::operation::Input { id: Some(&self.$id), params: None }
            }
        }
    };
    ($(#[$doc:meta])* $name:ident $operation:ident -> $answer:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name;
        impl crate::endpoint::operation::Endpoint for $name {
            const OPERATION: &'static crate::endpoint::operation::Operation = &$operation;
            type Params = ();
            type Answer = $answer;
            fn input(&self) -> crate::endpoint::operation::Input<'_, ()> {
                crate::endpoint::operation::Input { id: None, params: None }
            }
        }
    };
}
pub(crate) use endpoint;

/// Lists the endpoints of a resource, in the order of HighLevel's documentation.
macro_rules! operations {
    ($($endpoint:ident),+ $(,)?) => {
        pub(super) const OPERATIONS: &[&crate::endpoint::operation::Operation] =
            &[$(<$endpoint as crate::endpoint::operation::Endpoint>::OPERATION),+];

        pub(super) fn visit(visitor: &mut impl crate::endpoint::operation::Visitor) {
            $(visitor.visit::<$endpoint>();)+
        }
    };
}
pub(crate) use operations;

/// The query of operations that read one record and document `locationId` as well.
#[model(request, default)]
pub struct RecordQuery {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub location_id: Option<String>,
}

/// The query of operations that take only the account.
#[model(request, default)]
pub struct AltQuery {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
}

/// The query of the custom provider's operations.
#[model(request, default)]
pub struct LocationQuery {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub location_id: Option<String>,
}

/// The record of a struct of the models.
pub(crate) const fn record(kind: Kind) -> Option<&'static Record> {
    match kind {
        Kind::Object(record) => Some(record),
        _ => None,
    }
}
