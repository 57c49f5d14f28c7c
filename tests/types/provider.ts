// A provider's secret: one, or one for each mode, at least one.

import { createProvider, type ApiKeySource, type ProviderOptions } from "ghl-payments/edge";

declare const source: ApiKeySource;
declare const given: ProviderOptions;
const marketplaceAppId = "65f0b217a05c774da7f1efa5";

createProvider(given);
createProvider({ apiKey: "k", marketplaceAppId });
createProvider({ apiKey: source, apiKeys: undefined, marketplaceAppId, unit: "major" });
createProvider({ apiKey: async ({ locationId, mode }) => `${locationId}${mode}`, marketplaceAppId });
createProvider({ apiKeys: { live: source, test: () => "k" }, marketplaceAppId });
createProvider({ apiKeys: { live: "k" }, marketplaceAppId });
createProvider({ apiKeys: { live: undefined, test: "k" }, apiKey: undefined, marketplaceAppId });

// @ts-expect-error without a secret
createProvider({ marketplaceAppId });
// @ts-expect-error a secret that may be missing
createProvider({ apiKey: undefined, marketplaceAppId });
// @ts-expect-error both
createProvider({ apiKey: "k", apiKeys: { live: "k" }, marketplaceAppId });
// @ts-expect-error no mode
createProvider({ apiKeys: {}, marketplaceAppId });
// @ts-expect-error there is no such mode
createProvider({ apiKeys: { sandbox: "k" }, marketplaceAppId });
// @ts-expect-error without the app
createProvider({ apiKey: "k" });
