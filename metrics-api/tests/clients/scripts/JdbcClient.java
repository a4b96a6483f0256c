// pgjdbc: metadata, prepared statements in text and binary, cursors by fetch size, read-only, cancel, query timeout.
// Run as a single file: java -cp /usr/share/java/postgresql.jar JdbcClient.java
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeSet;

public final class JdbcClient {
    private static int passed;

    private static void check(String what, Object seen, Object wanted) {
        if (!Objects.equals(seen, wanted)) {
            System.err.println(what + ": seen " + seen + ", wanted " + wanted);
            System.exit(1);
        }
        passed++;
    }

    private interface Call {
        void run() throws SQLException;
    }

    private static SQLException refused(String what, Call call) {
        try {
            call.run();
        } catch (SQLException error) {
            passed++;
            return error;
        }
        check(what, "answered", "refused");
        return null;
    }

    private static String env(String name) {
        return System.getenv(name);
    }

    private static final String EXPECTED = "HOMEWARD_EXPECTED_";

    private static String expected(String name) {
        return Objects.requireNonNull(env(EXPECTED + name), name);
    }

    private static final String VIEW = expected("VIEW");
    private static final String QUERY =
        "SELECT numerator, denominator, value, as_of, area_name, band FROM outcomes." + VIEW
        + " WHERE basis = ? AND level = ? AND area = ? AND period = ?";

