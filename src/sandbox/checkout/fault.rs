//! What goes wrong between HighLevel and a provider, and how HighLevel's checkout behaves.

use crate::json::joined;
use serde_json::{Map, Value};

/// Something to go wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The props do not come.
    PropsNever,
    /// Two verify calls at the same time.
    VerifyTwice,
    /// A verify call as soon as the props are out.
    VerifyBeforeSuccess,
    /// The query carries an apiKey that is not the provider's.
    WrongApiKey,
    /// The answer comes too late.
    SlowQuery,
    /// The answer is lost.
    LostAnswer,
    /// The query is lost.
    LostQuery,
}

impl Fault {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 7] = [
        ("props-never", Self::PropsNever),
        ("verify-twice", Self::VerifyTwice),
        ("verify-before-success", Self::VerifyBeforeSuccess),
        ("wrong-api-key", Self::WrongApiKey),
        ("slow-query", Self::SlowQuery),
        ("lost-answer", Self::LostAnswer),
        ("lost-query", Self::LostQuery),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, fault)| *fault == self).map_or("", |(name, _)| name)
    }

    /// Whether it happens to a query on its way.
    pub fn is_of_queries(self) -> bool {
        matches!(self, Self::WrongApiKey | Self::SlowQuery | Self::LostAnswer | Self::LostQuery)
    }

    /// The faults that options name.
    pub fn list(options: &Map<String, Value>) -> Result<Vec<Self>, String> {
        let names = options.get("faults").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let read = |value: &Value| {
            let name = value.as_str().unwrap_or_default();
            let found = Self::ALL.iter().find(|(own, _)| *own == name);
            found.map(|(_, fault)| *fault).ok_or_else(|| joined(&["\"", name, "\" is no fault of a checkout"]))
        };
        names.iter().map(read).collect()
    }
}

/// Takes the first fault that fits out of a list.
pub fn take(faults: &mut Vec<Fault>, fits: impl Fn(Fault) -> bool) -> Option<Fault> {
    let at = faults.iter().position(|fault| fits(*fault))?;
    Some(faults.remove(at))
}

/// What `productDetails` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Details {
    /// `[{}]`
    #[default]
    Empty,
    /// One object with two ids.
    Object,
    /// The whole list.
    Full,
}

/// When the props come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrival {
    /// With the ready message.
    #[default]
    Once,
    /// Some time after it.
    Late,
    /// Twice.
    Double,
    /// Not at all.
    Never,
}

/// How HighLevel's checkout behaves; the defaults are what was seen in real traffic.
#[derive(Debug, Clone, Copy)]
pub struct Quirks {
    /// The currency in capitals.
    pub upper: bool,
    /// What `productDetails` holds.
    pub details: Details,
    /// The props as an object instead of text.
    pub object: bool,
    /// When they come.
    pub arrival: Arrival,
    /// How late `Late` is, in milliseconds.
    pub late_ms: f64,
    /// How many ready messages are lost.
    pub deaf: u32,
    /// `subscriptionId` is there and empty where there is no subscription.
    pub empty_ids: bool,
    /// Fields that are not documented.
    pub undocumented: bool,
    /// Phone and address of the contact.
    pub full_contact: bool,
    /// Messages that are objects are read.
    pub reads_objects: bool,
}

impl Quirks {
    /// Those that options name.
    pub fn read(options: &Map<String, Value>) -> Self {
        let none = Map::new();
        let given = options.get("quirks").and_then(Value::as_object).unwrap_or(&none);
        let is = |name: &str, wanted: &str| given.get(name).and_then(Value::as_str) == Some(wanted);
        let flag = |name: &str| given.get(name).and_then(Value::as_bool);
        let number = |name: &str| given.get(name).and_then(Value::as_f64);
        Self {
            upper: is("currency", "upper"),
            details: match () {
                () if is("productDetails", "object") => Details::Object,
                () if is("productDetails", "full") => Details::Full,
                () => Details::Empty,
            },
            object: is("form", "object"),
            arrival: match () {
                () if is("props", "late") => Arrival::Late,
                () if is("props", "double") => Arrival::Double,
                () if is("props", "never") => Arrival::Never,
                () => Arrival::Once,
            },
            late_ms: number("lateMs").unwrap_or(1500.0),
            deaf: number("deaf").unwrap_or_default() as u32,
            empty_ids: flag("emptyIds").unwrap_or_default(),
            undocumented: flag("undocumented").unwrap_or(true),
            full_contact: flag("fullContact").unwrap_or_default(),
            reads_objects: flag("readsObjects").unwrap_or_default(),
        }
    }
}
