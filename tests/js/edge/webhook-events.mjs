// One event of each type that touches payments, with every field that HighLevel's examples have. The first field is the identity.

const order = {
    _id: "660ed43bfdf9fc05a0de7a40",
    locationId: "Z4Bxl8J4SaPEPLq9IQ8g",
    altId: "Z4Bxl8J4SaPEPLq9IQ8g",
    altType: "location",
    status: "pending",
    fulfillmentStatus: "unfulfilled",
    contactId: "ff2JstbQJfRuofXzeT0M",
    currency: "USD",
    amount: 150.1,
    liveMode: false,
    amountSummary: { subtotal: 138, discount: 0, tax: 12.1, shipping: 0 },
    taxSummary: [{ _id: "63770f5cecf298787c752075", name: "10%", calculation: "exclusive", rate: 10, amount: 12.1 }],
    source: { type: "website", subType: "store", id: "s1", name: "Shop", meta: { domain: "shop.test", pageUrl: "/checkout" } },
    createdAt: "2026-04-04T16:24:27.036Z",
    updatedAt: "2026-04-04T16:24:31.297Z",
    contactSnapshot: { id: "ff2JstbQJfRuofXzeT0M", firstName: "Ann", email: "ann@shop.test", dnd: false, tags: ["vip"], attachments: [] },
    items: [
        {
            name: "Shirt - XL",
            qty: 1,
            product: { _id: "p1", name: "Shirt", availableInStore: true, taxes: [{ _id: "t", __v: 0 }, "t2"], variants: [] },
            price: { _id: "q1", name: "XL", type: "one_time", currency: "USD", amount: 17, variantOptionIds: ["v1"] },
        },
    ],
};

const invoice = {
    _id: "6578278e879ad2646715ba9c",
    status: "paid",
    liveMode: false,
    amountPaid: 999,
    amountDue: 0,
    total: 999,
    altId: "Z4Bxl8J4SaPEPLq9IQ8g",
    altType: "location",
    name: "New Invoice",
    title: "INVOICE",
    invoiceNumber: "19",
    currency: "USD",
    businessDetails: { name: "Shop", address: "1 Street", phoneNo: "+1", website: "shop.test", logoUrl: "", customValues: ["x"] },
    contactDetails: {
        id: "c1",
        name: "Ann",
        customFields: ["x"],
        address: { countryCode: "US", addressLine1: "1", addressLine2: "", city: "X", state: "TX", postalCode: "559" },
        additionalEmails: [{ email: "bob@shop.test" }],
    },
    issueDate: "2026-01-01",
    dueDate: "2026-01-01",
    discount: { type: "percentage", value: 10 },
    invoiceItems: [{ taxes: [], _id: "i1", productId: "p1", priceId: "q1", currency: "USD", name: "Shirt", qty: 1, amount: 999 }],
    totalSummary: { subTotal: 999, discount: 0 },
    createdAt: "2026-12-12T09:27:42.355Z",
    updatedAt: "2026-12-12T09:27:42.355Z",
};

const product = {
    _id: "655b33a82209e60b6adb87a5",
    locationId: "Z4Bxl8J4SaPEPLq9IQ8g",
    name: "Shirt",
    productType: "PHYSICAL",
    availableInStore: true,
    medias: [{ id: "m1", title: "front", url: "https://shop.test/a.png", type: "image", isFeatured: true }],
    variants: [{ id: "v", name: "Size", options: [{ id: "o", name: "XL" }] }],
    createdAt: "2026-11-20T10:23:36.515Z",
};

const price = {
    _id: "655b33aa2209e60b6adb87a7",
    product: "655b33a82209e60b6adb87a5",
    priceType: "recurring",
    currency: "INR",
    amount: 199.5,
    recurring: { interval: "day", intervalCount: 1 },
    membershipOffers: [{ label: "top_50", value: "50", _id: "655b33aa2209e60b6adb87a7" }],
    trackInventory: null,
    allowOutOfStockPurchases: true,
};

const install = {
    appId: "6a5f00000000000000000001",
    versionId: "6a5f00000000000000000001",
    installType: "Location",
    locationId: "LOCxxxxxxxxxxxxxxx02",
    companyId: "COMxxxxxxxxxxxxxxx01",
    userId: "USRxxxxxxxxxxxxxxx01",
    isWhitelabelCompany: false,
    whitelabelDetails: { logoUrl: "", domain: "" },
    trial: {},
};

/** Type and fields. */
export const EVENTS = [
    ...["OrderCreate", "OrderStatusUpdate"].map((type) => [type, order]),
    ...["Create", "Update", "Sent", "Paid", "PartiallyPaid", "Void", "Delete"].map((what) => [`Invoice${what}`, invoice]),
    ...["Create", "Update", "Delete"].map((what) => [`Product${what}`, product]),
    ...["Create", "Update", "Delete"].map((what) => [`Price${what}`, price]),
    ["INSTALL", install],
    ["UNINSTALL", { appId: "6a5f00000000000000000001", locationId: "LOCxxxxxxxxxxxxxxx02" }],
    ["PLAN_CHANGE", { appId: "6a5f00000000000000000001", companyId: "c", userId: "u", currentPlanId: "a", newPlanId: "b" }],
];
