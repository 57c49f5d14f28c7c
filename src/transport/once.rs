//! Records a payment once: the steps of [`Once`], carried out.

use super::{run, run::Done, RateLimiter, Transport};
use crate::core::{build, hash, Config, Error, ErrorKind, Once, Outcome, Request, Step};
use crate::endpoint::{GET_ORDER, LIST_TRANSACTIONS, RECORD_PAYMENT};
use crate::shape::{items, members, push_decimal, put, quote, Issue};

/// The payment, the order and its transactions.
fn requests(order: &str, body: &str, config: &Config) -> Result<[Request; 3], Vec<Issue>> {
    let record = build(&RECORD_PAYMENT, Some(order), Some(body), config)?;
    // The account that the body names is also that of the reads.
    let mut account = String::from("{");
    for (key, value) in members(body) {
        if key == b"altId" {
            put(&mut account, "\"altId\":");
            put(&mut account, std::str::from_utf8(value).unwrap_or_default());
        }
    }
    put(&mut account, "}");
    let read = build(&GET_ORDER, Some(order), Some(&account), config)?;
    account.pop();
    let comma = if account.len() > 1 { "," } else { "" };
    put(&mut account, comma);
    put(&mut account, "\"limit\":100,\"entityId\":");
    quote(&mut account, order);
    put(&mut account, "}");
    Ok([record, read, build(&LIST_TRANSACTIONS, None, Some(&account), config)?])
}

/// Records a payment and, where nobody knows whether it was recorded, finds it out before it is sent again. The answer is
/// `{"recorded":…,"transaction":…,"attempts":…}`.
pub(crate) async fn record_once<T: Transport>(
    transport: &T,
    order: &str,
    body: &str,
    config: &Config,
    limiter: Option<&RateLimiter>,
) -> Result<Done, Error> {
    let [record, read, list] =
        requests(order, body, config).map_err(|issues| Error::validation(Some(&RECORD_PAYMENT), issues))?;
    let mut config = config.clone();
    let deadline = config.deadline_ms.map(|ms| transport.now_ms() + f64::from(ms));
    let mut once: Option<Once> = None;
    let mut attempts = 0;
    let mut failed: Option<Error> = None;
    let mut transaction = String::new();
    let mut step = Step::Look(0);
    loop {
        let (operation, request) = match step {
            Step::Look(_) => (&LIST_TRANSACTIONS, &list),
            Step::Ask => (&GET_ORDER, &read),
            _ => (&RECORD_PAYMENT, &record),
        };
        let wait = if let Step::Look(ms) = step { ms } else { 0 };
        let awake = wait == 0 || transport.sleep(f64::from(wait)).await;
        if let Some(deadline) = deadline {
            config.deadline_ms = Some((deadline - transport.now_ms()).max(0.0) as u32);
        }
        let result = if awake {
            run(transport, operation, request, &config, limiter).await
        } else {
            let message =
                "orders.recordPaymentOnce was aborted while it was not known whether the payment was recorded";
            Err(Error::new(ErrorKind::Aborted, Some(&RECORD_PAYMENT), Outcome::Unknown, message.into()))
        };
        let mut done = match (result, &mut once) {
            (Ok(done), _) => done,
            (Err(error), Some(once)) if matches!(step, Step::Record) => {
                attempts += error.attempts;
                step = once.sent(Some(error.outcome));
                if step == Step::Failed {
                    return Err(with_attempts(error, attempts));
                }
                failed = Some(error);
                continue;
            }
            (Err(mut error), once) => {
                error.outcome = if once.is_some() { Outcome::Unknown } else { Outcome::NotSent };
                return Err(with_attempts(error, attempts));
            }
        };
        let body = std::str::from_utf8(&done.answer.body).unwrap_or_default();
        let field = |name: &[u8]| members(body).into_iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        step = match (step, &mut once) {
            (Step::Look(_), once) => {
                let records = items(field(b"data").unwrap_or_default());
                let ids: Vec<u64> = records.iter().map(|record| id_of(record)).collect();
                match once {
                    None => {
                        *once = Some(Once::new(ids, config.max_retries, config.retry_delay_ms));
                        Step::Record
                    }
                    Some(once) => {
                        let (found, step) = once.looked(&ids);
                        if let Some(record) = found.and_then(|index| records.get(index)) {
                            put(&mut transaction, std::str::from_utf8(record).unwrap_or_default());
                        }
                        step
                    }
                }
            }
            (Step::Ask, Some(once)) => once.asked(field(b"paymentStatus") != Some(b"\"paid\"")),
            (_, Some(once)) => {
                attempts += done.attempts;
                once.sent((field(b"success") == Some(b"false")).then_some(Outcome::Unknown))
            }
            (_, None) => Step::Failed,
        };
        match step {
            Step::Recorded | Step::NotRecorded => {
                done.answer.body = answer(step == Step::Recorded, &transaction, attempts).into_bytes();
                done.attempts = attempts;
                return Ok(done);
            }
            Step::Failed => {
                let message = "orders.recordPaymentOnce: the order is paid, but not by a payment that can be found";
                let unknown = || Error::new(ErrorKind::Other, Some(&RECORD_PAYMENT), Outcome::Unknown, message.into());
                return Err(with_attempts(failed.unwrap_or_else(unknown), attempts));
            }
            _ => {}
        }
    }
}

fn with_attempts(mut error: Error, attempts: u32) -> Error {
    error.attempts = attempts;
    error
}

/// The hash of a record's id.
fn id_of(record: &[u8]) -> u64 {
    for (key, value) in members(std::str::from_utf8(record).unwrap_or_default()) {
        if key == b"_id" {
            return hash(value);
        }
    }
    0
}

fn answer(recorded: bool, transaction: &str, attempts: u32) -> String {
    let mut out = String::from(if recorded { "{\"recorded\":true" } else { "{\"recorded\":false" });
    if !transaction.is_empty() {
        put(&mut out, ",\"transaction\":");
        put(&mut out, transaction);
    }
    put(&mut out, ",\"attempts\":");
    push_decimal(&mut out, attempts as usize);
    put(&mut out, "}");
    out
}
