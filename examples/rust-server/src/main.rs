//! Reads the account from the environment and serves on 127.0.0.1.

use ghl_payments::core::Config;
use std::env;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("{name} is not set"));
    let mut config = Config { location_id: Some(variable("GHL_LOCATION")?), ..Config::default() };
    if let Ok(base_url) = env::var("GHL_BASE_URL") {
        config.base_url = base_url;
    }
    let app = rust_server::app(variable("GHL_TOKEN")?, config)?;
    let port = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000_u16);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("open http://{}/orders", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
