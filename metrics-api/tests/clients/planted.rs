//! The planted referrals, and what they must come to.

use chrono::{DateTime, Duration, SecondsFormat, SubsecRound as _, Utc};

/// Providers with referrals and how many of them were seen within two hours; the first is the one that scripts ask for.
pub(crate) const PROVIDERS: [(&str, i64, i64); 3] = [("NR5", 40, 27), ("RH8", 12, 10), ("RK9", 5, 3)];

/// Practices of three networks, taken in turn, so that every level of area has figures.
const PRACTICES: [&str; 3] = ["L83870", "L83880", "L83890"];

/// All referrals, seen ones and a clock that runs; every clock of a provider starts ten minutes before the last one.
pub(crate) fn events(now: DateTime<Utc>) -> Vec<(String, String)> {
    let mut events = Vec::new();
    for (provider, referrals, met) in PROVIDERS {
        for number in 0..referrals {
            let start = now - Duration::hours(30) - Duration::minutes(10 * number);
            let minutes = if number < met { 99 } else { 121 };
            events.push(received(provider, number, start));
            events.push(seen(provider, number, start + Duration::minutes(minutes)));
        }
    }
    let (provider, referrals, _) = PROVIDERS[0];
    events.push(received(provider, referrals, now - Duration::minutes(100)));
    events
}

/// One more referral, received at `start`: key and payload.
pub(crate) fn received(provider: &str, number: i64, start: DateTime<Utc>) -> (String, String) {
    let practice = PRACTICES[usize::try_from(number).unwrap_or_default() % PRACTICES.len()];
    let start = start.trunc_subsecs(0).to_rfc3339_opts(SecondsFormat::Secs, true);
    let data = format!(
        r#""OrgID_Commissioner":"15N","person":{{"pseudonym":"vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg","keyVersion":3,"ageYears":84,"lsoa":"E01999901","practice":"{practice}"}},"ReferralRequest_ReceivedDateTime":"{start}","RTT_StartDateTime":"{start}","WaitingTime_MeasurementType":"05","sourceGroup":"999","TeamType":"51""#
    );
    event(provider, number, "referral-received", 1, &start, &data)
}

fn seen(provider: &str, number: i64, end: DateTime<Utc>) -> (String, String) {
    let end = end.trunc_subsecs(0).to_rfc3339_opts(SecondsFormat::Secs, true);
    let data = format!(
        r#""CareContactID":"CC-{number}","Contact_DateTime":"{end}","ConsMechanism":"01","AttendanceStatus":"5","stopsClock":true,"RTT_EndDateTime":"{end}""#
    );
    event(provider, number, "first-contact", 2, &end, &data)
}

fn event(provider: &str, number: i64, kind: &str, version: i64, time: &str, data: &str) -> (String, String) {
    let key = format!("{provider}|SRI-{number}");
    let source = provider.to_lowercase();
    let id = format!(
        "{:08x}-0000-4000-8000-{number:010}{version:02}",
        provider.bytes().fold(7_u32, |id, byte| id * 31 + u32::from(byte))
    );
    let payload = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"uk.nhs.{source}.ucr-feed","type":"ucr-{kind}-1","time":"{time}","subject":"{key}","datacontenttype":"application/json","versionid":"{version}","data":{{"OrgID_Provider":"{provider}","ServiceRequestID":"SRI-{number}",{data}}}}}"#
    );
    (key, payload)
}
