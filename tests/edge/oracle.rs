//! A second opinion on the proxy: the API from the contract, its own readers of paths, queries and bodies. It shares no code
//! with what it judges, so that both do not make one mistake and agree.

use crate::operations::{Described, OPERATIONS};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

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

/// An operation as the proxy lets it through.
pub struct Row {
    pub operation: &'static Described,
    /// The names of the query.
    pub query: Vec<&'static str>,
    /// The names of the body, if there is one.
    pub body: Option<Vec<&'static str>>,
}

impl Row {
    /// The segments of the path; one in braces is an id.
    fn segments(&self) -> Vec<&'static str> {
        self.operation.path.trim_start_matches('/').split('/').collect()
    }
}

/// The API as the contract describes it, which was not written from the code that is judged.
pub static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let row = |operation: &'static Described| {
        let parameters = operation.parameters("query");
        let query = parameters.into_iter().map(|one| one["name"].as_str().expect("a name")).collect();
        // A grant is for a location: whoever names a company would leave it.
        let fields = operation.body()["properties"].as_object();
        let body = fields.map(|all| all.keys().map(String::as_str).filter(|name| *name != "companyId").collect());
        Row { operation, query, body }
    };
    OPERATIONS.iter().map(row).collect()
});

/// The names of all operations.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|row| row.operation.name).collect()
}

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
        let wanted = row.segments();
        row.operation.method == incoming.method
            && wanted.len() == given.len()
            && wanted
                .iter()
                .zip(&given)
                .all(|(wanted, given)| if wanted.starts_with('{') { is_id(given) } else { wanted == given })
    };
    let row = TABLE.iter().find(fits).ok_or("route")?;
    let id = row.segments().iter().position(|segment| segment.starts_with('{')).map(|at| given[at].to_owned());
    let reads = row.operation.method == "GET";
    if !world.granted.map_or(reads, |names| names.contains(&row.operation.name)) {
        return Err("grant");
    }
    if row.body.is_some() {
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
    let query = read_query(&incoming.query, &row.query)?;
    let body = match &row.body {
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
    let id = id.as_deref().unwrap_or_default();
    let path: Vec<&str> = row.segments().into_iter().map(|one| if one.starts_with('{') { id } else { one }).collect();
    let url = outgoing.url.strip_prefix("https://services.leadconnectorhq.com/").ok_or("another host")?;
    let (sent_path, sent_query) = url.split_once('?').unwrap_or((url, ""));
    if (sent_path, outgoing.method.as_str()) != (path.join("/").as_str(), row.operation.method.as_str()) {
        return Err(format!("another path: {sent_path}"));
    }
    let mut names: Vec<&str> = outgoing.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let wanted = if row.body.is_some() {
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
    let sent_query = read_query(sent_query, &row.query).map_err(|why| format!("its query: {why}"))?;
    let account = |name: &str| if name == "altType" { "location".to_owned() } else { world.location.to_owned() };
    let mut expected: BTreeMap<String, String> = query.clone();
    expected.extend(row.query.iter().filter(|name| is_account(name)).map(|name| ((*name).to_owned(), account(name))));
    if sent_query != expected {
        return Err(format!("another query: {sent_query:?}"));
    }
    match (body, &outgoing.body, &row.body) {
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
