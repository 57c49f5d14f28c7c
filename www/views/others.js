// The views that are not the first: one file, because together they compress far better than each by itself.

import { breakIt } from "./breakit.js";
import { coupon } from "./coupon.js";
import { coupons } from "./coupons.js";
import { inspector } from "./inspector.js";
import { order } from "./order.js";
import { overview } from "./overview.js";
import { providers } from "./providers.js";
import { subscription } from "./subscription.js";
import { subscriptions } from "./subscriptions.js";
import { transaction } from "./transaction.js";
import { transactions } from "./transactions.js";

export { openConnect } from "../connect.js";
export { openExport } from "../export.js";

/** What draws columns, a file of its own. */
export const chart = () => import("../chart.js");

/** By their addresses. */
export const VIEWS = {
    overview,
    "orders/:id": order,
    transactions,
    "transactions/:id": transaction,
    subscriptions,
    "subscriptions/:id": subscription,
    coupons,
    "coupons/:id": coupon,
    providers,
    inspector,
    "break-it": breakIt,
};
