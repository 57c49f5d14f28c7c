//! What a payment page in HighLevel's checkout and the checkout around it post to each other.
//!
//! HighLevel opens a provider's paymentsUrl in a frame. The page posts [`ReadyMessage`], gets [`PaymentProps`] or
//! [`SetupProps`], takes the money or the card, and answers with one of [`SuccessMessage`], [`ErrorMessage`] and
//! [`CloseMessage`]. Pages post JSON text, since the checkout reads nothing else for sure; both sides read text and objects.
//!
//! These records are the only place where the fields stand: the TypeScript types of `ghl-payments/checkout` and the table by
//! which it checks what it gets are made from them (`examples/messages.rs`).
//!
//! Source: HighLevel's article "How to build a custom payments integration on the platform" (155000002620), sections 8 and 9;
//! fields that it does not name are marked as seen in real traffic.

use crate::json::{json_text, members, unescape};
use crate::shape::{check, decode, Kind, Shape};
use ghl_payments_derive::model;

/// The page listens and wants its props.
#[model(request)]
pub struct ReadyMessage {
    /// `custom_provider_ready`.
    #[serde(rename = "type")]
    #[shape(ts("\"custom_provider_ready\""))]
    pub kind: String,
    /// `true`.
    pub loaded: bool,
    /// `true` where the provider can save a payment method, list it and charge it; only then HighLevel asks for a card on
    /// file.
    pub add_card_on_file_supported: Option<bool>,
}

/// The money is taken, or the payment method is saved: HighLevel asks the queryUrl to verify it and removes the frame.
#[model(request)]
pub struct SuccessMessage {
    /// `custom_element_success_response`.
    #[serde(rename = "type")]
    #[shape(ts("\"custom_element_success_response\""))]
    pub kind: String,
    /// The gateway's id of the charge, which HighLevel hands back to verify and to refund. Absent where a payment method was
    /// saved.
    pub charge_id: Option<String>,
}

/// Why a payment or a set-up failed.
#[model(request)]
pub struct MessageError {
    /// Text that HighLevel shows to the payer.
    pub description: String,
}

/// The payment failed, or the payment method could not be saved.
#[model(request)]
pub struct ErrorMessage {
    /// `custom_element_error_response`.
    #[serde(rename = "type")]
    #[shape(ts("\"custom_element_error_response\""))]
    pub kind: String,
    /// Why.
    pub error: MessageError,
}

/// The payer gave up.
#[model(request)]
pub struct CloseMessage {
    /// `custom_element_close_response`.
    #[serde(rename = "type")]
    #[shape(ts("\"custom_element_close_response\""))]
    pub kind: String,
}

/// Where something is to be sent; may be an empty object.
#[model]
pub struct PropsAddress {
    /// Street and number.
    pub line1: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// Country: a code of two letters, or a name.
    pub country: Option<String>,
}

/// The contact who pays.
#[model]
pub struct PropsContact {
    /// Id of the contact: 20 characters.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, absent where it is not known.
    pub contact: Option<String>,
    /// Where the order is to be sent.
    pub shipping_address: Option<PropsAddress>,
}

/// The contact for whom a payment method is to be saved.
#[model]
pub struct SetupContact {
    /// Id of the contact: 20 characters. The saved method belongs to it in `list_payment_methods`.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, absent where it is not known.
    pub contact: Option<String>,
}

/// A tax on a product.
#[model]
pub struct PropsTax {
    /// Name of the tax.
    pub name: Option<String>,
    /// Its rate as a fraction: `0.08` is 8 %.
    pub rate: Option<f64>,
}

/// How heavy a product is.
#[model]
pub struct PropsWeight {
    /// The weight, in `unit`.
    pub value: Option<f64>,
    /// Its unit, such as `kg`.
    pub unit: Option<String>,
}

/// How large a product is.
#[model]
pub struct PropsDimensions {
    /// Length, in `unit`.
    pub length: Option<f64>,
    /// Width, in `unit`.
    pub width: Option<f64>,
    /// Height, in `unit`.
    pub height: Option<f64>,
    /// Their unit, such as `cm`.
    pub unit: Option<String>,
}

/// How a product is sent.
#[model]
pub struct PropsShipping {
    /// How heavy it is.
    pub weight: Option<PropsWeight>,
    /// How large it is.
    pub dimensions: Option<PropsDimensions>,
}

