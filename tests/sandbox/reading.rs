use crate::support::{cents, id, text, Api};
use ghl_payments::model::{CouponList, OrderList, SubscriptionList, TransactionList, WhitelabelList};
use ghl_payments::shape::{Kind, Shape};
use serde_json::Value;

/// Every list with its filter holds exactly the records that a look at each of them finds.
fn agrees(api: &mut Api, path: &str, query: &str, all: &[Value], keep: impl Fn(&Value) -> bool) {
    let wanted: Vec<&Value> = all.iter().filter(|record| keep(record)).map(|record| &record["_id"]).collect();
    assert!(!wanted.is_empty() && wanted.len() < all.len(), "{query} tells nothing: {} of {}", wanted.len(), all.len());
    let page = api.ok(path, &format!("{query}&limit=100000"));
    let found: Vec<&Value> = page["data"].as_array().unwrap().iter().map(|record| &record["_id"]).collect();
    assert_eq!(found, wanted, "{path}?{query}");
    assert_eq!(page["totalCount"], wanted.len());
    let small = api.ok(path, &format!("{query}&limit=2&offset=1"));
    assert_eq!(small["totalCount"], wanted.len());
    let part: Vec<&Value> = small["data"].as_array().unwrap().iter().map(|record| &record["_id"]).collect();
    assert_eq!(part, wanted.into_iter().skip(1).take(2).collect::<Vec<_>>());
}

fn has(value: &Value, part: &str) -> bool {
    value.as_str().is_some_and(|text| text.to_lowercase().contains(part))
}

#[test]
fn every_filter_of_the_order_list_works() {
    let mut api = Api::new();
    let path = "/payments/orders";
    let all = api.all(path);
    for status in ["completed", "pending"] {
        agrees(&mut api, path, &format!("status={status}"), &all, |order| order["status"] == status);
    }
    for status in ["paid", "unpaid", "refunded", "partially_paid"] {
        agrees(&mut api, path, &format!("paymentStatus={status}"), &all, |order| order["paymentStatus"] == status);
    }
    agrees(&mut api, path, "paymentMode=live", &all, |order| order["liveMode"] == true);
    agrees(&mut api, path, "paymentMode=test", &all, |order| order["liveMode"] == false);
    agrees(&mut api, path, "startAt=2026-05-10", &all, |order| text(order, "createdAt") >= "2026-05-10");
    agrees(&mut api, path, "endAt=2026-05-10", &all, |order| text(order, "createdAt") < "2026-05-11");
    agrees(&mut api, path, "startAt=2026-05-10T00:00:00Z&endAt=2026-06-01", &all, |order| {
        ("2026-05-10".."2026-06-02").contains(&text(order, "createdAt"))
    });
    let contact = text(&all[3], "contactId").to_owned();
    agrees(&mut api, path, &format!("contactId={contact}"), &all, |order| order["contactId"] == contact.as_str());
    for order in [&all[0], all.iter().find(|order| order["sourceType"] == "invoice").unwrap()] {
        let source = text(order, "sourceId").to_owned();
        agrees(&mut api, path, &format!("sourceId={source}"), &all, |order| order["sourceId"] == source.as_str());
    }
    agrees(&mut api, path, "search=ONLINE%20store", &all, |order| {
        has(&order["sourceName"], "online store") || has(&order["contactName"], "online store")
    });
    let name = text(&all[9], "contactEmail").to_owned();
    agrees(&mut api, path, &format!("search={name}"), &all, |order| order["contactEmail"] == name.as_str());
    assert_eq!(api.ok(path, "contactId=nobody")["totalCount"], 0);
    assert_eq!(api.ok(path, "startAt=2030-01-01")["totalCount"], 0);
}

#[test]
fn the_filter_by_funnel_products_looks_at_the_items() {
    let mut api = Api::new();
    let path = "/payments/orders";
    let all = api.all(path);
    let details: Vec<Value> =
        all.iter().map(|order| api.ok(&format!("/payments/orders/{}", id(order)), "")["items"].clone()).collect();
    let with = |ids: &[&str], order: &Value| {
        let at = all.iter().position(|other| other["_id"] == order["_id"]).unwrap();
        details[at].as_array().unwrap().iter().any(|item| ids.contains(&text(item, "_id")))
    };
    let (one, two) = (text(&details[0][0], "_id"), text(&details[1][0], "_id"));
    assert_ne!(one, two);
    agrees(&mut api, path, &format!("funnelProductIds={one}"), &all, |order| with(&[one], order));
    agrees(&mut api, path, &format!("funnelProductIds={one},{two}"), &all, |order| with(&[one, two], order));
    assert_eq!(api.ok(path, "funnelProductIds=000000000000000000000000")["totalCount"], 0);
}

