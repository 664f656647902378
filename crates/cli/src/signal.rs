//! Signals that end the program.

use std::io;

use crate::failure::CommandFailure;

/// A signal, by its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndSignal {
    /// Ctrl-C.
    Interrupt,
    /// The system or the parent process, or the terminal was closed.
    Terminate,
}

impl EndSignal {
    /// Returns the exit code of the process, by the shells' custom: 128 and the signal's number.
    const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Listens to signals from the moment that it is made.
pub(crate) struct SignalListener {
    #[cfg(unix)]
    signals: [(tokio::signal::unix::Signal, EndSignal); 3],
    #[cfg(windows)]
    signals: (tokio::signal::windows::CtrlC, tokio::signal::windows::CtrlClose),
}

impl SignalListener {
    /// Begins to listen.
    pub(crate) fn new() -> Result<Self, CommandFailure> {
        Self::listen()
            .map_err(|error| CommandFailure::new(format!("This system doesn't tell when Ctrl-C is pressed: {error}.")))
    }

    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [
            (signal(SignalKind::interrupt())?, EndSignal::Interrupt),
            (signal(SignalKind::terminate())?, EndSignal::Terminate),
            (signal(SignalKind::hangup())?, EndSignal::Terminate),
        ];
        Ok(Self { signals })
    }

    #[cfg(windows)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_close};
        Ok(Self { signals: (ctrl_c()?, ctrl_close()?) })
    }

    /// Waits for the next signal.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> EndSignal {
        let [(interrupt, first), (terminate, second), (hang_up, third)] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => *first,
            _ = terminate.recv() => *second,
            _ = hang_up.recv() => *third,
        }
    }

    /// Waits for the next signal.
    #[cfg(windows)]
    pub(crate) async fn next(&mut self) -> EndSignal {
        let (interrupt, close) = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => EndSignal::Interrupt,
            _ = close.recv() => EndSignal::Terminate,
        }
    }
}

/// Does `work` until it is done or a signal ends it; then `message` makes the failure's text.
pub(crate) async fn unless_ended<T>(
    work: impl Future<Output = Result<T, CommandFailure>>,
    message: impl FnOnce() -> String,
) -> Result<T, CommandFailure> {
    let mut listener = SignalListener::new()?;
    tokio::select! {
        result = work => result,
        signal = listener.next() => Err(CommandFailure::ended(message(), signal.exit_code())),
    }
}

/// Makes the failure of a command that a signal ended.
pub(crate) fn ended(signal: EndSignal, message: impl Into<String>) -> CommandFailure {
    CommandFailure::ended(message, signal.exit_code())
}
