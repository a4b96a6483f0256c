//! `homeward health`: asks a running service how it is, for health checks of containers that have no other client.

use std::io::Write;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::arguments::HealthArguments;
use super::error::{CliError, Outcome};

/// A health check that takes longer is a failed one.
const PATIENCE: Duration = Duration::from_secs(5);
/// The reason of a failure is short; more of an answer is not read.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

/// Done when the answer is a success, failed when it is another one or none.
pub(super) async fn run(arguments: &HealthArguments, out: &mut (dyn Write + Send)) -> Result<Outcome, CliError> {
    let target = Target::parse(&arguments.url)?;
    let answer = match tokio::time::timeout(PATIENCE, target.ask()).await {
        Ok(answer) => answer,
        Err(_) => Err(std::io::Error::other(format!("no answer within {} seconds", PATIENCE.as_secs()))),
    };
    match answer.map(|text| Answer::read(&text)) {
        Ok(Some(answer)) => {
            writeln!(out, "{} {}", answer.status, answer.body)?;
            Ok(if (200..300).contains(&answer.status) { Outcome::Done } else { Outcome::Failed })
        }
        Ok(None) => {
            writeln!(out, "{} answered, but not in HTTP", arguments.url)?;
            Ok(Outcome::Failed)
        }
        Err(error) => {
            writeln!(out, "{} does not answer: {error}", arguments.url)?;
            Ok(Outcome::Failed)
        }
    }
}

/// Where to ask. Plain HTTP only: the listeners have no TLS of their own.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    authority: String,
    path: String,
}

impl Target {
    fn parse(url: &str) -> Result<Self, CliError> {
        let fault = || {
            CliError::argument(
                format!("'{url}' is not a URL that can be asked"),
                "write http://HOST:PORT/PATH, for example http://127.0.0.1:8640/readyz",
            )
        };
        let rest = url.strip_prefix("http://").ok_or_else(fault)?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/readyz"),
        };
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if authority.is_empty() || authority.contains('@') || url.contains(bad) {
            return Err(fault());
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority, path: path.to_owned() })
    }

    async fn ask(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.authority).await?;
        // HTTP/1.0: the body ends with the connection and is never chunked.
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", self.path, self.authority);
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    fn read(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, body: body.split_whitespace().collect::<Vec<_>>().join(" ") })
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_url_names_host_port_and_path() {
        let parsed = |url: &str| Target::parse(url).map(|target| (target.authority, target.path));
        let pair = |authority: &str, path: &str| (authority.to_owned(), path.to_owned());
        assert_eq!(parsed("http://127.0.0.1:8640/healthz").unwrap(), pair("127.0.0.1:8640", "/healthz"));
        assert_eq!(parsed("http://homeward").unwrap(), pair("homeward:80", "/readyz"));
        assert_eq!(parsed("http://[::1]:8640").unwrap(), pair("[::1]:8640", "/readyz"));
        for bad in ["https://a/", "a:1", "http://", "http://u:p@h/", "http://h/a b", "http://h/\r\nX: y"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }

    async fn asked(answer: &'static str) -> (Outcome, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/readyz", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /readyz HTTP/1.0\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let mut out = Vec::new();
        let outcome = run(&HealthArguments { url }, &mut out).await.unwrap();
        (outcome, String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn success_other_answers_and_silence_differ() {
        let (outcome, said) = asked("HTTP/1.0 200 OK\r\nA: b\r\n\r\nready\n").await;
        assert!(matches!(outcome, Outcome::Done), "{said}");
        assert_eq!(said, "200 ready\n");
        let (outcome, said) = asked("HTTP/1.1 503 Service Unavailable\r\n\r\n{\"detail\":\"a feed\n stopped\"}").await;
        assert!(matches!(outcome, Outcome::Failed), "{said}");
        assert_eq!(said, "503 {\"detail\":\"a feed stopped\"}\n");
        let (outcome, said) = asked("SSH-2.0\r\n").await;
        assert!(matches!(outcome, Outcome::Failed) && said.contains("not in HTTP"), "{said}");
        // A port that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut out = Vec::new();
        let outcome = run(&HealthArguments { url: format!("http://{free}") }, &mut out).await.unwrap();
        assert!(matches!(outcome, Outcome::Failed));
        assert!(String::from_utf8(out).unwrap().contains("does not answer"));
    }
}
