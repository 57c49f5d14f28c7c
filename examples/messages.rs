//! Prints what `ghl-payments/checkout` knows of HighLevel's messages, as TypeScript:
//! `cargo run --features provider --example messages`.

use ghl_payments::provider::message::{MessageKind, Sender, ALL};
use ghl_payments::provider::money::DECIMALS;
use ghl_payments::shape::{Field, Kind, Record};

const HEAD: &str = "\
// Made from src/provider by `cargo run --features provider --example messages`.

/** A record with a value of its kind in each field: 1 (as a number or text) or true where it must be there. */
export interface Sample {
    readonly [field: string]: string | number | boolean | Sample | readonly Sample[];
}
";

fn main() {
    println!("{HEAD}");
    println!("/** What HighLevel posts to a payment page. */");
    println!("export const MESSAGES: readonly Sample[] = [");
    let for_the_page = |kind: &&MessageKind| kind.sender == Sender::HighLevel && kind.key == "type";
    for MessageKind { name, shape, .. } in ALL.iter().filter(for_the_page) {
        let Kind::Object(record) = shape else { panic!("{name} is no record") };
        println!("    {},", sample(record, name, 0));
    }
    println!("];\n");
    println!(
        "/** The currencies whose amounts have as many decimals as their place here says; all others have two. */"
    );
    let most = DECIMALS.iter().map(|(decimals, _)| *decimals).max().unwrap_or_default();
    let codes =
        |wanted: u8| DECIMALS.iter().find(|(decimals, _)| *decimals == wanted).map(|(_, codes)| codes.join(" "));
    let list: Vec<_> = (0..=most).map(|decimals| codes(decimals).unwrap_or_default()).collect();
    println!("export const DECIMALS: readonly string[] = {list:?};");
}

/// How deep the page looks: to the prices of a product. What it does not check passes as it came.
const DEPTH: u8 = 2;

/// `message` is what stands in the field `type` at the top.
fn sample(record: &Record, message: &str, depth: u8) -> String {
    let mut written = Vec::new();
    for Field { name, kind, required } in record.fields() {
        let value = match kind {
            Kind::Text if depth == 0 && name == "type" => format!("{message:?}"),
            Kind::Text => if required { "\"1\"" } else { "\"\"" }.to_owned(),
            Kind::Number => u8::from(required).to_string(),
            Kind::Boolean => required.to_string(),
            Kind::Object(inner) | Kind::List(Kind::Object(inner)) | Kind::OneOrList(Kind::Object(inner)) => {
                let is_list = !matches!(kind, Kind::Object(_));
                // The page asks for a record where it asks for a field of it.
                assert!(inner.required() > 0 && !is_list || !required, "{name} is required without its fields");
                if depth == DEPTH {
                    continue;
                }
                let inner = sample(inner, "", depth + 1);
                if is_list {
                    format!("[{inner}]")
                } else {
                    inner
                }
            }
            other => panic!("the page has no check for {name}: {other:?}"),
        };
        written.push(format!("{name}: {value}"));
    }
    format!("{{ {} }}", written.join(", "))
}
