//! The board's pages of months and of data quality.

use homeward_transform::feedback::{DataQuality, Measure, Quality, Share};

use super::*;

#[tokio::test]
async fn every_definition_with_months_stands_on_the_page_of_months_by_itself() {
    let house = House::planted("internal-live").await;
    let (status, page) = house.get("/months").await;
    assert_eq!(status, 200);
    for definition in Catalogue::builtin().unwrap().iter() {
        let stands = page.contains(&format!("<h3 id=\"{}\">", definition.id));
        assert_eq!(stands, definition.has_months(), "{}", definition.id);
    }
    for words in [
        "Provision of quality services and safe care",
        "UCR two-hour response, month by month: All providers reporting here, basis live",
        "<td class=\"n\">27</td><td class=\"n\">40</td><td class=\"n\">67.5%</td><td class=\"n\">52.0 to 79.9</td><td>live, not over</td>",
        "UCR waits in bands by band",
        "<th scope=\"row\">90-105</th><td class=\"n\">27</td>",
        "<th scope=\"row\">Over 120</th><td class=\"n\">13</td>",
        "basis best: Best case (UCR-BEST)",
        "href=\"/area/provider/NR5/months\"",
        "href=\"/data-quality\"",
        "released under internal-live/1",
    ] {
        assert!(page.contains(words), "'{words}' is not on the page:\n{page}");
    }
    let (_, board) = house.get("/area/provider/NR5").await;
    assert!(board.contains("href=\"/area/provider/NR5/months\""), "{board}");
    let (status, network) = house.get("/area/pcn/U72848/months").await;
    assert_eq!(status, 200);
    let (_, network) = network.split_once("<main").unwrap();
    assert!(!network.contains("67.5%") && network.contains("no data."), "a month under way of a network: {network}");
    let (_, definition) = house.get("/indicator/community-contacts").await;
    assert!(definition.contains("/months#community-contacts") && !definition.contains("/#community-contacts"));
    house.close().await;
    let house = House::planted("public-hes").await;
    let (_, page) = house.get("/months").await;
    assert!(page.contains("<td class=\"n\">25</td><td class=\"n\">40</td><td class=\"n\">62.5%</td>"), "{page}");
    assert!(!page.contains(">27<") && !page.contains("27 of 40"), "{page}");
    house.close().await;
}

#[tokio::test]
async fn data_quality_stands_on_the_board_by_provider_and_month() {
    let share = Share { numerator: 98, denominator: 103 };
    let mut quality = Quality::default().with_share(Measure::Source, share);
    quality.orphans = 3;
    for (policy, shown, orphans) in
        [("internal-live", "95.1% (98 of 103)", ">3<"), ("public-hes", "95.2% (100 of 105)", ">suppressed<")]
    {
        let (snapshot, catalogue) = planted::snapshot().await;
        let months = ["2025-02-01", "2025-04-01"].map(|month| (Arc::from("NR5"), month.parse().unwrap(), quality));
        let snapshot = snapshot.with_data_quality(DataQuality::of(months));
        let house = House::open(Some(snapshot), catalogue, policy, None).await;
        let (status, list) = house.get("/data-quality").await;
        assert!(status == 200 && list.contains("href=\"/data-quality/NR5\""), "{list}");
        assert!(list.contains("April 2025") && !list.contains("February 2025"), "the newest month alone: {list}");
        let (status, own) = house.get("/data-quality/NR5").await;
        assert_eq!(status, 200);
        for words in [shown, orphans, "Source of referral", "Negative waits", "no submission counts", "February 2025"] {
            assert!(list.contains(words) || own.contains(words), "'{words}': {own}");
        }
        assert!(own.contains("March 2025"), "a month without a submission is seen: {own}");
        for path in ["/reconciliation/NR5/2025-06", "/area/provider/NR5"] {
            assert!(house.get(path).await.1.contains("href=\"/data-quality/NR5\""), "{path}");
        }
        house.close().await;
    }
}