#[test]
fn every_filter_of_the_transaction_list_works() {
    let mut api = Api::new();
    let path = "/payments/transactions";
    let all = api.all(path);
    agrees(&mut api, path, "paymentMode=test", &all, |record| record["liveMode"] == false);
    agrees(&mut api, path, "startAt=2026-07-01&endAt=2026-07-31", &all, |record| has(&record["createdAt"], "2026-07-"));
    agrees(&mut api, path, "entitySourceType=funnel", &all, |record| record["entitySourceType"] == "funnel");
    agrees(&mut api, path, "entitySourceSubType=upsell", &all, |record| record["entitySourceSubType"] == "upsell");
    agrees(&mut api, path, "search=inv-", &all, |record| has(&record["entitySourceName"], "inv-"));
    for kind in ["order", "invoice"] {
        let entity = text(all.iter().find(|record| record["entityType"] == kind).unwrap(), "entityId").to_owned();
        agrees(&mut api, path, &format!("entityId={entity}"), &all, |record| record["entityId"] == entity.as_str());
    }
    let contact = text(&all[5], "contactId").to_owned();
    agrees(&mut api, path, &format!("contactId={contact}"), &all, |record| record["contactId"] == contact.as_str());
    let own = all.iter().find_map(|record| record["subscriptionId"].as_str()).unwrap();
    agrees(&mut api, path, &format!("subscriptionId={own}"), &all, |record| record["subscriptionId"] == own);
    assert_eq!(api.ok(path, "subscriptionId=sub_none")["totalCount"], 0);
    let charge = text(all.iter().find(|record| record["chargeId"].is_string()).unwrap(), "chargeId").to_owned();
    assert_eq!(api.ok(path, &format!("search={charge}"))["totalCount"], 1);
}

#[test]
fn every_filter_of_the_subscription_list_works() {
    let mut api = Api::new();
    let path = "/payments/subscriptions";
    let all = api.all(path);
    agrees(&mut api, path, "paymentMode=live", &all, |record| record["liveMode"] == true);
    agrees(&mut api, path, "startAt=2026-06-01", &all, |record| text(record, "createdAt") >= "2026-06-01");
    agrees(&mut api, path, "endAt=2026-06-01", &all, |record| text(record, "createdAt") < "2026-06-02");
    let kind = text(&all[0], "entitySourceType").to_owned();
    agrees(&mut api, path, &format!("entitySourceType={kind}"), &all, |record| {
        record["entitySourceType"] == kind.as_str()
    });
    for name in ["entityId", "contactId"] {
        let value = text(&all[2], name).to_owned();
        agrees(&mut api, path, &format!("{name}={value}"), &all, |record| record[name] == value.as_str());
    }
    let own = id(&all[4]);
    agrees(&mut api, path, &format!("id={own}"), &all, |record| record["_id"] == own.as_str());
    agrees(&mut api, path, "search=members%20area", &all, |record| has(&record["entitySourceName"], "members area"));
}

#[test]
fn the_subscription_list_counts_payments_when_asked() {
    let mut api = Api::new();
    let page = api.ok("/payments/subscriptions", "getPaymentsCollectedCount=true&limit=60");
    for subscription in page["data"].as_array().unwrap() {
        let query = format!("subscriptionId={}&limit=100", text(subscription, "subscriptionId"));
        let payments = api.ok("/payments/transactions", &query);
        let succeeded = payments["data"].as_array().unwrap().iter().filter(|t| t["status"] == "succeeded").count();
        assert_eq!(subscription["paymentsCollectedCount"], succeeded);
    }
    let page = api.ok("/payments/subscriptions", "");
    assert!(page["data"][0].get("paymentsCollectedCount").is_none());
}

#[test]
fn every_filter_of_the_coupon_list_works() {
    let mut api = Api::new();
    let path = "/payments/coupon/list";
    let all = api.all(path);
    for status in ["scheduled", "active", "expired"] {
        agrees(&mut api, path, &format!("status={status}"), &all, |coupon| coupon["status"] == status);
    }
    agrees(&mut api, path, "search=sale", &all, |coupon| has(&coupon["name"], "sale") || has(&coupon["code"], "sale"));
    agrees(&mut api, path, "search=summer15", &all, |coupon| coupon["code"] == "SUMMER15");
    assert!(api.ok(path, "")["traceId"].is_string());
}

