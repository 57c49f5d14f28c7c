//! A second opinion on the proxy: its own table of the API, its own readers of paths, queries and bodies. It shares no code
//! with what it judges, so that both do not make one mistake and agree.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// A request as it comes from anywhere.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What leaves the proxy.
pub struct Outgoing {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

/// Method, path, names of the query, names of the body (none: no body), and whether it reads.
type Row = (&'static str, &'static str, &'static [&'static str], Option<&'static [&'static str]>, &'static str);

const ALT: &[&str] = &["altId", "altType"];
const ORDER: &[&str] = &["altId", "altType", "locationId"];
const LOCATION: &[&str] = &["locationId"];
const NONE: &[&str] = &[];
const COUPON: &[&str] = &[
    "altId",
    "altType",
    "id",
    "name",
    "code",
    "discountType",
    "discountValue",
    "startDate",
    "endDate",
    "usageLimit",
    "productIds",
    "priceIds",
    "variantIds",
    "applyToFuturePayments",
    "applyToFuturePaymentsConfig",
    "limitPerCustomer",
];

/// The API, written down once more.
pub const TABLE: [Row; 23] = [
    (
        "POST",
        "payments/integrations/provider/whitelabel",
        NONE,
        Some(&["altId", "altType", "uniqueName", "title", "provider", "description", "imageUrl"]),
        "integrations.createWhitelabel",
    ),
    (
        "GET",
        "payments/integrations/provider/whitelabel",
        &["altId", "altType", "limit", "offset"],
        None,
        "integrations.listWhitelabel",
    ),
    (
        "GET",
        "payments/orders",
        &[
            "altId",
            "altType",
            "locationId",
            "status",
            "paymentStatus",
            "paymentMode",
            "startAt",
            "endAt",
            "search",
            "contactId",
            "funnelProductIds",
            "sourceId",
            "limit",
            "offset",
        ],
        None,
        "orders.list",
    ),
    ("GET", "payments/orders/:id", ORDER, None, "orders.get"),
    (
        "POST",
        "payments/orders/:id/record-payment",
        NONE,
        Some(&["altId", "altType", "mode", "card", "cheque", "notes", "amount", "meta", "isPartialPayment"]),
        "orders.recordPayment",
    ),
    (
        "POST",
        "payments/orders/:id/fulfillments",
        NONE,
        Some(&["altId", "altType", "trackings", "items", "notifyCustomer"]),
        "orders.createFulfillment",
    ),
    ("GET", "payments/orders/:id/fulfillments", ALT, None, "orders.listFulfillments"),
    ("GET", "payments/orders/:id/notes", ALT, None, "orders.listNotes"),
    (
        "GET",
        "payments/transactions",
        &[
            "altId",
            "altType",
            "locationId",
            "paymentMode",
            "startAt",
            "endAt",
            "entitySourceType",
            "entitySourceSubType",
            "search",
            "subscriptionId",
            "entityId",
            "contactId",
            "limit",
            "offset",
        ],
        None,
        "transactions.list",
    ),
    ("GET", "payments/transactions/:id", ORDER, None, "transactions.get"),
    (
        "GET",
        "payments/subscriptions",
        &[
            "altId",
            "altType",
            "entityId",
            "paymentMode",
            "startAt",
            "endAt",
            "entitySourceType",
            "search",
            "contactId",
            "id",
            "limit",
            "offset",
        ],
        None,
        "subscriptions.list",
    ),
    ("GET", "payments/subscriptions/:id", ALT, None, "subscriptions.get"),
    ("GET", "payments/coupon/list", &["altId", "altType", "limit", "offset", "status", "search"], None, "coupons.list"),
    ("GET", "payments/coupon", &["altId", "altType", "id", "code"], None, "coupons.get"),
    ("POST", "payments/coupon", NONE, Some(COUPON), "coupons.create"),
    ("PUT", "payments/coupon", NONE, Some(COUPON), "coupons.update"),
    ("DELETE", "payments/coupon", NONE, Some(&["altId", "altType", "id"]), "coupons.delete"),
    (
        "POST",
        "payments/custom-provider/provider",
        LOCATION,
        Some(&["name", "description", "paymentsUrl", "queryUrl", "imageUrl", "supportsSubscriptionSchedule"]),
        "customProvider.create",
    ),
    ("DELETE", "payments/custom-provider/provider", LOCATION, None, "customProvider.delete"),
    ("GET", "payments/custom-provider/connect", LOCATION, None, "customProvider.getConfig"),
    ("POST", "payments/custom-provider/connect", LOCATION, Some(&["live", "test"]), "customProvider.connect"),
    ("POST", "payments/custom-provider/disconnect", LOCATION, Some(&["liveMode"]), "customProvider.disconnect"),
    (
        "PUT",
        "payments/custom-provider/capabilities",
        NONE,
        Some(&["supportsSubscriptionSchedules", "locationId"]),
        "customProvider.updateCapabilities",
    ),
];

