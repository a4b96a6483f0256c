use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{AsArray as _, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::schema::fact_schema;

use super::fault::FaultPlan;
use super::*;
use crate::quarantine::QUARANTINE_TABLE;

const TOPIC: &str = "homeward.csds";

/// Rows of a fact table at these offsets of partition 0: columns that may not be null get a dull value.
fn facts(table: Table, offsets: &[i64]) -> RecordBatch {
    let rows = offsets.len();
    let schema = fact_schema(table);
    let columns = schema.fields().iter().map(|field| -> arrow::array::ArrayRef {
        match (field.name().as_str(), field.data_type()) {
            ("topic", _) => Arc::new(StringArray::from(vec![TOPIC; rows])),
            ("partition", _) => Arc::new(Int32Array::from(vec![0; rows])),
            ("offset", _) => Arc::new(Int64Array::from(offsets.to_vec())),
            (_, kind) if field.is_nullable() => new_null_array(kind, rows),
            (_, DataType::Utf8) => Arc::new(StringArray::from(vec!["x"; rows])),
            (_, DataType::Boolean) => Arc::new(BooleanArray::from(vec![false; rows])),
            (_, kind) => arrow::compute::cast(&Int32Array::from(vec![0; rows]), &DataType::Int64)
                .and_then(|zeros| arrow::compute::cast(&zeros, kind))
                .or_else(|_| arrow::compute::cast(&Int32Array::from(vec![0; rows]), kind))
                .unwrap(),
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

/// A stand-in for the quarantine table: only the place of each refused record.
fn refused(offsets: &[i64]) -> RecordBatch {
    let rows = offsets.len();
    RecordBatch::try_from_iter([
        ("topic", Arc::new(StringArray::from(vec![TOPIC; rows])) as _),
        ("partition", Arc::new(Int32Array::from(vec![0; rows])) as _),
        ("offset", Arc::new(Int64Array::from(offsets.to_vec())) as _),
    ])
    .unwrap()
}

fn advance(from: i64, next: i64) -> Vec<OffsetAdvance> {
    vec![OffsetAdvance { topic: TOPIC.to_owned(), partition: 0, from, next }]
}

/// Offsets `from..next` of a CSDS partition: by remainder of 4 a header, a referral, a clock or a refusal.
fn batch(from: i64, next: i64) -> FeedCommit {
    let of = |remainder: i64| (from..next).filter(|offset| offset % 4 == remainder).collect::<Vec<_>>();
    let table = |table: Table, remainder: i64| (table, facts(table, &of(remainder)));
    FeedCommit {
        feed: Feed::Csds,
        tables: vec![table(Table::Cyp000Header, 0), table(Table::Cyp101Referral, 1), table(Table::Cyp104Rtt, 2)],
        quarantine: Some(refused(&of(3))),
        offsets: advance(from, next),
    }
}

async fn stored_offsets(lake: &Lake, table: &str) -> Vec<i64> {
    let mut offsets = Vec::new();
    for batch in lake.read_columns(table, &["offset"]).await.unwrap() {
        offsets.extend(batch.column(0).as_primitive::<Int64Type>().values().iter().copied());
    }
    offsets.sort_unstable();
    offsets
}

/// Every offset of `0..next` is in exactly one table, exactly once.
async fn assert_conserved(lake: &Lake, next: i64) {
    let mut all = Vec::new();
    for table in [QUARANTINE_TABLE, "csds_cyp000_header", "csds_cyp101_referral", "csds_cyp104_rtt"] {
        all.extend(stored_offsets(lake, table).await);
    }
    all.sort_unstable();
    assert_eq!(all, (0..next).collect::<Vec<_>>());
    let frontier = lake.frontier(Feed::Csds).await.unwrap();
    assert_eq!(frontier.get(&(TOPIC.to_owned(), 0)), Some(&next));
}

#[tokio::test]
async fn a_batch_lands_whole_and_moves_the_frontier() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    assert!(lake.frontier(Feed::Csds).await.unwrap().is_empty());
    let receipt = lake.commit(batch(0, 8)).await.unwrap();
    assert_eq!((receipt.rows, receipt.skipped_rows), (8, 0));
    let next = lake.commit(batch(8, 12)).await.unwrap();
    assert_eq!(next.version, receipt.version + 1);
    assert_conserved(&lake, 12).await;
    let reopened = Lake::open(dir.path()).unwrap();
    assert_conserved(&reopened, 12).await;
}

#[tokio::test]
async fn a_batch_without_rows_still_moves_the_frontier() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    let empty = FeedCommit { feed: Feed::Ucr, tables: vec![], quarantine: None, offsets: advance(5, 9) };
    lake.commit(empty).await.unwrap();
    assert_eq!(lake.frontier(Feed::Ucr).await.unwrap().get(&(TOPIC.to_owned(), 0)), Some(&9));
}

#[tokio::test]
async fn a_late_writer_is_fenced_and_older_offsets_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (owner, zombie) = (Lake::open(dir.path()).unwrap(), Lake::open(dir.path()).unwrap());
    owner.commit(batch(0, 4)).await.unwrap();
    zombie.commit(batch(4, 8)).await.unwrap();
    for stale in [batch(4, 12), batch(0, 4), batch(9, 12)] {
        let lost = owner.commit(stale).await.unwrap_err();
        assert!(matches!(lost, LakeError::Fenced { stored: Some(8), .. }), "{lost}");
    }
    owner.commit(batch(8, 12)).await.unwrap();
    assert_conserved(&zombie, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_concurrent_writers_each_batch_has_one_winner() {
    let dir = tempfile::tempdir().unwrap();
    let writers: Vec<_> = (0..3).map(|_| Lake::open(dir.path()).unwrap()).collect();
    writers[0].commit(batch(0, 4)).await.unwrap();
    let race = writers.iter().map(|lake| async move {
        let mut won = 0;
        loop {
            let from = lake.frontier(Feed::Csds).await.unwrap()[&(TOPIC.to_owned(), 0)];
            if from >= 40 {
                return won;
            }
            match lake.commit(batch(from, from + 4)).await {
                Ok(_) => won += 1,
                Err(LakeError::Fenced { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
    let won: usize = futures::future::join_all(race).await.into_iter().sum();
    assert_eq!(won, 9);
    assert_conserved(&writers[2], 40).await;
}

#[tokio::test]
async fn a_crash_before_any_commit_of_a_batch_is_healed_by_replay() {
    // A batch makes four log entries; the first batch also creates the four tables with one entry each. A replay
    // may cut the batch elsewhere, shorter or longer.
    for crash_at in 1..=8 {
        for cut in [6, 8, 11] {
            let dir = tempfile::tempdir().unwrap();
            let plan = Arc::new(FaultPlan::die_at("_delta_log/0000", crash_at));
            let doomed = Lake::open_with_gate(dir.path(), Arc::clone(&plan) as _).unwrap();
            doomed.commit(batch(0, 8)).await.unwrap_err();
            assert!(plan.has_fired());

            let lake = Lake::open(dir.path()).unwrap();
            assert!(lake.frontier(Feed::Csds).await.unwrap().is_empty());
            lake.commit(batch(0, cut)).await.unwrap();
            lake.commit(batch(cut, 16)).await.unwrap();
            assert_conserved(&lake, 16).await;
        }
    }
}

#[tokio::test]
async fn a_row_outside_its_batch_is_a_defect() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    let mut stray = batch(0, 4);
    stray.tables.push((Table::Cyp101Referral, facts(Table::Cyp101Referral, &[99])));
    let error = lake.commit(stray).await.unwrap_err();
    assert!(matches!(error, LakeError::Defect { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Defect);
    assert!(lake.frontier(Feed::Csds).await.unwrap().is_empty());
}

fn offsets_of_rows(fact: &FactCommit) -> Vec<(Table, i64)> {
    let mut seen = Vec::new();
    for batch in &fact.batches {
        let offsets = batch.column_by_name("offset").unwrap().as_primitive::<Int64Type>();
        seen.extend(offsets.values().iter().map(|offset| (fact.table, *offset)));
    }
    seen
}

async fn drain(follower: &mut Follower) -> Vec<(Table, i64)> {
    let mut seen = Vec::new();
    loop {
        let facts = follower.poll().await.unwrap();
        if facts.is_empty() {
            return seen;
        }
        seen.extend(facts.iter().flat_map(offsets_of_rows));
    }
}

#[tokio::test]
async fn followers_see_every_row_once_across_restart_compaction_and_another_process() {
    let dir = tempfile::tempdir().unwrap();
    let (lake, other) = (Lake::open(dir.path()).unwrap(), Lake::open(dir.path()).unwrap());
    let (mut near, mut far) = (lake.follow(Feed::Csds), other.follow(Feed::Csds));
    assert!(near.poll().await.unwrap().is_empty());
    let (mut from_near, mut from_far) = (Vec::new(), Vec::new());
    for from in (0..40).step_by(8) {
        lake.commit(batch(from, from + 8)).await.unwrap();
        from_near.extend(drain(&mut near).await);
        if from == 16 {
            from_far.extend(drain(&mut far).await);
            let report = lake.compact("csds_cyp104_rtt").await.unwrap();
            assert!(report.files_removed == 3 && report.files_added == 1, "{report:?}");
        }
    }
    from_far.extend(drain(&mut far).await);
    let mut late = Vec::new();
    late.extend(drain(&mut Lake::open(dir.path()).unwrap().follow(Feed::Csds)).await);
    let offsets = |seen: &[(Table, i64)], table: Table| -> Vec<i64> {
        let mut offsets: Vec<_> = seen.iter().filter(|(of, _)| *of == table).map(|(_, offset)| *offset).collect();
        offsets.sort_unstable();
        offsets
    };
    let clocks: Vec<i64> = (0..40).filter(|offset| offset % 4 == 2).collect();
    assert!(from_near.is_sorted_by_key(|(_, offset)| offset / 8), "commits of a live follower come in order");
    for seen in [&from_near, &from_far, &late] {
        assert_eq!(offsets(seen, Table::Cyp104Rtt), clocks);
        assert_eq!(seen.len(), 30);
    }
    assert_conserved(&lake, 40).await;
}

#[tokio::test]
async fn an_anchor_commit_comes_with_or_after_all_rows_of_its_batch() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    let mut follower = lake.follow(Feed::Csds);
    lake.commit(batch(0, 8)).await.unwrap();
    let facts = follower.poll().await.unwrap();
    assert_eq!(facts.last().map(|fact| fact.table), Some(Table::Cyp000Header));
}

#[tokio::test]
async fn a_follower_of_some_columns_reads_no_others_back() {
    let dir = tempfile::tempdir().unwrap();
    Lake::open(dir.path()).unwrap().commit(batch(0, 8)).await.unwrap();
    // Another process: nothing of the commit is in memory.
    let lake = Lake::open(dir.path()).unwrap();
    let wanted = |table| (table == Table::Cyp104Rtt).then(|| vec!["row_number", "known_at"]);
    let mut follower = lake.follow_columns(Feed::Csds, wanted);
    let mut seen = BTreeMap::new();
    for fact in follower.poll().await.unwrap() {
        let names = |batch: &RecordBatch| batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let columns: Vec<String> = names(&fact.batches[0]);
        seen.insert(fact.table, columns);
    }
    assert_eq!(seen[&Table::Cyp104Rtt], ["row_number", "known_at"]);
    assert_eq!(seen[&Table::Cyp101Referral].len(), fact_schema(Table::Cyp101Referral).fields().len());
}

/// The rows of `facts`, of one submission.
fn facts_of(id: &str, table: Table, offsets: &[i64]) -> RecordBatch {
    let facts = facts(table, offsets);
    let at = facts.schema().index_of("submission_id").unwrap();
    let mut columns = facts.columns().to_vec();
    columns[at] = Arc::new(StringArray::from(vec![id; offsets.len()]));
    RecordBatch::try_new(facts.schema(), columns).unwrap()
}

#[tokio::test]
async fn a_follower_of_one_submission_reads_its_files_alone() {
    let dir = tempfile::tempdir().unwrap();
    let near = Lake::open(dir.path()).unwrap();
    for (offset, id) in (0..).zip(["NR5-202504-A", "NR5-202504-B", "NR5-202505-A", "NR5-202504-A", "NR5-202506-A"]) {
        for table in [Table::Cyp104Rtt, Table::CsdsRefusedRow] {
            near.append(table.name(), facts_of(id, table, &[offset])).await.unwrap();
        }
    }
    // Another process: nothing of the commits is in memory.
    let far = Lake::open(dir.path()).unwrap();
    let mut follower = far.follow(Feed::Csds).of_submissions(BTreeSet::from([Arc::from("NR5-202504-A")]));
    let seen = drain(&mut follower).await;
    let of = |table| seen.iter().filter(|(of, _)| *of == table).map(|(_, offset)| *offset).collect::<Vec<_>>();
    assert_eq!((of(Table::Cyp104Rtt), of(Table::CsdsRefusedRow)), (vec![0, 3], vec![0, 3]));
    assert_eq!(follower.files(), FilesRead { read: 4, passed_over: 6 });
    // So it goes on, commit by commit; and packed files, whose statistics deltalake writes, tell the same.
    for (offset, id) in [(5, "NR5-202504-A"), (6, "NR5-202504-B")] {
        near.append(Table::Cyp104Rtt.name(), facts_of(id, Table::Cyp104Rtt, &[offset])).await.unwrap();
    }
    assert_eq!(drain(&mut follower).await, [(Table::Cyp104Rtt, 5)]);
    assert_eq!(follower.files(), FilesRead { read: 5, passed_over: 7 });
    near.compact(Table::Cyp104Rtt.name()).await.unwrap();
    let far = Lake::open(dir.path()).unwrap();
    for (id, read) in [("NR5-202504-B", 1), ("NR5-202503-A", 0), ("NR5-202507-A", 0)] {
        let mut follower = far
            .follow_columns(Feed::Csds, |_| Some(vec!["topic", "partition", "offset"]))
            .of_submissions(BTreeSet::from([Arc::from(id)]));
        let seen = drain(&mut follower).await;
        let packed = seen.iter().filter(|(table, _)| *table == Table::Cyp104Rtt).count();
        assert_eq!(packed, read * 7, "{id}: a packed file is read whole or not at all");
    }
}

/// A lake of an earlier version lacks what a table gained since: that is null in every way of reading, until a commit widens
/// the table.
#[tokio::test]
async fn columns_that_an_older_lake_lacks_are_read_as_null() {
    let dir = tempfile::tempdir().unwrap();
    let name = Table::CsdsRefusedRow.name();
    let now = facts(Table::CsdsRefusedRow, &[0, 1]);
    let gained = ["row_key", "parent_key"];
    let kept: Vec<usize> =
        (0..now.num_columns()).filter(|at| !gained.contains(&now.schema().field(*at).name().as_str())).collect();
    Lake::open(dir.path()).unwrap().append(name, now.project(&kept).unwrap()).await.unwrap();
    // Another process: nothing of the commit is in memory.
    let lake = Lake::open(dir.path()).unwrap();
    let nulls = |batches: &[RecordBatch]| -> Vec<usize> {
        gained
            .map(|column| batches.iter().map(|batch| batch.column_by_name(column).unwrap().null_count()).sum::<usize>())
            .to_vec()
    };
    assert_eq!(nulls(&lake.read_columns(name, &gained).await.unwrap()), [2, 2]);
    assert_eq!(nulls(&lake.read(name).await.unwrap()), [2, 2]);
    let wanted = |_: Table| Some(vec!["row_key", "parent_key", "row_number"]);
    let mut followers = [lake.follow(Feed::Csds), lake.follow_columns(Feed::Csds, wanted)];
    for follower in &mut followers {
        assert_eq!(nulls(&follower.poll().await.unwrap()[0].batches), [2, 2]);
    }
    // A column that no version of the table has is still refused.
    assert!(matches!(lake.read_columns(name, &["x"]).await, Err(LakeError::Schema { .. })));
    lake.append(name, facts(Table::CsdsRefusedRow, &[2])).await.unwrap();
    for follower in &mut followers {
        let told = follower.poll().await.unwrap();
        assert_eq!(told.iter().flat_map(|fact| &fact.batches).map(RecordBatch::num_rows).sum::<usize>(), 1);
    }
    let whole = lake.read(name).await.unwrap();
    assert_eq!((whole.iter().map(RecordBatch::num_rows).sum::<usize>(), nulls(&whole)), (3, vec![3, 3]));
}

/// A batch of few tables makes those and touches no other: thirty-seven tables cost nothing until they are sent.
#[tokio::test]
async fn a_batch_commits_only_to_the_tables_it_touches() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    lake.commit(batch(0, 8)).await.unwrap();
    let made = ["csds_cyp000_header", "csds_cyp101_referral", "csds_cyp104_rtt", QUARANTINE_TABLE];
    assert_eq!(lake.table_names().unwrap().into_iter().collect::<BTreeSet<_>>(), made.map(str::to_owned).into());
    let referrals = lake.version("csds_cyp101_referral").await.unwrap();
    let activities = FeedCommit {
        feed: Feed::Csds,
        tables: vec![(Table::Cyp202CareActivity, facts(Table::Cyp202CareActivity, &[8, 9]))],
        quarantine: None,
        offsets: advance(8, 10),
    };
    lake.commit(activities).await.unwrap();
    assert_eq!(lake.version("csds_cyp101_referral").await.unwrap(), referrals);
    assert_eq!(stored_offsets(&lake, "csds_cyp202_care_activity").await, [8, 9]);
    assert_eq!(lake.frontier(Feed::Csds).await.unwrap().into_values().collect::<Vec<_>>(), [10]);
}

#[tokio::test]
async fn offsets_survive_checkpoints_and_upkeep() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    for from in (0..24).step_by(4) {
        lake.commit(batch(from, from + 4)).await.unwrap();
    }
    let policy = UpkeepPolicy { checkpoint_commits: 4, small_files_max: 3, ..UpkeepPolicy::default() };
    let report = lake.upkeep(&policy).await.unwrap();
    assert_eq!((report.checkpoints, report.compactions), (4, 4));
    let idle = lake.upkeep(&policy).await.unwrap();
    assert_eq!(idle, UpkeepReport::default());
    lake.commit(batch(24, 28)).await.unwrap();
    let reopened = Lake::open(dir.path()).unwrap();
    assert_conserved(&reopened, 28).await;
    reopened.commit(batch(28, 32)).await.unwrap();
    assert_eq!(lake.vacuum("csds_cyp104_rtt", 0).await.unwrap(), 6);
    assert_conserved(&lake, 32).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upkeep_and_commits_do_not_hinder_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    lake.commit(batch(0, 4)).await.unwrap();
    let written = AtomicBool::new(false);
    let writer = async {
        for from in (4..80).step_by(4) {
            lake.commit(batch(from, from + 4)).await.unwrap();
        }
        written.store(true, Ordering::Relaxed);
    };
    // However the two are scheduled, the round after the last commit still finds small files to pack.
    let keeper = async {
        let other = Lake::open(dir.path()).unwrap();
        let policy = UpkeepPolicy {
            checkpoint_commits: 3,
            small_files_max: 2,
            vacuum_after_hours: 1,
            ..UpkeepPolicy::default()
        };
        let (mut compactions, mut last_round) = (0, false);
        while !last_round {
            last_round = written.load(Ordering::Relaxed);
            compactions += other.upkeep(&policy).await.unwrap().compactions;
        }
        assert!(compactions > 0, "nothing was compacted");
    };
    futures::future::join(writer, keeper).await;
    assert_conserved(&lake, 80).await;
    assert_conserved(&Lake::open(dir.path()).unwrap(), 80).await;
}

/// A reader in a process of its own, so that it reads files, while another commits and a third packs and vacuums.
#[tokio::test]
async fn a_reader_follows_through_commits_compaction_and_vacuum_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (lake, other, keeper) =
        (Lake::open(dir.path()).unwrap(), Lake::open(dir.path()).unwrap(), Lake::open(dir.path()).unwrap());
    let policy =
        UpkeepPolicy { checkpoint_commits: 3, small_files_max: 2, vacuum_after_hours: 1, ..UpkeepPolicy::default() };
    let mut follower = other.follow(Feed::Csds);
    let (mut seen, mut compactions) = (Vec::new(), 0);
    for from in (0..24).step_by(4) {
        let commit = lake.commit(batch(from, from + 4));
        let (committed, upkeep, facts) = futures::future::join3(commit, keeper.upkeep(&policy), follower.poll()).await;
        committed.unwrap();
        compactions += upkeep.unwrap().compactions;
        seen.extend(facts.unwrap().iter().flat_map(offsets_of_rows));
    }
    assert!(compactions > 0, "nothing was compacted");
    seen.extend(drain(&mut follower).await);
    let mut offsets: Vec<i64> = seen.into_iter().map(|(_, offset)| offset).collect();
    offsets.sort_unstable();
    assert_eq!(offsets, (0..24).filter(|offset| offset % 4 != 3).collect::<Vec<_>>());
}

/// Nothing is passed over in silence when the files that a sleeper still needs are gone.
#[tokio::test]
async fn a_reader_that_slept_past_vacuum_is_told_so_and_can_begin_again() {
    let dir = tempfile::tempdir().unwrap();
    let (lake, other) = (Lake::open(dir.path()).unwrap(), Lake::open(dir.path()).unwrap());
    let mut sleeper = other.follow(Feed::Csds);
    lake.commit(batch(0, 8)).await.unwrap();
    assert_eq!(drain(&mut sleeper).await.len(), 6);
    for from in [8, 16] {
        lake.commit(batch(from, from + 8)).await.unwrap();
    }
    lake.compact("csds_cyp104_rtt").await.unwrap();
    assert_eq!(lake.vacuum("csds_cyp104_rtt", 0).await.unwrap(), 3);
    let error = sleeper.poll().await.unwrap_err();
    assert!(matches!(&error, LakeError::ReadTooLate { table, .. } if table == "csds_cyp104_rtt"), "{error}");
    assert_eq!(drain(&mut other.follow(Feed::Csds)).await.len(), 18);
}

#[tokio::test]
async fn own_tables_take_new_columns_but_refuse_changed_ones() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    let numbers = |name: &str| {
        RecordBatch::try_from_iter_with_nullable([(name, Arc::new(Int64Array::from(vec![1, 2])) as _, true)]).unwrap()
    };
    assert_eq!(lake.version("figures").await.unwrap(), None);
    assert!(lake.read("figures").await.unwrap().is_empty());
    let first = lake.append("figures", numbers("n")).await.unwrap();
    assert_eq!(lake.version("figures").await.unwrap(), Some(first));
    lake.append("figures", numbers("m")).await.unwrap();
    let rows: Vec<_> = lake.read("figures").await.unwrap();
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 4);
    assert_eq!(rows[0].num_columns(), 2);
    assert_eq!(lake.read_columns("figures", &["m"]).await.unwrap()[0].num_columns(), 1);
    assert!(matches!(lake.read_columns("figures", &["x"]).await, Err(LakeError::Schema { .. })));

    let words = Schema::new(vec![Field::new("n", DataType::Utf8, true)]);
    let words = RecordBatch::try_new(Arc::new(words), vec![Arc::new(StringArray::from(vec!["two"]))]).unwrap();
    let refused = lake.append("figures", words).await.unwrap_err();
    assert!(matches!(refused, LakeError::Schema { .. }), "{refused}");
    assert!(matches!(lake.append("../up", numbers("n")).await, Err(LakeError::TableName(_))));
}

#[tokio::test]
async fn commits_wake_whoever_waits() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    let mut commits = lake.commits();
    assert!(!commits.has_changed().unwrap());
    lake.commit(batch(0, 4)).await.unwrap();
    commits.changed().await.unwrap();
}