#[test]
fn pages_hold_each_record_once_and_the_true_total() {
    let mut api = Api::new();
    for path in ["/payments/orders", "/payments/transactions", "/payments/subscriptions", "/payments/coupon/list"] {
        let all = api.all(path);
        let mut paged = Vec::new();
        while paged.len() < all.len() {
            let page = api.ok(path, &format!("limit=7&offset={}", paged.len()));
            assert_eq!(page["totalCount"], all.len());
            let data = page["data"].as_array().unwrap();
            assert!(!data.is_empty());
            paged.extend(data.iter().cloned());
        }
        assert_eq!(paged, all);
        let beyond = api.ok(path, &format!("offset={}", all.len()));
        assert_eq!((&beyond["data"], &beyond["totalCount"]), (&Value::from(vec![0; 0]), &Value::from(all.len())));
    }
    assert_eq!(api.ok("/payments/orders", "")["data"].as_array().unwrap().len(), 10);
}

#[test]
fn one_record_is_the_one_of_the_list() {
    let mut api = Api::new();
    for (list, one) in [
        ("/payments/orders", "/payments/orders"),
        ("/payments/transactions", "/payments/transactions"),
        ("/payments/subscriptions", "/payments/subscriptions"),
    ] {
        for summary in api.all(list).iter().step_by(17) {
            let record = api.ok(&format!("{one}/{}", id(summary)), "");
            for name in ["_id", "altId", "status", "currency", "contactId", "createdAt", "liveMode"] {
                assert_eq!(record[name], summary[name]);
            }
            assert_eq!(cents(&record["amount"]), cents(&summary["amount"]));
            assert!(record["traceId"].is_string() && record["contactSnapshot"]["email"].is_string());
        }
    }
}

#[test]
fn fulfillments_and_notes_belong_to_their_order() {
    let mut api = Api::new();
    let orders = api.all("/payments/orders");
    let mut notes = 0;
    for order in &orders {
        let list = api.ok(&format!("/payments/orders/{}/fulfillments", id(order)), "");
        assert_eq!(list["status"], true);
        let none = list["data"].as_array().unwrap().is_empty();
        assert_eq!(none, order["fulfillmentStatus"] == "unfulfilled");
        let list = api.ok(&format!("/payments/orders/{}/notes", id(order)), "");
        for note in list["data"].as_array().unwrap() {
            assert_eq!(note["orderId"], order["_id"]);
            notes += 1;
        }
    }
    assert!(notes > 50);
}

#[test]
fn an_unknown_record_is_404_in_the_shape_of_the_service() {
    let mut api = Api::new();
    let unknown = "000000000000000000000000";
    for path in [
        format!("/payments/orders/{unknown}"),
        format!("/payments/orders/{unknown}/fulfillments"),
        format!("/payments/orders/{unknown}/notes"),
        "/payments/orders/%2E%2E".into(),
        format!("/payments/transactions/{unknown}"),
        format!("/payments/subscriptions/{unknown}"),
    ] {
        let (status, body) = api.get(&path, "");
        assert_eq!((status, &body["status"], &body["name"]), (404, &404.into(), &"HttpException".into()), "{path}");
        assert!(body["traceId"].is_string() && has(&body["message"], "not found"));
    }
}

#[test]
fn the_checker_finds_nothing_to_repair_unless_drift_is_asked_for() {
    let mut api = Api::new();
    let mut check = |path: &str, query: &str, answer: Kind, fault: &str| {
        let url = format!("{path}?altId={}&altType=location&{query}", api.location);
        let mut body = api.faulty(fault, "GET", &url, None).body;
        ghl_payments::shape::check(&mut body, &*Box::leak(Box::new(answer))).expect("readable").drift_count
    };
    for (path, answer) in [
        ("/payments/orders", OrderList::KIND),
        ("/payments/transactions", TransactionList::KIND),
        ("/payments/subscriptions", SubscriptionList::KIND),
        ("/payments/coupon/list", CouponList::KIND),
    ] {
        assert_eq!(check(path, "limit=1000", answer, ""), 0, "{path}");
        for drift in ["quoted", "wrong"] {
            assert!(check(path, "limit=5", answer, &format!("drift={drift}")) >= 5, "{path} {drift}");
        }
    }
    let whitelabel = "/payments/integrations/provider/whitelabel";
    assert_eq!(check(whitelabel, "", WhitelabelList::KIND, ""), 0);
    assert_eq!(check(whitelabel, "limit=1", WhitelabelList::KIND, ""), 0, "one object is expected here");
}

#[test]
fn a_single_integration_comes_as_an_object_and_several_as_a_list() {
    let mut api = Api::new();
    let path = "/payments/integrations/provider/whitelabel";
    assert_eq!(api.ok(path, "")["providers"].as_array().unwrap().len(), 2);
    assert!(api.ok(path, "limit=1")["providers"].is_object());
    assert!(api.ok(path, "limit=1&offset=1")["providers"]["_id"].is_string());
    assert_eq!(api.ok(path, "offset=2")["providers"], Value::from(vec![0; 0]));
}
