import { PaymentsClient } from "ghl-payments";
import { frameHeaders } from "ghl-payments/checkout";
import { fromEnvironment, orderIds, print } from "./orders.js";

const { "content-security-policy": policy } = frameHeaders();
if (policy !== "frame-ancestors *") throw new Error(`unexpected headers: ${policy}`);

print(await orderIds(PaymentsClient, fromEnvironment()));
