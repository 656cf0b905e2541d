/* SPDX-License-Identifier: PostgreSQL */
// node-postgres sends every parameter as a text without a type; named statements are prepared.
const fs = require('fs');
const path = require('path');
const { Client } = require('pg');

const calls = JSON.parse(fs.readFileSync(path.join(__dirname, 'drivers.json'))).calls;
let count = 0;
let failures = 0;

function ok(passed, name) {
	count++;
	failures += passed ? 0 : 1;
	console.log(`${passed ? '' : 'not '}ok ${count} - ${name.replace(/\n/g, ' ')}`);
}

async function run(client, how) {
	await client.query('DROP EXTENSION IF EXISTS genops_tempo');
	await client.query('CREATE EXTENSION genops_tempo');
	for (const call of calls) {
		const query = { text: call.sql, values: call.parameters.map(([, value]) => value) };

		if (how === 'prepared')
			query.name = `${how} ${call.name}`;
		try {
			await client.query(query);
			ok(true, `node-postgres, ${how}: ${call.name}`);
		} catch (error) {
			ok(false, `node-postgres, ${how}: ${call.name}: ${error.message}`);
		}
	}
	await client.query("SELECT genops_flush('stored')");
	for (const call of calls.filter(each => each.recorded !== null)) {
		const result = await client.query(
			`SELECT concat_ws('|', coalesce(prompt_tokens::text, ''), coalesce(completion_tokens::text, ''), coalesce(total_cost::text, ''),
				coalesce(customer_id, '')) AS found FROM genops.spans WHERE feature = $1`, [call.name]);
		const found = result.rows.map(row => row.found).join(', ');

		ok(found === call.recorded, `node-postgres, ${how}: ${call.name} records ${call.recorded}, got ${found}`);
	}
}

(async () => {
	for (const how of ['untyped', 'prepared']) {
		const client = new Client({ host: process.env.PGHOST, port: process.env.PGPORT, database: process.env.PGDATABASE, user: process.env.PGUSER });

		await client.connect();
		await run(client, how);
		await client.end();
	}
	console.log(`1..${count}`);
	process.exit(failures > 0 ? 1 : 0);
})();
