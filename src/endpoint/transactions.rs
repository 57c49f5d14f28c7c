//! Transactions.

use super::operation::{endpoint, operations, record, Method, Operation, RecordQuery, Safety};
use crate::model::{AltType, SourceSubType, SourceType, Transaction, TransactionList};
use crate::shape::Shape;
use ghl_payments_derive::model;

operations! { ListTransactions, GetTransaction }

/// `GET /payments/transactions`
pub static LIST_TRANSACTIONS: Operation = Operation {
    id: "list-transactions",
    name: "transactions.list",
    method: Method::Get,
    path: "/payments/transactions",
    scope: Some("payments/transactions.readonly"),
    safety: Safety::Read,
    query: record(ListTransactionsParams::KIND),
    body: None,
    answer: TransactionList::KIND,
};

/// Filters of the transaction list; there is none by status.
#[model(request, default)]
pub struct ListTransactionsParams {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub location_id: Option<String>,
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// Live money or test mode.
    #[shape(known("live", "test"))]
    pub payment_mode: Option<String>,
    /// First day, `YYYY-MM-DD`.
    #[shape(date)]
    pub start_at: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    #[shape(date)]
    pub end_at: Option<String>,
    /// Only transactions from this kind of source.
    pub entity_source_type: Option<SourceType>,
    /// Only transactions from this kind of form or page.
    pub entity_source_sub_type: Option<SourceSubType>,
    /// Text to look for in the name of the transaction.
    pub search: Option<String>,
    /// Only transactions of this subscription.
    #[shape(id)]
    pub subscription_id: Option<String>,
    /// Only transactions of this order or invoice: takes the id of either.
    #[shape(id)]
    pub entity_id: Option<String>,
    /// Only transactions of this contact.
    #[shape(id)]
    pub contact_id: Option<String>,
    /// How many transactions a page holds; HighLevel's default is 10, 100 is the most that is known to work.
    pub limit: Option<u32>,
    /// How many transactions to skip.
    pub offset: Option<u32>,
}

endpoint! {
    /// Lists transactions. `entityId` finds those of an order or of an invoice.
    ListTransactions { params: ListTransactionsParams } LIST_TRANSACTIONS -> TransactionList
}

/// `GET /payments/transactions/{transactionId}`
pub static GET_TRANSACTION: Operation = Operation {
    id: "get-transaction-by-id",
    name: "transactions.get",
    method: Method::Get,
    path: "/payments/transactions/{transactionId}",
    scope: Some("payments/transactions.readonly"),
    safety: Safety::Read,
    query: record(RecordQuery::KIND),
    body: None,
    answer: Transaction::KIND,
};

endpoint! {
    /// Reads one transaction.
    GetTransaction { transaction_id } GET_TRANSACTION -> Transaction
}
