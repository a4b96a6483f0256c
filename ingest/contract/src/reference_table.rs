//! Small CSV tables of reference data, whose faults name table, line and mend.

/// Why reference data cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {fault}")]
pub struct ReferenceError {
    /// Which table.
    pub file: &'static str,
    /// Line of the table, the header being line 1.
    pub line: u64,
    /// What is wrong and how to mend it.
    pub fault: String,
}

/// A table read whole, its columns found by name.
pub(crate) struct CsvTable {
    file: &'static str,
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

/// One row of a table, which knows where it stands.
pub(crate) struct CsvRow<'t> {
    table: &'t CsvTable,
    row: &'t csv::StringRecord,
}

impl CsvTable {
    pub(crate) fn read(file: &'static str, text: &str) -> Result<CsvTable, ReferenceError> {
        let fault = |error: &csv::Error| ReferenceError {
            file,
            line: error.position().map_or(1, csv::Position::line),
            fault: format!("not a CSV table with one header row and equal rows ({error})"),
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| fault(&error))?.clone();
        let rows = reader.records().collect::<Result<Vec<_>, _>>().map_err(|error| fault(&error))?;
        Ok(CsvTable { file, header, rows })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = CsvRow<'_>> {
        self.rows.iter().map(|row| CsvRow { table: self, row })
    }
}

impl CsvRow<'_> {
    /// The value of a column, which may be empty.
    pub(crate) fn text(&self, column: &str) -> Result<&str, ReferenceError> {
        self.table
            .header
            .iter()
            .position(|name| name == column)
            .and_then(|place| self.row.get(place))
            .ok_or_else(|| self.fault(&format!("the column {column} is missing; add it to the header")))
    }

    /// The value of a column that must not be empty.
    pub(crate) fn code(&self, column: &str) -> Result<String, ReferenceError> {
        let code = self.text(column)?;
        if code.is_empty() {
            return Err(self.fault(&format!("{column} is empty; give every row a code")));
        }
        Ok(code.to_owned())
    }

    /// An error that names this row.
    pub(crate) fn fault(&self, fault: &str) -> ReferenceError {
        let line = self.row.position().map_or(0, csv::Position::line);
        ReferenceError { file: self.table.file, line, fault: fault.to_owned() }
    }
}
