//! Grafana boards and Prometheus alert rules, generated from the indicators' definitions.
