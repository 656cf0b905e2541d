/* SPDX-License-Identifier: PostgreSQL */
// JDBC sends parameters with the type that the setter stands for; unknown types as null or "unspecified".
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.postgresql.util.PGobject;

public class TestJdbc
{
	record Parameter(String kind, String value) {}

	record Call(String name, String sql, List<Parameter> parameters, String recorded) {}

	static int count;
	static int failures;

	static void ok(boolean passed, String name)
	{
		count++;
		failures += passed ? 0 : 1;
		System.out.println((passed ? "" : "not ") + "ok " + count + " - " + name.replace('\n', ' '));
	}

	// The server reads drivers.json for us: Java has no JSON of its own.
	static List<Call> readCalls(Connection connection, String json) throws SQLException
	{
		List<Call> calls = new ArrayList<>();
		try (PreparedStatement query = connection.prepareStatement(
				"SELECT c ->> 'name', c ->> 'sql', c ->> 'recorded', c -> 'parameters' FROM jsonb_array_elements(?::jsonb -> 'calls') c");
			PreparedStatement each = connection.prepareStatement("SELECT p ->> 0, p ->> 1 FROM jsonb_array_elements(?::jsonb) p"))
		{
			query.setString(1, json);
			ResultSet rows = query.executeQuery();
			while (rows.next())
			{
				List<Parameter> parameters = new ArrayList<>();
				each.setString(1, rows.getString(4));
				ResultSet found = each.executeQuery();
				while (found.next())
					parameters.add(new Parameter(found.getString(1), found.getString(2)));
				calls.add(new Call(rows.getString(1), rows.getString(2), parameters, rows.getString(3)));
			}
		}
		return calls;
	}

	static void set(PreparedStatement statement, int number, Parameter parameter) throws SQLException
	{
		switch (parameter.kind())
		{
			case "int" -> statement.setInt(number, Integer.parseInt(parameter.value()));
			case "bigint" -> statement.setLong(number, Long.parseLong(parameter.value()));
			case "float" -> statement.setDouble(number, Double.parseDouble(parameter.value()));
			case "decimal" -> statement.setBigDecimal(number, new BigDecimal(parameter.value()));
			case "uuid" -> statement.setObject(number, UUID.fromString(parameter.value()));
			case "null" -> statement.setNull(number, number % 2 == 0 ? Types.VARCHAR : Types.NULL);
			case "json" -> {
				PGobject json = new PGobject();
				json.setType("jsonb");
				json.setValue(parameter.value());
				statement.setObject(number, json);
			}
			default -> statement.setString(number, parameter.value());
		}
	}

	static void run(Connection connection, Call call, String how) throws SQLException
	{
		try (PreparedStatement statement = connection.prepareStatement(call.sql().replaceAll("\\$\\d+", "?")))
		{
			for (int i = 0; i < call.parameters().size(); i++)
				set(statement, i + 1, call.parameters().get(i));
			statement.execute();
			ok(true, "JDBC, " + how + ": " + call.name());
		}
		catch (SQLException error)
		{
			ok(false, "JDBC, " + how + ": " + call.name() + ": " + error.getMessage());
		}
	}

	static void check(Connection connection, Call call, String how) throws SQLException
	{
		if (call.recorded() == null)
			return;
		try (PreparedStatement query = connection.prepareStatement(
			"SELECT concat_ws('|', coalesce(prompt_tokens::text, ''), coalesce(completion_tokens::text, ''), coalesce(total_cost::text, ''),"
			+ " coalesce(customer_id, '')) FROM genops.spans WHERE feature = ?"))
		{
			query.setString(1, call.name());
			ResultSet rows = query.executeQuery();
			String found = rows.next() ? rows.getString(1) : "nothing";
			ok(found.equals(call.recorded()) && !rows.next(), "JDBC, " + how + ": " + call.name() + " records " + call.recorded() + ", got " + found);
		}
	}

	public static void main(String[] arguments) throws Exception
	{
		String json = Files.readString(Path.of(arguments[1]));
		for (String how : new String[] { "extended", "simple", "prepared" })
		{
			String url = arguments[0] + (how.equals("simple") ? "&preferQueryMode=simple" : how.equals("prepared") ? "&prepareThreshold=-1" : "");
			try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement())
			{
				statement.execute("DROP EXTENSION IF EXISTS genops_tempo");
				statement.execute("CREATE EXTENSION genops_tempo");
				List<Call> calls = readCalls(connection, json);
				for (Call call : calls)
					run(connection, call, how);
				statement.execute("SELECT genops_flush('stored')");
				for (Call call : calls)
					check(connection, call, how);
			}
		}
		System.out.println("1.." + count);
		System.exit(failures > 0 ? 1 : 0);
	}
}
