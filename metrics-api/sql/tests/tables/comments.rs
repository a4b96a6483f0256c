//! Comments of tables and columns, as `psql \d+` reads them.
#![expect(clippy::unwrap_used, reason = "a test says why it fails by panicking")]

use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_postgres::datafusion_pg_catalog::setup_pg_catalog;
use homeward_sql::DATABASE;
use homeward_sql::tables::add_comments;

use super::planted::{Devon, Login, lines};

async fn login(devon: &Devon) -> Login {
    let login = devon.login("internal-live", None);
    setup_pg_catalog(&login.context, DATABASE, EmptyContextProvider).unwrap();
    add_comments(&login.context, &devon.source).await.unwrap();
    login
}

#[tokio::test]
async fn every_table_and_column_has_its_text_of_the_dictionary_as_comment() {
    let devon = Devon::of(&[]);
    let login = login(&devon).await;
    let told = login
        .ask(
            "SELECT n.nspname, c.relname, a.attname, d.description FROM pg_catalog.pg_description d \
             JOIN pg_catalog.pg_class c ON c.oid = d.objoid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid \
             WHERE n.nspname IN ('outcomes', 'meta') AND d.objsubid > 0 ORDER BY 1, 2, 3",
        )
        .await;
    let written = login
        .ask("SELECT schema_name, table_name, column_name, description FROM meta.data_dictionary WHERE position > 0 ORDER BY 1, 2, 3")
        .await;
    assert_eq!(lines(&told), lines(&written));
    assert!(told.len() > 150, "{}", told.len());
}

#[tokio::test]
async fn the_functions_that_clients_call_answer_too() {
    let devon = Devon::of(&[]);
    let login = login(&devon).await;
    // Twice, and with the namespaces read in between: the numbers of tables must not move within a session.
    for _ in 0..2 {
        login.ask("SELECT * FROM pg_catalog.pg_namespace").await;
        login.ask("SELECT * FROM pg_catalog.pg_database").await;
        let rows = login
            .ask(
                "SELECT c.relname, obj_description(c.oid, 'pg_class'), obj_description(c.oid), col_description(c.oid, 1), \
                 col_description(c.oid, 999), shobj_description(c.oid, 'pg_database') \
                 FROM pg_catalog.pg_class c WHERE c.relname = 'figures_history'",
            )
            .await;
        let [name, of_table, plain, of_column, none, shared] = rows.into_iter().next().unwrap().try_into().unwrap();
        assert_eq!(name, "figures_history");
        assert!(of_table.starts_with("Every version that the figure"), "{of_table}");
        assert_eq!((&plain, of_column.as_str()), (&of_table, "Indicator id; see meta.indicators."));
        assert_eq!((none.as_str(), shared.as_str()), ("-", "-"));
    }
}
