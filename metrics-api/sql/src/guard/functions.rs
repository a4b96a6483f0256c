//! Functions that exist in a session. Whatever the engine brings besides is taken away before a client connects.
//!
//! What is missing on purpose: everything that reads files, servers or the process (`read_csv`, `pg_ls_dir`,
//! `metadata`), everything whose result can be longer than what went in by more than a constant (`repeat`,
//! `array_repeat`, `array_resize`; `lpad`, `rpad`, `replace` and the series are bounded by `engine`), and everything that
//! depends on how the engine is built (`arrow_cast`; `get_field` stays: the planner needs it).

/// Functions in the place of a table.
pub const TABLE_FUNCTIONS: [&str; 4] = ["generate_series", "range", "unnest", "pg_get_keywords"];

/// Functions of the engine that are taken away: what makes much out of little, what takes time that grows with the square
/// of a text and cannot be interrupted (`levenshtein`), and what shows or changes how the engine keeps its columns.
///
/// The list is of refusals, not of permissions, because drivers and dashboards use a long tail of functions. A test holds
/// the engine's registry against [`REVIEWED`], so that a new function of a new engine fails the build until somebody has
/// looked at it.
pub const REMOVED: [&str; 16] = [
    "repeat",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "arrow_cast",
    "arrow_try_cast",
    "arrow_typeof",
    "arrow_metadata",
    "arrow_field",
    "with_metadata",
    "cast_to_type",
    "try_cast_to_type",
    "input_file_name",
    "file_row_index",
    "levenshtein",
];

/// Every scalar, aggregate and window function of a session. Each has been looked at: it reads nothing but its arguments,
/// changes nothing but the settings that `SET` may change, and makes no more than `engine` bounds.
#[cfg(test)]
pub(crate) const REVIEWED: &str = "\
    abs acos acosh any_value approx_distinct approx_median approx_percentile_cont \
    approx_percentile_cont_with_weight array_add array_agg array_any_value array_append array_avg array_cat \
    array_compact array_concat array_contains array_dims array_distance array_distinct array_element array_empty \
    array_except array_extract array_has array_has_all array_has_any array_indexof array_intersect array_join \
    array_length array_lower array_max array_min array_ndims array_normalize array_pop_back array_pop_front \
    array_position array_positions array_prepend array_product array_push_back array_push_front array_remove \
    array_remove_all array_remove_n array_replace array_replace_all array_replace_n array_reverse array_scale \
    array_slice array_sort array_subtract array_sum array_to_string array_union array_upper arrays_overlap \
    arrays_zip ascii asin asinh atan atan2 atanh avg bit_and bit_length bit_or bit_xor bool_and bool_or btrim \
    cardinality cbrt ceil char_length character_length chr coalesce concat concat_ws contains corr cos cosh \
    cosine_distance cot count covar covar_pop covar_samp cume_dist current_catalog current_database current_date \
    current_schema current_schemas current_setting current_time current_timestamp current_user date_bin \
    date_format date_part date_trunc datepart datetrunc decode degrees dense_rank digest dot_product element_at \
    empty encode ends_with exp factorial find_in_set first_value flatten floor format_type from_unixtime gcd \
    generate_series get_field greatest grouping has_any_column_privilege has_column_privilege \
    has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege has_language_privilege \
    has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege \
    has_tablespace_privilege has_type_privilege homeward_catalogue_number ifnull inet_client_addr \
    inet_server_addr initcap inner_product instr isnan iszero lag last_value lcm lead least left length list_add \
    list_any_value list_append list_avg list_cat list_compact list_concat list_contains list_dims list_distance \
    list_distinct list_element list_empty list_except list_extract list_has list_has_all list_has_any \
    list_indexof list_intersect list_join list_length list_max list_ndims list_normalize list_pop_back \
    list_pop_front list_position list_positions list_prepend list_product list_push_back list_push_front \
    list_remove list_remove_all list_remove_n list_replace list_replace_all list_replace_n list_reverse \
    list_scale list_slice list_sort list_subtract list_sum list_to_string list_union list_zip ln log log10 log2 \
    lower lpad ltrim make_array make_date make_list make_time map map_entries map_extract map_keys map_values \
    max md5 mean median min named_struct nanvl now nth_value ntile nullif nvl nvl2 octet_length overlay \
    parse_ident percent_rank percentile_cont pg_advisory_unlock_all pg_backend_pid pg_collation_is_visible \
    pg_conversion_is_visible pg_database_size pg_encoding_to_char pg_function_is_visible pg_get_constraintdef \
    pg_get_expr pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result \
    pg_get_functiondef pg_get_indexdef pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence \
    pg_get_statisticsobjdef_columns pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_indexes_size \
    pg_is_in_recovery pg_my_temp_schema pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible \
    pg_partition_ancestors pg_relation_is_publishable pg_relation_size pg_size_pretty pg_stat_get_numscans \
    pg_table_is_visible pg_table_size pg_total_relation_size pg_ts_config_is_visible pg_type_is_visible pi \
    position pow power quantile_cont quote_ident radians rand random range rank regexp_count regexp_instr \
    regexp_like regexp_match regexp_replace regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope \
    regr_sxx regr_sxy regr_syy replace reverse right round row row_number rpad rtrim session_user set_config \
    sha224 sha256 sha384 sha512 signum sin sinh split_part sqrt starts_with stddev stddev_pop stddev_samp \
    string_agg string_to_array string_to_list strpos struct substr substr_index substring substring_index sum \
    tan tanh to_char to_date to_hex to_local_time to_regtype to_time to_timestamp to_timestamp_micros \
    to_timestamp_millis to_timestamp_nanos to_timestamp_seconds to_unixtime today translate trim trunc \
    txid_current union_extract union_tag upper user uuid var var_pop var_population var_samp var_sample version";
