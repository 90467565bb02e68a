"""What calls cost: records against what clients were told, and `corelog cost` against a recount in decimals."""

import csv
import io
import json
import subprocess
from decimal import Decimal

import openai
import pytest

from processes import binary, wait_for
from stack import Stack, start_gateway

PRICES = """
version = "test-1"

[[list]]
name = "house"

[[price]]
list = "house"
models = ["demo-echo"]
rates = { input = "0.10", output = "0.25", cache_read = "0.01" }
"""
CONFIG = """
[prices]
file = "{prices}"

[query]
starts_per_second = 0

[[budget]]
name = "ports"
amount = "0.0001"
tag = "team=ports"

[[budget]]
name = "all"
amount = "1000"
per = "day"
"""
MILLION = Decimal(1_000_000)
CALLS = 7


@pytest.fixture(scope="module")
def spent(tmp_path_factory):
    """A stack with prices for one of its models, and what its calls were told of tokens, by team."""
    directory = tmp_path_factory.mktemp("cost")
    prices = directory / "prices.toml"
    prices.write_text(PRICES)
    stack = Stack(directory, CONFIG.format(prices=prices))
    # The demo is nobody's public service: its provider says whose prices its calls have.
    stack.gateway.stop()
    text = stack.config.read_text()
    stack.config.write_text(text.replace('name = "openai"\n', 'name = "openai"\nprices = "house"\n', 1))
    stack.gateway = start_gateway(stack.config, directory)
    url = f"http://{stack.gateway.address}"
    client = openai.OpenAI(base_url=f"{url}/openai/v1", api_key="sk-test")
    told = {"ports": Decimal(0), "search": Decimal(0)}
    for number in range(CALLS):
        team = "ports" if number % 2 else "search"
        answer = client.chat.completions.create(
            model="demo-echo",
            messages=[{"role": "user", "content": f"a needle {number} " * (number + 1)}],
            extra_headers={"x-corelog-tag-team": team},
        )
        usage = answer.usage
        details = usage.prompt_tokens_details
        cached = (details.cached_tokens or 0) if details else 0
        tokens = Decimal(usage.prompt_tokens - cached) * Decimal("0.10")
        tokens += Decimal(cached) * Decimal("0.01") + Decimal(usage.completion_tokens) * Decimal("0.25")
        told[team] += tokens / MILLION
    client.chat.completions.create(model="demo-lorem", messages=[{"role": "user", "content": "hi"}])
    stack.address = url
    try:
        yield stack, told
    finally:
        stack.stop()


def cost(stack, *arguments):
    command = [str(binary()), "--url", stack.address, "cost", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if "was built without its query engine" in done.stderr:
        pytest.skip("no query engine")
    assert done.returncode == 0, done.stderr
    return done


def rows(stack, *arguments):
    return [json.loads(line) for line in cost(stack, *arguments, "-o", "json").stdout.splitlines()]


def priced(found):
    return {row["team"]: Decimal(row["cost"]) for row in found if row["cost"] is not None}


def test_costs_by_tag_are_what_the_tokens_cost(spent):
    stack, told = spent
    found = wait_for(lambda: [it for it in [rows(stack, "--by", "team")] if sum(r["calls"] for r in it) == CALLS + 1], "records")
    assert priced(found[0]) == told
    none = [row for row in found[0] if row["team"] is None]
    assert [(row["calls"], row["cost"], row["unpriced"]) for row in none] == [(1, None, {"no_price": 1})]


def test_the_reason_is_named(spent):
    stack, _ = spent
    said = cost(stack, "--by", "model", "-o", "table").stderr
    assert "1 call has no cost, the model has no price: demo-lorem" in said


def test_repricing_has_the_same_prices_or_others(spent, tmp_path):
    stack, told = spent
    same = rows(stack, "--by", "team", "--reprice", "--config", str(stack.config))
    assert priced(same) == told
    prices = tmp_path / "prices.toml"
    doubled = PRICES.replace('"0.10"', '"0.20"').replace('"0.25"', '"0.50"').replace('"0.01"', '"0.02"')
    prices.write_text(doubled.replace("test-1", "test-2"))
    config = tmp_path / "corelog.toml"
    old = stack.config.read_text()
    config.write_text(old.replace(str(stack.config.parent / "prices.toml"), str(prices)))
    twice = rows(stack, "--by", "team", "--reprice", "--config", str(config))
    assert priced(twice) == {team: 2 * amount for team, amount in told.items()}


def test_records_and_queries_have_the_cost(spent):
    stack, told = spent
    command = [str(binary()), "--url", stack.address, "query", "-o", "csv"]
    text = "filter ispresent(corelog.cost.amount) | stats sum(corelog.cost.amount) as usd, count(*) as n by corelog.cost.version"
    done = subprocess.run([*command, text], capture_output=True, text=True, check=True)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["corelog.cost.version"].endswith("+test-1")
    assert int(row["n"]) == CALLS
    assert float(row["usd"]) == pytest.approx(float(sum(told.values())), rel=1e-12)
    done = subprocess.run(
        [*command, "filter corelog.cost.absent = 'no_price' | fields modelId, corelog.cost.amount"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row == {"modelId": "demo-lorem", "corelog.cost.amount": ""}


def test_budgets(spent):
    stack, told = spent
    found = {row["budget"]: row for row in rows(stack, "budgets", "--config", str(stack.config))}
    assert Decimal(found["ports"]["spent"]) == told["ports"]
    assert Decimal(found["all"]["spent"]) == sum(told.values())
    assert found["all"]["state"] == "within"
    assert found["all"]["unpricedCalls"] == 1


def test_a_bill_is_compared(spent, tmp_path):
    stack, told = spent
    days = rows(stack, "--by", "day")
    bill = tmp_path / "bill.csv"
    lines = ["start_time_iso,amount_value,amount_currency,line_item"]
    lines += [f'{row["day"]}T00:00:00+00:00,1,usd,"demo-lorem, input"' for row in days]
    bill.write_text("\n".join(lines) + "\n")
    found = rows(stack, "compare", "--bill", str(bill))
    lorem = [row for row in found if row["recordedAs"] == "demo-lorem"]
    assert [row["why"] for row in lorem] == ["the calls have no cost"]


def test_what_is_wrong_is_said(spent, tmp_path):
    stack, _ = spent
    config = tmp_path / "corelog.toml"
    config.write_text('[prices]\nfile = "/nowhere/prices.toml"\n')
    command = [str(binary()), "config", "check", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "/nowhere/prices.toml" in done.stderr
    (tmp_path / "bad.toml").write_text('version = "1"\n[[price]]\nlist = "a"\nmodels = ["m"]\nrates = { tea = "1" }\n')
    config.write_text(f'[prices]\nfile = "{tmp_path / "bad.toml"}"\n')
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "`tea` is no kind of token" in done.stderr