/// What the oracle makes of a request.
pub struct Reading {
    row: &'static Row,
    id: Option<String>,
    query: BTreeMap<String, String>,
    body: Option<Tree>,
}

/// Where the proxy stands, who may use it, and for what.
pub struct World<'a> {
    pub base: &'a str,
    pub own: &'a str,
    pub listed: &'a [&'a str],
    pub location: &'a str,
    /// Names of operations; `None` for all that read.
    pub granted: Option<&'a [&'a str]>,
}

/// Whether a request may leave at all, and as what; else why it must not.
pub fn read(incoming: &Incoming, world: &World<'_>) -> Result<Reading, &'static str> {
    let headers = |name: &str| -> Vec<&str> {
        incoming.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    };
    match (headers("origin").as_slice(), headers("sec-fetch-site").as_slice()) {
        ([origin], _) if world.listed.contains(origin) => {}
        ([origin], [] | ["same-origin"]) if *origin == world.own => {}
        ([], [] | ["same-origin"]) => {}
        ([], ["none"]) if incoming.method == "GET" => {}
        _ => return Err("origin"),
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override", "upgrade"] {
        if !headers(name).is_empty() {
            return Err("override");
        }
    }
    let path = incoming.path.strip_prefix(world.base).and_then(|rest| rest.strip_prefix('/')).ok_or("path")?;
    let given: Vec<&str> = path.split('/').collect();
    let fits = |row: &&Row| {
        let wanted: Vec<&str> = row.1.split('/').collect();
        row.0 == incoming.method
            && wanted.len() == given.len()
            && wanted
                .iter()
                .zip(&given)
                .all(|(wanted, given)| if *wanted == ":id" { is_id(given) } else { wanted == given })
    };
    let row = TABLE.iter().find(fits).ok_or("route")?;
    let id = row.1.split('/').position(|segment| segment == ":id").map(|at| given[at].to_owned());
    let reads = row.0 == "GET";
    if !world.granted.map_or(reads, |names| names.contains(&row.4)) {
        return Err("grant");
    }
    if row.3.is_some() {
        let declared = headers("content-type").join(", ").to_lowercase().replace([' ', '"'], "");
        if !matches!(declared.as_str(), "application/json" | "application/json;charset=utf-8") {
            return Err("media type");
        }
        if headers("content-encoding").iter().any(|encoding| *encoding != "identity") {
            return Err("encoding");
        }
    } else if !incoming.body.is_empty() {
        return Err("a body");
    }
    let query = read_query(&incoming.query, row.2)?;
    let body = match row.3 {
        Some(names) => Some(read_body(&incoming.body, names)?),
        None => None,
    };
    let body_account = body.iter().flat_map(Tree::fields).filter_map(|(name, value)| match value {
        Tree::Text(text) => Some((name.as_str(), text.as_str())),
        _ => is_account(name).then_some((name.as_str(), "no text")),
    });
    for (name, value) in query.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(body_account) {
        match name {
            "altId" | "locationId" if value != world.location => return Err("another location"),
            "altType" if value != "location" => return Err("another type"),
            _ => {}
        }
    }
    Ok(Reading { row, id, query, body })
}

fn is_account(name: &str) -> bool {
    ["altId", "altType", "locationId"].contains(&name)
}

fn is_id(text: &str) -> bool {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| letters.contains(c))
}

fn read_query(query: &str, names: &[&str]) -> Result<BTreeMap<String, String>, &'static str> {
    let mut out = BTreeMap::new();
    if query.is_empty() {
        return Ok(out);
    }
    if query.contains(';') {
        return Err("semicolon");
    }
    // A `&` at the end begins nothing.
    for pair in query.strip_suffix('&').unwrap_or(query).split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !names.contains(&name) {
            return Err("a name of the query");
        }
        let bytes = value.as_bytes();
        let mut text = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let byte = match bytes[at] {
                b'%' => {
                    let digits =
                        value.get(at + 1..at + 3).filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
                    at += 2;
                    u8::from_str_radix(digits.ok_or("percent")?, 16).map_err(|_| "percent")?
                }
                b'+' => b' ',
                byte => byte,
            };
            text.push(byte);
            at += 1;
        }
        let text = String::from_utf8(text).map_err(|_| "utf-8")?;
        if text.contains('\0') {
            return Err("nul");
        }
        if out.insert(name.to_owned(), text).is_some() {
            return Err("twice");
        }
    }
    Ok(out)
}

fn read_body(body: &[u8], names: &[&str]) -> Result<Tree, &'static str> {
    let tree: Tree = serde_json::from_slice(body).map_err(|_| "json")?;
    let Tree::Object(fields) = &tree else { return Err("no object") };
    tree.sound()?;
    if fields.iter().any(|(name, _)| !names.contains(&name.as_str())) {
        return Err("a name of the body");
    }
    Ok(tree)
}

