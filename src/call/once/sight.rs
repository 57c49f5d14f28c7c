//! What is seen of the transactions of an order, and which of them is the payment.
//!
//! | a transaction … | is the payment? |
//! |---|---|
//! | shows its reference, and another one in `meta`, and did not fail | perhaps, but it is never taken for the payment |
//! | shows its reference and neither failed nor was refunded or canceled | yes, unless it is of another amount or mode: then the reference was used before, and nothing is sent |
//! | shows its reference and was refunded or canceled | it was: nothing is sent, somebody has to decide |
//! | shows its reference and failed | no |
//! | names the reference in its notes or elsewhere, and no other one in `meta` | yes, where it was made since the payment was sent; before that perhaps, but it is never taken for the payment |
//! | shows another payment's reference | no |
//! | shows none, although references are shown (see [`Shown::echo`]) and it was read on its own | no |
//! | shows none, and failed, is of another order, amount or mode, or, looked at after the payment was sent, is refunded altogether or canceled | no |
//! | may show one on its own, but was not read, before anything was sent | not known: nothing is sent (see [`Look::is_incomplete`]) |
//! | shows none and was refunded in part, or, looked at before anything was sent, is refunded altogether or canceled | perhaps, but it is never taken for the payment |
//! | shows none and is of the same amount and mode | perhaps: it is taken for the payment if it is the only one |
//! | shows none, and its amount, mode or status cannot be told, it has other notes or another cheque, or it could not be read on its own | perhaps, but it is never taken for the payment |

use super::money::{amount_of, compare, Likeness};
use super::payment::{unfolded, Payment, Shown};
use super::steps::Found;
use crate::call::pager::hash;
use crate::json::{field, text_field};

/// What has become of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The money is there, or on its way.
    Good,
    /// Its status is none that is known.
    Unsure,
    /// The money went back, or a part of it, or somebody canceled it.
    Refunded,
    /// It failed.
    Failed,
}

/// What is seen of one transaction.
#[derive(Debug)]
pub struct Sight {
    /// Its id, empty where it shows none.
    pub id: String,
    /// It was not there before the payment was sent, or, while nothing was sent, not made before the job began.
    pub new: bool,
    pub standing: Standing,
    /// In ten-thousandths.
    pub amount: Option<u64>,
    /// Of what was refunded a part was not.
    partly: bool,
    /// Of everything but the amount.
    likeness: Likeness,
    /// It was recorded by hand.
    pub manual: bool,
    pub shown: Shown,
    /// It was also read on its own, which shows more than the list does, or that was tried.
    pub asked: bool,
    read: bool,
    /// As the list has it.
    pub record: String,
}

impl Sight {
    /// Reads a record of the list; `None` for a transaction of another order.
    pub fn of(payment: &Payment, record: &[u8]) -> Option<Self> {
        let entity = text_field(record, "entityId");
        if !entity.is_empty() && entity != payment.order {
            return None;
        }
        let snapshot = unfolded(field(record, "chargeSnapshot"));
        let manual = field(&snapshot, "mode").starts_with(b"\"");
        let same_mode = same_mode(payment, record, &snapshot);
        Some(Self {
            id: text_field(record, "_id"),
            new: false,
            standing: standing(record),
            amount: amount_of(field(record, "amount")),
            partly: partly_refunded(record),
            likeness: if differs(payment, &snapshot) { same_mode.min(Likeness::Unsure) } else { same_mode },
            manual,
            shown: payment.shown(record, manual),
            asked: false,
            read: false,
            record: std::str::from_utf8(record).unwrap_or_default().into(),
        })
    }

    /// By what it is remembered.
    pub fn hash(&self) -> u64 {
        hash(self.id.as_bytes())
    }

    /// Adds what it showed when it was read on its own.
    pub fn show(&mut self, shown: Option<Shown>) {
        self.asked = true;
        let Some(shown) = shown else { return };
        self.read = true;
        self.shown.ours |= shown.ours;
        self.shown.named |= shown.named;
        self.shown.other |= shown.other;
        self.shown.theirs |= shown.theirs;
        self.shown.echo |= shown.echo;
    }

