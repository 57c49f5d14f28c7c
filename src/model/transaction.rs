//! Transactions: payments, refunds and attempts at them.

use super::{Json, OrderSource, SourceSubType, SourceType};
use ghl_payments_derive::model;

/// How a currency is written.
///
/// Not in HighLevel's schemas, seen in real answers.
#[model]
pub struct CurrencyOptions {
    /// Code of the currency, three letters.
    pub code: Option<String>,
    /// Its sign, such as `A$`.
    pub symbol: Option<String>,
}

/// A transaction as the transaction list delivers it.
///
/// HighLevel's schema name: `TxnResponseSchema`.
#[model]
pub struct TransactionSummary {
    /// Id of the transaction: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location that the transaction belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// The contact who paid: 20 characters.
    pub contact_id: Option<String>,
    /// The contact that was merged into `contactId`.
    pub merged_from_contact_id: Option<String>,
    /// Name of the contact.
    pub contact_name: Option<String>,
    /// E-mail address of the contact.
    pub contact_email: Option<String>,
    /// Currency of the amounts, three letters (`USD`); compare without regard to case.
    pub currency: Option<String>,
    /// How that currency is written. Not in HighLevel's schema, seen in real answers.
    pub currency_options: Option<CurrencyOptions>,
    /// Amount of the transaction, in major units (`100` is 100.00).
    pub amount: Option<f64>,
    /// State of the transaction; HighLevel's schema says object, it is a text.
    #[shape(known("succeeded", "pending", "failed", "refunded"))]
    pub status: Option<String>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// What was paid for.
    #[shape(known("order", "invoice"))]
    pub entity_type: Option<String>,
    /// Id of the order or invoice that was paid for.
    pub entity_id: Option<String>,
    /// Where that order or invoice came from.
    pub entity_source_type: Option<SourceType>,
    /// Kind of form or page within the source; may be empty.
    pub entity_source_sub_type: Option<SourceSubType>,
    /// Name of the funnel, number of the invoice ...
    pub entity_source_name: Option<String>,
    /// Id of the funnel, invoice ...
    pub entity_source_id: Option<String>,
    /// Page and step, or number of the invoice. Published without a schema.
    pub entity_source_meta: Option<Json>,
    /// The payment provider's id of the subscription, or HighLevel's.
    pub subscription_id: Option<String>,
    /// The payment provider's id of the charge.
    pub charge_id: Option<String>,
    /// What the payment provider sent about the charge, in the provider's own units (Stripe: minor units); of a
    /// payment recorded by hand `mode`, `cheque` and `notes`. Published without a schema.
    #[shape(secret)]
    pub charge_snapshot: Option<Json>,
    /// The payment provider.
    #[shape(known("stripe", "paypal", "nmi", "authorize-net", "manual"))]
    pub payment_provider_type: Option<String>,
    /// Id of the connected account at the payment provider.
    pub payment_provider_connected_account: Option<String>,
    /// The payment providers that took part. Not in HighLevel's schema, seen in real answers.
    #[shape(secret)]
    pub payment_providers: Option<Vec<Json>>,
    /// The gift cards that were used. Not in HighLevel's schema, seen in real answers.
    pub gift_cards_metadata: Option<Vec<Json>>,
    /// IP address of the payer.
    #[shape(secret)]
    pub ip_address: Option<String>,
    /// When the transaction was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the transaction was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// Amount that was paid back, in major units.
    pub amount_refunded: Option<f64>,
    /// The means of payment; `card.brand` and `card.last4` are known. Published without a schema.
    #[shape(secret)]
    pub payment_method: Option<Json>,
    /// When the money was charged.
    #[shape(timestamp)]
    pub fulfilled_at: Option<String>,
    /// The user who created the transaction.
    pub created_by: Option<String>,
}

/// One page of transactions.
///
/// HighLevel's schema name: `ListTxnsResponseDto`.
#[model]
pub struct TransactionList {
    /// The transactions of this page.
    pub data: Vec<TransactionSummary>,
    /// How many transactions match in all.
    pub total_count: f64,
}

/// A transaction.
///
/// HighLevel's schema name: `GetTxnResponseSchema`.
#[model]
pub struct Transaction {
    /// Id of the transaction: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// The location that the transaction belongs to.
    pub alt_id: Option<String>,
    /// The contact who paid: 20 characters.
    pub contact_id: Option<String>,
    /// The contact as it was at the time of the payment. Published without a schema.
    pub contact_snapshot: Option<Json>,
    /// Currency of the amounts, three letters (`USD`); compare without regard to case.
    pub currency: Option<String>,
    /// Amount of the transaction, in major units (`100` is 100.00).
    pub amount: Option<f64>,
    /// State of the transaction; HighLevel's schema says object, it is a text.
    #[shape(known("succeeded", "pending", "failed", "refunded"))]
    pub status: Option<String>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// When the transaction was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the transaction was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// What was paid for.
    #[shape(known("order", "invoice"))]
    pub entity_type: Option<String>,
    /// Id of the order or invoice that was paid for.
    pub entity_id: Option<String>,
    /// Where that order or invoice came from.
    pub entity_source: Option<OrderSource>,
    /// The payment provider's id of the charge.
    pub charge_id: Option<String>,
    /// What the payment provider sent about the charge, in the provider's own units (Stripe: minor units). Published
    /// without a schema.
    #[shape(secret)]
    pub charge_snapshot: Option<Json>,
    /// Id of the invoice that was paid.
    pub invoice_id: Option<String>,
    /// The payment provider's id of the subscription, or HighLevel's.
    pub subscription_id: Option<String>,
    /// The payment provider and its connected account. Published without a schema.
    #[shape(secret)]
    pub payment_provider: Option<Json>,
    /// IP address of the payer.
    #[shape(secret)]
    pub ip_address: Option<String>,
    /// Further data of the transaction. Published without a schema.
    pub meta: Option<Json>,
    /// `true` for a transaction that was marked as a test.
    pub mark_as_test: Option<bool>,
    /// Whether other transactions hang on this one.
    pub is_parent: Option<bool>,
    /// Amount that was paid back, in major units.
    pub amount_refunded: Option<f64>,
    /// Id of the receipt.
    pub receipt_id: Option<String>,
    /// Whether QuickBooks Online has it.
    pub qbo_synced: Option<bool>,
    /// What QuickBooks Online answered. Published without a schema.
    pub qbo_response: Option<Json>,
    /// HighLevel's trace id, for questions to its support.
    pub trace_id: Option<String>,
    /// The contact that was merged into `contactId`.
    pub merged_from_contact_id: Option<String>,
    /// The user who created the transaction.
    pub created_by: Option<String>,
}
