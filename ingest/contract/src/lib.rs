//! What Homeward agrees to read and to store: feeds, record shapes, code lists, keys, time and identity rules,
//! reject codes and reference data.
//!
//! The crate is pure. It opens no file, starts no task and, outside [`clock`], reads no clock; the reference tables
//! are compiled in from `reference/`. Everything else in Homeward depends on it, so a rule that two rooms must agree
//! on (which instant a local time means, which number is a valid NHS number, which key an entity has) lives here once.
//!
//! | Module | Decides |
//! |---|---|
//! | [`feed`] | which feeds and lake tables exist, and which table carries a feed's frontier |
//! | [`item`] | the data items of CSDS and how each is stored, read from `reference/csds_fields.csv` and `csds_handling.csv` |
//! | [`version`] | what differs between versions of CSDS, read from `reference/csds_versions.csv` |
//! | [`code_list`] | the code lists of CSDS, read from `reference/csds_codes.csv` |
//! | [`schema`] | the Arrow columns of each fact table and where each column comes from |
//! | [`time`] | local times, clock changes, whole minutes |
//! | [`identity`] | NHS numbers, pseudonyms |
//! | [`codes`] | how dirty codes become canonical ones |
//! | [`event`] | the eight UCR event types and their closed lists |
//! | [`state`] | the feeds of whole states and their items, read from `reference/state_items.csv` |
//! | [`state_page`] | those feeds in words: the page `docs/events.md` |
//! | [`adt`] | the events and patient classes of HL7 v2 that are taken |
//! | [`submission`] | a CSDS submission and the shape of its records on Kafka |
//! | [`manifest`] | how many rows a submission sent, which makes it whole or not |
//! | [`content`] | whether two files of one submission are the same |
//! | [`decision`] | withdrawing and reinstating a submission |
//! | [`calendar`] | working days, submission windows, Primary and Refresh |
//! | [`geography`] | organisations, networks and practices |
//! | [`deprivation`] | how deprived neighbourhoods are, and which are CORE20 |
//! | [`reject`] | every reason for which a record is refused, filtered or flagged |
//! | [`dictionary`] | the tables of CSDS in words: the page `docs/csds-tables.md` |
//! | [`clock`] | where "now" comes from |

pub mod adt;
pub mod calendar;
pub mod clock;
pub mod code_list;
pub mod codes;
pub mod content;
pub mod decision;
pub mod deprivation;
pub mod dictionary;
pub mod event;
pub mod feed;
pub mod geography;
pub mod identity;
pub mod item;
pub mod manifest;
pub mod population;
pub mod published;
mod reference_table;
pub mod reject;
pub mod rules;
pub mod schema;
pub mod standard_population;
pub mod state;
pub mod state_page;
pub mod submission;
pub mod time;
pub mod version;