/// A price of a product. HighLevel's article calls its amounts minor units, but its own example does not add up to the total:
/// charge the `amount` of the props and nothing that is computed from prices.
#[model]
pub struct PropsPrice {
    /// Id of the price.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// Name of the price.
    pub name: Option<String>,
    /// Whether it is paid once or again and again. Elsewhere HighLevel writes `one_time`.
    #[serde(rename = "type")]
    #[shape(known("onetime", "one_time", "recurring"))]
    pub kind: Option<String>,
    /// Currency, three letters, mostly lower case.
    pub currency: Option<String>,
    /// What it is; see above.
    pub amount: Option<f64>,
    /// What it was before.
    pub compare_at_price: Option<f64>,
    /// What the start of a subscription costs.
    pub setup_fee: Option<f64>,
    /// How the product is sent.
    pub shipping_options: Option<PropsShipping>,
}

/// A product that is paid for; real traffic often has `{}`.
#[model]
pub struct PropsProduct {
    /// Id of the line.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// Name of the product.
    pub name: Option<String>,
    /// How many pieces.
    pub qty: Option<f64>,
    /// The product.
    pub product_id: Option<String>,
    /// The price.
    pub price_id: Option<String>,
    /// Whether taxes are added.
    pub is_taxes_enabled: Option<bool>,
    /// Its taxes.
    pub taxes: Option<Vec<PropsTax>>,
    /// Its prices.
    pub prices: Option<Vec<PropsPrice>>,
}

/// What a payment page has to take: HighLevel's `payment_initiate_props`.
///
/// Nothing here proves anything: whoever frames the page can post it. The provider's server decides by what HighLevel asks of
/// the queryUrl.
#[model]
pub struct PaymentProps {
    /// `payment_initiate_props`.
    #[serde(rename = "type")]
    #[shape(ts("\"payment_initiate_props\""))]
    pub kind: String,
    /// The public key that was connected for the mode (live or test) of this checkout.
    pub publishable_key: String,
    /// What is to be paid, in major units: `10.5` is 10.50.
    pub amount: f64,
    /// Currency, three letters; real traffic has them in lower case.
    pub currency: String,
    /// Whether this is one payment or the first one of a subscription.
    #[shape(known("payment", "subscription"))]
    pub mode: String,
    /// The products. Older editions of HighLevel's article had a single object here.
    #[shape(one_or_list)]
    pub product_details: Option<Vec<PropsProduct>>,
    /// Name. Undocumented, seen in real traffic, mostly empty.
    pub name: Option<String>,
    /// Description. Undocumented, seen in real traffic, mostly empty.
    pub description: Option<String>,
    /// URL of a picture. Undocumented, seen in real traffic, mostly empty.
    pub image: Option<String>,
    /// Who pays.
    pub contact: Option<PropsContact>,
    /// The order; may be empty where an invoice is paid.
    pub order_id: Option<String>,
    /// The invoice; empty where an order is paid. Undocumented, seen in real traffic.
    pub invoice_id: Option<String>,
    /// HighLevel's transaction: 24 hexadecimal characters. The queryUrl is asked to verify it.
    pub transaction_id: String,
    /// The subscription; absent or empty where there is none.
    pub subscription_id: Option<String>,
    /// The location (sub-account): 20 characters.
    pub location_id: String,
    /// The payer's language, such as `en-US`. Undocumented, seen in real traffic.
    pub language: Option<String>,
}

/// For whom a payment page has to save a payment method: HighLevel's `setup_initiate_props`. There is no amount, no order and
/// no transaction.
#[model]
pub struct SetupProps {
    /// `setup_initiate_props`.
    #[serde(rename = "type")]
    #[shape(ts("\"setup_initiate_props\""))]
    pub kind: String,
    /// The public key that was connected for the mode (live or test) of this checkout.
    pub publishable_key: String,
    /// Currency, three letters; compare without regard to case.
    pub currency: String,
    /// `setup`.
    #[shape(known("setup"))]
    pub mode: String,
    /// For whom.
    pub contact: SetupContact,
    /// The location (sub-account): 20 characters.
    pub location_id: String,
}

/// A settings page in HighLevel (a custom page of the app) asks who looks at it. Its key is `message`, not `type`.
#[model(request)]
pub struct UserDataRequest {
    /// `REQUEST_USER_DATA`.
    #[shape(ts("\"REQUEST_USER_DATA\""))]
    pub message: String,
}

