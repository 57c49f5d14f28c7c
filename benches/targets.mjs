// What issue 14 asks of this package: the whole call as a multiple of the raw one, by engine and case.

export const TARGETS = {
    Node: { page: 1.2, ascii: 1.45, reordered: 1.2, large: 0.98, repairs: 1.1, one: 2.5, empty: 2.6 },
    Chromium: { page: 1.35, ascii: 1.45, reordered: 1.4, large: 1.2, repairs: 1.3, one: 2.5, empty: 2.6 },
    workerd: { page: 1.4, ascii: 1.45, reordered: 1.45, large: 1.12, repairs: 1.25, one: 3, empty: 3.5 },
    Firefox: { page: 1.5, large: 1.3, repairs: 1.4 },
    loopback: { Node: { page: 1.2 }, Chromium: { page: 1.3 }, workerd: { page: 1.3 } },
};
