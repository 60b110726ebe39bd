//! Sets reqwest up so that it does one thing: write one request and read one answer.

use core::net::SocketAddr;

use countersign_core::Answer;
use reqwest::{Request, Url, redirect, retry};
use tokio::runtime::Handle;

use crate::error::HttpError;
use crate::exchange::{Fault, read};
use crate::pace::Paced;
use crate::settings::Settings;
use crate::target::Target;

pub(crate) struct Client {
    pub(crate) settings: Settings,
    client: reqwest::Client,
}

impl Client {
    pub(crate) fn new(settings: Settings) -> Result<Self, HttpError> {
        // `send` looks at the whole time last: if nothing could be written before it was up, then the
        // time to connect was up, too, and that is what is reported.
        let connect_timeout = settings.connect_timeout.min(settings.timeout / 10 * 9);
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(connect_timeout)
            .tcp_nodelay(true)
            // These do something only if another crate in the build has switched the features on.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .no_hickory_dns();
        #[cfg(feature = "rustls")]
        let builder =
            builder.tls_backend_preconfigured(crate::tls::config(settings.roots.as_deref())?);
        let client = builder.build().map_err(|_| HttpError::Client)?;
        Ok(Self { settings, client })
    }

    /// The address that is dialled in place of a host's own. Only names have one, and in the clear no
    /// name is permitted, so this is always in place of TLS.
    fn elsewhere(&self, target: &Target) -> Option<SocketAddr> {
        self.settings.dial.get(target.host()).copied()
    }

    /// Whether the target may be spoken to at all: encrypted, or to this machine.
    pub(crate) fn permits(&self, target: &Target) -> Result<(), Fault> {
        if !target.tls() && !target.loopback() {
            return Err(Fault::PlainHttp);
        }
        if target.tls() && !cfg!(feature = "rustls") && self.elsewhere(target).is_none() {
            return Err(Fault::NoTls);
        }
        Ok(())
    }

    /// Sends one request on a connection of its own and reads the answer.
    pub(crate) async fn send(
        &self,
        target: &Target,
        mut request: Request,
    ) -> Result<Answer, Fault> {
        self.permits(target)?;
        // reqwest panics without one.
        Handle::try_current().map_err(|_| Fault::NoRuntime)?;
        if let Some(address) = self.elsewhere(target) {
            dial(request.url_mut(), address).ok_or(Fault::Connect)?;
        }
        if let Some(body) = request.body_mut().take() {
            *request.body_mut() = Some(Paced::body(body));
        }
        let exchange = async {
            let sent = self.client.execute(request).await;
            read(sent.map_err(|error| Fault::sending(&error))?, self.settings.answer).await
        };
        // Not reqwest's own time, which is looked at before the connection: on a machine that was
        // halted for a moment both are up at once, and a request that never left would be in doubt.
        let in_time = tokio::time::timeout(self.settings.timeout, exchange).await;
        in_time.unwrap_or(Err(Fault::TimedOut))
    }
}

/// Turns a URL to a loopback address, in the clear. The address stands in it as a literal: the name
/// is not looked up, so nothing in the clear can go to the real one. The request keeps its `host`
/// header.
fn dial(url: &mut Url, address: SocketAddr) -> Option<()> {
    url.set_scheme("http").ok()?;
    url.set_ip_host(address.ip()).ok()?;
    url.set_port(Some(address.port())).ok()
}
