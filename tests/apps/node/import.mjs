import { PaymentsClient } from "ghl-payments";
import { fromEnvironment, orderIds, print } from "./orders.js";

print(await orderIds(PaymentsClient, fromEnvironment()));