    /// Whether it may hold the payment's reference although it shows none so far. `before` anything is sent it is known of
    /// nobody's payment what it is of: the reference may have been used with another amount or mode. What another provider
    /// took was not recorded by hand. Afterwards whatever is new may turn out to be the payment.
    pub fn may_hold(&self, before: bool) -> bool {
        let decided = self.read || self.shown.ours || self.shown.other || self.standing == Standing::Failed;
        !decided && (!before || self.manual || self.likeness > Likeness::Other)
    }

    /// Whether it has to be read on its own before it can be judged: `before` anything is sent however old it is, since what
    /// shows the reference counts whenever it was made.
    pub fn is_open(&self, before: bool) -> bool {
        (self.new || before) && !self.asked && !self.id.is_empty() && self.may_hold(before)
    }

    /// Whether it may be the payment, as far as amount and mode tell.
    pub fn is_like(&self, amounts: &Amounts) -> bool {
        self.likeness.min(amounts.compare(self.amount)) > Likeness::Other
    }

    /// Whether it is of another amount or mode.
    fn is_different(&self, amounts: &Amounts) -> bool {
        self.likeness == Likeness::Other || (amounts.given.is_some() && amounts.compare(self.amount) == Likeness::Other)
    }

    /// How far it is like the payment, as the table above says. `echo`: references are shown. `begun`: the payment was sent.
    fn judge(&self, amounts: &Amounts, echo: bool, begun: bool) -> Likeness {
        if !self.new || self.shown.other || (echo && self.read) {
            return Likeness::Other;
        }
        let plain = match self.standing {
            // Before anything was sent it may be what an earlier process paid, and somebody gave it back on purpose.
            Standing::Refunded if self.partly || !begun => Likeness::Unsure,
            Standing::Failed | Standing::Refunded => Likeness::Other,
            // On its own it may show a reference.
            Standing::Good if self.read && !self.shown.named => Likeness::Same,
            Standing::Good | Standing::Unsure => Likeness::Unsure,
        };
        plain.min(self.likeness).min(amounts.compare(self.amount))
    }
}

/// What the known statuses say. Whoever records a payment by hand has the money; what is pending may still become it.
static STANDINGS: [(&str, Standing); 16] = [
    ("succeeded", Standing::Good),
    ("captured", Standing::Good),
    ("paid", Standing::Good),
    ("completed", Standing::Good),
    ("pending", Standing::Good),
    ("processing", Standing::Good),
    ("refunded", Standing::Refunded),
    ("partially_refunded", Standing::Refunded),
    ("failed", Standing::Failed),
    ("declined", Standing::Failed),
    // Somebody undid it, as by a refund.
    ("canceled", Standing::Refunded),
    ("cancelled", Standing::Refunded),
    ("voided", Standing::Refunded),
    ("void", Standing::Refunded),
    ("reversed", Standing::Refunded),
    ("expired", Standing::Failed),
];

fn standing(record: &[u8]) -> Standing {
    let status = text_field(record, "status");
    let known = STANDINGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&status));
    let standing = known.map_or(Standing::Unsure, |(_, standing)| *standing);
    let refunded = amount_of(field(record, "amountRefunded")).is_some_and(|amount| amount > 0);
    if refunded && standing != Standing::Failed {
        return Standing::Refunded;
    }
    standing
}

/// Whether less was refunded than was paid.
fn partly_refunded(record: &[u8]) -> bool {
    let paid = amount_of(field(record, "amount"));
    let back = amount_of(field(record, "amountRefunded"));
    paid.zip(back).is_some_and(|(paid, back)| 0 < back && back < paid)
}

static MODES: [&[u8]; 5] = [b"\"cash\"", b"\"card\"", b"\"cheque\"", b"\"bank_transfer\"", b"\"other\""];

/// Who takes money in other ways than by hand.
static GATEWAYS: [&[u8]; 5] = [b"\"stripe\"", b"\"paypal\"", b"\"nmi\"", b"\"authorize-net\"", b"\"square\""];

/// Whether the transaction was paid in the mode of the payment.
fn same_mode(payment: &Payment, record: &[u8], snapshot: &[u8]) -> Likeness {
    let mode = field(snapshot, "mode");
    if mode == field(payment.body.as_bytes(), "mode") {
        return Likeness::Same;
    }
    let gateway = !mode.starts_with(b"\"") && GATEWAYS.contains(&field(record, "paymentProviderType"));
    if gateway || MODES.contains(&mode) {
        Likeness::Other
    } else {
        Likeness::Unsure
    }
}

