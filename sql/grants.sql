-- Who may do what.
--
-- Recording is open to everybody, as are the functions that need nothing but
-- it.  What makes the server talk to an address, or shows what others recorded,
-- is not.

-- Recording touches no table as its caller.
GRANT USAGE ON SCHEMA genops TO PUBLIC;

REVOKE ALL ON FUNCTION
	genops_configure, genops_reset, genops_route_headers,
	genops_pause_delivery, genops_resume_delivery, genops_resend,
	genops_validate, genops_validation_report, genops_quick_start
FROM PUBLIC;

REVOKE ALL ON FUNCTION
	genops.wake_worker, genops.configuration_rows, genops.delivery_hold, genops.recording_counts
FROM PUBLIC;

REVOKE ALL ON genops.setting, genops.secret, genops.route FROM PUBLIC;

-- As for PostgreSQL's own statistics.  No secret is in these views.
GRANT SELECT ON genops.stat_recording, genops.stat_delivery, genops.configuration TO pg_monitor;
GRANT EXECUTE ON FUNCTION
	genops.configuration_rows, genops.delivery_hold, genops.recording_counts
TO pg_monitor;
