"""Asks DuckDB and chDB, each question several times. Reads the work from the file named, writes a line of JSON for
each engine and question."""

import json
import sys
import time


def asked(engine, question, rounds, ask):
    times, rows = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        rows = ask()
        times.append((time.perf_counter() - began) * 1000)
    texts = [["" if value is None else str(value) for value in row] for row in rows[:2000]]
    print(json.dumps({"engine": engine, "question": question, "ms": times, "rows": texts}), flush=True)


def duckdb_over(files, work, name):
    import duckdb

    db = duckdb.connect(config={"threads": work["threads"]})
    db.execute("SET TimeZone = 'UTC'")
    names = ", ".join(f"'{file}'" for file in files)
    db.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet([{names}])")
    for question in work["questions"]:
        asked(name, question["name"], work["rounds"], lambda: db.execute(question["duckdb"]).fetchall())
    return db


def parquet(work):
    db = duckdb_over(work["files"], work, "duckdb")
    db.execute(
        f"COPY (SELECT * FROM events ORDER BY timestamp) TO '{work['copy']}' (FORMAT parquet, COMPRESSION zstd)"
    )


def own(work):
    duckdb_over([work["copy"]], work, "own")


def clickhouse(work):
    from chdb.session import Session

    db = Session()
    db.query(f"CREATE VIEW events AS SELECT * FROM file('{work['folder']}/*.parquet', Parquet)")
    settings = f" SETTINGS max_threads = {work['threads']}, session_timezone = 'UTC'"

    def ask(sql):
        answer = str(db.query(sql + settings, "JSONCompactEachRow"))
        return [json.loads(line) for line in answer.splitlines()]

    for question in work["questions"]:
        asked("chdb", question["name"], work["rounds"], lambda: ask(question["chdb"]))


def gzip(work):
    import duckdb

    db = duckdb.connect(config={"threads": work["threads"]})
    db.execute("SET TimeZone = 'UTC'")
    files = f"'{work['gzip']}/*/*/*/*/*.json.gz'"
    db.execute(f"CREATE VIEW records AS SELECT * FROM read_json({files}, format = 'newline_delimited')")
    db.execute(f"CREATE VIEW lines AS SELECT json FROM read_json_objects({files}, format = 'newline_delimited')")
    for question in work["questions"]:
        asked("gzip", question["name"], 1, lambda: db.execute(question["gzip"]).fetchall())


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    {"duckdb": parquet, "own": own, "chdb": clickhouse, "gzip": gzip}[given["engine"]](given)
