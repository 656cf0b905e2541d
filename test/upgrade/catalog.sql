-- SPDX-License-Identifier: PostgreSQL
-- Everything that the extension is made of, a line an object or a part of one: the same for a version
-- whether it was installed afresh or updated to.  No oids, no order of creation.
WITH member AS (
	SELECT d.classid, d.objid
	FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass
	WHERE e.extname = 'genops_tempo' AND d.deptype = 'e'),
relation AS (
	SELECT c.* FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid),
function AS (
	SELECT p.* FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid),
part (line) AS (
	SELECT 'object ' || pg_describe_object(classid, objid, 0) || ': ' ||
		coalesce(obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)), '(no comment)')
	FROM member
	UNION ALL
	SELECT format('relation %s: kind %s, options %s, rls %s %s, rights %s, partitioned %s',
		r.oid::regclass, r.relkind, r.reloptions, r.relrowsecurity, r.relforcerowsecurity,
		(SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE "C") FROM unnest(r.relacl) a), pg_get_partkeydef(r.oid))
	FROM relation r
	UNION ALL
	SELECT format('column %s %s: %s %s, not null %s, default %s, storage %s, rights %s, %s', r.oid::regclass, a.attname,
		row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull,
		pg_get_expr(d.adbin, d.adrelid), a.attstorage,
		(SELECT string_agg(x::text, ' ' ORDER BY x::text COLLATE "C") FROM unnest(a.attacl) x), col_description(r.oid, a.attnum))
	FROM relation r
	JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
	WHERE r.relkind <> 'i'
	UNION ALL
	SELECT format('view %s: %s', r.oid::regclass, pg_get_viewdef(r.oid)) FROM relation r WHERE r.relkind = 'v'
	UNION ALL
	SELECT format('constraint %s on %s: %s', k.conname, k.conrelid::regclass, pg_get_constraintdef(k.oid))
	FROM pg_constraint k JOIN relation r ON r.oid = k.conrelid
	UNION ALL
	SELECT format('index: %s', pg_get_indexdef(i.indexrelid)) FROM pg_index i JOIN relation r ON r.oid = i.indrelid
	UNION ALL
	SELECT format('trigger %s: %s %s', t.tgname, pg_get_triggerdef(t.oid), t.tgenabled)
	FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
	UNION ALL
	SELECT format('policy %s on %s: %s %s %s %s %s', p.polname, p.polrelid::regclass, p.polcmd, p.polpermissive,
		p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
	FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
	UNION ALL
	SELECT format('function %s: %s, cost %s, rows %s, support %s, rights %s', f.oid::regprocedure,
		CASE f.prokind WHEN 'a' THEN 'aggregate ' || (SELECT format('%s %s %s %s %s', aggtransfn, aggfinalfn, aggcombinefn,
			aggserialfn, aggdeserialfn) FROM pg_aggregate WHERE aggfnoid = f.oid)
		ELSE pg_get_functiondef(f.oid) END, f.procost, f.prorows, f.prosupport,
		(SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE "C") FROM unnest(f.proacl) a))
	FROM function f
	UNION ALL
	SELECT format('cast %s to %s: %s %s %s', c.castsource::regtype, c.casttarget::regtype,
		CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure END, c.castcontext, c.castmethod)
	FROM pg_cast c JOIN member m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
	UNION ALL
	SELECT format('type %s: %s %s %s %s %s', t.oid::regtype, t.typtype, t.typcategory, t.typlen, t.typinput, t.typoutput)
	FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
	UNION ALL
	SELECT format('rights of schema %s: %s', n.nspname,
		(SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE "C") FROM unnest(n.nspacl) a))
	FROM pg_namespace n JOIN member m ON m.classid = 'pg_namespace'::regclass AND m.objid = n.oid
	UNION ALL
	SELECT format('dumped: %s where %s', u.config::regclass, u.condition)
	FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS u (config, condition)
	WHERE e.extname = 'genops_tempo'
	UNION ALL
	SELECT format('extension: version %s, relocatable %s', extversion, extrelocatable)
	FROM pg_extension WHERE extname = 'genops_tempo')
SELECT one_line FROM part, replace(line, E'\n', ' ') one_line ORDER BY one_line COLLATE "C";
