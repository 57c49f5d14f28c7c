//! What the seeded locations sell, where, to whom and in which currency.

use crate::json::joined;

/// A product.
#[derive(Debug)]
pub struct ProductSeed {
    /// Its name.
    pub name: &'static str,
    /// Its name in URLs.
    pub slug: &'static str,
    /// Its description.
    pub description: &'static str,
    /// `PHYSICAL`, `DIGITAL` or `SERVICE`.
    pub kind: &'static str,
}

/// A price of a product.
#[derive(Debug)]
pub struct PriceSeed {
    /// Index of its product.
    pub product: usize,
    /// Its name.
    pub name: &'static str,
    /// Minor units.
    pub minor: u32,
    /// The unit of its interval; `None` is paid once.
    pub interval: Option<&'static str>,
}

impl PriceSeed {
    /// What stands on an order: the product and the price.
    pub fn title(&self) -> String {
        joined(&[PRODUCTS[self.product].name, " - ", self.name])
    }
}

const fn product(name: &'static str, slug: &'static str, kind: &'static str, description: &'static str) -> ProductSeed {
    ProductSeed { name, slug, description, kind }
}

const fn price(product: usize, name: &'static str, minor: u32, interval: Option<&'static str>) -> PriceSeed {
    PriceSeed { product, name, minor, interval }
}

/// The products.
pub static PRODUCTS: [ProductSeed; 12] = [
    product(
        "Brand Strategy Workshop",
        "brand-strategy-workshop",
        "SERVICE",
        "A guided day on what your brand stands for",
    ),
    product("Coaching Call", "coaching-call", "SERVICE", "One hour, one goal"),
    product("Organic Cotton T-Shirt", "organic-cotton-t-shirt", "PHYSICAL", "Heavy cotton, cut straight"),
    product("Ceramic Travel Mug", "ceramic-travel-mug", "PHYSICAL", "Keeps 350 ml warm"),
    product("Email Funnel Templates", "email-funnel-templates", "DIGITAL", "Twelve sequences to start from"),
    product("Local SEO Audit", "local-seo-audit", "SERVICE", "A report with the ten things to fix first"),
    product("Photography Starter Course", "photography-starter-course", "DIGITAL", "Six lessons for a first camera"),
    product("Summer Conference Ticket", "summer-conference-ticket", "DIGITAL", "Admission for one person"),
    product("Website Setup", "website-setup", "SERVICE", "Domain, pages and forms, ready to use"),
    product("Growth Membership", "growth-membership", "DIGITAL", "Courses, community and a call each month"),
    product("Website Care Plan", "website-care-plan", "SERVICE", "Updates, backups and small changes"),
    product("Coffee Box", "coffee-box", "PHYSICAL", "Fresh beans each week"),
];

/// The prices; those that recur stand last.
pub static PRICES: [PriceSeed; 17] = [
    price(0, "Half day", 45_000, None),
    price(0, "Full day", 79_000, None),
    price(1, "60 minutes", 12_900, None),
    price(2, "Black / M", 2_995, None),
    price(2, "White / L", 2_995, None),
    price(3, "Blue", 1_850, None),
    price(4, "Lifetime access", 4_900, None),
    price(5, "One location", 24_900, None),
    price(6, "Full course", 9_700, None),
    price(7, "Early bird", 5_900, None),
    price(7, "Regular", 7_950, None),
    price(8, "Standard", 15_000, None),
    price(9, "Trial of 14 days", 100, Some("month")),
    price(9, "Monthly", 4_900, Some("month")),
    price(9, "Yearly", 49_000, Some("year")),
    price(10, "Monthly", 9_900, Some("month")),
    price(11, "Weekly", 1_490, Some("week")),
];

/// How many prices are paid once.
pub const ONE_TIME: usize = 12;
/// The price with which a membership is tried.
pub const TRIAL: usize = 12;
/// The price of a membership after the trial.
pub const AFTER_TRIAL: usize = 13;
/// The prices of subscriptions without a trial.
pub const RECURRING: [usize; 6] = [13, 13, 14, 15, 15, 16];

/// Where orders come from.
#[derive(Debug)]
pub struct SourceSeed {
    /// The source type.
    pub kind: &'static str,
    /// The source sub-type.
    pub sub_type: &'static str,
    /// Name; of invoices the number stands here instead.
    pub name: &'static str,
    /// Sources with the same number are the same funnel or site.
    pub group: u64,
    /// Whether a person takes the money.
    pub manual: bool,
}

const fn source(
    kind: &'static str,
    sub_type: &'static str,
    name: &'static str,
    group: u64,
    manual: bool,
) -> SourceSeed {
    SourceSeed { kind, sub_type, name, group, manual }
}

/// The sources.
pub static SOURCES: [SourceSeed; 18] = [
    source("funnel", "one_step_order_form", "Spring Launch Funnel", 0, false),
    source("funnel", "two_step_order_form", "Coaching Application Funnel", 1, false),
    source("funnel", "upsell", "Spring Launch Funnel", 0, false),
    source("website", "store", "Online Store", 2, false),
    source("website", "store_upsell", "Online Store", 2, false),
    source("membership", "saas_subscription", "Members Area", 3, false),
    source("invoice", "contact_view", "", 4, false),
    source("invoice", "subscription_view", "", 4, false),
    source("calendar", "service", "Consultation Calendar", 5, false),
    source("calendar", "meeting", "Strategy Call Calendar", 6, false),
    source("payment_link", "qr_code", "Deposit Link", 7, false),
    source("point_of_sale", "tap_to_pay", "Front Desk", 8, false),
    source("mobile_app", "card_payment", "Mobile App", 9, false),
    source("form", "one_step_order_form", "Event Registration Form", 10, false),
    source("external", "shopify", "Shopify Store", 11, false),
    source("external", "woocommerce", "WooCommerce Store", 12, false),
    source("manual", "payments_dashboard", "Payments Dashboard", 13, true),
    source("external", "imported_csv", "Imported Orders", 14, true),
];

