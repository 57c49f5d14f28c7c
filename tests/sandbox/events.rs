//! The bodies of webhooks, and what is told of.

use crate::support::{text, Api};
use ghl_payments::sandbox::InstallOptions;
use serde_json::{json, Value};

fn webhook(api: &mut Api, kind: &str, id: Option<&str>) -> Value {
    let body = api.sandbox.webhook(kind, None, id).unwrap_or_else(|error| panic!("{kind}: {error}"));
    serde_json::from_str(&body).expect("JSON")
}

fn events(api: &mut Api) -> Vec<Value> {
    api.sandbox.take_events().iter().map(|body| serde_json::from_str(body).expect("JSON")).collect()
}

#[test]
fn an_invoice_is_told_of_as_it_was_at_the_event() {
    let mut api = Api::new();
    for (kind, status, paid) in [
        ("InvoiceCreate", "draft", 0.0),
        ("InvoiceSent", "sent", 0.0),
        ("InvoicePartiallyPaid", "partially_paid", 0.5),
        ("InvoicePaid", "paid", 1.0),
        ("InvoiceVoid", "void", 0.0),
        ("InvoiceDelete", "delete", 0.0),
    ] {
        let body = webhook(&mut api, kind, None);
        let amount = |name: &str| body[name].as_f64().expect(name);
        assert_eq!(text(&body, "status"), status);
        assert_eq!(amount("amountPaid"), amount("total") * paid, "{kind}");
        assert_eq!(amount("amountPaid") + amount("amountDue"), amount("total"), "{kind}");
        let items = body["invoiceItems"].as_array().expect("items");
        assert_eq!(items.iter().map(|item| item["amount"].as_f64().expect("amount")).sum::<f64>(), amount("total"));
    }
    let invoice = webhook(&mut api, "InvoicePaid", None);
    let payments = api.ok("/payments/transactions", &format!("entityId={}", text(&invoice, "_id")));
    assert_eq!(payments["data"][0]["amount"], invoice["total"]);
    assert_eq!(
        webhook(&mut api, "InvoiceVoid", Some(text(&invoice, "_id")))["invoiceNumber"],
        invoice["invoiceNumber"]
    );
}

#[test]
fn the_record_of_an_id_is_told_of_and_one_that_there_is_not_is_an_error() {
    let mut api = Api::new();
    let order = api.order("partially_paid");
    assert_eq!(webhook(&mut api, "OrderStatusUpdate", Some(text(&order, "_id")))["amount"], order["amount"]);
    for kind in ["OrderCreate", "InvoicePaid", "ProductUpdate", "PriceDelete"] {
        assert!(api.sandbox.webhook(kind, None, Some("nothing")).is_err(), "{kind}");
        assert!(api.sandbox.webhook(kind, Some("elsewhere"), None).is_err(), "{kind}");
    }
}

#[test]
fn the_app_is_told_of_with_the_ids_that_it_has() {
    let mut api = Api::new();
    let (location, company) = (api.location.clone(), api.sandbox.company().to_owned());
    let app = api.sandbox.app().id.clone();
    assert_eq!(
        webhook(&mut api, "UNINSTALL", None),
        json!({"type": "UNINSTALL", "appId": app, "locationId": location})
    );
    assert_eq!(
        webhook(&mut api, "UNINSTALL", Some(&company)),
        json!({"type": "UNINSTALL", "appId": app, "companyId": company})
    );
    let change = webhook(&mut api, "PLAN_CHANGE", None);
    assert_ne!(change["currentPlanId"], change["newPlanId"]);
}

#[test]
fn nothing_is_kept_until_somebody_listens() {
    let mut api = Api::new();
    api.sandbox.create_order(None, false).expect("location");
    assert!(events(&mut api).is_empty());
    api.sandbox.listen(true);
    let order: Value = serde_json::from_str(&api.sandbox.create_order(None, true).expect("location")).expect("JSON");
    api.sandbox.install(&InstallOptions::default()).expect("location");
    let told = events(&mut api);
    assert_eq!(told.iter().map(|event| text(event, "type")).collect::<Vec<_>>(), ["OrderCreate", "INSTALL"]);
    assert_eq!((&told[0]["_id"], &told[0]["status"]), (&order["_id"], &json!("completed")));
    assert!(events(&mut api).is_empty());
    api.sandbox.create_order(None, false).expect("location");
    api.sandbox.listen(false);
    api.sandbox.listen(true);
    assert!(events(&mut api).is_empty());
    assert!(api.sandbox.create_order(Some("elsewhere"), false).is_err());
}

#[test]
fn an_order_that_is_made_is_paid_like_any_other() {
    let mut api = Api::new();
    let order: Value = serde_json::from_str(&api.sandbox.create_order(None, false).expect("location")).expect("JSON");
    let path = format!("/payments/orders/{}", text(&order, "_id"));
    assert_eq!(api.ok("/payments/orders", "limit=1")["data"][0], order);
    api.sandbox.listen(true);
    let part = json!({"mode": "cash", "amount": 1, "isPartialPayment": true});
    assert_eq!(api.send("POST", &format!("{path}/record-payment"), part).0, 200);
    assert!(events(&mut api).is_empty(), "it is still pending");
    assert_eq!(api.send("POST", &format!("{path}/record-payment"), json!({"mode": "cash"})).0, 200);
    let told = events(&mut api);
    assert_eq!((told.len(), text(&told[0], "type"), text(&told[0], "status")), (1, "OrderStatusUpdate", "completed"));
    // What was refused has changed nothing.
    assert_eq!(api.send("POST", &format!("{path}/record-payment"), json!({"mode": "cash"})).0, 400);
    assert!(events(&mut api).is_empty());
}
