//! `octroi status`: what a running gateway says about itself on its admin listener.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Ended, complain, say};
use crate::config::Settings;

/// The longest answer that is read.
const LONGEST: u64 = 8 << 20;
const PATIENCE: Duration = Duration::from_secs(5);

/// Ask a running gateway for its status. Exit code 1 when it is not ready.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// The configuration that says where the admin listener is.
    #[arg(short, long, value_name = "FILE", required_unless_present = "admin")]
    config: Option<PathBuf>,
    /// The admin listener.
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "config")]
    admin: Option<SocketAddr>,
}

impl Status {
    pub(super) fn run(&self) -> Ended {
        match self.ask() {
            Ok(body) => {
                say(&body);
                let ready = serde_json::from_str::<serde_json::Value>(&body)
                    .is_ok_and(|status| status["ready"] == true);
                if ready { Ended::Fine } else { Ended::Refused }
            }
            Err(error) => {
                complain(error);
                Ended::Failed
            }
        }
    }

    fn ask(&self) -> Result<String, String> {
        let address = self.address()?;
        let told = |error: std::io::Error| format!("{address}: {error}");
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(told)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(told)?;
        let request = format!("GET /status HTTP/1.0\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(told)?;
        let mut answer = String::new();
        stream
            .take(LONGEST)
            .read_to_string(&mut answer)
            .map_err(told)?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .ok_or_else(|| format!("{address}: no HTTP answer"))?;
        if head.split(' ').nth(1) != Some("200") {
            return Err(format!(
                "{address}: {}",
                head.lines().next().unwrap_or_default()
            ));
        }
        Ok(body.to_owned())
    }

    fn address(&self) -> Result<SocketAddr, String> {
        if let Some(admin) = self.admin {
            return Ok(admin);
        }
        let Some(config) = &self.config else {
            return Err("name --config or --admin".to_owned());
        };
        let text = std::fs::read_to_string(config)
            .map_err(|error| format!("{}: {error}", config.display()))?;
        let mut address = Settings::read(config, &text).0.listen.admin.value;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        Ok(address)
    }
}