/// HighLevel's answer to [`UserDataRequest`].
#[model]
pub struct UserDataResponse {
    /// `REQUEST_USER_DATA_RESPONSE`.
    #[shape(ts("\"REQUEST_USER_DATA_RESPONSE\""))]
    pub message: String,
    /// The user, encrypted with the app's SSO key: only the app's server can read it.
    pub payload: String,
}

/// Who posts a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The page in the frame.
    Page,
    /// HighLevel around it.
    HighLevel,
}

/// One kind of message of the protocol.
#[derive(Debug, Clone, Copy)]
pub struct MessageKind {
    /// The field that tells messages apart: `type`, or `message` of those of settings pages.
    pub key: &'static str,
    /// The text that stands in that field.
    pub name: &'static str,
    /// Who posts it.
    pub sender: Sender,
    /// Its fields.
    pub shape: Kind,
    /// When it is posted.
    pub when: &'static str,
}

/// All kinds of messages, in the order in which they are posted.
pub static ALL: [MessageKind; 8] = [
    MessageKind {
        key: "type",
        name: "custom_provider_ready",
        sender: Sender::Page,
        shape: ReadyMessage::KIND,
        when: "once the page listens, again until the props come",
    },
    MessageKind {
        key: "type",
        name: "payment_initiate_props",
        sender: Sender::HighLevel,
        shape: PaymentProps::KIND,
        when: "after ready, where something is to be paid",
    },
    MessageKind {
        key: "type",
        name: "setup_initiate_props",
        sender: Sender::HighLevel,
        shape: SetupProps::KIND,
        when: "after ready with addCardOnFileSupported, where a payment method is to be saved",
    },
    MessageKind {
        key: "type",
        name: "custom_element_success_response",
        sender: Sender::Page,
        shape: SuccessMessage::KIND,
        when: "the money is taken or the payment method saved, for certain",
    },
    MessageKind {
        key: "type",
        name: "custom_element_error_response",
        sender: Sender::Page,
        shape: ErrorMessage::KIND,
        when: "it failed",
    },
    MessageKind {
        key: "type",
        name: "custom_element_close_response",
        sender: Sender::Page,
        shape: CloseMessage::KIND,
        when: "the payer gave up",
    },
    MessageKind {
        key: "message",
        name: "REQUEST_USER_DATA",
        sender: Sender::Page,
        shape: UserDataRequest::KIND,
        when: "a settings page wants to know its user",
    },
    MessageKind {
        key: "message",
        name: "REQUEST_USER_DATA_RESPONSE",
        sender: Sender::HighLevel,
        shape: UserDataResponse::KIND,
        when: "after that request",
    },
];

/// A message of the protocol.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The page listens.
    Ready(ReadyMessage),
    /// What is to be paid.
    PaymentProps(Box<PaymentProps>),
    /// For whom a payment method is to be saved.
    SetupProps(Box<SetupProps>),
    /// It is done.
    Success(SuccessMessage),
    /// It failed.
    Error(ErrorMessage),
    /// The payer gave up.
    Close(CloseMessage),
    /// A settings page asks for its user.
    UserDataRequest(UserDataRequest),
    /// The user, encrypted.
    UserDataResponse(UserDataResponse),
}

/// Why a text is no message of the protocol.
#[derive(Debug)]
pub enum NoMessage {
    /// It is somebody else's: not JSON, no object, or of a kind that the protocol does not have. To be ignored.
    Foreign,
    /// It is of this kind, and a field that the kind demands is missing or wrong.
    Wrong(&'static MessageKind, serde_json::Error),
}

impl std::fmt::Display for NoMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Foreign => f.write_str("no message of HighLevel's checkout"),
            Self::Wrong(kind, error) => write!(f, "{}: {error}", kind.name),
        }
    }
}

impl std::error::Error for NoMessage {}

