// The views that are not the first: one file, because together they compress far better than each by itself.

export { openConnect } from "../connect.js";
export { openExport } from "../export.js";
export { breakIt } from "./breakit.js";
export { coupon } from "./coupon.js";
export { coupons } from "./coupons.js";
export { inspector } from "./inspector.js";
export { order } from "./order.js";
export { overview } from "./overview.js";
export { providers } from "./providers.js";
export { subscription } from "./subscription.js";
export { subscriptions } from "./subscriptions.js";
export { transaction } from "./transaction.js";
export { transactions } from "./transactions.js";
