//! Carries the client's requests with reqwest.

use ghl_payments::core::{Error, Request, Response};
use ghl_payments::transport::{Interrupted, Interruption, TokenRequest, Transport};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A transport for servers: one connection pool, one token.
pub struct Reqwest {
    http: reqwest::Client,
    token: String,
}

impl Reqwest {
    /// Sends with this access token or private integration token.
    pub fn new(token: String) -> reqwest::Result<Self> {
        // A redirect would carry the token to wherever it leads.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, token })
    }

    async fn exchange(&self, request: &Request, token: Option<&str>) -> Result<Response, Interrupted> {
        let method = request.method.as_str().parse().map_err(|_| interrupted(false, "the method is none"))?;
        let mut builder = self.http.request(method, &request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(token) = token {
            builder = builder.bearer_auth(token);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let mut answer = builder.send().await.map_err(|error| {
            // Only a connection that was never made proves that nothing was sent.
            let sent = !(error.is_connect() || error.is_builder());
            interrupted(sent, if sent { "the connection failed" } else { "the server could not be reached" })
        })?;
        let (status, limit) = (answer.status().as_u16(), request.max_response_bytes as usize);
        let mut body = Vec::new();
        let mut cut = false;
        while let Some(chunk) = answer.chunk().await.map_err(|_| Interrupted {
            status: Some(status),
            ..interrupted(true, "the connection failed before the whole answer came")
        })? {
            body.extend_from_slice(&chunk);
            if body.len() > limit {
                body.truncate(limit);
                cut = true;
                break;
            }
        }
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        Ok(Response { cut, ..Response::read(status, &header, body) })
    }
}

impl Transport for Reqwest {
    async fn send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Result<Response, Interrupted> {
        let limit = Duration::from_millis(timeout_ms.into());
        let late = |_| Interrupted {
            how: Interruption::Timeout,
            sent: true,
            status: None,
            message: "no whole answer came in time",
        };
        tokio::time::timeout(limit, self.exchange(request, token)).await.map_err(late)?
    }

    async fn sleep(&self, ms: f64) -> bool {
        // Longer than a year is for ever.
        tokio::time::sleep(Duration::from_secs_f64((ms / 1000.0).clamp(0.0, 31_536_000.0))).await;
        true
    }

    fn now_ms(&self) -> f64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }

    async fn token(&self, request: TokenRequest<'_>) -> Result<Option<String>, Error> {
        // There is no other one than that which was refused.
        Ok(request.refused.is_none().then(|| self.token.clone()))
    }
}

fn interrupted(sent: bool, message: &'static str) -> Interrupted {
    Interrupted { how: Interruption::Network, sent, status: None, message }
}
