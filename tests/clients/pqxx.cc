// What applications on libpqxx do: prepared statements, transactions, cursors, streams, large results, errors, notifications.
#include <iostream>
#include <pqxx/pqxx>

template<typename... T> static void line(const std::string &step, const T &...values)
{
	std::cout << step << ":";
	((std::cout << ' ' << values), ...);
	std::cout << '\n';
}

template<typename F> static void fails(const std::string &step, F action)
{
	try {
		action();
		line(step, "no error");
	} catch (const pqxx::sql_error &e) {
		std::string text = e.what();
		line(step, e.sqlstate(), text.substr(0, text.find('\n')));
	} catch (const std::exception &e) {
		line(step, "other", e.what());
	}
}

struct Ear : pqxx::notification_receiver {
	std::string heard;
	Ear(pqxx::connection_base &c) : notification_receiver(c, "news") {}
	void operator()(const std::string &payload, int) override { heard = payload; }
};

static void types(pqxx::connection &c)
{
	pqxx::work t(c);
	t.exec("CREATE TABLE things (id serial PRIMARY KEY, name varchar(10) UNIQUE NOT NULL, price numeric(8,2), made timestamptz, raw bytea, ok bool, f float8)");
	c.prepare("add", "INSERT INTO things (name, price, ok, f, raw) VALUES ($1, $2, $3, $4, $5) RETURNING id");
	for (int i = 0; i < 5; i++) {
		pqxx::binarystring raw(std::string("\0\xff", 2));
		auto r = t.exec_prepared1("add", "n" + t.esc("o'") + std::to_string(i), i % 2 ? "1.50" : "20", i % 3 == 0, 0.1 * i, raw);
		line("id", r[0].as<int>());
	}
	for (auto row : t.exec("SELECT * FROM things ORDER BY id")) {
		line("row", row["id"].as<long>(), row["name"].c_str(), row["price"].as<double>(), row["made"].is_null(), row["ok"].as<bool>(), row["f"].c_str(), pqxx::binarystring(row["raw"]).size());
	}
	auto r = t.exec("SELECT id, name, price FROM things WHERE false");
	line("columns", r.columns(), r.column_name(1), r.column_type(1), r.column_type("price"), r.column_table(0) > 0);
	line("params", t.exec_params1("SELECT $1::int + $2::int, $3::text", 40, 2, "x")[0].as<int>());
	line("affected", t.exec("UPDATE things SET price = price + 1 WHERE id > 2").affected_rows());
	t.commit();
}

static void flow(pqxx::connection &c, const std::string &url)
{
	{
		pqxx::work t(c);
		pqxx::subtransaction inner(t, "inner");
		inner.exec("INSERT INTO things (name) VALUES ('in')");
		inner.abort();
		line("subtransaction", t.exec1("SELECT count(*) FROM things")[0].as<int>());
		pqxx::stateless_cursor<pqxx::cursor_base::read_only, pqxx::cursor_base::owned> cur(t, "SELECT i FROM generate_series(1, 30) i", "c", false);
		line("cursor", cur.size(), cur.retrieve(10, 13)[0][0].as<int>(), cur.retrieve(3, 1)[0][0].as<int>());
		pqxx::icursorstream s(t, "SELECT i FROM generate_series(1, 7) i", "s", 3);
		pqxx::result part;
		int total = 0;
		while (s >> part)
			total += part.size();
		line("stream", total);
	}
	{
		pqxx::work t(c);
		pqxx::stream_to w(t, "things", std::vector<std::string>{ "name", "price" });
		w << std::make_tuple("copied", 3);
		w.complete();
		t.commit();
	}
	{
		pqxx::read_transaction t(c);
		line("copied", t.exec1("SELECT price FROM things WHERE name = 'copied'")[0].c_str());
		fails("read only", [&] { t.exec("DELETE FROM things"); });
	}
	{
		pqxx::transaction<pqxx::serializable> t(c);
		line("isolation", t.exec1("SHOW transaction_isolation")[0].c_str());
	}
	{
		pqxx::nontransaction t(c);
		pqxx::pipeline p(t);
		auto a = p.insert("SELECT 1"), b = p.insert("SELECT 2");
		line("pipeline", p.retrieve(b)[0][0].as<int>(), p.retrieve(a)[0][0].as<int>());
	}
	fails("unique", [&] { pqxx::work t(c); t.exec("INSERT INTO things (name) VALUES ('copied')"); });
	fails("null", [&] { pqxx::work t(c); t.exec("INSERT INTO things (price) VALUES (1)"); });
	fails("syntax", [&] { pqxx::work t(c); t.exec("SELEKT"); });
	fails("table", [&] { pqxx::work t(c); t.exec("SELECT * FROM nowhere"); });
	fails("division", [&] { pqxx::work t(c); t.exec("SELECT 1/0"); });
	Ear ear(c);
	pqxx::connection other(url);
	{
		pqxx::work t(other);
		t.exec("NOTIFY news, 'it'");
		t.commit();
	}
	while (ear.heard.empty() && c.await_notification(5, 0)) {
	}
	line("heard", ear.heard);
	pqxx::work t(c);
	t.exec("DROP TABLE things");
	t.commit();
	line("robust", c.is_open(), c.server_version() / 10000, c.get_variable("server_encoding"));
}

int main(int, char **argv)
{
	pqxx::connection c(argv[1]);
	types(c);
	flow(c, argv[1]);
}