impl Message {
    /// Reads a message that was posted as JSON text (an object is written as JSON first). Numbers and booleans as text, and ids
    /// as numbers, are repaired; unknown fields are left out.
    ///
    /// # Errors
    /// [`NoMessage`], which names the field.
    pub fn read(json: &str) -> Result<Self, NoMessage> {
        let mut bytes = json.as_bytes().to_vec();
        check(&mut bytes, &Kind::Json).map_err(|_| NoMessage::Foreign)?;
        let named = |kind: &&MessageKind| last_text(&bytes, kind.key).as_deref() == Some(kind.name);
        let kind = ALL.iter().find(named).ok_or(NoMessage::Foreign)?;
        let checked = check(&mut bytes, &kind.shape).map_err(|_| NoMessage::Foreign)?;
        let read = match kind.name {
            "custom_provider_ready" => decode(&bytes, &checked).map(Self::Ready),
            "payment_initiate_props" => decode(&bytes, &checked).map(|props| Self::PaymentProps(Box::new(props))),
            "setup_initiate_props" => decode(&bytes, &checked).map(|props| Self::SetupProps(Box::new(props))),
            "custom_element_success_response" => decode(&bytes, &checked).map(Self::Success),
            "custom_element_error_response" => decode(&bytes, &checked).map(Self::Error),
            "custom_element_close_response" => decode(&bytes, &checked).map(Self::Close),
            "REQUEST_USER_DATA" => decode(&bytes, &checked).map(Self::UserDataRequest),
            _ => decode(&bytes, &checked).map(Self::UserDataResponse),
        };
        read.map_err(|error| NoMessage::Wrong(kind, error))
    }
}

/// The text of a field. Of a key that stands twice the last one counts, as in `JSON.parse`.
fn last_text(json: &[u8], name: &str) -> Option<String> {
    members(json).filter(|(key, _)| unescape(key) == name).last().and_then(|(_, value)| json_text(value))
}

#[cfg(test)]
mod tests {
    use super::{Message, NoMessage, Sender, ALL};
    use crate::shape::Kind;

    fn wrong(json: &str) -> String {
        match Message::read(json) {
            Err(NoMessage::Wrong(kind, error)) => format!("{} {error}", kind.name),
            other => panic!("{other:?}"),
        }
    }

    const PAYMENT: &str = r#"{"type":"payment_initiate_props","publishableKey":"pk","amount":"10.50","currency":"usd",
        "mode":"payment","productDetails":{"productId":7},"contact":{"shippingAddress":{}},"transactionId":"t",
        "locationId":"l","more":[1]}"#;

    #[test]
    fn props_are_repaired_as_answers_are() {
        let Ok(Message::PaymentProps(props)) = Message::read(PAYMENT) else { panic!("no props") };
        assert_eq!((props.amount, props.currency.as_str(), props.mode.as_str()), (10.5, "usd", "payment"));
        let products = props.product_details.unwrap();
        assert_eq!(products[0].product_id.as_deref(), Some("7"));
        assert_eq!(props.contact.unwrap().shipping_address, Some(super::PropsAddress::default()));
    }

    #[test]
    fn a_field_that_its_kind_demands_is_named() {
        let without = PAYMENT.replace("amount", "Amount");
        assert_eq!(wrong(&without), "payment_initiate_props amount: expected number, found nothing");
        let textual = PAYMENT.replace("10.50", "1,000.00");
        assert_eq!(wrong(&textual), "payment_initiate_props amount: expected number, found text");
        assert_eq!(wrong(r#"{"type":"custom_element_error_response","error":"no"}"#), {
            "custom_element_error_response error: expected object, found text"
        });
    }

    #[test]
    fn what_others_post_is_foreign() {
        for json in ["", "null", "[]", "7", "{}", r#"{"type":7}"#, r#"{"type":"webpackOk"}"#, "{", r#"["type"]"#] {
            assert!(matches!(Message::read(json), Err(NoMessage::Foreign)), "{json}");
        }
        assert!(matches!(
            Message::read(r#"{"type":"x","type":"custom_element_close_response"}"#),
            Ok(Message::Close(_))
        ));
    }

    #[test]
    fn a_settings_page_asks_by_another_key() {
        assert!(matches!(Message::read(r#"{"message":"REQUEST_USER_DATA"}"#), Ok(Message::UserDataRequest(_))));
        let answer = Message::read(r#"{"message":"REQUEST_USER_DATA_RESPONSE","payload":"U2FsdGVk"}"#);
        assert!(matches!(answer, Ok(Message::UserDataResponse(answer)) if answer.payload == "U2FsdGVk"));
    }

    #[test]
    fn every_kind_has_the_field_that_tells_it_apart() {
        for kind in &ALL {
            let Kind::Object(record) = kind.shape else { panic!("{}", kind.name) };
            let field = record.fields().find(|field| field.name == kind.key).unwrap();
            assert!(field.required && !kind.when.is_empty(), "{}", kind.name);
        }
        assert_eq!(ALL.iter().filter(|kind| kind.sender == Sender::HighLevel).count(), 3);
    }
}
