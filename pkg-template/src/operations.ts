// The operations by their place in the core's ledger (`ALL` in src/endpoint/mod.rs). Constants, and not an enum: bundlers put the numbers where they are used.

export const createWhitelabel = 0;
export const listWhitelabel = 1;
export const listOrders = 2;
export const getOrder = 3;
export const recordPayment = 4;
export const createFulfillment = 5;
export const listFulfillments = 6;
export const listNotes = 7;
export const listTransactions = 8;
export const getTransaction = 9;
export const listSubscriptions = 10;
export const getSubscription = 11;
export const listCoupons = 12;
export const getCoupon = 13;
export const createCoupon = 14;
export const updateCoupon = 15;
export const deleteCoupon = 16;
export const createProvider = 17;
export const deleteProvider = 18;
export const getProviderConfig = 19;
export const connectProvider = 20;
export const disconnectProvider = 21;
export const updateCapabilities = 22;

// Behind the ledger: a payment that is looked for before it would be sent again.
export const recordPaymentOnce = 23;
