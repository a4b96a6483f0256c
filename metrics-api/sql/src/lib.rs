//! SQL over the PostgreSQL wire: read-only, bounded, and through one release policy a role.