/// Whether what left is what was asked for, for the location that was granted; else how it escaped.
pub fn compare(reading: &Reading, outgoing: &Outgoing, world: &World<'_>) -> Result<(), String> {
    let Reading { row, id, query, body } = reading;
    let path = row.1.replace(":id", id.as_deref().unwrap_or_default());
    let url = outgoing.url.strip_prefix("https://services.leadconnectorhq.com/").ok_or("another host")?;
    let (sent_path, sent_query) = url.split_once('?').unwrap_or((url, ""));
    if (sent_path, outgoing.method.as_str()) != (path.as_str(), row.0) {
        return Err(format!("another path: {sent_path}"));
    }
    let mut names: Vec<&str> = outgoing.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let wanted = if row.3.is_some() {
        vec!["Accept", "Content-Type", "User-Agent", "Version"]
    } else {
        vec!["Accept", "User-Agent", "Version"]
    };
    let plain = outgoing
        .headers
        .iter()
        .all(|(_, value)| value == "application/json" || value == "2021-07-28" || value.starts_with("ghl-payments/0"));
    if names != wanted || !plain {
        return Err(format!("other headers: {:?}", outgoing.headers));
    }
    let sent_query = read_query(sent_query, row.2).map_err(|why| format!("its query: {why}"))?;
    let account = |name: &str| if name == "altType" { "location".to_owned() } else { world.location.to_owned() };
    let mut expected: BTreeMap<String, String> = query.clone();
    expected.extend(row.2.iter().filter(|name| is_account(name)).map(|name| ((*name).to_owned(), account(name))));
    if sent_query != expected {
        return Err(format!("another query: {sent_query:?}"));
    }
    match (body, &outgoing.body, row.3) {
        (None, None, None) => Ok(()),
        (Some(body), Some(sent), Some(names)) => {
            let sent = read_body(sent.as_bytes(), names).map_err(|why| format!("its body: {why}"))?;
            let mut expected: Vec<_> = body.fields().filter(|(name, _)| !is_account(name)).cloned().collect();
            expected.extend(
                names
                    .iter()
                    .filter(|name| is_account(name))
                    .map(|name| ((*name).to_owned(), Tree::Text(account(name)))),
            );
            if sent.same(&Tree::Object(expected)) {
                Ok(())
            } else {
                Err(format!("another body: {:?}", outgoing.body))
            }
        }
        _ => Err("a body where none belongs".into()),
    }
}

/// JSON as it stands: keys in their order, also those that stand twice or are written with escapes.
#[derive(Clone, Debug)]
pub enum Tree {
    Null,
    Truth(bool),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
    /// What makes an object unsound.
    Unsound(&'static str),
}

impl Tree {
    fn fields(&self) -> impl Iterator<Item = &(String, Tree)> {
        match self {
            Self::Object(fields) => fields.iter(),
            _ => [].iter(),
        }
    }

    fn sound(&self) -> Result<(), &'static str> {
        match self {
            Self::Unsound(why) => Err(why),
            Self::Text(text) if text.contains('\0') => Err("nul"),
            Self::List(items) => items.iter().try_for_each(Self::sound),
            Self::Object(fields) => {
                let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
                if names.contains(&"__proto__") {
                    return Err("__proto__");
                }
                names.sort_unstable();
                if names.windows(2).any(|two| two[0] == two[1]) {
                    return Err("twice");
                }
                fields.iter().try_for_each(|(_, value)| value.sound())
            }
            _ => Ok(()),
        }
    }

    /// Whether two say the same. Of an amount the noise of binary fractions may be gone.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Truth(one), Self::Truth(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => (one - other).abs() <= one.abs() * 1e-9,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.same(other))
            }
            (Self::Object(one), Self::Object(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .all(|(name, value)| other.iter().any(|(known, other)| known == name && value.same(other)))
            }
            _ => false,
        }
    }
}

/// A key, and whether it was written without escapes.
struct Key(String, bool);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key, E> {
                Ok(Key(text.to_owned(), true))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.to_owned(), false))
            }
        }
        from.deserialize_str(Reader)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Truth(value))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Number(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Number(value as f64))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Number(value as f64))
            }
            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut out = Vec::new();
                while let Some(item) = items.next_element()? {
                    out.push(item);
                }
                Ok(Tree::List(out))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
                let mut out = Vec::new();
                let mut plain = true;
                while let Some((Key(name, unescaped), value)) = members.next_entry::<Key, Tree>()? {
                    plain &= unescaped;
                    out.push((name, value));
                }
                Ok(if plain { Tree::Object(out) } else { Tree::Unsound("a key with escapes") })
            }
        }
        from.deserialize_any(Reader)
    }
}
