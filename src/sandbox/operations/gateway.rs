//! What payment gateways say about a charge, whatever record it belongs to.

use crate::json::joined;
use crate::sandbox::account::rows::Provider;
use crate::sandbox::account::state::Account;
use crate::sandbox::json::Members;
use crate::sandbox::text::digits;

/// The account at the payment provider, of those that are HighLevel's own.
pub fn connected_account(account: &Account, provider: Provider) -> Option<String> {
    (!matches!(provider, Provider::Manual(_) | Provider::Custom)).then(|| account.rng(provider.name(), 0).hex(24))
}

/// The address of a contact's computer, out of the range for examples.
pub fn ip_address(account: &Account, contact: u32) -> String {
    joined(&["203.0.113.", &digits(1 + account.rng("addresses", contact as usize).below(254) as u64, 1)])
}

/// Adds `paymentProvider`.
pub fn provider(account: &Account, provider: Provider, out: &mut Members<'_>) {
    let mut out = out.object("paymentProvider");
    out.text("type", provider.name());
    if let Some(id) = connected_account(account, provider) {
        let mut connected = out.object("connectedAccount");
        connected.text("_id", &id);
        connected.end();
    }
    out.end();
}
