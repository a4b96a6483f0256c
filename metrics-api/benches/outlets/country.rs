//! A country of the size of England: seven regions, 42 integrated care boards, and as many providers as asked for.
//! Every code and name is made up.

use std::fmt::Write as _;

use homeward_contract::geography::Geography;
use homeward_simulator::load::LoadSender;

use crate::stand::Fault;

const REGIONS: usize = 7;
const BOARDS: usize = 42;

/// Regions, boards and providers; no networks, as the load's records name no practice.
pub(crate) fn geography(providers: usize) -> Result<Geography, Fault> {
    let mut organisations =
        "code,name,type,parent,successor_code,successor_date\nNational,England,national,,,\n".to_owned();
    for region in 0..REGIONS {
        writeln!(organisations, "Y{region:02},Region {region},region,National,,")?;
    }
    for board in 0..BOARDS {
        writeln!(organisations, "Q{board:02},Board {board},icb,Y{:02},,", board % REGIONS)?;
    }
    for provider in 0..providers {
        writeln!(organisations, "{},Provider {provider},provider,,,", code(provider))?;
    }
    Ok(Geography::from_csv(&organisations, "code,name,practices,lcp\n", "code,pcn\n")?)
}

/// Codes of the providers.
pub(crate) fn codes(providers: usize) -> Vec<String> {
    (0..providers).map(code).collect()
}

/// Each provider works for one board.
pub(crate) fn senders(providers: usize) -> Vec<LoadSender> {
    let sender = |number| LoadSender { provider: code(number), commissioner: format!("Q{:02}", number % BOARDS) };
    (0..providers).map(sender).collect()
}

fn code(provider: usize) -> String {
    format!("T{provider:03}")
}
