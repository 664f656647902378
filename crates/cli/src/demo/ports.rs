//! Ports that no other program listens on.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;

use crate::failure::CommandFailure;

/// A port of the demo: the option that sets it, and the one that is taken without it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PortChoice {
    /// The option.
    pub option: &'static str,
    /// The option's value.
    pub asked: Option<u16>,
    /// The port without it.
    pub usual: u16,
}

/// Listens on this machine: at the port that was asked for, else at the usual one, else at any that is free.
pub(crate) async fn listen(wish: PortChoice) -> Result<TcpListener, CommandFailure> {
    let PortChoice { option, asked, usual } = wish;
    if let Some(port) = asked {
        return bind(port).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => CommandFailure::new(format!(
                "Port {port} is taken by another program: name a free one with {option}, or leave {option} out to have one chosen."
            )),
            _ => CommandFailure::new(format!("Port {port} can't be used: {error}. Name another one with {option}.")),
        });
    }
    if let Ok(listener) = bind(usual).await {
        return Ok(listener);
    }
    bind(0).await.map_err(|error| CommandFailure::new(format!("No port of this machine can be used: {error}.")))
}

async fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Returns the port of a listener.
pub(crate) fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().map(|address| address.port()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_an_error_only_if_it_was_asked_for() {
        let taken = bind(0).await.unwrap();
        let usual = port(&taken);
        let wish = PortChoice { option: "--port", asked: None, usual };
        assert_ne!(port(&listen(wish).await.unwrap()), usual);
        let failure = listen(PortChoice { asked: Some(usual), ..wish }).await.unwrap_err();
        assert!(
            failure.message().starts_with(&format!("Port {usual} is taken by another program")),
            "{}",
            failure.message()
        );
    }
}
