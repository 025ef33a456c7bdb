//! A real Kannel: `bearerbox` and `smsbox` in processes of their own, configured as docs/kannel.md
//! describes it, and the SMSCs that they talk to.
//!
//! The SMSC for texts in the alphabet of GSM is Kannel's `fake` one, whose client writes and reads a
//! line per message. It cannot bring UTF-16, which the `http` one takes from an operator's server.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use tempfile::TempDir;

use super::process::Process;
use super::{PATIENCE, free_port, poll};

/// Page with the configuration.
const PAGE: &str = include_str!("../../../docs/kannel.md");

/// Credentials that the page has.
pub(crate) const USERNAME: &str = "crosswire";
pub(crate) const PASSWORD: &str = "change-me";

/// Message that arrived at a phone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sms {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
}

pub(crate) struct Kannel {
    dir: TempDir,
    sendsms_port: u16,
    /// Ports of the admin interface, the smsbox, and the SMSCs `fake` and `http`.
    ports: [u16; 4],
    processes: Mutex<Vec<Process>>,
    line: Mutex<Option<TcpStream>>,
    received: Arc<Mutex<Vec<Sms>>>,
}

impl Kannel {
    /// Chooses the ports of a Kannel that is not started yet.
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            sendsms_port: free_port(),
            ports: std::array::from_fn(|_| free_port()),
            processes: Mutex::default(),
            line: Mutex::default(),
            received: Arc::default(),
        }
    }

    pub(crate) fn sendsms_url(&self) -> String {
        format!("http://127.0.0.1:{}/cgi-bin/sendsms", self.sendsms_port)
    }

    /// Starts it with these parts of the page's configuration replaced, and waits until its SMSCs are
    /// connected.
    pub(crate) fn start(&self, replaced: &[(&str, &str)]) {
        let config = self.dir.path().join("kannel.conf");
        std::fs::write(&config, self.config(replaced)).unwrap();
        self.spawn("bearerbox");
        let line = poll(PATIENCE, || TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports[2])).ok());
        let line = line.unwrap_or_else(|| panic!("bearerbox does not start\n{}", self.logs()));
        let (reader, received) = (line.try_clone().unwrap(), Arc::clone(&self.received));
        std::thread::spawn(move || read_lines(reader, &received));
        *self.line.lock().unwrap() = Some(line);
        self.spawn("smsbox");
        for port in [self.ports[3], self.sendsms_port] {
            let ready = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok();
            assert!(poll(PATIENCE, ready).is_some(), "Kannel does not start\n{}", self.logs());
        }
    }

    /// Configuration of the page, with the groups that every Kannel has, and SMSCs for tests.
    fn config(&self, replaced: &[(&str, &str)]) -> String {
        let [admin, smsbox, fake, http] = self.ports;
        let sendsms = self.sendsms_port.to_string();
        let own = [("13013", sendsms.as_str()), ("http-queue-delay = 10", "http-queue-delay = 1")];
        let page = own.iter().chain(replaced).fold(block("kannel"), |page, (from, to)| {
            assert!(page.contains(from), "{from} is not in the page's configuration");
            page.replace(from, to)
        });
        format!(
            "group = core\nadmin-port = {admin}\nadmin-password = x\nsmsbox-port = {smsbox}\n\
             box-allow-ip = 127.0.0.1\ndlr-storage = internal\n\n\
             group = smsc\nsmsc = fake\nsmsc-id = fake\nport = {fake}\n\
             connect-allow-ip = 127.0.0.1\n\n\
             group = smsc\nsmsc = http\nsmsc-id = http\nsystem-type = kannel\nport = {http}\n\
             smsc-username = a\nsmsc-password = b\nsend-url = \"http://127.0.0.1:9/\"\n\
             connect-allow-ip = 127.0.0.1\ndenied-prefix = \"+\"\n\n{page}"
        )
    }

    fn spawn(&self, program: &str) {
        let log = File::create(self.dir.path().join(format!("{program}.log"))).unwrap();
        // Distributions put both where only root looks for programs.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "PATH=$PATH:/usr/sbin; exec \"$@\"", "sh", program]);
        command.args(["-v", "1", "kannel.conf"]);
        command.current_dir(self.dir.path()).stdin(std::process::Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.processes.lock().unwrap().push(Process::spawn(&mut command, self.dir.path()));
    }

    /// Brings a text of the alphabet of GSM to the line, as the SMSC `fake`.
    pub(crate) fn bring(&self, sms: &Sms) {
        let line = format!("{} {} text {}\n", sms.from, sms.to, sms.text);
        let mut connection = self.line.lock().unwrap();
        connection.as_mut().expect("started").write_all(line.as_bytes()).unwrap();
    }

    /// Brings a text in UTF-16 to the line, as the SMSC `http`.
    pub(crate) async fn bring_utf_16(&self, client: &reqwest::Client, sms: &Sms) {
        let units: Vec<u8> = sms.text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let escaped = |bytes: &[u8]| percent_encode(bytes, NON_ALPHANUMERIC).to_string();
        let [from, to, text] = [sms.from.as_bytes(), sms.to.as_bytes(), &units].map(escaped);
        let url = format!(
            "http://127.0.0.1:{}/?username=a&password=b&from={from}&to={to}&text={text}\
             &coding=2&charset=UTF-16BE",
            self.ports[3]
        );
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{}", self.logs());
    }

    /// Messages that phones have received, the segments of a longer one apart.
    pub(crate) fn received(&self) -> Vec<Sms> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until phones have received this many messages.
    pub(crate) async fn wait_for(&self, count: usize, patience: Duration) -> Vec<Sms> {
        let enough = async {
            while self.received.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let is_enough = tokio::time::timeout(patience, enough).await.is_ok();
        assert!(is_enough, "{} of {count} arrived\n{}", self.received().len(), self.logs());
        self.received()
    }

    /// Last lines of the logs of both processes.
    fn logs(&self) -> String {
        ["bearerbox", "smsbox"]
            .map(|name| {
                let log =
                    std::fs::read(self.dir.path().join(format!("{name}.log"))).unwrap_or_default();
                let log = String::from_utf8_lossy(&log).into_owned();
                let lines: Vec<&str> = log.lines().rev().take(30).collect();
                format!("--- {name}\n{}\n", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
            })
            .concat()
    }
}

/// Blocks of the page that are fenced as this language.
pub(crate) fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    PAGE.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// First of them.
pub(crate) fn block(language: &str) -> String {
    blocks(language).swap_remove(0)
}

fn read_lines(connection: TcpStream, received: &Mutex<Vec<Sms>>) {
    let mut lines = BufReader::new(connection);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let sms = parsed(String::from_utf8_lossy(&line).trim_end_matches('\n'));
        received.lock().unwrap().push(sms);
        line.clear();
    }
}

/// Message of a line: sender, recipient, type and content, and with the type `udh` a header before
/// another type and content.
fn parsed(line: &str) -> Sms {
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let (from, to, kind, content) = (word(), word(), word(), word());
    let text = match kind.as_str() {
        "text" => content,
        "ucs-2" => utf_16(&content),
        _ => format!("{kind} {content}"),
    };
    Sms { from, to, text }
}

fn utf_16(escaped: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(&escaped.replace('+', " ")).collect();
    let units: Vec<u16> =
        bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).unwrap()
}