/// Whether notes or cheque are shown and are others than the payment's. That is no proof: a server may have its own way to
/// write them.
fn differs(payment: &Payment, snapshot: &[u8]) -> bool {
    let other =
        |theirs: String, ours: String| !theirs.trim_ascii().is_empty() && theirs.trim_ascii() != ours.trim_ascii();
    let cheque = |of: &[u8]| text_field(field(of, "cheque"), "number");
    other(text_field(snapshot, "notes"), payment.notes()) || other(cheque(snapshot), cheque(payment.body.as_bytes()))
}

/// What the amount of a transaction is compared with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amounts {
    /// That of the payment, where it has one.
    pub given: Option<u64>,
    /// Otherwise what was due when the payment was sent, as far as it is known.
    pub due: Option<u64>,
}

impl Amounts {
    fn compare(self, amount: Option<u64>) -> Likeness {
        match self.given {
            Some(_) => compare(self.given, amount),
            // Meanwhile somebody may have paid a part: what is left is then another amount.
            None => compare(self.due, amount).max(Likeness::Unsure),
        }
    }
}

/// All that was seen in one look.
#[derive(Debug, Default)]
pub struct Look {
    pub sights: Vec<Sight>,
    pub amounts: Amounts,
    /// There were more transactions than are read in one look.
    pub cut: bool,
    /// How many more the server counts than it shows.
    pub hidden: u64,
    /// The payment was sent before.
    pub begun: bool,
    /// Nothing was sent, and a payment of all that is due was none of these, since something is due.
    pub owing: bool,
}

impl Look {
    /// What they paid in all, in ten-thousandths, where each of them is plain.
    pub fn paid(&self) -> Option<u64> {
        let mut paid = 0_u64;
        for sight in &self.sights {
            match sight.standing {
                Standing::Failed => {}
                Standing::Good => paid = paid.checked_add(sight.amount?)?,
                Standing::Unsure | Standing::Refunded => return None,
            }
        }
        (!self.cut).then_some(paid)
    }

    /// Whether any transaction proves that references are shown.
    pub fn echo(&self) -> bool {
        self.sights.iter().any(|sight| sight.shown.echo)
    }

    /// The ones that may be the payment, and how far.
    pub fn candidates(&self) -> impl Iterator<Item = (&Sight, Likeness)> {
        let echo = self.echo();
        let judged = self.sights.iter().map(move |sight| (sight, sight.judge(&self.amounts, echo, self.begun)));
        judged.filter(|(sight, likeness)| {
            let shown = sight.shown.ours || (sight.shown.named && !sight.shown.theirs);
            sight.standing != Standing::Failed && (shown || (*likeness > Likeness::Other && !self.owing))
        })
    }

    /// Whether a transaction that was made since the job began was not seen, or may hold the reference and could not be read
    /// on its own.
    pub fn is_incomplete(&self) -> bool {
        self.hides(0) || self.sights.iter().any(|sight| sight.new && sight.may_hold(true))
    }

    /// Whether the payment may be one that was not seen: more are hidden than `before` it was sent, or new ones go on.
    pub fn hides(&self, before: u64) -> bool {
        self.goes_on() || (!self.cut && self.hidden > before)
    }

    /// Whether further new transactions may follow behind those that were read.
    fn goes_on(&self) -> bool {
        self.cut && self.sights.last().is_none_or(|oldest| oldest.new)
    }

    /// Whether a transaction shows the payment's reference, and is not another one's by what `meta` says.
    fn is_ours(&self, sight: &Sight) -> bool {
        !sight.shown.theirs && (sight.shown.ours || (sight.shown.named && self.begun && sight.new))
    }

    /// The transaction that holds the reference.
    pub fn ours(&self) -> Option<&Sight> {
        let good = |sight: &&Sight| matches!(sight.standing, Standing::Good | Standing::Unsure);
        let ours = || self.sights.iter().filter(|sight| self.is_ours(sight)).filter(good);
        ours().find(|sight| !sight.is_different(&self.amounts)).or_else(|| ours().next())
    }

