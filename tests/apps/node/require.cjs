const { PaymentsClient } = require("ghl-payments");
const { fromEnvironment, orderIds, print } = require("./orders.js");

orderIds(PaymentsClient, fromEnvironment()).then(print);