/// Sources of single orders, the frequent ones more than once.
pub const ORDER_SOURCES: [u8; 24] = [0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 6, 6, 8, 9, 10, 10, 11, 12, 13, 14, 16, 17];
/// Sources of subscriptions.
pub const SUBSCRIPTION_SOURCES: [u8; 8] = [0, 1, 1, 3, 3, 5, 5, 7];
/// The source of an invoice that stands for itself.
pub const INVOICE: u8 = 6;

/// Code and sign of the currencies.
pub static CURRENCIES: [(&str, &str); 5] = [("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("AUD", "A$"), ("CAD", "C$")];

/// First names.
pub static FIRST: [&str; 32] = [
    "Amelia", "Noah", "Olivia", "Liam", "Sofia", "Mateo", "Aisha", "Omar", "Chloe", "Lucas", "Priya", "Arjun",
    "Hannah", "Jonas", "Grace", "Ethan", "Maya", "Leo", "Zoe", "Daniel", "Ingrid", "Marco", "Yara", "Felix", "Naomi",
    "Victor", "Elena", "Samuel", "Ruth", "Theo", "Clara", "Hugo",
];

/// Last names.
pub static LAST: [&str; 32] = [
    "Anderson", "Bennett", "Carter", "Diaz", "Edwards", "Fischer", "Garcia", "Hughes", "Ito", "Jensen", "Khan",
    "Lopez", "Miller", "Nguyen", "Olsen", "Patel", "Quinn", "Rossi", "Silva", "Turner", "Usman", "Vargas", "Weber",
    "Xu", "Young", "Zimmer", "Brooks", "Cole", "Dubois", "Evans", "Foster", "Grant",
];

/// City, state, postal code and country.
pub static PLACES: [(&str, &str, &str, &str); 8] = [
    ("Austin", "TX", "78701", "US"),
    ("Denver", "CO", "80202", "US"),
    ("Portland", "OR", "97205", "US"),
    ("Nashville", "TN", "37203", "US"),
    ("Leeds", "England", "LS1 4AP", "GB"),
    ("Lyon", "ARA", "69002", "FR"),
    ("Brisbane", "QLD", "4000", "AU"),
    ("Calgary", "AB", "T2P 1J9", "CA"),
];

/// When a seeded coupon counts.
#[derive(Debug, Clone, Copy)]
pub enum Span {
    /// Since long ago, without end.
    Evergreen,
    /// From this many days before now, for so many days.
    Past(i64, i64),
    /// From this many days before now until so many days after it.
    Running(i64, i64),
    /// In this many days, for so many days.
    Ahead(i64, i64),
}

/// Code, whether it is a percentage, value in percent or minor units, and span of the seeded coupons.
pub static COUPONS: [(&str, &str, bool, u32, Span); 24] = [
    ("Welcome discount", "WELCOME10", true, 10, Span::Evergreen),
    ("Friends and family", "FRIENDS15", true, 15, Span::Evergreen),
    ("Newsletter thank you", "NEWS5", false, 500, Span::Evergreen),
    ("Loyal customers", "LOYAL20", true, 20, Span::Evergreen),
    ("Partner referral", "PARTNER10", false, 1000, Span::Evergreen),
    ("New year sale", "NEWYEAR25", true, 25, Span::Past(320, 21)),
    ("Winter clearance", "WINTER30", true, 30, Span::Past(290, 30)),
    ("Spring launch", "SPRING20", true, 20, Span::Past(240, 30)),
    ("Easter basket", "EASTER8", false, 800, Span::Past(225, 10)),
    ("Early summer", "SUMMER15", true, 15, Span::Past(170, 30)),
    ("Conference week", "CONF50", false, 5000, Span::Past(130, 7)),
    ("Back to school", "SCHOOL12", true, 12, Span::Past(95, 30)),
    ("Autumn harvest", "AUTUMN10", true, 10, Span::Past(60, 30)),
    ("Flash weekend", "FLASH40", true, 40, Span::Past(35, 3)),
    ("This month only", "MONTH15", true, 15, Span::Running(12, 18)),
    ("Store opening", "OPENING20", true, 20, Span::Running(20, 40)),
    ("Coaching season", "COACH25", false, 2500, Span::Running(30, 60)),
    ("Membership boost", "BOOST30", true, 30, Span::Running(5, 25)),
    ("Anniversary", "ANNIV10", true, 10, Span::Running(1, 13)),
    ("Coming holidays", "HOLIDAY20", true, 20, Span::Ahead(10, 20)),
    ("Next launch", "LAUNCH35", true, 35, Span::Ahead(30, 14)),
    ("Webinar guests", "WEBINAR12", false, 1200, Span::Ahead(5, 2)),
    ("Leap sale", "LEAP29", true, 29, Span::Ahead(60, 5)),
    ("Partner days", "PDAYS18", true, 18, Span::Ahead(21, 7)),
];