    pub fn found(&self) -> Found {
        if let Some(ours) = self.ours() {
            return if ours.is_different(&self.amounts) { Found::Reused } else { Found::Ours };
        }
        if self.sights.iter().any(|sight| self.is_ours(sight) && sight.standing == Standing::Refunded) {
            return Found::Refunded;
        }
        let mut candidates = self.candidates();
        match (candidates.next(), candidates.next()) {
            (None, _) => Found::Nothing,
            (Some((_, Likeness::Same)), None) => Found::Alike,
            _ => Found::Unsure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::payment::OnceOptions;
    use super::*;

    const BODY: &str = r#"{"mode":"cash","amount":59.5,"notes":"for the sofa"}"#;
    const MANUAL: &str = r#""chargeSnapshot":{"mode":"cash","cheque":{"number":""},"notes":"for the sofa"}"#;

    fn payment(in_notes: bool) -> Payment {
        let options = OnceOptions { reference: Some("job-1".into()), reference_in_notes: in_notes, since: None };
        Payment::new("o1", BODY, options)
    }

    /// A look at these records, all of them new and read on their own; the second of each is what that showed.
    fn look(payment: &Payment, records: &[(&str, &str)]) -> Look {
        let mut look = Look { amounts: Amounts { given: payment.amount, due: None }, ..Look::default() };
        for (index, (record, single)) in records.iter().enumerate() {
            let record = format!(r#"{{"_id":"t{index}","entityId":"o1",{record}}}"#);
            let Some(mut sight) = Sight::of(payment, record.as_bytes()) else { continue };
            sight.new = true;
            sight.show(Some(payment.shown(single.as_bytes(), sight.manual)));
            look.sights.push(sight);
        }
        look
    }

    /// A payment of the same amount and mode that succeeded.
    fn alike(more: &str) -> String {
        format!(r#""status":"succeeded","amount":59.5,{MANUAL}{more}"#)
    }

    #[test]
    fn the_table_of_this_module_holds() {
        let twin = alike("");
        let with = |from: &str, to: &str| {
            assert!(twin.contains(from), "{from}");
            twin.replace(from, to)
        };
        let ours = r#"{"meta":{"reference":"job-1"}}"#;
        let other = r#"{"meta":{"reference":"job-12"}}"#;
        for (record, single, expected) in [
            // Its reference, wherever it is shown.
            (twin.clone(), ours, Found::Ours),
            (twin.clone(), r#"{"meta":"{\"a\":1,\"reference\":\"job-1\"}"}"#, Found::Ours),
            (twin.clone(), r#"{"chargeSnapshot":{"mode":"cash","meta":{"reference":"job-1"}}}"#, Found::Ours),
            (twin.clone(), r#"{"chargeSnapshot":"{\"meta\":{\"reference\":\"job-1\"}}"}"#, Found::Ours),
            (twin.clone(), r#"{"notes":"[ref job-1]"}"#, Found::Ours),
            (twin.clone(), r#"{"notes":"in place of [ref job-0]\n[ref job-1] "}"#, Found::Ours),
            // It is named, but that is not its place.
            (twin.clone(), r#"{"notes":"job-1"}"#, Found::Unsure),
            (twin.clone(), r#"{"notes":"in place of [ref job-1], which bounced"}"#, Found::Unsure),
            (twin.clone(), r#"{"notes":"in place of [ref job-1]\n[ref job-2]"}"#, Found::Unsure),
            (with("59.5", "12"), r#"{"notes":"in place of [ref job-1], which bounced"}"#, Found::Unsure),
            (with("for the sofa", r"for the sofa\n[ref job-1]"), "{}", Found::Ours),
            (with("59.5", "12"), ours, Found::Reused),
            (with("cash", "card"), ours, Found::Reused),
            (with("59.5", "null"), ours, Found::Ours),
            (with("cash", "barter"), ours, Found::Ours),
            (with("succeeded", "pending"), ours, Found::Ours),
            (with("succeeded", "captured"), ours, Found::Ours),
            (with("succeeded", "something new"), ours, Found::Ours),
            (r#""amount":59.5"#.into(), ours, Found::Ours),
            // Refunded since, or failed.
            (with("succeeded", "refunded"), ours, Found::Refunded),
            (alike(r#","amountRefunded":10"#), ours, Found::Refunded),
            (with("succeeded", "failed"), ours, Found::Nothing),
            (with("succeeded", "canceled"), ours, Found::Refunded),
            (with("succeeded", "voided"), ours, Found::Refunded),
            // Another payment may name this one.
            (twin.clone(), r#"{"meta":{"reference":"job-2","replaces":{"reference":"job-1"}}}"#, Found::Nothing),
            (twin.clone(), r#"{"meta":{"reference":"job-2"},"notes":"in place of job-1"}"#, Found::Nothing),
            (twin.clone(), r#"{"meta":{"reference":"job-2"},"notes":"[ref job-1]"}"#, Found::Unsure),
            (twin.clone(), r#"{"meta":{"reference":"job-1","replaces":{"reference":"job-2"}}}"#, Found::Ours),
            (twin.clone(), r#"{"meta":{"replaces":{"reference":"job-1"}}}"#, Found::Unsure),
            (twin.clone(), r#"{"meta":{"notes":"[ref job-1]"}}"#, Found::Ours),
            (twin.clone(), r#"{"meta":{"notes":"in place of [ref job-1], which bounced"}}"#, Found::Unsure),
            (twin.clone(), r#"{"chargeSnapshot":{"mode":"cash","metadata":{"reference":"job-1"}}}"#, Found::Unsure),
            // Another payment's reference, also one that begins like it.
            (twin.clone(), other, Found::Nothing),
            (with("for the sofa", "[ref job-12]"), "{}", Found::Nothing),
            (with("for the sofa", "job-1 is not paid yet"), "{}", Found::Unsure),
            (with("for the sofa", "[ref job-1"), "{}", Found::Unsure),
            // No reference.
            (twin.clone(), "{}", Found::Alike),
            (twin.clone(), r#"{"meta":{"pageId":"p1"}}"#, Found::Alike),
            (with("succeeded", "pending"), "{}", Found::Alike),
            (with("59.5", "\"59.50\""), "{}", Found::Alike),
            (with("59.5", "59.50000000000001"), "{}", Found::Alike),
            (with("for the sofa", ""), "{}", Found::Alike),
            (alike(r#","amountRefunded":0"#), "{}", Found::Alike),
            (alike(r#","amountRefunded":5"#), "{}", Found::Unsure),
            (alike(r#","amountRefunded":null"#), "{}", Found::Alike),
            (with("succeeded", "failed"), "{}", Found::Nothing),
            (with("succeeded", "refunded"), "{}", Found::Unsure),
            (alike(r#","amountRefunded":59.5"#), "{}", Found::Unsure),
            (alike(r#","amountRefunded":0"#).replace("succeeded", "refunded"), "{}", Found::Unsure),
            (with("59.5", "1").replace("succeeded", "refunded"), "{}", Found::Nothing),
            (with("59.5", "1"), "{}", Found::Nothing),
            (with("59.5", "59"), "{}", Found::Nothing),
            (with("cash", "card"), "{}", Found::Nothing),
            (r#""status":"succeeded","amount":59.5,"paymentProviderType":"stripe""#.into(), "{}", Found::Nothing),
            // What cannot be told.
            (with("59.5", "null"), "{}", Found::Unsure),
            (with("59.5", "\"1,059.50\""), "{}", Found::Unsure),
            (with("succeeded", "something new"), "{}", Found::Unsure),
            (with("cash", "barter"), "{}", Found::Unsure),
            (with("for the sofa", "for the table"), "{}", Found::Unsure),
            (with(r#""number":"""#, r#""number":"17""#), "{}", Found::Unsure),
            (r#""status":"succeeded","amount":59.5"#.into(), "{}", Found::Unsure),
            (r#""amount":59.5,"chargeSnapshot":{"mode":"cash"}"#.into(), "{}", Found::Unsure),
        ] {
            assert_eq!(look(&payment(false), &[(&record, single)]).found(), expected, "{record} {single}");
        }
        let mut sent = look(&payment(false), &[(&with("succeeded", "refunded"), "{}")]);
        sent.begun = true;
        assert_eq!(sent.found(), Found::Nothing, "it was not refunded between the payment and the look");
    }

    #[test]
    fn of_another_order_nothing_counts() {
        let record = format!(r#"{{"_id":"t","entityId":"o2",{}}}"#, alike(r#","meta":{"reference":"job-1"}"#));
        assert!(Sight::of(&payment(false), record.as_bytes()).is_none());
    }

    #[test]
    fn where_references_are_shown_a_transaction_without_one_is_somebody_elses() {
        let twin = alike("");
        let found = |in_notes: bool, records: &[(&str, &str)]| look(&payment(in_notes), records).found();
        let referenced = (&*alike(r#","meta":{"reference":"job-7"}"#), "{}");
        assert_eq!(found(false, &[(&twin, "{}"), referenced]), Found::Nothing);
        // A payment provider's own references prove nothing, and neither does what is shown where ours would not be.
        let stripe = (r#""status":"succeeded","amount":5,"meta":{"reference":"x"}"#, "{}");
        assert_eq!(found(false, &[(&twin, "{}"), stripe]), Found::Alike);
        let noted = alike("").replace("for the sofa", "[ref job-7]");
        assert_eq!(found(false, &[(&twin, "{}"), (&noted, "{}")]), Found::Alike);
        assert_eq!(found(true, &[(&twin, "{}"), (&noted, "{}")]), Found::Nothing);
        assert_eq!(found(true, &[(&twin, "{}")]), Found::Unsure, "the notes are shown, and ours would end otherwise");
        // What was not read on its own may hold more than the list shows.
        let mut unread = look(&payment(false), &[(&twin, "{}"), referenced]);
        unread.sights[0].read = false;
        assert_eq!(unread.found(), Found::Unsure);
        assert_eq!(found(false, &[(&twin, "{}"), (&twin, "{}")]), Found::Unsure);
        assert_eq!(found(false, &[(&twin, "{}"), (&twin, r#"{"meta":{"reference":"job-1"}}"#)]), Found::Ours);
    }

    #[test]
    fn what_the_caller_wrote_is_no_sign_of_somebody_else() {
        let body = r#"{"mode":"cash","amount":5,"notes":"[ref old]","meta":{"origin":{"reference":"shop"}}}"#;
        let options = OnceOptions { reference: Some("job-1".into()), ..OnceOptions::default() };
        let payment = Payment::new("o1", body, options);
        let shown = |record: &str| payment.shown(record.as_bytes(), true);
        assert_eq!(shown(r#"{"notes":"[ref old]","meta":{"origin":{"reference":"shop"}}}"#), Shown::default());
        for other in ["[ref older]", "[ref ol]", "[ref old] [ref new]", "[ref [ref old]"] {
            assert_eq!(shown(&format!(r#"{{"notes":"{other}"}}"#)).other, !other.contains("[ref [ref"), "{other}");
        }
        assert_eq!(shown(r#"{"meta":{"reference":null}}"#), Shown::default(), "no reference is nobody's");
        let numbered = Payment::new("o1", body, OnceOptions { reference: Some("17".into()), ..OnceOptions::default() });
        assert!(numbered.shown(br#"{"meta":{"reference":17}}"#, true).ours, "a server may keep digits as a number");
        assert!(numbered.shown(br#"{"meta":{"reference":18}}"#, true).other);
    }

    #[test]
    fn a_payment_without_an_amount_is_compared_with_what_was_due() {
        let payment = Payment::new("o1", r#"{"mode":"cash"}"#, OnceOptions::default());
        let snapshot = r#""chargeSnapshot":{"mode":"cash"}"#;
        let found = |amount: &str, due: Option<u64>| {
            let record = format!(r#""status":"succeeded","amount":{amount},{snapshot}"#);
            let mut look = look(&payment, &[(&record, "{}")]);
            look.amounts = Amounts { given: None, due };
            look.found()
        };
        assert_eq!(found("59.5", Some(595_000)), Found::Alike);
        assert_eq!(found("20", Some(595_000)), Found::Unsure, "somebody may have paid a part of it meanwhile");
        assert_eq!(found("59.5", None), Found::Unsure);
    }
}