    private static Connection connect(String... more) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", env("PGUSER"));
        properties.setProperty("password", env("PGPASSWORD"));
        properties.setProperty("sslmode", env("PGSSLMODE"));
        if (env("PGSSLROOTCERT") != null) {
            properties.setProperty("sslrootcert", env("PGSSLROOTCERT"));
        }
        for (int at = 0; at < more.length; at += 2) {
            properties.setProperty(more[at], more[at + 1]);
        }
        String url = "jdbc:postgresql://" + env("PGHOST") + ":" + env("PGPORT") + "/" + env("PGDATABASE");
        return DriverManager.getConnection(url, properties);
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = connect()) {
            metadata(connection.getMetaData());
            prepared(connection, 12);
            connection.setReadOnly(true);
            prepared(connection, 1);
            connection.setAutoCommit(false);
            portions(connection);
            prepared(connection, 1);
            connection.commit();
            savepoint(connection);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            prepared(connection, 1);
            connection.rollback();
            connection.setAutoCommit(true);
            connection.setReadOnly(false);
            refused("create", () -> connection.createStatement().execute("CREATE TABLE outcomes.mine (a int)"));
            refused("truncate", () -> connection.createStatement().execute("TRUNCATE outcomes.figures"));
            check("valid", connection.isValid(5), true);
            stopped(connection);
        }
        // Names and behaviour that data tools set on their connections.
        try (Connection connection = connect(
                "ApplicationName", "DBeaver", "preferQueryMode", "simple", "options", "-c statement_timeout=20s")) {
            prepared(connection, 1);
        }
        try (Connection connection = connect("binaryTransfer", "false", "prepareThreshold", "1")) {
            prepared(connection, 3);
        }
        SQLException error = refused("a wrong password", () -> connect("password", "wrong").close());
        check("state of a wrong password", error.getSQLState(), "28P01");
        System.out.println(passed + " checks passed");
    }

    private static void metadata(DatabaseMetaData metadata) throws SQLException {
        check("kind of server", metadata.getDatabaseProductName(), "PostgreSQL");
        check("user", metadata.getUserName(), env("PGUSER"));
        TreeSet<String> schemas = new TreeSet<>();
        try (ResultSet rows = metadata.getSchemas()) {
            while (rows.next()) {
                schemas.add(rows.getString("TABLE_SCHEM"));
            }
        }
        check("schemas", schemas.contains("outcomes") && schemas.contains("meta"), true);
        try (ResultSet rows = metadata.getCatalogs()) {
            check("a catalogue", rows.next(), true);
            check("its name", rows.getString("TABLE_CAT"), expected("DATABASE"));
        }
        Map<String, String> comments = new HashMap<>();
        try (ResultSet rows = metadata.getTables(null, "outcomes", "%", new String[] {"TABLE", "VIEW"})) {
            while (rows.next()) {
                comments.put(rows.getString("TABLE_NAME"), rows.getString("REMARKS"));
            }
        }
        check("views", comments.containsKey(VIEW), true);
        check("comment of figures", comments.get("figures"), expected("FIGURES_COMMENT"));
        Map<String, Integer> types = new HashMap<>();
        Map<String, String> remarks = new HashMap<>();
        try (ResultSet rows = metadata.getColumns(null, "outcomes", VIEW, "%")) {
            while (rows.next()) {
                types.put(rows.getString("COLUMN_NAME"), rows.getInt("DATA_TYPE"));
                remarks.put(rows.getString("COLUMN_NAME"), rows.getString("REMARKS"));
            }
        }
        check("type of numerator", types.get("numerator"), Types.BIGINT);
        check("type of value", types.get("value"), Types.DOUBLE);
        check("type of as_of", types.get("as_of"), Types.TIMESTAMP);
        check("type of area", types.get("area"), Types.VARCHAR);
        check("comment of numerator", remarks.get("numerator"), expected("NUMERATOR_COMMENT"));
        try (ResultSet rows = metadata.getPrimaryKeys(null, "outcomes", VIEW)) {
            check("no primary key", rows.next(), false);
        }
        try (ResultSet rows = metadata.getIndexInfo(null, "outcomes", VIEW, false, true)) {
            check("no index", rows.next(), false);
        }
        try (ResultSet rows = metadata.getImportedKeys(null, "outcomes", VIEW)) {
            check("no foreign key", rows.next(), false);
        }
        try (ResultSet rows = metadata.getTypeInfo()) {
            check("types", rows.next(), true);
        }
        check("keywords", metadata.getSQLKeywords() != null, true);
        check("functions", metadata.getNumericFunctions().contains("abs"), true);
    }

    private static void bind(PreparedStatement statement) throws SQLException {
        statement.setString(1, expected("BASIS"));
        statement.setString(2, expected("LEVEL"));
        statement.setString(3, expected("AREA"));
        statement.setString(4, expected("PERIOD"));
    }

    /** More runs than prepareThreshold: the driver then names the statement and asks for binary results. */
    private static void prepared(Connection connection, int times) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(QUERY)) {
            bind(statement);
            check("columns before the first run", statement.getMetaData().getColumnCount(), 6);
            check("parameters", statement.getParameterMetaData().getParameterCount(), 4);
            for (int time = 0; time < times; time++) {
                try (ResultSet row = statement.executeQuery()) {
                    check("a row", row.next(), true);
                    check("numerator", row.getLong(1), Long.valueOf(expected("NUMERATOR")));
                    check("denominator", row.getLong(2), Long.valueOf(expected("DENOMINATOR")));
                    check("value", row.getDouble(3), Double.valueOf(expected("VALUE")));
                    OffsetDateTime asOf = row.getObject(4, OffsetDateTime.class);
                    check("as of moves on", asOf.toInstant().isBefore(OffsetDateTime.parse(expected("AS_OF")).toInstant()), false);
                    check("area name", row.getString(5), expected("AREA_NAME"));
                    check("no band", row.getObject(6), null);
                    check("one row", row.next(), false);
                }
            }
        }
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT count(*) FROM outcomes." + VIEW + " WHERE denominator >= ? AND as_of >= ?")) {
            statement.setLong(1, 1);
            statement.setObject(2, OffsetDateTime.parse(expected("AS_OF")));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                check("a number and an instant as parameters", row.getLong(1) > 0, true);
            }
        }
    }

    /** Rows in portions: portals that are suspended and run on. */
    private static void portions(Connection connection) throws SQLException {
        String question = "SELECT area FROM outcomes.figures ORDER BY 1";
        StringBuilder whole = new StringBuilder();
        StringBuilder portions = new StringBuilder();
        for (StringBuilder into : new StringBuilder[] {whole, portions}) {
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(into == whole ? 0 : 3);
                try (ResultSet rows = statement.executeQuery(question)) {
                    while (rows.next()) {
                        into.append(rows.getString(1)).append(' ');
                    }
                }
            }
        }
        check("portions of three", portions.toString(), whole.toString());
    }

    private static void savepoint(Connection connection) throws SQLException {
        var savepoint = connection.setSavepoint("here");
        refused("a name that is not there", () -> connection.createStatement().executeQuery("SELECT nowhere"));
        connection.rollback(savepoint);
        prepared(connection, 1);
        connection.releaseSavepoint(savepoint);
        connection.commit();
    }

    private static void stopped(Connection connection) throws Exception {
        String slow = expected("SLOW_QUERY");
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            SQLException error = refused("a query past its timeout", () -> statement.executeQuery(slow));
            check("its state", error.getSQLState(), "57014");
        }
        try (Statement statement = connection.createStatement()) {
            var seen = new SQLException[1];
            Thread thread = new Thread(() -> {
                try {
                    statement.executeQuery(slow);
                } catch (SQLException error) {
                    seen[0] = error;
                }
            });
            thread.start();
            // A cancel that comes before the query is harmless and lost: it is sent until the query ends.
            while (thread.isAlive()) {
                statement.cancel();
                thread.join(100);
            }
            check("cancelled", seen[0] != null && "57014".equals(seen[0].getSQLState()), true);
        }
        prepared(connection, 1);
    }
}
