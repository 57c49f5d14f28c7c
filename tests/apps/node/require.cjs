const { PaymentsClient } = require("ghl-payments");
const { frameHeaders } = require("ghl-payments/checkout");
const { fromEnvironment, orderIds, print } = require("./orders.js");

const { "content-security-policy": policy } = frameHeaders();
if (policy !== "frame-ancestors *") throw new Error(`unexpected headers: ${policy}`);

orderIds(PaymentsClient, fromEnvironment()).then(print);
